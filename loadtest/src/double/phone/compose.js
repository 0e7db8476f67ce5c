// What the person does: writes, picks stickers, pictures, files and places, quotes, edits.

import { el } from "./dom.js";

const at = (id) => document.getElementById(id);
/** Stickers that LINE lists for bots; here by number, since their pictures are LINE's. */
const STICKERS = [["446", "1988"], ["446", "2003"], ["789", "10855"], ["1070", "17839"], ["6136", "10551376"], ["6325", "10979904"]];
/** Largest file that goes through the double's own calls, which carry it as text. */
const MAX_FILE = 20 * 1024 * 1024;

/** Wires the lower part of the page up. */
export function compose({ send, notice, brief }) {
  const text = at("text");
  const drawer = at("drawer");
  let quoted;
  let edited;
  let kind = "image";

  const about = (label) => {
    at("quoting").hidden = !label;
    at("quoting").replaceChildren(label, el("button", "plain", { type: "button", "aria-label": "やめる", onclick: clear }, "✕"));
  };
  function clear() {
    quoted = edited = undefined;
    about("");
    at("quoting").hidden = true;
  }
  const grow = () => {
    text.style.height = "auto";
    text.style.height = `${Math.min(text.scrollHeight, 140)}px`;
  };
  const submit = () => {
    const words = text.value;
    if (!words.trim()) return;
    const doing = edited ? { kind: "edited", message: edited.id, text: words } : { kind: "text", text: words, quote: quoted?.id };
    text.value = "";
    clear();
    grow();
    send(doing);
  };
  at("compose").addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  text.addEventListener("input", grow);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); submit(); }
  });

  const open = (...children) => {
    drawer.hidden = false;
    at("more").setAttribute("aria-expanded", "true");
    drawer.replaceChildren(...children);
  };
  const close = () => {
    drawer.hidden = true;
    at("more").setAttribute("aria-expanded", "false");
  };
  const choice = (sign, label, doing) => el("button", "choice", { type: "button", onclick: doing }, el("span", "", { "aria-hidden": "true" }, sign), label);
  const menu = () => open(
    choice("☻", "スタンプ", stickers),
    choice("▣", "写真", () => pick("image")),
    choice("▶", "動画", () => pick("video")),
    choice("♪", "音声", () => pick("audio")),
    choice("▤", "ファイル", () => pick("file")),
    choice("⚲", "位置情報", place),
  );
  at("more").addEventListener("click", () => (drawer.hidden ? menu() : close()));

  function stickers() {
    open(...STICKERS.map(([pack, sticker]) => choice("☻", `${pack}/${sticker}`, () => {
      close();
      send({ kind: "sticker", package: pack, sticker, quote: quoted?.id });
      clear();
    })));
  }
  function place() {
    const field = (label, value) => el("input", "", { "aria-label": label, placeholder: label, value });
    const [title, address, latitude, longitude] = [field("名前", "東京駅"), field("住所", "東京都千代田区丸の内1丁目"), field("緯度", "35.681236"), field("経度", "139.767125")];
    open(title, address, latitude, longitude, el("button", "wide", { type: "button", onclick: () => {
      close();
      send({ kind: "location", title: title.value || undefined, address: address.value || undefined, latitude: Number(latitude.value), longitude: Number(longitude.value) });
    } }, "この場所を送る"));
  }
  function pick(wanted) {
    kind = wanted;
    at("picked").accept = wanted === "file" ? "" : `${wanted}/*`;
    at("picked").click();
  }
  at("picked").addEventListener("change", async () => {
    const [file] = at("picked").files;
    at("picked").value = "";
    if (!file) return;
    if (file.size > MAX_FILE) return notice("20 MB までのファイルを送れます");
    close();
    const bytes = new Uint8Array(await file.arrayBuffer());
    let binary = "";
    for (let from = 0; from < bytes.length; from += 8192) binary += String.fromCharCode(...bytes.subarray(from, from + 8192));
    const content = { base64: btoa(binary), content_type: file.type || "application/octet-stream" };
    send(kind === "file" ? { kind, name: file.name, ...content } : { kind, ...content });
  });

  return {
    pick,
    place,
    fill(words) { text.value = words; text.focus(); grow(); },
    quote(shown) { quoted = shown; edited = undefined; about(`リプライ: ${brief(shown)}`); text.focus(); },
    edit(shown) { edited = shown; quoted = undefined; about("編集"); text.value = shown.text ?? ""; text.focus(); grow(); },
    pickTime(action, done) {
      const type = { date: "date", time: "time" }[action.mode] ?? "datetime-local";
      const name = { date: "date", time: "time" }[action.mode] ?? "datetime";
      const input = el("input", "", { type, min: action.min, max: action.max, value: action.initial, "aria-label": action.label ?? "日時" });
      open(input, el("button", "wide", { type: "button", onclick: () => {
        if (!input.value) return;
        close();
        done({ [name]: input.value });
      } }, "決定"));
    },
  };
}
