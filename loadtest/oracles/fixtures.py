"""LINE's SDK for Python judges the files that the scenarios send and expect (tests/fixtures/line): what comes in is what
the SDK takes it for, and what goes out is a message of the SDK to its leaves.

Ends with a count, or with the first file that failed.
"""

import base64
import hashlib
import hmac
import json
import pathlib

from linebot.v3.models import UnknownEvent
from linebot.v3.webhook import WebhookParser
from linebot.v3.webhooks.models import MessageContent, MessageEvent

from rendered import judge

SECRET = "secret-of-the-fixtures"
FIXTURES = pathlib.Path(__file__).parents[2] / "tests" / "fixtures" / "line"
# Kinds that every release of the product must be able to take and to send (line.md 1.4, 1.5 and 2.7).
COME = {
    "message", "unsend", "follow", "unfollow", "join", "leave", "memberJoined", "memberLeft", "postback",
    "videoPlayComplete", "accountLink", "beacon", "membership", "delivery", "module", "activated", "deactivated",
    "botSuspended", "botResumed", "messageEdited",
}
SAID = {"text", "image", "video", "audio", "file", "location", "sticker"}
SENT = {"text", "sticker", "image", "video", "audio", "location", "template", "flex"}


def read(folder):
    files = sorted((FIXTURES / folder).glob("*.json"))
    return [(file.stem, json.loads(file.read_text())) for file in files]


def is_known(event):
    """Whether the SDK's parser gives it a type; what it does not know, or what lacks something, it passes on untyped."""
    body = json.dumps({"destination": "U" + "1" * 32, "events": [event]})
    mac = hmac.new(SECRET.encode(), body.encode(), hashlib.sha256)
    payload = WebhookParser(SECRET).parse(body, base64.b64encode(mac.digest()).decode(), as_payload=True)
    typed = payload.events[0]
    if isinstance(typed, UnknownEvent):
        return False
    return not isinstance(typed, MessageEvent) or type(typed.message) is not MessageContent


def fail(what):
    raise SystemExit(f"FAILED oracle python: {what}")


come, said, events = set(), set(), 0
for name, fixture in read("in"):
    known = all(is_known(event) for event in fixture["events"])
    if known == (fixture.get("sdk") == "unknown"):
        fail(f"in/{name}: known to the SDK: {known}")
    for event in fixture["events"]:
        come.add(event["type"])
        said |= {event["message"]["type"]} if event["type"] == "message" else set()
        events += 1
if COME - come or SAID - said:
    fail(f"no file for {COME - come} {SAID - said}")

sent, messages = set(), 0
for name, fixture in read("out"):
    for message in fixture["sends"] or []:
        judge(message)
        sent.add(message["type"])
        messages += 1
if SENT != sent:
    fail(f"no file for {SENT ^ sent}")
print(f"oracle python: {events} events and {messages} messages of the scenarios are LINE's")
