// The file that is shown: what would be written, and why.

import { h, button, fill, visible, plural, say } from "./dom.js";
import { state, isStatic, page, together, switchPass } from "./store.js";
import { DiffTable } from "./diff.js";
import { passSection } from "./passes.js";
import { alreadySection, heldSection, warningSection } from "./held.js";
import { measuredSection } from "./chart.js";
import { showDoc } from "./doc.js";
import { confirmApply } from "./dialogs.js";

const narrow = matchMedia("(max-width: 899px)");
let unified = null; // what the user chose, else what fits
let tables = []; // of the texts that are shown
const noteElements = new Map(); // by change

export function isSplit() {
  return unified === null ? !narrow.matches : !unified;
}

export function switchLayout() {
  unified = isSplit();
  drawView();
}

export function watchWidth() {
  narrow.addEventListener("change", () => { unified = null; drawView(); });
}

function note(i) {
  const c = state.view.changes[i];
  const pass = state.view.passes.find((p) => p.name === c.pass);
  const off = !isStatic && pass?.on && !state.written.has(state.view.file);
  const e = h("div.note-body", {},
    button(".chip", "change-" + i, { click: () => selectChange(i), "aria-label": `Change ${i + 1}: ${c.pass}` }, String(i + 1)),
    h("div.note-text", {},
      h("p", {}, button(".passname", "note-" + i, { click: () => showDoc(c.pass) }, c.pass), " ", visible(c.reason)),
      c.notes.map((n) => h("p.remark", {}, `line ${n.line}: `, visible(n.text)))),
    off && h("div.note-actions", {},
      button(".quiet", "off-" + i, { click: () => switchPass(c.pass, false, state.forAll), "aria-label": `Switch ${c.pass} off` }, "Switch off")));
  noteElements.set(i, e);
  return e;
}

function textSection(text, n, seen) {
  const same = text.rows.every((r) => r.length === 2);
  const id = "text-" + n;
  const table = same ? null : new DiffTable(text, { split: isSplit(), noteOf: note, select: selectChange, seen, label: `Changes of ${text.path}` });
  if (table) tables.push(table);
  return h("section.text", { "aria-labelledby": id },
    h("div.text-head", {}, h("h2", { id }, visible(text.path)), text.new && h("span.badge.new", {}, "new file")),
    table ? table.table : h("p.muted.nothing", {}, state.view.error ? "" : "This file stays as it is."));
}

// loose are changes that no line shows: what a later pass replaced.
function loose(seen) {
  const rest = state.view.changes.map((_, i) => i).filter((i) => !seen.has(i));
  return rest.length > 0 && h("section.loose", { "aria-label": "Changes that no line shows" }, rest.map((i) => h("div.note", {}, note(i))));
}

function banners() {
  const v = state.view, list = [];
  const written = state.written.get(v.file), refused = state.refused.get(v.file);
  if (v.error) list.push(h("p.banner.error", { role: "alert" }, visible(v.error)));
  if (refused) list.push(h("p.banner.error", { role: "alert" }, visible(refused) + ". Below is what would change now."));
  if (written) list.push(h("p.banner.done", {}, written.length > 0 ? `Written: ${visible(written.join(", "))}` : "Nothing was left to write."));
  return list;
}

function head() {
  const v = state.view;
  const files = together(v.file);
  const others = files.length - 1;
  const can = !isStatic && v.changed && !v.error && !state.written.has(v.file);
  return h("div.file-head", {},
    h("h1", {}, visible(v.path)),
    h("p.muted", {}, v.error ? "failed" : [state.written.has(v.file) && "written", plural(v.changes.length, "change"), `${v.held.length} held back`].filter(Boolean).join(" · ")),
    h("div.actions", {},
      button(".quiet.layout", "layout", { click: switchLayout }, isSplit() ? "Unified" : "Side by side"),
      can && button(".primary", "apply", { click: () => confirmApply(files) },
        others > 0 ? `Apply, with ${others === 1 ? page.files[files[0]].path : plural(others, "file")}` : "Apply")));
}

// drawView draws the file anew.
export function drawView() {
  const v = state.view, main = document.getElementById("main");
  if (!v) return;
  const y = window.scrollY, same = drawView.file === v.file;
  drawView.file = v.file;
  tables = [];
  noteElements.clear();
  const seen = new Set();
  const texts = v.texts.map((t, n) => textSection(t, n, seen));
  fill(main, head(), banners(), warningSection(v), v.error ? null : [passSection(v), measuredSection(v.measured), loose(seen), texts, heldSection(v), alreadySection(v)]);
  main.setAttribute("aria-busy", String(state.busy));
  if (state.change >= 0) selectChange(state.change, false);
  window.scrollTo(0, same ? y : 0);
}

// selectChange sets a change's lines off.
export function selectChange(i, scroll = true) {
  state.change = i;
  for (const e of document.querySelectorAll("#main .current-change")) e.classList.remove("current-change");
  const e = noteElements.get(i);
  if (!e) return;
  e.classList.add("current-change");
  for (const t of tables) for (const row of t.rowsOf.get(i) ?? []) row.classList.add("current-change");
  if (!scroll) return;
  e.scrollIntoView({ block: "center" });
  e.querySelector(".chip").focus({ preventScroll: true });
}

export function stepChange(by) {
  const n = state.view?.changes.length ?? 0;
  if (n === 0) {
    say("No changes in this file");
    return;
  }
  selectChange(state.change < 0 ? (by > 0 ? 0 : n - 1) : Math.max(0, Math.min(n - 1, state.change + by)));
}
