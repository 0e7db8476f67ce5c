// One message as LINE shows it. What each type may hold is in the Messaging API reference; a type that is not known here
// is shown by its name, as an old app does.

import { clock, el, linked, picture, safeUrl, size } from "./dom.js";
import { card } from "./cards.js";
import { flex } from "./flex.js";

/** The inside of a message. `act` does what a button says. */
export function content(shown, phone, act) {
  const { message } = shown;
  const mine = shown.author === "user";
  switch (message.type) {
    case "text":
      return bubble(mine, linked(message.text));
    case "textV2":
      return bubble(mine, substituted(message, phone));
    case "sticker":
      return sticker(message);
    case "image":
      return image(shown, phone, act);
    case "video":
      return video(shown, phone);
    case "audio":
      return el("div", "bubble sound", {}, player("audio", source(shown, phone)), el("span", "length", {}, clock(message.duration)));
    case "file":
      return file(shown, phone);
    case "location":
      return location(message);
    case "template":
      return card(message, act);
    case "flex":
      return flex(message, act);
    case "imagemap":
      return el("div", "imagemap", {}, picture(`${message.baseUrl}/700`, "picture", message.altText));
    default:
      return bubble(mine, [`[${message.type}]`]);
  }
}

/** A short form for quotations and the list. */
export function brief(shown) {
  if (!shown) return "メッセージ";
  if (shown.unsent) return "取り消されたメッセージ";
  const names = { image: "写真", video: "動画", audio: "ボイスメッセージ", file: "ファイル", location: "位置情報", sticker: "スタンプ" };
  return shown.text ?? shown.message.altText ?? names[shown.message.type] ?? shown.message.type;
}

function bubble(mine, children) {
  return el("div", `bubble text ${mine ? "mine" : "theirs"}`, {}, ...children);
}

/** `{key}` replaced, doubled braces made single. */
function substituted({ text, substitution = {} }, phone) {
  return String(text ?? "")
    .split(/(\{\{|\}\}|\{[^{}]+\})/u)
    .map((part) => {
      if (part === "{{") return "{";
      if (part === "}}") return "}";
      const known = substitution[part.slice(1, -1)];
      if (!part.startsWith("{") || !known) return part;
      if (known.type === "emoji") return el("span", "emoji", { title: known.emojiId }, "☺");
      const { type, userId } = known.mentionee ?? {};
      return el("b", "mention", {}, `@${type === "all" ? "All" : (phone.names[userId] ?? userId)}`);
    });
}

function sticker({ packageId, stickerId, stickerResourceType, text, keywords }) {
  return el(
    "div",
    "sticker",
    { title: (keywords ?? []).join(", ") },
    el("span", "face", { "aria-hidden": "true" }, "☻"),
    text ? el("b", "", {}, text) : "",
    el("small", "", {}, `${packageId} / ${stickerId}`),
    stickerResourceType ? el("small", "", {}, stickerResourceType) : "",
  );
}

/** Where the phone itself finds what it shows. */
function source(shown, phone) {
  const { message } = shown;
  if (shown.author === "account") return message.originalContentUrl;
  return message.contentProvider?.originalContentUrl ?? `${phone.files}/sent/${message.id}`;
}

function image(shown, phone, act) {
  const full = source(shown, phone);
  const preview = shown.author === "account" ? shown.message.previewImageUrl : full;
  const set = shown.message.imageSet;
  return el(
    "button",
    "plain framed",
    { type: "button", title: "大きく表示", onclick: () => act.view(full) },
    picture(preview, "picture", "写真"),
    set ? el("small", "count", {}, `${set.index}/${set.total}`) : "",
  );
}

function video(shown, phone) {
  const { message } = shown;
  const poster = shown.author === "account" ? safeUrl(message.previewImageUrl) : undefined;
  const made = player("video", source(shown, phone));
  if (poster) made.setAttribute("poster", poster);
  return el("div", "framed", {}, made, message.duration ? el("small", "count", {}, clock(message.duration)) : "");
}

function player(name, url) {
  return el(name, name === "video" ? "picture" : "", { src: safeUrl(url), controls: "", preload: "none" });
}

function file(shown, phone) {
  const { fileName, fileSize } = shown.message;
  return el(
    "a",
    "bubble file",
    { href: safeUrl(source(shown, phone)), download: fileName, rel: "noreferrer" },
    el("span", "sheet", { "aria-hidden": "true" }, "▤"),
    el("span", "", {}, el("b", "", {}, fileName), el("small", "", {}, size(fileSize))),
  );
}

function location({ title, address, latitude, longitude }) {
  return el(
    "div",
    "card place",
    {},
    el("div", "map", { "aria-hidden": "true" }, el("span", "pin", {}, "⚲")),
    el("div", "inside", {}, el("b", "", {}, title ?? "位置情報"), el("p", "", {}, address ?? ""), el("small", "", {}, `${latitude}, ${longitude}`)),
  );
}
