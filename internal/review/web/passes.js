// The switches of the passes.

import { h, button, plural } from "./dom.js";
import { state, switchPass, switchBack, isSwitched, passDocs, isStatic, page } from "./store.js";
import { showDoc } from "./doc.js";

function passSwitch(p) {
  const said = [p.changes > 0 && plural(p.changes, "change"), p.held > 0 && `${p.held} held back`].filter(Boolean).join(", ");
  const counts = h("span.counts", { "aria-hidden": "true" },
    p.changes > 0 && h("span.made", {}, String(p.changes)), p.held > 0 && h("span.held", {}, `${p.held} held`));
  const label = p.name + (said ? `: ${said}` : "");
  if (isStatic) return h("li", {}, button(".pass", "pass-" + p.name, { click: () => showDoc(p.name), "aria-label": label }, h("code", {}, p.name), counts));
  return h("li", {},
    button(".pass", "pass-" + p.name, {
      role: "switch", "aria-checked": String(p.on), "aria-label": label, title: passDocs.get(p.name)?.title,
      disabled: state.written.has(state.file), // it is on the disk as it is shown
      click: () => switchPass(p.name, !p.on, state.forAll),
    }, h("span.knob", { "aria-hidden": "true" }), h("code", {}, p.name), counts));
}

function scope() {
  const choice = (value, text) => h("label", {},
    h("input", { type: "radio", name: "scope", checked: state.forAll === value, "data-key": "scope-" + value, change: () => { state.forAll = value; } }), text);
  return page.files.length > 1 && h("fieldset.scope", {}, h("legend.hidden", {}, "Switch passes in"), choice(false, "this file"), choice(true, "all files"));
}

// passSection shows the passes that have something to say first.
export function passSection(view) {
  const busy = view.passes.filter((p) => p.changes > 0 || p.held > 0 || p.on !== p.default);
  const idle = view.passes.filter((p) => !busy.includes(p));
  const open = passSection.open ?? false;
  return h("section.passes", { "aria-labelledby": "passes-title" },
    h("div.section-head", {},
      h("h2", { id: "passes-title" }, "Passes"),
      !isStatic && scope(),
      !isStatic && isSwitched() && button(".quiet", "switch-back", { click: switchBack }, "Switch all back")),
    h("ul.switches", {}, busy.map(passSwitch)),
    idle.length > 0 && h("details", { open, toggle: (e) => { passSection.open = e.target.open; } },
      h("summary", { "data-key": "idle" }, `${idle.length} more with nothing to say here`), h("ul.switches", {}, idle.map(passSwitch))));
}
