"""A mail server that keeps what it is given and answers single recipients as a test tells it (aiosmtpd).

One argument: settings as JSON. Says its port and each mail that it took on standard output, one JSON object a line;
takes orders on standard input, one a line: {"at": "recipient" | "end", "to": address, "answer": text, "times": n},
where n = -1 is for ever."""

import asyncio
import base64
import json
import logging
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

settings = json.loads(sys.argv[1])
orders = {"recipient": {}, "end": {}}
logging.disable(logging.CRITICAL)


def say(what):
    print(json.dumps(what), flush=True)


def told(at, address):
    """The answer that was ordered for this recipient, while it counts."""
    waiting = orders[at].get(address.lower(), [])
    if not waiting:
        return None
    answer, times = waiting[0]
    if times == 1:
        waiting.pop(0)
    elif times > 1:
        waiting[0] = (answer, times - 1)
    say({"said": answer, "to": address})
    return answer


class Keeper:
    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = told("recipient", address)
        if answer is not None:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        for address in envelope.rcpt_tos:
            answer = told("end", address)
            if answer is not None:
                return answer
        say({
            "from": envelope.mail_from or "",
            "to": envelope.rcpt_tos,
            "mail": base64.b64encode(envelope.original_content).decode(),
            "tls": session.ssl is not None,
            "login": session.auth_data.login.decode() if session.authenticated else "",
        })
        return "250 2.0.0 kept"


def let_in(server, session, envelope, mechanism, data):
    """Knows one login; what is said without it is refused."""
    good = isinstance(data, LoginPassword) and [data.login.decode(), data.password.decode()] == settings["login"]
    say({"knocked": mechanism, "good": good})
    return AuthResult(success=good, auth_data=data) if good else AuthResult(success=False, handled=False)


def take_orders(loop):
    for line in sys.stdin:
        order = json.loads(line)
        waiting = orders[order["at"]].setdefault(order["to"].lower(), [])
        loop.call_soon_threadsafe(waiting.append, (order["answer"], order["times"]))
        loop.call_soon_threadsafe(say, {"ordered": order["to"]})
    loop.call_soon_threadsafe(loop.stop)


async def serve():
    loop = asyncio.get_running_loop()
    more = {}
    if settings.get("certificate"):
        more["tls_context"] = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        more["tls_context"].load_cert_chain(settings["certificate"], settings["key"])
        more["require_starttls"] = True
    if settings.get("login"):
        more |= {"authenticator": let_in, "auth_required": True, "auth_require_tls": "tls_context" in more}
    server = await loop.create_server(
        lambda: SMTP(Keeper(), hostname="far.example", enable_SMTPUTF8=True, **more), "127.0.0.1", settings["port"])
    say({"port": server.sockets[0].getsockname()[1]})
    loop.run_in_executor(None, take_orders, loop)
    await server.serve_forever()


try:
    asyncio.run(serve())
except RuntimeError:
    pass
