// A keyboard that is drawn from its geometry, and records what a finger does on it.

import { h, svg } from "./dom.js";
import { drawKeys, keyAt, keysOf, keyWidth, typedBy } from "./keys.js";
import { Trace } from "./trace.js";

const MOST_POINTS = 4_990; // of 5,000 that a swipe may have
const MOST_S = 59; // of 60
const STILL = 0.3; // key widths that a finger may slide in a tap
const FLATTEST = 2.3; // times as wide as high: so a keyboard is drawn at most, whatever its units are
const HIGHEST = 1.15;

/**
 * Draws a layout and follows one finger (mouse, pen or touch) over it. A stroke is `{coords: [{x, y, t}], width,
 * height}`: x and y in the CSS pixels of the drawn keyboard from its upper left corner, t in seconds from the first
 * point; `coords` grows until the finger is lifted.
 * What is called: `onStart()`, `onMove(stroke)`, `onStroke(stroke)` when a word was swiped, `onTap(key, text)` when the
 * finger stayed on one key, `onCancel()` where the system took the finger away.
 */
export class SwipeKeyboard {
  /** @param {HTMLElement} element the box that it fills */
  constructor(element, handlers = {}) {
    this.element = element;
    this.handlers = handlers;
    this.keys = svg("svg", { class: "keys", "aria-hidden": "true" });
    const canvas = h("canvas", { "aria-hidden": "true" });
    /** An SVG in the same pixels, for who wants to draw over the keys. */
    this.overlay = svg("svg", { class: "overlay", "aria-hidden": "true" });
    element.classList.add("keyboard");
    element.append(this.keys, canvas, this.overlay);
    this.trace = new Trace(canvas);
    this.finger = null;
    this.size = [0, 0];
    this.scale = [1, 1]; // pixels a unit of the layout; until it is seen, none is known
    new ResizeObserver(() => this.redraw()).observe(element);
    this.listen();
  }

  /** Draws this keyboard of `GET /keyboards/{name}` from now on. */
  layout(given) {
    this.drawn = keysOf(given);
    this.ratio = Math.min(FLATTEST, Math.max(HIGHEST, given.width / given.height));
    this.element.style.setProperty("--ratio", this.ratio);
    this.size = [0, 0];
    this.redraw();
  }

  /** Where a key's centre is drawn, for a letter; null where the layout has none of it. */
  centreOf(letter) {
    const key = this.drawn.keys.find(({ text, shifted }) => text === letter || shifted === letter);
    return key ? { x: key.x * this.scale[0], y: key.y * this.scale[1] } : null;
  }

  redraw() {
    const { width, height } = this.element.getBoundingClientRect();
    if (!this.drawn || !width || !height || (width === this.size[0] && height === this.size[1])) return;
    if (this.finger) this.cancel({ pointerId: this.finger.id }); // on a screen that was turned, it is on other keys
    this.size = [width, height];
    this.scale = [width / this.drawn.width, height / this.drawn.height];
    this.elements = drawKeys(this.keys, this.drawn, width, height);
    this.overlay.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.trace.resize(width, height);
    this.handlers.onResize?.();
  }

  listen() {
    const { element } = this;
    element.addEventListener("pointerdown", (event) => this.begin(event));
    element.addEventListener("pointermove", (event) => this.move(event));
    element.addEventListener("pointerup", (event) => this.end(event));
    element.addEventListener("pointercancel", (event) => this.cancel(event));
    element.addEventListener("lostpointercapture", (event) => this.cancel(event));
    element.addEventListener("contextmenu", (event) => event.preventDefault());
    // some browsers scroll or zoom on touch whatever touch-action says
    element.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
  }

  begin(event) {
    this.yieldTo(event);
    if (this.finger || !this.drawn || event.button !== 0) return; // a second finger in a swipe, another button
    event.preventDefault();
    try {
      this.element.setPointerCapture(event.pointerId);
    } catch {
      // the finger is gone already
    }
    const { left, top, width, height } = this.element.getBoundingClientRect();
    const stroke = { coords: [], width, height };
    this.finger = { id: event.pointerId, left, top, began: event.timeStamp, stroke, on: null };
    this.add(event);
    this.trace.follow(stroke.coords);
    this.handlers.onStart?.();
  }

  move(event) {
    if (event.pointerId !== this.finger?.id) return;
    const between = event.getCoalescedEvents?.() ?? [];
    for (const each of between.length ? between : [event]) this.add(each);
    this.trace.next();
    if (event.timeStamp - this.finger.began > MOST_S * 1000) this.end(event);
    else this.handlers.onMove?.(this.finger.stroke);
  }

  end(event) {
    if (event.pointerId !== this.finger?.id) return;
    this.add(event); // also where nothing moved: how long a finger rests at the end says something
    this.finish(event.timeStamp);
  }

  finish(now) {
    const { stroke, began } = this.finger;
    this.release();
    const tapped = this.tapped(stroke);
    if (!tapped && stroke.coords.length > 1) return this.handlers.onStroke?.(stroke);
    return tapped ? this.handlers.onTap?.(tapped, typedBy(tapped, (now - began) / 1000)) : this.handlers.onCancel?.();
  }

  /** Who types with two thumbs puts one down before the other is up: that is a letter and the next one. */
  yieldTo(event) {
    const isNext = this.finger && event.pointerType === "touch" && event.pointerId !== this.finger.id;
    if (isNext && this.tapped(this.finger.stroke)) this.finish(event.timeStamp);
  }

  cancel(event) {
    if (event.pointerId !== this.finger?.id) return;
    this.release();
    this.handlers.onCancel?.();
  }

  release() {
    this.elements.get(this.finger.on)?.classList.remove("under");
    this.finger = null;
    this.trace.fade();
  }

  place({ clientX, clientY }) {
    return [clientX - this.finger.left, clientY - this.finger.top];
  }

  add(event) {
    const { coords } = this.finger.stroke;
    const [x, y] = this.place(event);
    const t = Math.max(coords.at(-1)?.t ?? 0, Math.round((event.timeStamp - this.finger.began) * 10) / 10_000);
    if (coords.length < MOST_POINTS) coords.push({ x, y, t });
    this.light(this.keyUnder(x, y));
  }

  keyUnder(x, y) {
    return keyAt(this.drawn, x / this.scale[0], y / this.scale[1]);
  }

  light(key) {
    if (key === this.finger.on) return;
    this.elements.get(this.finger.on)?.classList.remove("under");
    this.elements.get(key)?.classList.add("under");
    this.finger.on = key;
  }

  /** The key of a stroke that is none: a finger that stayed on it, or hardly moved; null for a swipe. */
  tapped({ coords }) {
    const first = coords[0];
    const key = this.keyUnder(first.x, first.y);
    const far = Math.max(...coords.map(({ x, y }) => Math.hypot(x - first.x, y - first.y)));
    const isStill = far <= STILL * keyWidth(this.drawn) * this.scale[0];
    return isStill || coords.every(({ x, y }) => this.keyUnder(x, y) === key) ? key : null;
  }
}
