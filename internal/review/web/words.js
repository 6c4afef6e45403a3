// Which words of a line changed.

const mostTokens = 400;

function tokens(text) {
  return text.match(/\s+|[\p{L}\p{N}_]+|./gu) ?? [];
}

// wordSpans returns the spans [start, end) of both lines that the other lacks.
export function wordSpans(before, after) {
  const a = tokens(before), b = tokens(after);
  if (a.length > mostTokens || b.length > mostTokens) return [[], []];
  const longest = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      longest[i][j] = a[i] === b[j] ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1]);
    }
  }
  const gone = [], come = [];
  let i = 0, j = 0, atA = 0, atB = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      atA += a[i++].length;
      atB += b[j++].length;
    } else if (j === b.length || (i < a.length && longest[i + 1][j] >= longest[i][j + 1])) {
      addSpan(gone, atA, (atA += a[i++].length));
    } else {
      addSpan(come, atB, (atB += b[j++].length));
    }
  }
  return [gone, come];
}

function addSpan(spans, start, end) {
  const last = spans.at(-1);
  if (last && last[1] === start) last[1] = end;
  else spans.push([start, end]);
}

const keyword = /^(\s*)(ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR)(?=\s)/i;

// styles are the spans of a line of a Dockerfile that are set off.
export function styles(text, isDockerfile) {
  if (/^\s*#/.test(text)) return [[0, text.length, "comment"]];
  const m = isDockerfile ? keyword.exec(text) : null;
  return m ? [[m[1].length, m[0].length, "keyword"]] : [];
}
