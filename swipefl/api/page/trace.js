// The line that follows a finger, on a canvas: one drawing a frame, whatever the number of points, and of no request.

const TAIL_MS = 320; // how much of the path is drawn thick
const FADE_MS = 420;

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

  paint(opacity) {
    const { context, points, wide } = this;
    context.strokeStyle = context.fillStyle = this.colour;
    context.lineCap = context.lineJoin = "round";
    context.globalAlpha = 0.38 * opacity;
    context.lineWidth = wide * 0.62;
    smooth(context, points, 0);
    const end = points[points.length - 1];
    const first = points.findIndex(({ t }) => t > end.t - TAIL_MS / 1000);
    context.globalAlpha = 0.5 * opacity;
    for (const share of [0, 0.35, 0.7]) { // three strokes over one another: the line swells towards the finger
      context.lineWidth = wide * (0.7 + share * 0.45);
      smooth(context, points, Math.max(0, first - 1 + Math.floor((points.length - first) * share)));
    }
    context.globalAlpha = opacity;
    context.beginPath();
    context.arc(end.x, end.y, wide * 0.72, 0, 2 * Math.PI);
    context.fill();
  }
}

/** A curve through the middles between points: no corner where a phone samples seldom. */
function smooth(context, points, from) {
  context.beginPath();
  context.moveTo(points[from].x, points[from].y);
  for (let i = from + 1; i < points.length - 1; i++) {
    const [here, there] = [points[i], points[i + 1]];
    context.quadraticCurveTo(here.x, here.y, (here.x + there.x) / 2, (here.y + there.y) / 2);
  }
  const last = points[points.length - 1];
  context.lineTo(last.x, last.y);
  context.stroke();
}
