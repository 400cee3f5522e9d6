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
    curve(context, points.slice(0, first + 1));
    for (let i = first; i < points.length; i++) { // it swells towards the finger
      const share = Math.max(0, 1 - (end.t - points[i].t) / TAIL_S);
      context.lineWidth = wide * (THIN + (1 - THIN) * share * share);
      curve(context, points.slice(i - 1, i + 1));
    }
    context.beginPath();
    context.arc(end.x, end.y, wide * 0.75, 0, 2 * Math.PI);
    context.fill();
  }
}

/** A curve through the middles between points: no corner where a phone samples seldom. */
function curve(context, points) {
  context.beginPath();
  context.moveTo(points[0].x, points[0].y);
  for (let i = 1; i < points.length - 1; i++) {
    const [here, there] = [points[i], points[i + 1]];
    context.quadraticCurveTo(here.x, here.y, (here.x + there.x) / 2, (here.y + there.y) / 2);
  }
  const last = points[points.length - 1];
  context.lineTo(last.x, last.y);
  context.stroke();
}
