// Building the page: elements from names and text. Nothing here ever reads HTML out of a string, so what people and
// engines write cannot become markup.

/** An element with a class, properties and children; strings become text nodes. */
export function el(name, className, properties = {}, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== null) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== undefined && child !== null && child !== ""));
  return made;
}

/** An address that a page may load: http or https, else nothing. */
export function safeUrl(text) {
  try {
    const url = new URL(text);
    return ["http:", "https:"].includes(url.protocol) ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** A picture that says so where it cannot be loaded. */
export function picture(url, className, alt = "") {
  const safe = safeUrl(url);
  const broken = () => el("span", `broken ${className}`, {}, "画像を表示できません");
  if (!safe) return broken();
  const made = el("img", className, { src: safe, alt, referrerpolicy: "no-referrer" });
  made.addEventListener("error", () => made.replaceWith(broken()), { once: true });
  return made;
}

/** Text with its web addresses as links. */
export function linked(text) {
  return String(text ?? "")
    .split(/(https?:\/\/[^\s<>"「」、。]+)/u)
    .map((part, at) => (at % 2 === 1 ? el("a", "", { href: part, target: "_blank", rel: "noreferrer noopener" }, part) : part));
}

/** Milliseconds as 0:06. */
export function clock(ms) {
  const seconds = Math.round((ms ?? 0) / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** Bytes as people say them. */
export function size(bytes) {
  if (bytes === undefined) return "";
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
