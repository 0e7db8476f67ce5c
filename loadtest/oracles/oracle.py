"""LINE's SDK for Python judges the double: its webhooks parse into typed events, their signatures hold, and the two
agree on which request bodies are good.

API names the double's messaging API. Ends with a count, or with the first check that failed.
"""

import base64
import json
import os
import queue
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from linebot.v3.exceptions import InvalidSignatureError
from linebot.v3.messaging import models
from linebot.v3.models import UnknownEvent
from linebot.v3.webhook import SignatureValidator, WebhookParser

API = os.environ["API"]
ROUNDS = 30
checks = 0


def check(holds, what):
    global checks
    checks += 1
    if not holds:
        raise SystemExit(f"FAILED oracle python: {what}")


def call(method, path, body=None, headers=None):
    """Status and JSON of a call to the double."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(API + path, data, {"content-type": "application/json", **(headers or {})})
    request.method = method
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def own(path, body):
    status, answer = call("POST", "/_double/" + path, body)
    check(status == 200, f"{path}: {status} {answer}")
    return answer


class Engine(BaseHTTPRequestHandler):
    """Takes webhooks and keeps their bytes."""

    hooks = queue.Queue()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.hooks.put((body, self.headers["x-line-signature"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def webhooks(channel, users):
    """Every ordinary kind of event, in many styles of JSON, is what the SDK takes it for."""
    parser = WebhookParser(channel["secret"])
    validator = SignatureValidator(channel["secret"])
    kinds = set()
    for at in range(ROUNDS):
        placed = own(f"channels/{channel['id']}/assortment", {})["events"]
        body, signature = Engine.hooks.get(timeout=5)
        text = body.decode()
        check(validator.validate(text, signature), f"our signature of {text!r}")
        payload = parser.parse(text, signature, as_payload=True)
        check(payload.destination == channel["bot_user_id"], "destination")
        check(len(payload.events) == len(placed), "every event is there")
        for event, known in zip(payload.events, placed):
            check(not isinstance(event, UnknownEvent), f"typed: {event} of {text}")
            check(event.webhook_event_id == known["event_id"], "events keep their order and ids")
            check(event.reply_token == known["reply_token"] if hasattr(event, "reply_token") else True, "reply token")
            check(event.delivery_context.is_redelivery is False, "first delivery")
            content = getattr(event, "message", None)
            kinds.add(type(event).__name__ + (":" + type(content).__name__ if content else ""))
        own(f"users/{users[at % len(users)]}/say", {"text": f"{at} 髙🍎\n\"/\\"})
        body, signature = Engine.hooks.get(timeout=5)
        said = parser.parse(body.decode(), signature, as_payload=True).events[0]
        check(said.message.text == f"{at} 髙🍎\n\"/\\", "texts arrive unchanged")
        check(said.message.quote_token and said.message.mark_as_read_token, "texts have their tokens")
    check(len(kinds) == 15, f"all kinds: {sorted(kinds)}")


def by_hand(channel, user):
    """What can be sent one by one is what the SDK takes it for, groups and others' content included."""
    parser = WebhookParser(channel["secret"])
    group = own(f"channels/{channel['id']}/groups", {"name": "町内会", "members": [user]})["group"]
    room = own(f"channels/{channel['id']}/groups", {"room": True, "members": [user]})["group"]
    acts = [
        ({"kind": "text", "text": "組で", "group": group}, "MessageEvent"),
        ({"kind": "text", "text": "代わり", "standby": True}, "MessageEvent"),
        ({"kind": "sticker", "package": "446", "sticker": "1988", "quote": "123"}, "MessageEvent"),
        ({"kind": "image", "external": True}, "MessageEvent"),
        ({"kind": "images", "count": 5}, "MessageEvent"),
        ({"kind": "video", "duration_ms": 6000, "size": 300 << 20, "ready": {"after_calls": 2}}, "MessageEvent"),
        ({"kind": "audio", "external": True}, "MessageEvent"),
        ({"kind": "file", "name": "a.pdf", "size": 5000}, "MessageEvent"),
        ({"kind": "location", "latitude": 35.5, "longitude": 139.5}, "MessageEvent"),
        ({"kind": "postback", "data": "d", "params": {"date": "2026-11-21"}, "display_text": "今日"}, "PostbackEvent"),
        ({"kind": "unfollow"}, "UnfollowEvent"),
        ({"kind": "follow", "unblocked": True}, "FollowEvent"),
        ({"kind": "account_link", "nonce": "n" * 10, "ok": True}, "AccountLinkEvent"),
        ({"kind": "account_link", "nonce": "n" * 10, "ok": False}, "AccountLinkEvent"),
        ({"kind": "join", "group": group}, "JoinEvent"),
        ({"kind": "member_joined", "group": group}, "MemberJoinedEvent"),
        ({"kind": "member_left", "group": group}, "MemberLeftEvent"),
        ({"kind": "edited", "group": group, "message": "590000000000000001", "text": "新しい"}, "MessageEditedEvent"),
        ({"kind": "leave", "group": group}, "LeaveEvent"),
        ({"kind": "join", "group": room}, "JoinEvent"),
        ({"kind": "unsend", "message": "590000000000000001"}, "UnsendEvent"),
    ]
    for act, expected in acts:
        placed = own(f"users/{user}/send?channel={channel['id']}", act)["events"]
        body, signature = Engine.hooks.get(timeout=5)
        events = parser.parse(body.decode(), signature, as_payload=True).events
        check(len(events) == len(placed), f"{act}: all events")
        for event in events:
            check(type(event).__name__ == expected, f"{act}: {type(event).__name__} of {body.decode()}")
            token = getattr(event, "reply_token", None)
            check(bool(token) == bool(placed[0]["reply_token"]), f"{act}: reply token")
            if "group" in act:
                kind = "room" if act["group"] == room else "group"
                check(event.source.type == kind, f"{act}: source {event.source}")
            if act.get("external"):
                check(event.message.content_provider.type == "external", f"{act}: provider")
                check(event.message.content_provider.original_content_url.startswith("http"), f"{act}: address")
        if act["kind"] == "images":
            order = [event.message.image_set.index for event in events]
            check(sorted(order) == [1, 2, 3, 4, 5] and order != sorted(order), f"scrambled: {order}")


