"""uWebSockets as a peer: every socket subscribes to one topic, and what one of them says goes to all the others."""

import sys

from socketify import App, AppListenOptions, CompressOptions, OpCode


def main(port: int) -> None:
    app = App()

    def opened(ws):
        ws.subscribe("win")
        ws.send("hello", OpCode.TEXT)

    def said(ws, message, opcode):
        ws.publish("win", message, OpCode.TEXT)

    app.ws(
        "/*",
        {
            "compression": CompressOptions.DISABLED,
            "max_payload_length": 64 * 1024,
            "max_backpressure": 1024 * 1024,
            "idle_timeout": 600,
            "open": opened,
            "message": said,
        },
    )
    options = AppListenOptions(port=port, host="127.0.0.1")
    app.listen(options, lambda config: print("listening", config.port, flush=True))
    app.run()


main(int(sys.argv[1]))
