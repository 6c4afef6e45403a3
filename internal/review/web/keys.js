// The keyboard. Single keys work where no text is typed and no dialog is open.

import { state, isStatic, together, switchPass } from "./store.js";
import { say } from "./dom.js";
import { switchTheme } from "./theme.js";
import { stepFile } from "./files.js";
import { stepChange, switchLayout } from "./main-view.js";
import { showDoc, closeDoc, isDocOpen } from "./doc.js";
import { confirmApply, confirmAll, showHelp } from "./dialogs.js";

function switchSelected() {
  const c = state.view?.changes[state.change];
  const name = c?.pass ?? switchSelected.last;
  const p = state.view?.passes.find((q) => q.name === name);
  if (!p) {
    say("Select a change first: n");
    return;
  }
  if (state.written.has(state.file)) {
    say("This file is written");
    return;
  }
  switchSelected.last = name; // so that the same key switches it on again
  say(`${name} is switched ${p.on ? "off" : "on"}`);
  if (p.on) state.change = -1;
  switchPass(name, !p.on, state.forAll);
}

function applyShown() {
  const v = state.view;
  if (v?.changed && !v.error && !state.written.has(v.file)) confirmApply(together(v.file));
  else say("Nothing to apply in this file");
}

const actions = {
  j: () => stepFile(1),
  k: () => stepFile(-1),
  n: () => stepChange(1),
  p: () => stepChange(-1),
  d: () => (isDocOpen() ? closeDoc() : state.view?.changes[state.change] && showDoc(state.view.changes[state.change].pass)),
  u: switchLayout,
  t: () => say(`The page is ${switchTheme()}`),
  "?": () => showHelp(isStatic),
  "/": () => document.getElementById("filter").focus(),
  Escape: () => { closeDoc(); document.documentElement.removeAttribute("data-files"); },
};

const liveActions = { " ": switchSelected, a: applyShown, A: confirmAll };

const typing = (e) => /^(textarea|select)$/i.test(e.tagName) || (e.tagName === "INPUT" && e.type !== "radio");

// A space belongs to the control that has the focus, unless that is a change's own.
const takesSpace = (e) => /^(button|summary|a|input)$/i.test(e.tagName) && !e.classList.contains("chip");

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || state.ended || document.getElementById("dialog").open) return;
  const at = event.target;
  if (typing(at)) {
    if (event.key === "Escape") at.blur();
    return;
  }
  if (event.key === " " && takesSpace(at)) return;
  const action = actions[event.key] ?? (isStatic ? null : liveActions[event.key]);
  if (!action) return;
  event.preventDefault();
  action();
}

export function startKeys() {
  document.addEventListener("keydown", onKey);
}
