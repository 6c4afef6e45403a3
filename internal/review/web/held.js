// What was held back, and what would make it possible.

import { h, button, visible } from "./dom.js";
import { showDoc } from "./doc.js";

function heldItem(d, id, label) {
  return h("li.held-item", {},
    h("p.reason", {},
      button(".passname", id, { click: () => showDoc(d.pass, d.key) }, d.pass),
      h("span.line", {}, `line ${d.line}`), " ", visible(d.reason)),
    d.notes.map((n) => h("p.remark", {}, `line ${n.line}: `, visible(n.text))),
    d.remedy && h("p.remedy", {}, label && h("span.label", {}, label), d.remedy),
    h("code.key", {}, d.key));
}

function section(list, name, title, label) {
  if (list.length === 0) return null;
  return h("section.held-list", { "aria-labelledby": name + "-title" },
    h("div.section-head", {}, h("h2", { id: name + "-title" }, title), h("span.muted", {}, String(list.length))),
    h("ul", {}, list.map((d, i) => heldItem(d, name + "-" + i, label))));
}

export const heldSection = (view) => section(view.held, "held", "Held back", "To make it possible ");

export const alreadySection = (view) => section(view.already, "already", "Already so", "");

export function warningSection(view) {
  if (view.warnings.length === 0) return null;
  return h("section.warnings", { "aria-label": "Warnings" },
    view.warnings.map((n) => h("p.banner.warn", {}, `line ${n.line}: `, visible(n.text))));
}
