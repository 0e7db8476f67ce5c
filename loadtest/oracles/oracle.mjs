// LINE's SDK for Node drives the double: its client gets the answers it expects, its errors have LINE's shapes, and its
// signature check accepts the webhooks.
//
// API and DATA name the double's two hosts. Ends with a count, or with the first check that failed.

import { createServer } from "node:http";
import { createSign, generateKeyPairSync, randomUUID } from "node:crypto";
import { channelAccessToken, HTTPFetchError, LineBotClient, validateSignature } from "@line/bot-sdk";

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

// Content.
const { buffer } = await import("node:stream/consumers");
const send = async (doing) => (await own(`users/${user}/send`, doing)).events[0].message_id;
const picture = await send({ kind: "image", size: 50_000 });
const whole = await buffer(await client.getMessageContent(picture));
check(whole.length === 50_000 && whole.subarray(1, 4).toString() === "PNG", `a picture of ${whole.length}`);
check((await buffer(await client.getMessageContentPreview(picture))).length < whole.length, "a preview is smaller");
const video = await send({ kind: "video", size: 5_000_000, ready: { after_calls: 1 } });
check((await client.getMessageContentTranscodingByMessageId(video)).status === "processing", "being prepared");
const early = await client.getMessageContentWithHttpInfo(video);
check(early.httpResponse.status === 202, `early: ${early.httpResponse.status}`);
await buffer(early.body);
check((await client.getMessageContentTranscodingByMessageId(video)).status === "succeeded", "prepared");
check((await buffer(await client.getMessageContent(video))).length === 5_000_000, "the whole video");
await send({ kind: "unsend", message: picture });
await status(client.getMessageContent(picture), 410, "content taken back");
await status(client.getMessageContentTranscodingByMessageId(picture), 410, "its state");

// People and groups.
check((await client.getProfile(user)).pictureUrl.startsWith("http"), "a profile picture");
await status(client.getFollowers(), 403, "friends of an unverified account");
await own(`channels/${channel.id}`, { account: { chat: false, verified: true } });
check((await client.getFollowers()).userIds.join() === user, "friends");
const mode = await client.getBotInfo();
check(mode.chatMode === "bot" && mode.markAsReadMode === "auto", JSON.stringify(mode));
await own(`channels/${channel.id}`, { account: { chat: true, verified: true } });
const { group } = await own(`channels/${channel.id}/groups`, { name: "町内会", members: [user] });
check((await client.getGroupSummary(group)).groupName === "町内会", "a group's name");
check((await client.getGroupMemberCount(group)).count === 1, "its members");
check((await client.getGroupMembersIds(group)).memberIds[0] === user, "their ids");
check((await client.getGroupMemberProfile(group, user)).displayName === "山田", "their names");
await client.leaveGroup(group);
await status(client.getGroupSummary(group), 404, "a group that was left");
check((await client.issueLinkToken(user)).linkToken.length > 10, "a token for linking");

// In the chat.
const loading = await client.showLoadingAnimationWithHttpInfo({ chatId: user, loadingSeconds: 5 });
check(loading.httpResponse.status === 202, "typing");
await status(client.showLoadingAnimation({ chatId: group }), 400, "typing in a group");
const marked = (await phone())[0].message.markAsReadToken;
await client.markMessagesAsReadByToken({ markAsReadToken: marked });
await status(client.markMessagesAsReadByToken({ markAsReadToken: "of somebody else" }), 400, "a foreign token");
await own(`channels/${channel.id}`, { quota: { type: "none" } });
await client.broadcast({ messages: [text("皆さまへ")] }, randomUUID());
check((await phone()).at(-1).via === "broadcast", "a broadcast arrives");

// Access tokens.
const oauth = new channelAccessToken.ChannelAccessTokenClient({ baseURL: API });
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const { n, e } = publicKey.export({ format: "jwk" });
await own(`channels/${channel.id}/assertion_keys`, { kid: "k1", n, e });
const base64 = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const exp = Math.floor(Date.now() / 1000) + 1500;
const claims = { iss: channel.id, sub: channel.id, aud: "https://api.line.me/", exp, token_exp: 86_400 };
const signed = `${base64({ alg: "RS256", typ: "JWT", kid: "k1" })}.${base64(claims)}`;
const assertion = `${signed}.${createSign("RSA-SHA256").update(signed).sign(privateKey).toString("base64url")}`;
const type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const opens = (token) => LineBotClient.fromChannelAccessToken({ channelAccessToken: token, apiBaseURL: API }).getBotInfo();
const grant = "client_credentials";
const byAssertion = await oauth.issueChannelTokenByJWT(grant, type, assertion);
check(byAssertion.expires_in === 86_400 && byAssertion.key_id, JSON.stringify(byAssertion));
check((await opens(byAssertion.access_token)).userId === channel.bot_user_id, "it opens the channel");
const listed = await oauth.getsAllValidChannelAccessTokenKeyIds(type, assertion);
check(listed.kids.join() === byAssertion.key_id, JSON.stringify(listed));
check((await oauth.verifyChannelTokenByJWT(byAssertion.access_token)).client_id === channel.id, "verified");
await oauth.revokeChannelTokenByJWT(channel.id, channel.secret, byAssertion.access_token);
await status(opens(byAssertion.access_token), 401, "a revoked token");
const short = await oauth.issueChannelToken(grant, channel.id, channel.secret);
check(short.expires_in === 2_592_000 && short.token_type === "Bearer", JSON.stringify(short));
check((await oauth.verifyChannelToken(short.access_token)).client_id === channel.id, "verified");
await oauth.revokeChannelToken(short.access_token);
await status(opens(short.access_token), 401, "a revoked short-lived token");
for (const by of [[undefined, undefined, channel.id, channel.secret], [type, assertion, undefined, undefined]]) {
  const stateless = await oauth.issueStatelessChannelToken(grant, ...by);
  check(stateless.expires_in === 900 && (await opens(stateless.access_token)).userId, JSON.stringify(stateless));
  await own("clock", { advance_ms: 900_000 });
  await status(opens(stateless.access_token), 401, "an expired token");
  await own("clock", { advance_ms: 0 });
}

engine.close();
engine.closeAllConnections();
console.log(`oracle node (@line/bot-sdk 10.8.0): ${checks} checks passed`);