def unknown_events(channel, user):
    """The check above can fail: what the SDK does not know it says so."""
    own(f"channels/{channel['id']}/deliver", {"events": [{"user": user, "type": "somethingNew", "fields": {}}]})
    body, signature = Engine.hooks.get(timeout=5)
    event = WebhookParser(channel["secret"]).parse(body.decode(), signature, as_payload=True).events[0]
    check(isinstance(event, UnknownEvent), "a new type is unknown")


def redelivered(channel, user):
    event = own(f"users/{user}/say", {"text": "もう一度"})["events"][0]["event_id"]
    Engine.hooks.get(timeout=5)
    own(f"channels/{channel['id']}/redeliver_events", {"event_ids": [event]})
    body, signature = Engine.hooks.get(timeout=5)
    again = WebhookParser(channel["secret"]).parse(body.decode(), signature, as_payload=True).events[0]
    check(again.delivery_context.is_redelivery is True and again.webhook_event_id == event, "a redelivery says so")


def signatures(channel, user):
    """Only the exact signature of the exact bytes under the right secret is good."""
    validator = SignatureValidator(channel["secret"])
    own(f"users/{user}/say", {"text": "署名"})
    body, good = Engine.hooks.get(timeout=5)
    text = body.decode()
    check(validator.validate(text, good), "the good one")
    check(not SignatureValidator("0" * 32).validate(text, good), "another secret")
    check(not validator.validate(text + " ", good), "another body")
    hexed = base64.b64decode(good).hex()
    swapped = ("A" if good[0] != "A" else "B") + good[1:]
    for bad in [good.rstrip("="), " " + good, good + "\n", good.lower(), hexed, swapped, ""]:
        check(not validator.validate(text, bad), f"refused: {bad!r}")
        try:
            WebhookParser(channel["secret"]).parse(text, bad)
            check(False, f"parsed with {bad!r}")
        except InvalidSignatureError:
            check(True, "refused")


def text(value="a", **more):
    return {"type": "text", "text": value, **more}


