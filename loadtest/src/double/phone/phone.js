// The customer's phone: asks the double for the state of one chat whenever something has changed, and shows it.

import { el, picture } from "./dom.js";
import { brief, content } from "./bubbles.js";
import { compose } from "./compose.js";

const at = (id) => document.getElementById(id);
const user = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const wished = new URLSearchParams(location.search);
let chat = wished.get("chat") ?? user;
let phone;
/** Rows by message id with what they were made of, so that what has not changed stays as it is. */
const rows = new Map();

async function own(path, body) {
  const answer = await fetch(`/_double/${path}`, body && { method: "POST", body: JSON.stringify(body) });
  const value = await answer.json();
  if (!answer.ok) throw new Error(value.message);
  return value;
}

const channel = () => (wished.get("channel") ? `channel=${encodeURIComponent(wished.get("channel"))}` : "");

async function send(doing) {
  try {
    const group = chat === user ? {} : { group: chat };
    const delivery = await own(`users/${user}/send?${channel()}`, { ...group, ...doing });
    const heard = delivery.reason === "OK" || delivery.reason === "NOT_SENT";
    notice(heard ? "" : `窓口に届いていません (${delivery.reason} ${delivery.status ?? ""})`);
  } catch (error) {
    notice(error.message);
  }
  await look();
}

const act = {
  view(url) {
    const viewer = at("viewer");
    viewer.replaceChildren(picture(url, "whole", "写真"), el("button", "close", { type: "button", onclick: () => viewer.close() }, "閉じる"));
    viewer.showModal();
  },
  press(action = {}) {
    switch (action.type) {
      case "message":
        return send({ kind: "text", text: action.text });
      case "postback":
        if (action.fillInText) writing.fill(action.fillInText);
        return send({ kind: "postback", data: action.data, display_text: action.displayText ?? action.text });
      case "datetimepicker":
        return writing.pickTime(action, (params) => send({ kind: "postback", data: action.data, params }));
      case "uri":
        return notice(`開く: ${action.uri}`);
      case "clipboard":
        return notice(`コピーしました: ${action.clipboardText}`);
      case "camera":
      case "cameraRoll":
        return writing.pick("image");
      case "location":
        return writing.place();
      default:
        return notice(`この操作はできません: ${action.type}`);
    }
  },
};

function notice(text) {
  at("notice").textContent = text;
  at("notice").hidden = !text;
}

function row(shown, before) {
  const mine = shown.author === "user" && shown.user === user;
  const day = new Date(shown.at_ms).toLocaleDateString("ja-JP", { month: "long", day: "numeric", weekday: "short" });
  const dayBefore = before && new Date(before.at_ms).toLocaleDateString("ja-JP", { month: "long", day: "numeric", weekday: "short" });
  const made = el("li", `row ${mine ? "right" : "left"}`);
  if (day !== dayBefore) made.append(el("span", "day", {}, day));
  if (shown.unsent) {
    made.append(el("span", "system", {}, mine ? "メッセージの送信を取り消しました" : "メッセージの送信が取り消されました"));
    return made;
  }
  const time = new Date(shown.at_ms).toLocaleTimeString("ja-JP", { hour: "2-digit", minute: "2-digit" });
  const read = mine && phone.read_up_to && shown.id <= phone.read_up_to;
  const stamp = el("span", "stamp", {}, read ? el("span", "read", {}, "既読") : "", el("time", "", {}, time));
  const sender = shown.message.sender ?? {};
  const name = shown.author === "account"
    ? (sender.name ? `${sender.name} from ${phone.account}` : phone.account)
    : (phone.names[shown.user] ?? shown.user);
  const face = mine ? "" : picture(shown.author === "account" ? (sender.iconUrl ?? phone.account_picture) : `${phone.files}/pictures/${shown.user}`, "face-picture", "");
  const inside = content(shown, phone, act);
  const quoted = quotation(shown);
  const media = (shown.media ?? []).filter((one) => !["good", "not_tried"].includes(one.outcome));
  const complaint = media.length ? el("small", "complaint", {}, media.map((one) => `${one.property}: ${one.outcome}`).join(", ")) : "";
  const body = el("div", "body", {}, mine ? "" : el("span", "name", {}, name), quoted, inside, complaint);
  if (mine || shown.message.type === "text") longPress(inside, shown, mine);
  made.append(el("div", "line", {}, face, body, stamp));
  return made;
}

function quotation(shown) {
  const { quotedMessageId, quoteToken } = shown.message;
  // The token of the account's quotation begins with the id of what it quotes.
  const id = quotedMessageId ?? (shown.author === "account" ? quoteToken?.split(".")[0] : undefined);
  if (!id) return "";
  return el("div", "quote", {}, brief(phone.messages.find((one) => one.id === id)));
}

