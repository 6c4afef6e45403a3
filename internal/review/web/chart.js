// What was built: sizes and layers as a chart, the checks, the times.

import { h, visible } from "./dom.js";

const megabytes = (n) => (n / 1e6).toLocaleString("en", { maximumFractionDigits: n < 1e7 ? 1 : 0 }) + " MB";
const seconds = (b) => (b ? b.seconds.toFixed(1) + " s" : "–");

function change(before, after) {
  if (!before) return "";
  const percent = Math.round((100 * (after - before)) / before);
  return ` (${percent > 0 ? "+" : percent < 0 ? "−" : "±"}${Math.abs(percent)} %)`;
}

const left = 84, right = 80; // of the bars: room for what they are, and for how long

function values(y, name, before, after) {
  return [
    h("text", { x: 0, y: y + 17 }, name),
    h("text.value", { x: "100%", y: y + 10, "text-anchor": "end" }, before),
    h("text.value.strong", { x: "100%", y: y + 25, "text-anchor": "end" }, after),
  ];
}

// pair draws two bars to one scale.
function pair(y, name, before, after, most) {
  const bar = (dy, kind, n) => {
    const e = h("rect." + kind, { x: left, y: y + dy, height: 12, rx: 2 });
    e.style.width = `calc((100% - ${left + right}px) * ${Math.max(0.004, n / most)})`;
    return e;
  };
  return [bar(0, "old", before), bar(15, "new", after), values(y, name, megabytes(before), megabytes(after))];
}

const mostBlocks = 60;

// blocks draws a layer as a square each.
function blocks(y, before, after) {
  const row = (dy, kind, n) => Array.from({ length: Math.min(n, mostBlocks) }, (_, i) =>
    h("rect." + kind, { x: left + i * 13, y: y + dy, width: 10, height: 12, rx: 2 }));
  return [row(0, "old", before), row(15, "new", after), values(y, "Layers", String(before), String(after))];
}

function chart(a, b) {
  const most = Math.max(a.unpacked, b.unpacked, a.compressed, b.compressed, 1);
  const parts = [
    pair(2, "Compressed", a.compressed, b.compressed, most),
    pair(42, "Unpacked", a.unpacked, b.unpacked, most),
    blocks(82, a.layers, b.layers),
  ];
  const label = `Compressed ${megabytes(a.compressed)} before, ${megabytes(b.compressed)} after; unpacked ${megabytes(a.unpacked)} before, ` +
    `${megabytes(b.unpacked)} after; ${a.layers} layers before, ${b.layers} after.`;
  return h("figure.chart", {},
    h("svg", { role: "img", "aria-label": label, width: "100%", height: 112 }, parts),
    h("figcaption", { "aria-hidden": "true" }, h("span.swatch.old"), "before", h("span.swatch.new"), "after"));
}

function facts(m) {
  const rows = [];
  const add = (name, before, after) => rows.push(h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, before), h("td", {}, after)));
  const builds = [m.before.coldBuild, m.after.coldBuild];
  if (builds[0] || builds[1]) add("Cold build", seconds(builds[0]), seconds(builds[1]));
  for (const r of m.rebuilds ?? []) add(r.kind === "source" ? "After a source edit" : "After a change of requirements", seconds(r.before), seconds(r.after));
  add("User", m.before.user || "root", m.after.user || "root");
  add("Packages", String(m.before.packages), String(m.after.packages));
  return h("table.facts", {}, h("thead", {}, h("tr", {}, ["", "before", "after"].map((t) => (t ? h("th", { scope: "col" }, t) : h("td"))))), h("tbody", {}, rows));
}

const signs = { pass: "✓", fail: "✗", unknown: "?" };

function checks(m) {
  return h("details.checks", {}, h("summary", {}, summaryOf(m.checks)),
    h("ul", {}, m.checks.map((c) => h("li.is-" + c.verdict, {}, h("span.verdict", { "aria-hidden": "true" }, signs[c.verdict] ?? "?"),
      h("strong", {}, c.name), h("span.hidden", {}, ` ${c.verdict}:`), " ", visible(c.detail)))));
}

function summaryOf(list) {
  const n = (v) => list.filter((c) => c.verdict === v).length;
  return [`${n("pass")} checks passed`, n("fail") > 0 && `${n("fail")} failed`, n("unknown") > 0 && `${n("unknown")} could not be made`].filter(Boolean).join(", ");
}

// measuredSection is about a run of "refit verify".
export function measuredSection(m) {
  if (!m) return null;
  const both = m.before && m.after;
  const headline = both ? `${megabytes(m.before.compressed)} → ${megabytes(m.after.compressed)}${change(m.before.compressed, m.after.compressed)}` : "";
  return h("section.measured", { "aria-labelledby": "measured-title" },
    h("div.section-head", {}, h("h2", { id: "measured-title" }, "Built and compared"), h("strong", {}, headline),
      !m.error && h("span.badge." + (m.good ? "good" : "bad"), {}, m.good ? "as good as the original" : "not as good as the original")),
    m.error && h("p.banner.error", {}, visible(m.error)),
    !m.same && h("p.banner.warn", {}, "This was measured with another text than the one below, as of other passes."),
    both && h("div.figures", {}, chart(m.before, m.after), facts(m)),
    m.checks.length > 0 && checks(m));
}
