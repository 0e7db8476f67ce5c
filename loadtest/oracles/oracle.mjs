// LINE's SDK for Node drives the double: its client gets the answers it expects, its errors have LINE's shapes, and its
// signature check accepts the webhooks.
//
// API and DATA name the double's two hosts. Ends with a count, or with the first check that failed.

import { createServer } from "node:http";
import { randomUUID } from "node:crypto";
import { HTTPFetchError, LineBotClient, validateSignature } from "@line/bot-sdk";

const { API, DATA } = process.env;
let checks = 0;

function check(holds, what) {
  checks += 1;
  if (!holds) throw new Error(`FAILED oracle node: ${what}`);
}

async function own(path, body, method = "POST") {
  const answer = await fetch(`${API}/_double/${path}`, { method, body: body && JSON.stringify(body) });
  const value = await answer.json();
  check(answer.ok, `${path}: ${answer.status} ${JSON.stringify(value)}`);
  return value;
}

/** The error that a call of the SDK ends with. */
async function refused(promise, what) {
  const error = await promise.then(() => null, (error) => error);
  check(error !== null, `${what} was accepted`);
  return error;
}

async function status(promise, expected, what) {
  const error = await refused(promise, what);
  check(error instanceof HTTPFetchError, `${what}: ${error}`);
  check(error.status === expected, `${what}: ${error.status} ${error.body}`);
  const id = error.headers.get("x-line-request-id");
  check(/^[0-9a-f-]{36}$/.test(id), `${what}: request id ${id}`);
  const body = JSON.parse(error.body);
  check(typeof body.message === "string", `${what}: ${error.body}`);
  return { headers: error.headers, body };
}

const hooks = [];
const engine = createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    hooks.push({ body: Buffer.concat(parts), signature: request.headers["x-line-signature"] });
    response.end("{}");
  });
});
await new Promise((done) => engine.listen(0, "127.0.0.1", done));
const hook = `http://127.0.0.1:${engine.address().port}/hooks/line/1`;

const channel = await own("channels", { name: "窓口" });
const { user } = await own(`channels/${channel.id}/users`, { name: "山田" });
const client = LineBotClient.fromChannelAccessToken({
  channelAccessToken: channel.access_token,
  apiBaseURL: API,
  dataApiBaseURL: DATA,
});
const text = (text) => ({ type: "text", text });
const phone = () => own(`users/${user}/conversation`, undefined, "GET");

// The channel.
const info = await client.getBotInfo();
check(info.userId === channel.bot_user_id && info.displayName === "窓口", JSON.stringify(info));
await status(client.getWebhookEndpoint(), 404, "no webhook yet");
await client.setWebhookEndpoint({ endpoint: hook });
const endpoint = await client.getWebhookEndpoint();
check(endpoint.endpoint === hook && endpoint.active === true, JSON.stringify(endpoint));
await status(client.setWebhookEndpoint({ endpoint: "http://example.com/" }), 400, "a webhook without TLS");
const tested = await client.testWebhookEndpoint({});
check(tested.success && tested.statusCode === 200 && tested.reason === "OK", JSON.stringify(tested));
check(JSON.parse(hooks[0].body).events.length === 0, "the test has no events");

// A person.
const profile = await client.getProfile(user);
check(profile.displayName === "山田" && profile.userId === user, JSON.stringify(profile));
await status(client.getProfile(`U${"0".repeat(32)}`), 404, "an unknown user's profile");

// Reply.
const said = (await own(`users/${user}/say`, { text: "注文番号は?" })).events[0];
const reply = await client.replyMessage({ replyToken: said.reply_token, messages: [text("一"), text("二")] });
check(reply.sentMessages.length === 2 && reply.sentMessages.every((one) => one.id && one.quoteToken), JSON.stringify(reply));
const again = { replyToken: said.reply_token, messages: [text("三")] };
check((await status(client.replyMessage(again), 400, "a used token")).body.message === "Invalid reply token", "text");

// Push with a retry key.
const key = randomUUID();
const push = { to: user, messages: [text("担当の山田です。")] };
const first = await client.pushMessageWithHttpInfo(push, key);
const id = first.httpResponse.headers.get("x-line-request-id");
const repeated = await status(client.pushMessage(push, key), 409, "a repeated key");
check(repeated.headers.get("x-line-accepted-request-id") === id, "the accepted request is named");
check(JSON.stringify(repeated.body.sentMessages) === JSON.stringify(first.body.sentMessages), "the first receipts");
await status(client.pushMessage(push, "not-a-uuid"), 400, "a key that is no UUID");

// The answer is lost, the message is not doubled.
for (const fault of ["drop_after", { error_after: 500 }]) {
  await own("faults", { endpoint: "push", fault, times: { next: 1 } });
  const key = randomUUID();
  const push = { to: user, messages: [text(`lost answer: ${JSON.stringify(fault)}`)] };
  const error = await refused(client.pushMessage(push, key), "a lost answer");
  check(fault === "drop_after" ? !(error instanceof HTTPFetchError) : error.status === 500, `${error}`);
  await status(client.pushMessage(push, key), 409, "the retry after a lost answer");
}
const shown = (await phone()).map((one) => one.text);
const expected = ["注文番号は?", "一", "二", "担当の山田です。", "lost answer: \"drop_after\"", 'lost answer: {"error_after":500}'];
check(JSON.stringify(shown) === JSON.stringify(expected), `the phone shows ${JSON.stringify(shown)}`);

// Errors.
const long = { to: user, messages: [text("a".repeat(5001)), { type: "file" }] };
const faults = (await status(client.pushMessage(long), 400, "two faults")).body;
const places = faults.details.map((detail) => detail.property).join();
check(faults.message === "The request body has 2 error(s)" && places === "messages[0].text,messages[1].type", faults);
await status(client.pushMessage({ ...push, to: `U${"0".repeat(32)}` }), 400, "an unknown recipient");
await client.validatePush({ messages: [text("ok")] });
await status(client.validatePush({ messages: [] }), 400, "nothing to validate");
const stranger = LineBotClient.fromChannelAccessToken({ channelAccessToken: "wrong", apiBaseURL: API });
await status(stranger.getBotInfo(), 401, "a wrong token");
await status(client.getMessageContent("1"), 404, "content that does not exist");

// Quota.
check((await client.getMessageQuota()).type === "none", "no quota");
await own(`channels/${channel.id}`, { quota: { type: "limited", value: 5 }, used: 4 });
await client.multicast({ to: [user], messages: [text("全員へ")] }, randomUUID());
const { totalUsage } = await client.getMessageQuotaConsumption();
check(totalUsage === 5 && (await client.getMessageQuota()).value === 5, `used ${totalUsage}`);
const over = await status(client.pushMessage(push), 429, "over the limit");
check(over.body.message === "You have reached your monthly limit.", over.body.message);

// Webhooks.
for (let at = 0; at < 30; at += 1) await own(`channels/${channel.id}/assortment`, {});
for (const { body, signature } of hooks) {
  check(validateSignature(body, channel.secret, signature), "our signature");
  check(!validateSignature(Buffer.concat([body, Buffer.from(" ")]), channel.secret, signature), "another body");
  check(!validateSignature(body, "0".repeat(32), signature), "another secret");
}
check(hooks.length === 32, `${hooks.length} webhooks`);

engine.close();
engine.closeAllConnections();
console.log(`oracle node (@line/bot-sdk 10.8.0): ${checks} checks passed`);
