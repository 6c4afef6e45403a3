// The list of files.

import { h, button, fill, plural } from "./dom.js";
import { state, page, showFile } from "./store.js";

const filters = { all: "All files", changed: "With changes", held: "With changes held back", failed: "That failed" };

function matches(i) {
  const head = state.heads[i];
  if (!page.files[i].path.toLowerCase().includes(state.filter.toLowerCase())) return false;
  switch (state.only) {
    case "changed": return Boolean(head?.changed) || state.written.has(i);
    case "held": return (head?.held ?? 0) > 0;
    case "failed": return Boolean(head?.error) || state.refused.has(i);
  }
  return true;
}

export function shownFiles() {
  return page.files.map((_, i) => i).filter(matches);
}

function statusOf(i) {
  const head = state.heads[i];
  if (state.written.has(i)) return ["written", "written", "✓"];
  if (state.refused.has(i)) return ["failed", "not written", "!"];
  if (!head) return ["loading", "not looked at yet", "…"];
  if (head.error) return ["failed", "failed", "!"];
  if (head.changed) return ["changed", plural(head.changes, "change"), String(head.changes)];
  return ["same", "nothing to change", "–"];
}

// sharedDir is the length of the directories that all paths start with.
function sharedDir() {
  const dirs = page.files.map((f) => f.path.slice(0, f.path.lastIndexOf("/") + 1));
  let shared = dirs[0] ?? "";
  for (const d of dirs) while (!d.startsWith(shared)) shared = shared.slice(0, shared.lastIndexOf("/", shared.length - 2) + 1);
  return shared.length;
}

const skipped = sharedDir();

function entry(i) {
  const path = page.files[i].path;
  const cut = path.lastIndexOf("/") + 1;
  const [kind, words, sign] = statusOf(i);
  const current = i === state.file;
  return h("li", {}, button(".file." + kind, "file-" + i, {
    click: () => { document.documentElement.removeAttribute("data-files"); showFile(i); },
    "aria-current": current ? "true" : null, title: path, "aria-label": `${path}: ${words}`,
  }, h("span.path", {}, h("span.dir", {}, path.slice(skipped, cut)), h("span." + (cut > skipped ? "base" : "dir"), {}, path.slice(cut))), h("span.count", { "aria-hidden": "true" }, sign)));
}

// drawFiles draws the list anew; the filter above it stays as it is.
export function drawFiles() {
  const nav = document.getElementById("files");
  let list = nav.querySelector("ul");
  if (!list) {
    list = h("ul.file-list");
    const again = () => drawFiles();
    nav.append(
      h("div.filters", {},
        h("input", { type: "search", id: "filter", placeholder: "Filter files  /", "aria-label": "Filter files by path", autocomplete: "off", spellcheck: "false",
          input: (e) => { state.filter = e.target.value; again(); } }),
        h("select", { "aria-label": "Which files", change: (e) => { state.only = e.target.value; again(); } },
          Object.entries(filters).map(([value, text]) => h("option", { value }, text)))),
      h("p.muted.shown", {}), list);
  }
  const files = shownFiles();
  fill(list, files.map(entry));
  nav.querySelector(".shown").textContent = files.length === page.files.length ? plural(files.length, "file") : `${files.length} of ${plural(page.files.length, "file")}`;
}

// stepFile goes to the next or the previous file of those that the list shows.
export function stepFile(by) {
  const files = shownFiles();
  const at = files.indexOf(state.file);
  const to = at < 0 ? files[0] : files[Math.max(0, Math.min(files.length - 1, at + by))];
  if (to === undefined || to === state.file) return;
  showFile(to);
  document.querySelector(`[data-key="file-${to}"]`)?.scrollIntoView({ block: "nearest" });
}
