// The line that follows a finger, on a canvas: one drawing a frame, whatever the number of points, and of no request.

const TAIL_S = 0.35; // how much of the path swells
const THIN = 0.5; // of its full width, before that
const FADE_MS = 420;
const OPACITY = 0.72;

/** A line over a keyboard; `follow(points)` while a finger draws it, `fade()` when that is lifted. */
export class Trace {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.points = [];
    this.lifted = null;
    this.frame = 0;
  }

  /** The canvas' size in CSS pixels. */
  resize(width, height) {
    const ratio = devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.wide = Math.max(3, Math.min(9, width / 62));
    this.draw();
  }

  /** @param {Array<{x: number, y: number, t: number}>} points in CSS pixels and seconds; it may grow meanwhile */
  follow(points) {
    this.points = points;
    this.lifted = null;
    this.colour = getComputedStyle(this.canvas).color;
    this.next();
  }

  /** Lets the line go. */
  fade() {
    this.lifted = performance.now();
    this.next();
  }

  /** Takes it away at once. */
  clear() {
    this.points = [];
    this.next();
  }

  next() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  draw() {
    const { context, canvas, points } = this;
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.restore();
    if (!points.length) return;
    const left = this.lifted === null ? 1 : 1 - (performance.now() - this.lifted) / FADE_MS;
    if (left <= 0) this.points = [];
    else this.paint(left);
    if (this.lifted !== null) this.next();
  }

  /** Opaque, and let through as a whole: where the line crosses itself it is no darker. */
  paint(opacity) {
    const { context, canvas, points, wide } = this;
    canvas.style.opacity = OPACITY * opacity;
    context.strokeStyle = context.fillStyle = this.colour;
    context.lineCap = context.lineJoin = "round";
    const end = points[points.length - 1];
    const found = points.findIndex(({ t }) => t > end.t - TAIL_S);
    const first = Math.max(1, found - 1);
    context.lineWidth = wide * THIN;
    curve(context, points, 0, first);
    for (let i = first; i < points.length; i++) {
      // it swells towards the finger
      const share = Math.max(0, 1 - (end.t - points[i].t) / TAIL_S);
      context.lineWidth = wide * (THIN + (1 - THIN) * share * share);
      curve(context, points, i, i + 1);
    }
    context.beginPath();
    context.arc(end.x, end.y, wide * 0.75, 0, 2 * Math.PI);
    context.fill();
  }
}

/** A curve from the middle before one point to that before another: no corner where a phone samples seldom. */
function curve(context, points, from, to) {
  const start = middle(points, from);
  context.beginPath();
  context.moveTo(start.x, start.y);
  for (let i = from; i < to; i++) {
    const next = middle(points, i + 1);
    context.quadraticCurveTo(points[i].x, points[i].y, next.x, next.y);
  }
  context.stroke();
}

/** Half way between a point and the one before it; the ends themselves. */
function middle(points, i) {
  const here = points[Math.min(i, points.length - 1)];
  const before = points[i - 1];
  return !before || i === points.length ? here : { x: (here.x + before.x) / 2, y: (here.y + before.y) / 2 };
}
