// The line of a call, as it is drawn everywhere: what happened is a stretch, a key is a disc, now has a halo.
import { draw } from "./parts.js";

const WIDTH = 330;
const NOW_AT = 266; // at most; the rest is what is still to come
const SECOND = 12; // wide, until the call is longer than there is room for
const MIDDLE = 14;

export class Line {
  constructor(svg) {
    this.svg = svg;
    this.clear();
  }

  clear() {
    this.began = null;
    this.ended = null;
    this.answered = false;
    this.stretches = [];
    this.keys = [];
    this.svg.replaceChildren(draw("path", { class: "line-base", d: `M0 ${MIDDLE}H${WIDTH}`, "stroke-dasharray": "2 5" }));
  }

  begin(kind, at, seconds = Infinity) {
    this.close(at);
    this.began ??= at;
    this.stretches.push({ kind, from: at, to: at + seconds });
  }

  close(at) {
    const last = this.stretches.at(-1);
    if (last && last.to > at) last.to = at;
  }

  press(key, at) {
    this.keys.push({ key, at });
  }

  end(at) {
    this.close(at);
    this.ended ??= at;
  }

  show(now) {
    if (this.began === null) return;
    const end = this.ended ?? now;
    const second = Math.min(SECOND, NOW_AT / Math.max(end - this.began, 0.1));
    const x = (at) => Math.min(at - this.began, end - this.began) * second;
    const drawn = [];
    if (this.ended === null) {
      drawn.push(draw("path", { class: "line-base", d: `M${x(end)} ${MIDDLE}H${WIDTH}`, "stroke-dasharray": "2 5" }));
    }
    drawn.push(draw("path", { class: "line-base", d: `M0 ${MIDDLE}H${x(end)}` }));
    for (const { kind, from, to } of this.stretches) drawn.push(...stretch(kind, x(from), x(to)));
    for (const { key, at } of this.keys) drawn.push(disc(key, Math.max(x(at), 9)));
    drawn.push(...mark(Math.max(x(end), 5), this.ended === null, this.answered));
    this.svg.replaceChildren(...drawn);
  }
}

const stretch = (kind, from, to) => {
  const width = Math.max(to - from - 1, 3);
  if (kind === "ring") return [draw("path", { class: "line-ring", d: `M${from} ${MIDDLE}h${width}` })];
  const half = kind === "talk" || kind === "rec" ? 4.5 : 2.5;
  const box = { x: from, y: MIDDLE - half, width, height: half * 2, rx: 1.5 };
  const bar = draw("rect", { class: `line-${kind}`, ...box });
  if (kind !== "rec") return [bar];
  let notches = "";
  for (let at = from + 6; at < from + width - 2; at += 6) notches += `M${at} ${MIDDLE - half}v${half * 2}`;
  return [bar, draw("path", { class: "line-notch", d: notches || "M0 0" })];
};

const disc = (key, at) => {
  const letter = draw("text", { x: at, y: MIDDLE + 4, "text-anchor": "middle" });
  letter.textContent = key;
  return draw("g", { class: "line-key" }, draw("circle", { cx: at, cy: MIDDLE, r: 9 }), letter);
};

const mark = (at, goesOn, answered) => {
  const place = { cx: at, cy: MIDDLE };
  if (goesOn) {
    return [draw("circle", { class: "line-halo", r: 10, ...place }), draw("circle", { class: "line-head", r: 5, ...place })];
  }
  return [draw("circle", { class: answered ? "line-end" : "line-end-none", r: 4.5, ...place })];
};
