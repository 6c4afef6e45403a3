// What starts the page, and its head.

import { h, button, fill, plural } from "./dom.js";
import { state, page, isStatic, onChange, load, loadHeads, open } from "./store.js";
import { startTheme, switchTheme } from "./theme.js";
import { drawFiles } from "./files.js";
import { drawView, watchWidth } from "./main-view.js";
import { drawDoc, isDocOpen } from "./doc.js";
import { confirmAll, showHelp, finish, failed } from "./dialogs.js";
import { startKeys } from "./keys.js";

function summary() {
  const heads = state.heads.filter(Boolean);
  const sum = (of) => heads.reduce((n, head) => n + of(head), 0);
  const changed = sum((head) => Number(head.changed));
  const rest = page.files.length - heads.length;
  return [plural(page.files.length, "file"), `${changed} would change`, plural(sum((head) => head.changes), "change"),
    `${sum((head) => head.held)} held back`, rest > 0 && `${rest} to look at`].filter(Boolean).join(" · ");
}

// toggleFiles opens the list over a narrow page, below its head.
function toggleFiles() {
  document.getElementById("files").style.top = document.getElementById("top").getBoundingClientRect().bottom + "px";
  document.documentElement.toggleAttribute("data-files");
}

function drawTop() {
  const left = open(page.files.map((_, i) => i)).length;
  fill(document.getElementById("top"),
    page.files.length > 1 && button(".quiet.menu", "menu", { click: toggleFiles }, "Files"),
    h("p.brand", {}, h("strong", {}, "refit"), " review"),
    h("p.summary", {}, summary()),
    h("div.actions", {},
      button(".quiet.icon", "theme", { click: switchTheme, "aria-label": "Light or dark" }, "◐"),
      button(".quiet.icon", "help", { click: () => showHelp(isStatic), "aria-label": "Keys" }, "?"),
      !isStatic && page.files.length > 1 && button("", "apply-all", { click: confirmAll, disabled: left === 0 }, `Apply all${left > 0 ? ` (${left})` : ""}`),
      !isStatic && button("", "done", { click: finish }, "Done")));
}

function redraw(topics) {
  if (topics.includes("busy")) document.getElementById("main").setAttribute("aria-busy", String(state.busy));
  if (topics.includes("view")) {
    drawView();
    if (isDocOpen()) drawDoc();
  }
  if (topics.includes("files")) {
    drawFiles();
    drawTop();
  }
}

async function startPage() {
  startTheme();
  if (location.search) history.replaceState(null, "", location.pathname); // the token has been used
  document.documentElement.dataset.mode = isStatic ? "static" : "live";
  document.documentElement.dataset.count = page.files.length > 1 ? "many" : "one";
  onChange(redraw);
  watchWidth();
  startKeys();
  window.addEventListener("unhandledrejection", (e) => failed(e.reason));
  drawFiles();
  drawTop();
  if (page.files.length === 0) return;
  await load();
  await loadHeads();
}

startPage();