/** The menu of a message: pressed long, or with the other button of the mouse. */
function longPress(element, shown, mine) {
  let timer;
  const open = () => {
    const menu = el("div", "menu", { role: "menu" });
    const entry = (label, doing) => menu.append(el("button", "", { type: "button", role: "menuitem", onclick: () => { menu.remove(); doing(); } }, label));
    entry("リプライ", () => writing.quote(shown));
    if (mine) entry("送信取消", () => send({ kind: "unsend", message: shown.id }));
    if (mine && chat !== user && shown.message.type === "text") entry("編集", () => writing.edit(shown));
    document.querySelector(".menu")?.remove();
    element.after(menu);
    setTimeout(() => document.addEventListener("click", () => menu.remove(), { once: true }));
  };
  element.addEventListener("contextmenu", (event) => { event.preventDefault(); open(); });
  element.addEventListener("pointerdown", () => { timer = setTimeout(open, 500); });
  for (const end of ["pointerup", "pointerleave", "pointercancel"]) element.addEventListener(end, () => clearTimeout(timer));
}

function show() {
  const talk = at("talk");
  at("account").textContent = phone.group || phone.account;
  at("who").textContent = `${phone.names[user] ?? user} のスマートフォン`;
  document.title = `${phone.names[user] ?? user} ↔ ${phone.account}`;
  const blocked = phone.relation === "blocked";
  at("block").textContent = blocked ? "ブロック解除" : "ブロック";
  at("phone").classList.toggle("blocked", blocked);
  at("chats").hidden = phone.groups.length === 0;
  at("chats").replaceChildren(...[{ id: user, name: phone.account }, ...phone.groups].map(({ id, name }) => {
    const option = el("option", "", { value: id }, name || "複数人トーク");
    option.selected = id === chat;
    return option;
  }));
  const made = phone.messages.map((shown, index) => {
    const before = phone.messages[index - 1];
    const read = phone.read_up_to && shown.id <= phone.read_up_to;
    const mark = JSON.stringify([shown, Boolean(read), before?.at_ms, phone.names]);
    const known = rows.get(shown.id);
    if (known?.mark === mark) return known.element;
    const element = row(shown, before);
    rows.set(shown.id, { mark, element });
    return element;
  });
  if (phone.loading) made.push(el("li", "row left loading", { "aria-label": "入力中" }, el("div", "bubble dots", {}, el("i"), el("i"), el("i"))));
  talk.replaceChildren(...made);
  const last = phone.messages.at(-1);
  const items = last?.author === "account" ? (last.message.quickReply?.items ?? []) : [];
  at("quick").hidden = items.length === 0;
  at("quick").replaceChildren(...items.map(({ action, imageUrl }) => el("button", "chip", { type: "button", onclick: () => act.press(action) }, imageUrl ? picture(imageUrl, "icon", "") : "", action?.label ?? "")));
  follow();
}

/** Whether the newest message stays in sight: until somebody scrolls up. Pictures that load late push it away again. */
let following = true;
function follow() {
  const talk = at("talk");
  if (following) talk.scrollTop = talk.scrollHeight;
}

function stay() {
  const talk = at("talk");
  requestAnimationFrame(() => { following = talk.scrollHeight - talk.scrollTop - talk.clientHeight < 80; });
}

let looking = false;
let again = false;
let wake;
/** One question at a time; what changes meanwhile is asked for right after. */
async function look() {
  if (looking) { again = true; return; }
  looking = true;
  try {
    do {
      again = false;
      phone = await own(`users/${user}/phone?chat=${encodeURIComponent(chat)}&${channel()}`);
      show();
    } while (again);
    clearTimeout(wake);
    if (phone.loading) wake = setTimeout(look, phone.loading_left_ms + 50);
  } catch (error) {
    notice(error.message);
  } finally {
    looking = false;
  }
}

async function list() {
  const channels = await own("phones");
  at("list").hidden = false;
  at("list").replaceChildren(el("h1", "", {}, "スマートフォン"), ...channels.map(({ channel: id, name, users }) => el(
    "section", "", {},
    el("h2", "", {}, name || id),
    el("ul", "", {}, ...users.map((one) => el("li", "", {}, el("a", "", { href: `/phone/${one.user}?channel=${id}` }, one.name || one.user)))),
  )));
}

const writing = compose({ send, notice, brief });
if (user) {
  at("phone").hidden = false;
  at("talk").addEventListener("wheel", stay, { passive: true });
  at("talk").addEventListener("touchmove", stay, { passive: true });
  at("talk").addEventListener("load", follow, true);
  at("block").addEventListener("click", () => send(phone?.relation === "blocked" ? { kind: "follow", unblocked: true } : { kind: "unfollow" }));
  at("chats").addEventListener("change", (event) => { chat = event.target.value; rows.clear(); look(); });
  new EventSource("/_double/live").addEventListener("message", look);
} else {
  list();
  new EventSource("/_double/live").addEventListener("message", list);
}
