"""LINE's SDK for Python judges what the engine sends: every rendered kind is a message of the SDK, typed to its leaves,
and nothing of it is lost on the way through the SDK's models.

Ends with a count, or with the first message that failed.
"""

import json
import pathlib

from linebot.v3.messaging import models

MESSAGES = json.loads(pathlib.Path(__file__).with_name("rendered.json").read_text())
EXPECTED = {"text", "sticker", "image", "video", "audio", "location", "template", "flex"}


def keys(value, path=""):
    """Every place of a JSON value that holds something."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from keys(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from keys(inner, f"{path}[{index}]")
    else:
        yield path, value


def judge(message):
    typed = models.Message.from_dict(message)
    if type(typed) is models.Message:
        raise SystemExit(f"FAILED oracle python: no type for {message}")
    kept = dict(keys(json.loads(typed.to_json())))
    for path, value in keys(message):
        if kept.get(path) != value:
            raise SystemExit(f"FAILED oracle python: {message['type']}{path} is {kept.get(path)!r}, not {value!r}")


if __name__ == "__main__":
    for message in MESSAGES:
        judge(message)
        # As the only one of a call, in both calls.
        models.ReplyMessageRequest.from_dict({"replyToken": "r", "messages": [message]})
        models.PushMessageRequest.from_dict({"to": "U1", "messages": [message]})

    kinds = {message["type"] for message in MESSAGES}
    if kinds != EXPECTED:
        raise SystemExit(f"FAILED oracle python: {kinds ^ EXPECTED}")
    print(f"oracle python: {len(MESSAGES)} rendered messages of {len(kinds)} types are LINE's")
