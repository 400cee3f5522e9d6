// A finger that shows on a first visit how a word is swiped.

import { clear, svg } from "./dom.js";

const GREETINGS = {
  en: "hello", de: "hallo", nl: "hallo", fr: "salut", es: "hola", ca: "hola", pt: "tudo", it: "ciao", ro: "salut",
  sv: "tack", da: "hygge", nb: "takk", fi: "kiitos", is: "takk", et: "tere", lv: "labi", lt: "labas", pl: "witaj",
  cs: "ahoj", sk: "ahoj", hr: "hvala", sl: "hvala", hu: "szia", tr: "selam", az: "salam", id: "halo", ms: "helo",
  vi: "chao", ru: "привет", uk: "привіт", be: "добры", bg: "здравей", mk: "здраво", sr: "здраво", el: "γεια",
  ar: "مرحبا", fa: "سلام", he: "שלום", hi: "नमक", hy: "բարի", ka: "მადლობა",
}; // prettier-ignore
const A_KEY_S = 0.34;
const REST_S = 1.4;

/** The word to show on a keyboard, whose letters it all has; "" for none. */
export function greeting(keyboard, language) {
  const word = GREETINGS[language.split(/[-,]/)[0]] ?? "";
  return [...word].every((letter) => keyboard.centreOf(letter)) ? word : "";
}

/**
 * Shows how a word is swiped, again and again, until the function that it returns is called. Who wants no motion sees
 * the path.
 */
export function showGhost(keyboard, word) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return showPath(keyboard, word);
  const began = performance.now();
  let isOver = false;
  let rounds = -1;
  const points = [];
  (function step() {
    if (isOver || !keyboard.element.offsetParent) return; // who shows the tab again begins anew
    const stops = centres(keyboard, word); // anew, as the window may have another size
    const whole = (stops.length - 1) * A_KEY_S + REST_S;
    const s = (performance.now() - began) / 1000;
    const [round, t] = [Math.floor(s / whole), s % whole];
    if (round !== rounds) {
      rounds = round;
      points.length = 0;
      keyboard.trace.follow(points);
    }
    if (t < whole - REST_S) points.push({ ...at(stops, t / A_KEY_S), t });
    else if (keyboard.trace.lifted === null) keyboard.trace.fade();
    keyboard.trace.next();
    requestAnimationFrame(step);
  })();
  return () => {
    isOver = true;
    if (keyboard.trace.points === points) keyboard.trace.clear();
  };
}

function showPath(keyboard, word) {
  const stops = centres(keyboard, word);
  const line = svg("polyline", { points: stops.map(({ x, y }) => `${x},${y}`).join(" ") });
  const press = svg("circle", { cx: stops[0].x, cy: stops[0].y, r: 12 });
  clear(keyboard.overlay).append(svg("g", { class: "greeting" }, line, press));
  return () => clear(keyboard.overlay);
}

function centres(keyboard, word) {
  return [...word].filter((letter, i) => letter !== word[i - 1]).map((letter) => keyboard.centreOf(letter));
}

/** A place between keys, slower at each of them, as a finger is. */
function at(stops, place) {
  const i = Math.min(Math.floor(place), stops.length - 2);
  const share = place - i;
  const eased = share * share * (3 - 2 * share);
  const [here, there] = [stops[i], stops[i + 1]];
  return { x: here.x + (there.x - here.x) * eased, y: here.y + (there.y - here.y) * eased };
}
