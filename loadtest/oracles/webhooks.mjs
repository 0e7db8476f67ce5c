// The Standard Webhooks library judges signatures both ways, against a real server: it must believe what the server sends
// to a bot and over a bot channel, and the server must believe what it signs; neither may believe anything else.
//
// SERVER is the server's address, PASSWORD the owner's. Ends with a count, or with the first check that failed.

import { createServer } from "node:http";
import { randomBytes } from "node:crypto";
import { Webhook, WebhookVerificationError } from "standardwebhooks";

const { SERVER, PASSWORD } = process.env;
const PATIENCE_MS = 30_000;
let checks = 0;

function check(holds, what) {
  checks += 1;
  if (!holds) throw new Error(`FAILED oracle webhooks: ${what}`);
}

let cookie = "";

async function call(method, path, body, expected = [200, 201, 202]) {
  const headers = { "content-type": "application/json", origin: SERVER, cookie };
  const answer = await fetch(SERVER + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  check(expected.includes(answer.status), `${method} ${path}: ${answer.status} ${text}`);
  cookie = answer.headers.getSetCookie().map((one) => one.split(";")[0])[0] ?? cookie;
  return text === "" ? null : JSON.parse(text);
}

/** What came to one door, in order. */
function door() {
  const heard = [];
  const server = createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      heard.push({ headers: request.headers, body: Buffer.concat(parts).toString("utf8") });
      response.writeHead(204).end();
    });
  });
  return new Promise((done) => {
    server.listen(0, "127.0.0.1", () => {
      const url = `http://127.0.0.1:${server.address().port}/hook`;
      done({ heard, url, close: () => server.close() });
    });
  });
}

async function until(what, found) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const value = await found();
    if (value) return value;
    if (Date.now() > end) throw new Error(`FAILED oracle webhooks: waited in vain for ${what}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

/** The library believes a delivery as it came, and nothing that differs from it in anything. */
function believed(secret, { headers, body }, what) {
  const library = new Webhook(secret);
  const told = library.verify(body, headers);
  check(told.id === headers["webhook-id"], `${what}: the id of the body is that of the header`);
  const older = String(Number(headers["webhook-timestamp"]) - 301);
  const stranger = new Webhook(`whsec_${randomBytes(32).toString("base64")}`);
  const lies = [
    [library, `${body} `, headers],
    [library, body, { ...headers, "webhook-id": `${headers["webhook-id"]}x` }],
    [library, body, { ...headers, "webhook-timestamp": older }],
    [stranger, body, headers],
  ];
  for (const [judge, body, headers] of lies) {
    let refused = null;
    try {
      judge.verify(body, headers);
    } catch (error) {
      refused = error;
    }
    check(refused instanceof WebhookVerificationError, `${what}: a lie is refused: ${refused}`);
  }
  return told;
}

await call("POST", "/api/v1/session", { login: "owner", password: PASSWORD });
await call("POST", "/api/v1/windows", { id: "desk", name: "窓口", product: 5 });
const owner = (await call("GET", "/api/v1/session")).agent;
await call("PUT", `/api/v1/windows/desk/agents/${owner.id}`, {}, [200, 201, 204]);

// Out and in over a bot channel. The library's own secrets are of this form.
const system = await door();
const secret = `whsec_${randomBytes(24).toString("base64")}`;
const settings = { name: "店舗アプリ", endpoint_url: system.url, secret };
const inbox = await call("POST", "/api/v1/inboxes", { window: "desk", kind: "bot", settings });
const library = new Webhook(secret);

async function bring(event, change = {}) {
  const body = change.body ?? JSON.stringify(event);
  const at = change.at ?? new Date();
  const signature = library.sign(event.id, at, JSON.stringify(event));
  const headers = {
    "content-type": "application/json",
    "webhook-id": change.id ?? event.id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": change.signature?.(signature) ?? signature,
  };
  const answer = await fetch(`${SERVER}/hooks/bot/${inbox.id}`, { method: "POST", headers, body });
  return answer.status;
}

const event = (n, text) => ({
  id: `e-${n}`,
  type: "message",
  contact: { id: "customer-1", name: "佐藤" },
  message: { type: "text", text },
});
const minutes = (n) => new Date(Date.now() + n * 60_000);
check((await bring(event(1, "こんにちは🍎"))) === 200, "what the library signs is believed");
check((await bring(event(1, "こんにちは🍎"))) === 200, "and may come again");
check((await bring(event(2, "四分前"), { at: minutes(-4) })) === 200, "a clock may differ");
check((await bring(event(3, "x"), { at: minutes(-6) })) === 401, "what is stale is not believed");
check((await bring(event(3, "x"), { at: minutes(6) })) === 401, "nor what is from the future");
check((await bring(event(3, "x"), { body: JSON.stringify(event(3, "y")) })) === 401, "nor another body");
check((await bring(event(3, "x"), { id: "e-4" })) === 401, "nor another id");
const among = (signature) => `v1a,AAAA v1,${randomBytes(32).toString("base64")} ${signature}`;
check((await bring(event(3, "三"), { signature: among })) === 200, "one right signature among others is enough");

const talk = await until("the conversation", async () => {
  const list = await call("GET", "/api/v1/windows/desk/conversations?q=customer-1");
  return list.items[0];
});
const page = await call("GET", `/api/v1/conversations/${talk.id}/messages?after=0`);
const texts = page.items.map((line) => line.content.text);
check(JSON.stringify(texts) === JSON.stringify(["こんにちは🍎", "四分前", "三"]), JSON.stringify(texts));
const claimed = await call("POST", `/api/v1/conversations/${talk.id}/claim`, {});
const answer = { client_id: "1", seat_epoch: claimed.seat.epoch, content: { type: "text", text: "はい🍊" } };
await call("POST", `/api/v1/conversations/${talk.id}/messages`, answer);
const delivered = await until("the answer", () => system.heard.find((one) => one.body.includes("はい🍊")));
const told = believed(secret, delivered, "an answer");
check(told.type === "answer" && told.contact.id === "customer-1" && told.message.text === "はい🍊", delivered.body);

// While one secret follows the other, the library believes with either.
const next = `whsec_${randomBytes(64).toString("base64")}`;
await call("PATCH", `/api/v1/inboxes/${inbox.id}`, { settings: { secret: next } });
await call("POST", `/api/v1/inboxes/${inbox.id}/test`, {});
const ping = await until("the test", () => system.heard.find((one) => one.body.includes('"ping"')));
believed(secret, ping, "under the former secret");
believed(next, ping, "under the new one");
check((await bring(event(5, "古い鍵"))) === 200, "the former secret still signs");

// The bot in front of a window.
const bot = await door();
const made = await call("PUT", "/api/v1/windows/desk/bot", { name: "案内", endpoint_url: bot.url, greets: true });
check(new Webhook(made.secret) !== null, "the library takes the secret");
await call("POST", "/api/v1/windows/desk/bot/test", {});
const second = { ...event(6, "はじめまして"), contact: { id: "customer-2" } };
check((await bring(second)) === 200, "another customer");
await until("the customer's words", () => bot.heard.find((one) => one.body.includes("はじめまして")));
for (const delivery of bot.heard) believed(made.secret, delivery, "a delivery to the bot");
const kinds = bot.heard.map((one) => JSON.parse(one.body).type);
check(JSON.stringify(kinds) === '["ping","conversation.started","message.received"]', JSON.stringify(kinds));

system.close();
bot.close();
console.log(`oracle webhooks: ${checks} checks passed`);
process.exit(0);
