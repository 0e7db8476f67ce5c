// Flex messages: boxes in boxes. Words, order, pictures, buttons, weight, alignment and the plain colours are shown
// truly; exact sizes, margins and gradients are not.

import { el, picture } from "./dom.js";
import { button } from "./cards.js";

const DEEPEST = 40;
const SIZES = ["nano", "micro", "deca", "hecto", "kilo", "mega", "giga"];

/** A flex message. */
export function flex(message, act) {
  const contents = message.contents ?? {};
  if (contents.type === "carousel") {
    return el("div", "carousel", {}, ...(contents.contents ?? []).map((one) => bubble(one, act)));
  }
  return bubble(contents, act);
}

function bubble(contents, act) {
  const size = SIZES.includes(contents.size) ? contents.size : "mega";
  const made = el("div", `card flex ${size}`, contents.direction === "rtl" ? { dir: "rtl" } : {});
  for (const block of ["header", "hero", "body", "footer"]) {
    if (!contents[block]) continue;
    const part = el("div", `block ${block}`, {}, component(contents[block], act, 0));
    paint(part, "background", contents.styles?.[block]?.backgroundColor);
    made.append(part);
  }
  return tappable(made, contents, act);
}

function component(one, act, depth) {
  if (depth > DEEPEST) return "";
  const inner = () => (one.contents ?? []).map((next) => component(next, act, depth + 1));
  switch (one.type) {
    case "box": {
      const layout = ["horizontal", "baseline"].includes(one.layout) ? one.layout : "vertical";
      const made = el("div", `box ${layout} space-${name(one.spacing)} pad-${name(one.paddingAll)}`, {}, ...inner());
      paint(made, "background", one.backgroundColor);
      return tappable(grown(made, one), one, act);
    }
    case "text":
      return tappable(text(one, one.contents ? inner() : [one.text ?? ""]), one, act);
    case "span":
      return text(one, [one.text ?? ""], "span");
    case "image":
      return tappable(grown(picture(one.url, "cover", ""), one), one, act);
    case "icon":
      return picture(one.url, "icon", "");
    case "video":
      return one.altContent ? component(one.altContent, act, depth + 1) : picture(one.previewUrl, "cover", "");
    case "button":
      return grown(button(one.action, `flex-button ${["primary", "secondary"].includes(one.style) ? one.style : "link"}`, act), one);
    case "separator":
      return el("hr", "");
    case "filler":
      return el("div", "filler");
    default:
      return "";
  }
}

function text(one, children, element = "p") {
  const classes = ["words", `size-${name(one.size)}`];
  if (one.weight === "bold") classes.push("bold");
  if (one.wrap) classes.push("wrap");
  if (["center", "end"].includes(one.align)) classes.push(one.align);
  if (["line-through", "underline"].includes(one.decoration)) classes.push(one.decoration);
  const made = el(element, classes.join(" "), {}, ...children);
  paint(made, "color", one.color);
  return element === "span" ? made : grown(made, one);
}

/** A word of a closed set as part of a class; sizes in pixels fall back to the middle one. */
function name(value) {
  return ["none", "xxs", "xs", "sm", "md", "lg", "xl", "xxl", "3xl", "4xl", "5xl", "full"].includes(value) ? value : "default";
}

/** Set by the property, never as a text of styles: a colour can be nothing but a colour. */
function paint(element, property, colour) {
  if (/^#[0-9a-f]{6}([0-9a-f]{2})?$/iu.test(colour ?? "")) element.style[property] = colour;
}

function grown(element, one) {
  if (Number.isInteger(one.flex) && one.flex >= 0 && one.flex <= 20) element.style.flex = String(one.flex);
  return element;
}

function tappable(element, one, act) {
  if (!one.action || one.type === "button") return element;
  element.classList.add("tappable");
  element.addEventListener("click", (event) => {
    event.stopPropagation();
    act.press(one.action);
  });
  return element;
}
