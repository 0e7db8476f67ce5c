// Templates and the buttons of every kind of message.

import { el, picture } from "./dom.js";

/** A button; what it does is decided by `act.press`. */
export function button(action, className, act) {
  return el("button", className, { type: "button", onclick: () => act.press(action) }, action?.label ?? action?.type ?? "");
}

/** A template message. */
export function card(message, act) {
  const template = message.template ?? {};
  switch (template.type) {
    case "buttons":
      return one(template, act);
    case "confirm":
      return el("div", "card", {}, el("p", "inside", {}, template.text), el("div", "pair", {}, ...buttons(template, act)));
    case "carousel":
      return el("div", "carousel", {}, ...(template.columns ?? []).map((column) => one(column, act)));
    case "image_carousel":
      return el("div", "carousel", {}, ...(template.columns ?? []).map((column) => tile(column, act)));
    default:
      return el("div", "bubble text theirs", {}, message.altText);
  }
}

function one(column, act) {
  const cover = column.thumbnailImageUrl ? picture(column.thumbnailImageUrl, "cover", "") : "";
  const inside = el("div", "inside", {}, column.title ? el("b", "", {}, column.title) : "", el("p", "", {}, column.text));
  if (column.defaultAction) inside.addEventListener("click", () => act.press(column.defaultAction));
  return el("div", "card", {}, cover, inside, el("div", "actions", {}, ...buttons(column, act)));
}

function tile({ imageUrl, action }, act) {
  const label = action?.label ? el("span", "label", {}, action.label) : "";
  return el("button", "plain tile", { type: "button", onclick: () => act.press(action) }, picture(imageUrl, "cover", ""), label);
}

function buttons({ actions }, act) {
  return (actions ?? []).map((action) => button(action, "action", act));
}
