// What "refit explain" says of a pass, beside the changes.

import { h, button } from "./dom.js";
import { passDocs, state, switchPass, isStatic, page } from "./store.js";
import { DiffTable } from "./diff.js";

let opener = null; // what gets the focus back
let shown = { name: "", key: null };

// withLinks makes the addresses in a text links.
function withLinks(text) {
  return text.split(/(https?:\/\/[^\s)>,]*[^\s)>,.;:])/).map((part, i) =>
    i % 2 === 1 ? h("a", { href: part, rel: "noopener noreferrer", target: "_blank" }, part) : part);
}

function declineItem(d, current) {
  return h("li", { class: d.key === current ? "current" : null },
    d.when + " ", h("code", {}, d.key), d.remedy && h("p.remedy", {}, d.remedy));
}

function switches(name) {
  const p = state.view?.passes.find((q) => q.name === name);
  if (isStatic || !p) return null;
  const to = p.on ? "off" : "on";
  return h("p.actions", {},
    button("", "doc-this", { click: () => switchPass(name, !p.on, false) }, page.files.length > 1 ? `Switch ${to} in this file` : `Switch ${to}`),
    page.files.length > 1 && button("", "doc-all", { click: () => switchPass(name, !p.on, true) }, `Switch ${to} in all files`));
}

export function drawDoc() {
  const e = document.getElementById("doc");
  const { name, key } = shown;
  const p = passDocs.get(name);
  if (!p) return;
  const close = button(".quiet.close", "doc-close", { click: closeDoc, "aria-label": "Close the documentation" }, "✕");
  const list = (title, items) => items.length > 0 && [h("h3", {}, title), h("ul", {}, items)];
  e.replaceChildren(...[
    h("div.section-head", {}, h("h2", { tabindex: "-1" }, h("code", {}, p.name)), close),
    h("p.title", {}, p.title[0].toUpperCase() + p.title.slice(1) + "."),
    h("p", {}, p.text),
    p.when && h("p.muted", {}, p.when),
    switches(name),
    h("h3", {}, "Before and after"),
    new DiffTable(p.example, { split: false, label: "Example of " + name }).table,
    list("It holds back when", p.declines.map((d) => declineItem(d, key))),
    list("Rules of hadolint that ask for it", p.hadolint.map((s) => h("li", {}, s))),
    list("Sources", p.sources.map((s) => h("li", {}, withLinks(s)))),
  ].flat(Infinity).filter(Boolean));
}

export function showDoc(name, key = null) {
  const e = document.getElementById("doc");
  if (!passDocs.has(name)) return;
  if (e.hidden) opener = document.activeElement?.dataset.key ?? null;
  shown = { name, key };
  e.hidden = false;
  document.documentElement.dataset.doc = "open";
  drawDoc();
  e.scrollTop = 0;
  e.querySelector("h2").focus({ preventScroll: true });
  e.querySelector("li.current")?.scrollIntoView({ block: "center" });
}

export function isDocOpen() {
  return !document.getElementById("doc").hidden;
}

export function closeDoc() {
  document.getElementById("doc").hidden = true;
  delete document.documentElement.dataset.doc;
  if (opener) document.querySelector(`[data-key="${CSS.escape(opener)}"]`)?.focus();
  opener = null;
}
