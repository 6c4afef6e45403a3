// Returns what is wrong with the page for people who cannot see, or see little:
// a list of sentences.
(() => {
  const problems = [];
  const visible = (e) => e.getClientRects().length > 0 && getComputedStyle(e).visibility !== "hidden";
  const name = (e) => e.tagName.toLowerCase() + (e.id ? "#" + e.id : "") + (e.className && e.className.baseVal === undefined ? "." + e.className : "");
  const dialog = document.querySelector("dialog[open]");

  if (document.documentElement.lang !== "en") problems.push("the language is not given");
  if (document.title === "") problems.push("no title");
  if (!document.querySelector('meta[name="viewport"]')) problems.push("no viewport");
  for (const landmark of ["header", "nav", "main"]) {
    if (document.querySelectorAll(landmark).length !== 1) problems.push("not one " + landmark);
  }
  if (document.querySelectorAll("h1").length !== 1) problems.push("not one h1");
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  if (new Set(ids).size !== ids.length) problems.push("an id stands twice: " + ids.filter((id, i) => ids.indexOf(id) !== i));
  for (const e of document.querySelectorAll("[aria-labelledby]")) {
    if (!document.getElementById(e.getAttribute("aria-labelledby")) && visible(e)) problems.push(name(e) + " is labelled by nothing");
  }

  const label = (e) => (e.getAttribute("aria-label") || [...(e.labels ?? [])].map((l) => l.innerText).join(" ") || e.innerText || "").trim();
  for (const e of document.querySelectorAll("button, a, input, select, summary, [role=switch], [tabindex]")) {
    if (visible(e) && label(e) === "" && e.tabIndex >= 0) problems.push(name(e) + " has no name");
  }
  for (const e of document.querySelectorAll("[role=img], table, nav, aside:not([hidden])")) {
    if (visible(e) && !e.closest("[aria-hidden=true]") && !e.getAttribute("aria-label") && !e.getAttribute("aria-labelledby") && !e.classList.contains("facts")) problems.push(name(e) + " has no label");
  }

  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const luminance = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = rgba(getComputedStyle(e).backgroundColor);
      if (c[3] > 0.99) return c;
    }
    return [255, 255, 255, 1];
  };
  const said = new Set();
  const walker = document.createTreeWalker(dialog ?? document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (walker.currentNode.data.trim() === "" || !visible(e) || e.closest(".hidden, .skip, script") || e.disabled) continue;
    if (e.closest(".note-actions") && getComputedStyle(e.closest(".note-actions")).opacity === "0") continue;
    const style = getComputedStyle(e);
    const text = rgba(e instanceof SVGElement ? style.fill : style.color), ground = behind(e);
    const [light, dark] = [luminance(text), luminance(ground)].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    const what = `${name(e)} ${text.slice(0, 3)} on ${ground.slice(0, 3)}: contrast ${ratio.toFixed(2)}`;
    if (ratio < 4.5 && !said.has(what)) {
      said.add(what);
      problems.push(what);
    }
  }
  return problems;
})()
