export function show(list, notes) {
  list.replaceChildren(...notes.map((note) => Object.assign(document.createElement("li"), { textContent: note })));
}