def bodies(channel, users):
    """Request bodies: what the SDK's models refuse, the double refuses, and it takes what they take."""
    button = {"type": "action", "action": {"type": "message", "label": "はい", "text": "はい"}}
    postback = {"type": "postback", "label": "解決", "data": "d" * 300}
    url = "https://files.example.com/a.jpg"
    act = {"type": "message", "label": "はい", "text": "はい"}
    label = {"type": "text", "text": "ご注文"}
    emoji = {"type": "emoji", "productId": "5ac1bfd5040ab15980c9b435", "emojiId": "001"}

    def buttons(count):
        return {"type": "buttons", "text": "a", "actions": [act] * count}

    def template(inner):
        return {"type": "template", "altText": "a", "template": inner}

    def flex(inner):
        return {"type": "flex", "altText": "a", "contents": inner}

    cases = [
        (True, [text()]),
        (True, [text("髙🍎")] * 5),
        (False, []),
        (False, [text()] * 6),
        (True, [text(quickReply={"items": [button] * 13})]),
        (False, [text(quickReply={"items": [button] * 14})]),
        (True, [text(quickReply={"items": [{"type": "action", "action": postback}]})]),
        (False, [text(quickReply={"items": [{"type": "action", "action": {**postback, "data": "d" * 301}}]})]),
        (True, [text(sender={"name": "山田", "iconUrl": url})]),
        (False, [text(sender={"name": "山" * 21})]),
        (True, [{"type": "sticker", "packageId": "446", "stickerId": "1988"}]),
        (False, [{"type": "sticker", "packageId": "446"}]),
        (True, [{"type": "image", "originalContentUrl": url, "previewImageUrl": url}]),
        (False, [{"type": "image", "originalContentUrl": url}]),
        (True, [{"type": "audio", "originalContentUrl": url, "duration": 1000}]),
        (True, [{"type": "location", "title": "本社", "address": "東京", "latitude": 35.6, "longitude": 139.7}]),
        (False, [{"type": "location", "title": "本社", "address": "東京", "latitude": 35.6}]),
        (False, [{"type": "text"}]),
        (True, [template(buttons(4))]),
        (True, [template({"type": "confirm", "text": "a", "actions": [act, act]})]),
        (True, [template({"type": "carousel", "columns": [{"text": "a", "actions": [act]}] * 10})]),
        (True, [template({"type": "image_carousel", "columns": [{"imageUrl": url, "action": act}]})]),
        (True, [flex({"type": "bubble", "body": {"type": "box", "layout": "vertical", "contents": [label]}})]),
        (True, [flex({"type": "carousel", "contents": [{"type": "bubble", "hero": {"type": "image", "url": url}}] * 12})]),
        (True, [{"type": "video", "originalContentUrl": url, "previewImageUrl": url, "trackingId": "t"}]),
        (False, [{"type": "video", "originalContentUrl": url}]),
        (True, [{"type": "textV2", "text": "{e} {{}}", "substitution": {"e": emoji}}]),
        (True, [{"type": "coupon", "couponId": "c1"}]),
    ]
    token = {"authorization": "Bearer " + channel["access_token"]}
    # What LINE's reference refuses and the SDK's models let through.
    stricter = [
        [template(buttons(5))],
        [template({"type": "carousel", "columns": []})],
        [template({"type": "carousel", "columns": [{"text": "a", "actions": [act]}] * 11})],
        [text(quickReply={"items": [{"type": "action", "action": {**postback, "displayText": "d" * 301}}]})],
        [template({"type": "confirm", "text": "a", "actions": [act] * 3})],
        [text(quickReply={"items": [{"type": "action", "action": {"type": "message", "label": "あ" * 21, "text": "a"}}]})],
    ]
    for messages in stricter:
        push = {"to": users[0], "messages": messages}
        check(modelled(models.PushMessageRequest, push), f"the SDK on push {push}")
        status, answer = call("POST", "/v2/bot/message/push", push, {"authorization": "Bearer " + channel["access_token"]})
        check(status == 400 and answer["details"], f"the double on push {push}: {status} {answer}")
    for good, messages in cases:
        push = {"to": users[0], "messages": messages}
        check(modelled(models.PushMessageRequest, push) == good, f"the SDK on push {push}")
        status, answer = call("POST", "/v2/bot/message/push", push, token)
        check((status == 200) == good, f"the double on push {push}: {status} {answer}")
        if good:
            sent = models.PushMessageResponse.from_dict(answer).sent_messages
            check(len(sent) == len(messages) and all(one.id for one in sent), f"receipts: {answer}")
        else:
            error = models.ErrorResponse.from_dict(answer)
            check(error.message and error.details, f"error shape: {answer}")
        reply_token = own(f"users/{users[0]}/say", {"text": "質問"})["events"][0]["reply_token"]
        Engine.hooks.get(timeout=5)
        reply = {"replyToken": reply_token, "messages": messages}
        check(modelled(models.ReplyMessageRequest, reply) == good, f"the SDK on reply {reply}")
        status, answer = call("POST", "/v2/bot/message/reply", reply, token)
        check((status == 200) == good, f"the double on reply {reply}: {status} {answer}")
    status, info = call("GET", "/v2/bot/info", headers=token)
    check(models.BotInfoResponse.from_dict(info).user_id == channel["bot_user_id"], f"info: {info}")
    status, quota = call("GET", "/v2/bot/message/quota", headers=token)
    check(models.MessageQuotaResponse.from_dict(quota).type == "none", f"quota: {quota}")


def modelled(model, body):
    """Whether the SDK would let a program send this."""
    try:
        built = model.from_dict(body)
    except (ValueError, TypeError):
        return False
    return built.to_dict() == model.from_dict(built.to_dict()).to_dict()


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Engine)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hook = f"http://127.0.0.1:{server.server_port}/hooks/line/1"
    channel = own("channels", {"name": "窓口", "webhook": hook})
    users = [own(f"channels/{channel['id']}/users", {"name": name})["user"] for name in ["山田", "髙﨑", "Ana"]]
    webhooks(channel, users)
    by_hand(channel, users[0])
    unknown_events(channel, users[0])
    for user in users:
        own(f"channels/{channel['id']}/users/{user}", {"relation": "friend"})
    redelivered(channel, users[0])
    signatures(channel, users[0])
    bodies(channel, users)
    print(f"oracle python (line-bot-sdk 3.27.0): {checks} checks passed")


main()
