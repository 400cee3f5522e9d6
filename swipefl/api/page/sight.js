// What the model saw of a stroke, drawn over the keys in the same pixels.

import { clear, svg } from "./dom.js";

const SURE = 0.9;

/**
 * Draws an answer's `sight`: the path as it was read, and each letter where the model thinks that the finger meant it,
 * with a line from where the finger was. What it is less sure of is hollow.
 */
export function drawSight(overlay, sight) {
  clear(overlay);
  if (!sight) return;
  const unit = sight.key_width;
  const path = sight.frames.map(({ x, y }) => `${x * unit},${y * unit}`).join(" ");
  const radius = Math.max(8, Math.min(15, unit * 0.26));
  const letters = emissions(sight.frames);
  overlay.append(
    svg("polyline", { class: "path", points: path }),
    ...letters.map((frame) =>
      svg("line", {
        class: "from",
        x1: frame.x * unit,
        y1: frame.y * unit,
        x2: frame.meant_x * unit,
        y2: frame.meant_y * unit,
      }),
    ),
    ...letters.map((frame) => letterOf(frame, unit, radius)),
  );
}

/** The letters that it read, with how sure it was of each: of neighbours with one letter, the surest. */
export function emissions(frames) {
  const found = [];
  let last = null;
  for (const frame of frames) {
    if (frame.letter && frame.letter === last) {
      if (frame.probability > found.at(-1).probability) found[found.length - 1] = frame;
    } else if (frame.letter) found.push(frame);
    last = frame.letter;
  }
  return found;
}

function letterOf({ meant_x, meant_y, letter, probability }, unit, radius) {
  const [x, y] = [meant_x * unit, meant_y * unit];
  const circle = svg("circle", { cx: x, cy: y, r: radius });
  return svg(
    "g",
    { class: `meant ${probability < SURE ? "less" : ""}`, "data-seen": letter },
    circle,
    svg("text", { x, y, dy: "0.34em" }, letter),
  );
}
