// Elements are only ever made here, and text only ever becomes text: what a
// Dockerfile holds is never read as HTML.

const svgSpace = "http://www.w3.org/2000/svg";
const svgNames = new Set(["svg", "rect", "text", "g", "line", "title"]);

// h makes an element from "name.class.class", attributes and children. Functions
// among the attributes are listeners; null and false leave an attribute out.
export function h(kind, attributes, ...children) {
  const [name, ...classes] = kind.split(".");
  const e = svgNames.has(name) ? document.createElementNS(svgSpace, name) : document.createElement(name);
  if (classes.length > 0) e.setAttribute("class", classes.join(" "));
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") e.addEventListener(key, value);
    else if (value === true) e.setAttribute(key, "");
    else if (value !== null && value !== undefined && value !== false) e.setAttribute(key, String(value));
  }
  e.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  return e;
}

// button makes a button; key names it for keepFocus.
export function button(kind, key, attributes, ...children) {
  return h("button" + kind, { type: "button", "data-key": key, ...attributes }, ...children);
}

// fill exchanges what is in an element. The element that has the focus gets it
// again when one of the same data-key is there.
export function fill(e, ...children) {
  const key = e.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  e.replaceChildren(...children.flat(Infinity).filter(Boolean));
  if (key) e.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

// visible shows the characters that would otherwise hide what a text says: control
// characters, and those that turn its direction.
export function visible(text) {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g,
    (c) => "⟨U+" + c.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0") + "⟩");
}

export function plural(n, one, many = one + "s") {
  return `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
}

// say tells screen readers, and shows for a moment, what has happened.
export function say(text) {
  const e = document.getElementById("status");
  e.textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { e.textContent = ""; }, 6000);
}
