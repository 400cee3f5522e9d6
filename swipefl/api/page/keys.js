// The keys of a layout: where they are, how they are drawn, and which one a finger is on.

import { clear, svg } from "./dom.js";

const LEAST_ROW = 0.45; // of a key's height that must be free under the letters for a row with the space bar
const LONG_PRESS_S = 0.45; // that types what the key types with shift
const SPACE_ROW = [
  ["comma", 1],
  ["space", 5.4],
  ["stop", 1],
  ["question", 1],
  ["backspace", 1.6],
];
const MARKS = {
  ar: { comma: "،", question: "؟" },
  fa: { comma: "،", question: "؟" },
  ur: { comma: "،", question: "؟", stop: "۔" },
  hi: { stop: "।" },
  bn: { stop: "।" },
  el: { question: ";" },
  hy: { stop: "։", question: "՞" },
};
const USUAL = { comma: ",", question: "?", stop: ".", space: " ", backspace: "" };
const SHOWN = { backspace: "⌫" };

/**
 * A layout of the API as it is drawn: `{name, width, height, keys}` in the layout's own units. A key is
 * `{kind: "letter"|"space"|"backspace"|"mark", text, shifted, x, y, width, height}`, x and y its centre; what shares a
 * place with another (ㅆ on ㅅ) is that one's `shifted`.
 */
export function keysOf(layout) {
  const letters = [];
  const places = new Map();
  for (const { letter, x, y, width, height } of layout.keys) {
    const place = `${x} ${y}`;
    if (places.has(place)) places.get(place).shifted ??= letter;
    else {
      const key = { kind: "letter", text: letter, shifted: null, x, y, width, height };
      places.set(place, key);
      letters.push(key);
    }
  }
  const { name, width, height } = layout;
  return { name, width, height, keys: [...letters, ...spaceRow(layout, letters)] };
}

/** The median key's width, in the layout's units: what distances are measured in. */
export function keyWidth({ keys }) {
  return middle(keys.filter(({ kind }) => kind === "letter").map(({ width }) => width));
}

/** Which key lies under a point of the layout's units; null far from all. */
export function keyAt({ keys }, x, y) {
  const inside = keys.find((key) => Math.abs(x - key.x) <= key.width / 2 && Math.abs(y - key.y) <= key.height / 2);
  if (inside) return inside;
  const away = (key) =>
    Math.hypot(Math.max(0, Math.abs(x - key.x) - key.width / 2), Math.max(0, Math.abs(y - key.y) - key.height / 2));
  const nearest = keys.reduce((best, key) => (away(key) < away(best) ? key : best));
  return away(nearest) <= nearest.width / 2 ? nearest : null;
}

/** What a tap of so many seconds on a key types. */
export function typedBy(key, seconds) {
  return seconds >= LONG_PRESS_S && key.shifted ? key.shifted : key.text;
}

/** Draws keys into an SVG of so many pixels. @returns {Map<object, SVGElement>} each key's element */
export function drawKeys(element, drawn, width, height) {
  const [across, down] = [width / drawn.width, height / drawn.height];
  const size = Math.min(keyWidth(drawn) * across, middle(drawn.keys.map((key) => key.height)) * down);
  const gap = Math.max(2, Math.min(7, size * 0.13));
  element.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const edges = svg("g", { class: "edges" });
  const elements = new Map();
  for (const key of drawn.keys) {
    const box = {
      x: (key.x - key.width / 2) * across + gap / 2,
      y: (key.y - key.height / 2) * down + gap / 2,
      width: Math.max(1, key.width * across - gap),
      height: Math.max(1, key.height * down - gap),
      rx: Math.min(9, size * 0.17),
    };
    edges.append(svg("rect", { ...box, y: box.y + 1.2 }));
    elements.set(key, drawnKey(key, box, size, key.x * across, key.y * down));
  }
  clear(element).append(edges, ...elements.values());
  return elements;
}

function drawnKey(key, box, size, x, y) {
  const isLetter = key.kind === "letter";
  const group = svg(
    "g",
    {
      class: `key ${key.kind}`,
      "data-letter": isLetter && key.text,
      "data-key": !isLetter && (key.kind === "mark" ? key.text : key.kind),
    },
    svg("rect", box),
  );
  const label = isLetter ? standing(key.text) : (SHOWN[key.kind] ?? key.text);
  group.append(svg("text", { x, y, dy: "0.35em", "font-size": round(Math.min(size * 0.52, 12 + size * 0.2)) }, label));
  if (key.shifted) {
    const corner = {
      class: "shifted",
      x: box.x + box.width - size * 0.12,
      y: box.y + size * 0.3,
      "font-size": round(size * 0.25),
      "data-letter": key.shifted,
    };
    group.append(svg("text", corner, standing(key.shifted)));
  }
  return group;
}

/** A mark stands on a dotted circle, as it would hang in the air. */
function standing(letter) {
  return /^\p{M}/u.test(letter) ? `\u25cc${letter}` : letter;
}

function spaceRow({ width, height, languages }, letters) {
  const bottom = Math.max(...letters.map((key) => key.y + key.height / 2));
  const room = height - bottom;
  if (room < LEAST_ROW * middle(letters.map((key) => key.height))) return [];
  const marks = { ...USUAL, ...MARKS[languages?.[0]?.split("-")[0]] };
  const unit = width / SPACE_ROW.reduce((sum, [, wide]) => sum + wide, 0);
  let left = 0;
  return SPACE_ROW.map(([name, wide]) => {
    const kind = name === "space" || name === "backspace" ? name : "mark";
    const key = {
      kind,
      text: marks[name],
      shifted: null,
      x: (left + wide / 2) * unit,
      y: bottom + room / 2,
      width: wide * unit,
      height: room,
    };
    left += wide;
    return key;
  });
}

function middle(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

function round(number) {
  return Math.round(number * 10) / 10;
}
