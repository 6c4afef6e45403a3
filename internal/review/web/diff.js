// A text before and after: side by side, or one below the other.

import { h, button, visible, plural } from "./dom.js";
import { wordSpans, styles } from "./words.js";

const around = 3; // unchanged lines that are shown at each side of a change
const fewest = 4; // unchanged lines that are worth folding away

// cells writes a line as text whose spans have classes.
function cells(text, spans, marks, isDockerfile) {
  const all = [...styles(text, isDockerfile), ...spans.map(([s, e]) => [s, e, marks])];
  const cuts = [...new Set([0, text.length, ...all.flatMap(([s, e]) => [s, e])])].sort((a, b) => a - b);
  const parts = [];
  for (let i = 0; i + 1 < cuts.length; i++) {
    const classes = all.filter(([s, e]) => s <= cuts[i] && cuts[i + 1] <= e).map((c) => c[2]);
    const part = text.slice(cuts[i], cuts[i + 1]);
    parts.push(classes.length > 0 ? h("span." + classes.join("."), {}, part) : part);
  }
  return parts;
}

function code(kind, sign, parts) {
  return h("td.code." + kind, {}, h("span.sign", {}, sign), ...parts);
}

const number = (n) => h("td.number", {}, n > 0 ? String(n) : "");

// lines are the two texts as they are shown, with the words that changed.
function linesOf(text, row) {
  const a = row[0] > 0 ? visible(text.before[row[0] - 1]) : null;
  const b = row[1] > 0 ? visible(text.after[row[1] - 1]) : null;
  const [gone, come] = a !== null && b !== null && row[2] ? wordSpans(a, b) : [[], []];
  return { a, b, gone, come };
}

// DiffTable draws the rows of one text. The notes of a change stand above its
// first line.
export class DiffTable {
  constructor(text, { split, noteOf = () => null, select = () => {}, seen = new Set(), label }) {
    Object.assign(this, { text, split, noteOf, select, seen });
    this.isDockerfile = !/ignore$|\.(txt|py|toml|in|lock)$/.test(text.path);
    this.rowsOf = new Map(); // by change
    this.body = h("tbody");
    this.table = h("table.diff" + (split ? ".split" : ".unified"), { "aria-label": label }, this.columns(), this.body);
    this.draw();
  }

  columns() {
    const kinds = this.split ? ["mark", "number", "code", "number", "code"] : ["mark", "number", "number", "code"];
    const heads = this.split ? ["Change", "Line before", "Before", "Line after", "After"] : ["Change", "Line before", "Line after", "Text"];
    return [
      h("colgroup", {}, kinds.map((k) => h("col." + k))),
      h("thead.hidden", {}, h("tr", {}, heads.map((t) => h("th", { scope: "col" }, t)))),
    ];
  }

  draw() {
    const rows = this.text.rows;
    for (let at = 0; at < rows.length;) {
      let to = at;
      const equal = rows[at].length === 2;
      while (to < rows.length && (rows[to].length === 2) === equal) to++;
      if (equal) this.drawEqual(at, to);
      else this.drawBlock(rows.slice(at, to));
      at = to;
    }
  }

  drawEqual(from, to) {
    const start = from === 0 ? from : from + around;
    const end = to === this.text.rows.length ? to : to - around;
    const put = (a, b) => { for (let i = a; i < b; i++) this.body.append(this.equalRow(this.text.rows[i])); };
    if (end - start < fewest) {
      put(from, to);
      return;
    }
    put(from, start);
    this.body.append(this.fold(start, end));
    put(end, to);
  }

  fold(start, end) {
    const row = h("tr.fold");
    const unfold = () => {
      const rows = this.text.rows.slice(start, end).map((r) => this.equalRow(r));
      row.replaceWith(...rows);
      rows[0].tabIndex = -1;
      rows[0].focus();
    };
    row.append(h("td", { colspan: this.split ? 5 : 4 },
      button(".quiet", `fold-${this.text.path}-${start}`, { click: unfold }, `Show ${plural(end - start, "unchanged line")}`)));
    return row;
  }

  equalRow(row) {
    const text = visible(this.text.before[row[0] - 1]);
    const line = () => code("same", " ", cells(text, [], "", this.isDockerfile));
    return this.split
      ? h("tr", {}, h("td.mark"), number(row[0]), line(), number(row[1]), line())
      : h("tr", {}, h("td.mark"), number(row[0]), number(row[1]), line());
  }

  // drawBlock draws lines that differ: in one column what goes stands above what comes.
  drawBlock(rows) {
    let before = "";
    const add = (row, make) => {
      const marks = row[2], told = [];
      for (const c of marks) {
        const note = this.seen.has(c) ? null : this.noteOf(c);
        this.seen.add(c);
        if (!note) continue;
        this.body.append(h("tr.note", {}, h("td", { colspan: this.split ? 5 : 4 }, note)));
        told.push(c);
      }
      const again = marks.join() === before ? marks : told; // what stands right above
      const tr = h("tr.changed", {}, this.markCell(marks, again), ...make(linesOf(this.text, row)));
      before = marks.join();
      for (const c of marks) this.rowsOf.set(c, [...(this.rowsOf.get(c) ?? []), tr]);
      this.body.append(tr);
    };
    const gone = (row) => (l) => [code("gone", "−", cells(l.a, l.gone, "word", this.isDockerfile))];
    const come = (row) => (l) => [code("come", "+", cells(l.b, l.come, "word", this.isDockerfile))];
    if (this.split) {
      for (const row of rows) {
        add(row, (l) => [number(row[0]), ...(l.a === null ? [h("td.code.none")] : gone(row)(l)),
          number(row[1]), ...(l.b === null ? [h("td.code.none")] : come(row)(l))]);
      }
      return;
    }
    for (const row of rows) if (row[0] > 0) add(row, (l) => [number(row[0]), number(0), ...gone(row)(l)]);
    for (const row of rows) if (row[1] > 0) add(row, (l) => [number(0), number(row[1]), ...come(row)(l)]);
  }

  // markCell names the changes of a line, but those that were named right above.
  markCell(marks, again) {
    if (marks.length === 0) return h("td.mark");
    const fresh = marks.filter((c) => !again.includes(c));
    return h("td.mark.tied", {}, fresh.slice(0, 2).map((c) =>
      button(".chip", null, { click: () => this.select(c), "aria-label": `Change ${c + 1}`, tabindex: "-1" }, String(c + 1))));
  }
}
