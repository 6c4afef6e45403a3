// What lies over the page: the question before files are written, and the keys.

import { h, button, visible, plural, say } from "./dom.js";
import { page, apply, besides, writtenPaths, end, open, loadHeads } from "./store.js";

function show(title, ...content) {
  const d = document.getElementById("dialog");
  d.replaceChildren(h("h2", { id: "dialog-title" }, title), ...content.flat().filter(Boolean));
  if (!d.open) d.showModal();
  return d;
}

function close() {
  document.getElementById("dialog").close();
}

async function write(files) {
  close();
  try {
    const results = await apply(files);
    const not = results.filter((r) => !r.written).length;
    say(`${plural(new Set(results.flatMap((r) => r.paths)).size, "file")} written` + (not > 0 ? `, ${not} not` : ""));
  } catch (err) {
    failed(err);
  }
}

// confirmApply asks before it writes.
export function confirmApply(files) {
  show(files.length === 1 ? "Write this change?" : `Write the changes of ${plural(files.length, "file")}?`,
    h("ul.paths", { tabindex: "0", "aria-label": "Files" }, 
      files.map((i) => h("li", {}, visible(page.files[i].path))), besides(files).map((path) => h("li.beside", {}, visible(path)))),
    h("p.muted", {}, "Exactly as they are shown, with the files that belong to the changes. A file that has changed in the meantime is left alone."),
    h("div.actions", {}, button(".quiet", null, { click: close }, "Cancel"), button(".primary", null, { click: () => write(files), autofocus: true, id: "write" }, "Write")));
}

export async function confirmAll() {
  await loadHeads();
  const files = open(page.files.map((_, i) => i));
  if (files.length === 0) say("Nothing is left to write");
  else confirmApply(files);
}

const keys = [
  ["j  k", "next, previous file"], ["n  p", "next, previous change"], ["space", "switch the pass of the selected change off or on"],
  ["d", "what the pass of the selected change does"], ["a", "apply this file"], ["A", "apply all files"], ["/", "filter the files"],
  ["u", "side by side or unified"], ["t", "light or dark"], ["Esc", "close what is open"], ["?", "this"],
];

export function showHelp(isStatic) {
  const list = keys.filter(([k]) => !isStatic || !["a", "A", "space"].includes(k));
  show("Keys", h("dl.keys", {}, list.map(([k, what]) => [h("dt", {}, k.split("  ").map((c) => h("kbd", {}, c))), h("dd", {}, what)])),
    h("div.actions", {}, button(".primary", null, { click: close, autofocus: true }, "Close")));
}

export async function finish() {
  try {
    await end();
  } catch {
    // it has ended already
  }
  const n = writtenPaths().length;
  document.body.replaceChildren(h("main.ended", {}, h("h1", {}, "Done"), h("p", {}, n > 0 ? `${plural(n, "file")} written. ` : "Nothing was written. ", "This page can be closed.")));
}

// failed says that the server cannot be asked.
export function failed(err) {
  const gone = err instanceof TypeError;
  show(gone ? "refit has ended" : "That did not work",
    h("p", {}, gone ? "The page's server does not answer any more. Start refit review again to go on." : visible(err.message)),
    h("div.actions", {}, button(".primary", null, { click: close }, "Close")));
}
