"""A system behind a bot channel, on the terminal. Python 3.9 or newer, nothing to install.

    SECRET=whsec_… HOOK=http://127.0.0.1:8080/hooks/bot/01… python3 channel.py 9100

What is typed is written by a customer; what agents answer is printed. The contract is docs/bots.md.
"""
import base64, hashlib, hmac, json, os, sys, threading, time, urllib.error, urllib.request, uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY, HOOK = base64.b64decode(os.environ["SECRET"].removeprefix("whsec_")), os.environ["HOOK"]
shown = set()  # what comes again is taken again, and not shown again


def signature(identity, stamp, body):
    mac = hmac.new(KEY, f"{identity}.{stamp}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(mac.digest()).decode()


def tell(event):
    """Brings one event, again and again under its id until it is taken."""
    body, wait = json.dumps(event).encode(), 1
    while True:
        stamp = str(int(time.time()))
        headers = {"webhook-id": event["id"], "webhook-timestamp": stamp, "content-type": "application/json"}
        headers["webhook-signature"] = signature(event["id"], stamp, body)
        try:
            return urllib.request.urlopen(urllib.request.Request(HOOK, body, headers), timeout=10).close()
        except urllib.error.HTTPError as no:
            if no.code not in (408, 429) and no.code < 500:
                raise SystemExit(f"refused for good: {no.code} {no.read().decode()}")
        except OSError as lost:
            print("later:", lost, flush=True)
        time.sleep(wait)
        wait = min(wait * 2, 300)


class Endpoint(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        identity, stamp = self.headers.get("webhook-id", ""), self.headers.get("webhook-timestamp", "0")
        wanted = signature(identity, stamp, body)
        given = self.headers.get("webhook-signature", "").split()
        fresh = stamp.isdigit() and abs(time.time() - int(stamp)) < 300
        signed = fresh and any(hmac.compare_digest(wanted, one) for one in given)
        told = json.loads(body) if signed else {}
        if told.get("type") == "answer" and identity not in shown:
            print("<", told["message"].get("text") or told["message"], flush=True)
            shown.add(identity)
        self.send_response(204 if signed else 401)
        self.end_headers()

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Endpoint)
threading.Thread(target=server.serve_forever, daemon=True).start()
for line in sys.stdin:
    contact = {"id": "terminal-1", "name": "端末のお客様"}
    tell({"id": uuid.uuid4().hex, "type": "message", "contact": contact, "message": {"type": "text", "text": line.strip()}})
