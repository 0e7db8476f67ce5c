"""A bot for Madoguchi in two minutes. Python 3.9 or newer, nothing to install.

    BOT_SECRET=whsec_… BOT_TOKEN=mdb_… MADOGUCHI=http://127.0.0.1:8080 python3 bot.py 9000

Answers the opening hours, hands everything else to a person. The contract is docs/bots.md.
"""
import base64, hashlib, hmac, json, os, sys, time, urllib.error, urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = base64.b64decode(os.environ["BOT_SECRET"].removeprefix("whsec_"))
TOKEN, SERVER = os.environ["BOT_TOKEN"], os.environ["MADOGUCHI"].rstrip("/")
seen = set()  # what comes again is taken again, and not done again


def is_signed(headers, body):
    identity, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "0")
    wanted = hmac.new(KEY, f"{identity}.{stamp}.".encode() + body, hashlib.sha256).digest()
    given = [s[3:] for s in headers.get("webhook-signature", "").split() if s.startswith("v1,")]
    fresh = stamp.isdigit() and abs(time.time() - int(stamp)) < 300
    return fresh and any(hmac.compare_digest(base64.b64encode(wanted).decode(), s) for s in given)


def call(told, action, **body):
    url = f"{SERVER}/api/v1/bot/conversations/{told['conversation']['id']}/{action}"
    data = json.dumps({"seat_epoch": told["seat_epoch"], **body}).encode()
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    try:
        urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=5).close()
    except urllib.error.HTTPError as no:  # 409: a person has taken it meanwhile, which is fine
        print(action, no.code, json.load(no).get("code"), flush=True)


def say(told, text):  # the delivery's id as client_id: said twice, it is sent once
    call(told, "messages", client_id=told["id"], content={"type": "text", "text": text})


def act(told):
    if told["type"] == "conversation.started":
        say(told, "こんにちは、案内ボットです。")
    elif told["type"] == "message.received":
        text = told["message"]["content"].get("text", "")
        if "営業時間" in text:
            say(told, "平日9時から18時です。")
        else:
            call(told, "handover", summary=f"ボットでは分からないご用件です：{text}"[:5000])


class Hook(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        signed = is_signed(self.headers, body)
        if signed and self.headers["webhook-id"] not in seen:
            act(json.loads(body))
            seen.add(self.headers["webhook-id"])
        self.send_response(204 if signed else 401)
        self.end_headers()


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Hook).serve_forever()
