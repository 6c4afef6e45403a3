// What the page knows, and how it asks the server.

export const page = JSON.parse(document.getElementById("data").textContent);
export const isStatic = page.base === ""; // one file, and no server
export const passDocs = new Map(page.passes.map((p) => [p.name, p]));

export const state = {
  file: 0, // the one that is shown
  view: null, // of that file, as the server made it
  change: -1, // the one that is selected
  heads: page.files.map(() => null), // what the list shows
  selection: { all: {}, file: {} }, // the passes that were switched
  written: new Map(), // by file: the paths that were written
  refused: new Map(), // by file: why nothing was written
  forAll: false, // whether a switch is for all files
  filter: "",
  only: "all",
  busy: false,
  ended: false,
};

const listeners = [];

export function onChange(listener) {
  listeners.push(listener);
}

// changed has the parts of the page drawn anew that show a topic: "files", "view".
export function changed(...topics) {
  for (const l of listeners) l(topics);
}

async function ask(call, body) {
  const response = await fetch(page.base + "api/" + call, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Refit-Csrf": page.csrf },
    body: JSON.stringify({ selection: state.selection, ...body }),
  });
  if (!response.ok) throw new Error((await response.text()).trim());
  return response.json();
}

let generation = 0; // of the selection: answers to an older one are dropped

function headOf(v) {
  return { file: v.file, hash: v.hash, changed: v.changed, changes: v.changes.length, held: v.held.length, needs: v.needs, beside: v.texts.slice(1).map((t) => t.path), error: v.error };
}

// load fetches what the passes that are on make of the file that is shown.
export async function load() {
  const file = state.file, then = generation;
  state.busy = true;
  changed("busy");
  const view = isStatic ? page.views[file] : await ask("view", { files: [file] });
  if (then !== generation || file !== state.file) return;
  state.busy = false;
  state.view = view;
  state.change = Math.min(state.change, view.changes.length - 1);
  state.heads[file] = headOf(view);
  changed("view", "files");
}

// loadHeads fetches what the list shows, some files at a time, those first that
// are asked for.
export async function loadHeads(first = []) {
  const then = generation;
  if (isStatic) {
    state.heads = page.views.map(headOf);
    changed("files");
    return;
  }
  const rest = page.files.map((_, i) => i).filter((i) => !first.includes(i));
  const missing = [...first, ...rest].filter((i) => state.heads[i] === null);
  for (let at = 0; at < missing.length; at += 20) {
    const heads = await ask("heads", { files: missing.slice(at, at + 20) });
    if (then !== generation) return;
    for (const head of heads) state.heads[head.file] = head;
    changed("files");
  }
}

export async function showFile(file) {
  if (file < 0 || file >= page.files.length) return;
  state.file = file;
  state.change = -1;
  await load();
}

// recompute is what follows a switch.
async function recompute(files) {
  generation++;
  for (const i of files) state.heads[i] = null;
  state.refused.clear();
  await load();
  await loadHeads();
}

// switchPass switches a pass on or off, in the file that is shown or in all.
export async function switchPass(name, on, forAll) {
  const { all, file } = state.selection;
  if (forAll) {
    all[name] = on;
    for (const own of Object.values(file)) delete own[name];
  } else {
    (file[state.file] ??= {})[name] = on;
  }
  await recompute(page.files.map((_, i) => i)); // files of one build context see each other's companions
}

export function isSwitched() {
  const { all, file } = state.selection;
  return Object.keys(all).length > 0 || Object.values(file).some((own) => Object.keys(own).length > 0);
}

export async function switchBack() {
  state.selection = { all: {}, file: {} };
  await recompute(page.files.map((_, i) => i));
}

// open are the files, of those given, that have changes which are not written.
export function open(files) {
  return files.filter((i) => state.heads[i]?.changed && !state.heads[i].error && !state.written.has(i));
}

// together are the files that have to be written with one: it counts on what they bring.
export function together(file) {
  const needs = state.view?.file === file ? state.view.needs : (state.heads[file]?.needs ?? []);
  return [...needs.filter((i) => !state.written.has(i)), file];
}

// besides are the files that are written along with some.
export function besides(files) {
  return [...new Set(files.flatMap((i) => state.heads[i]?.beside ?? []))];
}

// writtenPaths are all that was written, the files and what belongs to them.
export function writtenPaths() {
  return [...new Set([...state.written.values()].flat())];
}

// apply has files written as they are shown.
export async function apply(files) {
  await loadHeads(files);
  const wanted = files.map((i) => ({ file: i, hash: i === state.file ? state.view.hash : state.heads[i].hash }));
  const results = await ask("apply", { apply: wanted });
  for (const r of results) {
    state.refused.delete(r.file);
    if (r.written) state.written.set(r.file, r.paths);
    else state.refused.set(r.file, r.error);
  }
  if (results.some((r) => !r.written)) {
    generation++;
    for (const r of results) if (!r.written) state.heads[r.file] = null;
    if (!state.written.has(state.file)) await load();
    await loadHeads();
  }
  changed("view", "files");
  return results;
}

export async function end() {
  await ask("done", {});
  state.ended = true;
}
