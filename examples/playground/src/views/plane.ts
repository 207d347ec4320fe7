/** The latent plane: the codes of test images, a point to drag, and q(z|x) of the drawn image. */
import type { Frame } from '../engine/frame.js';
import { REACH } from '../engine/view.js';
import { inkOf, surface } from './canvas.js';
import { classColour, factorColour } from './colours.js';

/** A point of the plane. */
export type Point = readonly [x: number, y: number];

/** What the plane shows. */
export interface PlaneContent {
  readonly frame: Frame;
  readonly latent: number;
  readonly classNames: readonly string[];
  /** A factor of each image that colours its point; null: its class. */
  readonly factor: Float32Array | null;
  readonly point: Point | null;
}

export interface Plane {
  readonly canvas: HTMLCanvasElement;
  show(content: PlaneContent): void;
}

/** Distance of an arrow key. */
const KEY_STEP = 0.1;

/** @param moved - called while the point is dragged, or moved with the arrow keys */
export function plane(moved: (point: Point) => void): Plane {
  const { canvas, begin } = surface(
    'plane',
    'Latent plane: one point per test image. Drag, or use the arrow keys, to move the point that is decoded.',
  );
  canvas.tabIndex = 0;
  let reach = 3;
  let at: Point = [0, 0];

  const toPlane = (event: PointerEvent): Point => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const x = ((event.clientX - left) / width) * 2 - 1;
    const y = 1 - ((event.clientY - top) / height) * 2;
    return [clamp(x * reach, reach), clamp(y * reach, reach)];
  };
  const move = (point: Point): void => {
    at = point;
    moved(point);
  };
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    move(toPlane(event));
  });
  canvas.addEventListener('pointermove', (event) => {
    if (canvas.hasPointerCapture(event.pointerId)) move(toPlane(event));
  });
  canvas.addEventListener('keydown', (event) => {
    const direction = ARROWS[event.key];
    if (direction === undefined) return;
    event.preventDefault();
    const step = event.shiftKey ? 5 * KEY_STEP : KEY_STEP;
    move([clamp(at[0] + direction[0] * step, reach), clamp(at[1] + direction[1] * step, reach)]);
  });

  return {
    canvas,
    show(content) {
      const { frame, latent, point } = content;
      if (point !== null) at = point;
      reach = smoothed(reach, wantedReach(frame.codes, latent, frame.axes));
      const { context, width, height } = begin();
      const ink = inkOf(canvas);
      const x = (value: number): number => (width / 2) * (1 + value / reach);
      const y = (value: number): number => (height / 2) * (1 - value / reach);
      drawGround(context, { width, height, x, y, ...ink });
      drawCodes(context, content, x, y);
      drawNames(context, content, x, y);
      drawProbe(context, content, { x, y, reach, width, height }, ink.text);
      if (point !== null) drawPoint(context, x(point[0]), y(point[1]), ink.text);
    },
  };
}

const ARROWS: Readonly<Record<string, Point>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

function clamp(value: number, most: number): number {
  return Math.max(-most, Math.min(most, value));
}

/** Moves part of the way, so that the scale does not jump. */
function smoothed(now: number, wanted: number): number {
  return Math.abs(wanted - now) < 0.02 * now ? now : now + 0.3 * (wanted - now);
}

/** The plane shows all but the farthest 2% of the codes, and at least the square from −3 to 3. */
function wantedReach(codes: Float32Array, latent: number, axes: readonly [number, number]): number {
  const distances: number[] = [];
  for (let i = 0; i < codes.length; i += latent)
    distances.push(Math.max(Math.abs(codes[i + axes[0]]!), Math.abs(codes[i + axes[1]]!)));
  distances.sort((a, b) => a - b);
  const far = distances[Math.floor(0.98 * distances.length)] ?? 0;
  return Math.min(1e6, Math.max(3, Number.isFinite(far) ? 1.1 * far : 3));
}

type Scale = (value: number) => number;

function drawGround(
  context: CanvasRenderingContext2D,
  { width, height, x, y, line }: { width: number; height: number; x: Scale; y: Scale; line: string },
): void {
  context.strokeStyle = line;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(0, y(0));
  context.lineTo(width, y(0));
  context.moveTo(x(0), 0);
  context.lineTo(x(0), height);
  context.stroke();
  for (const radius of [1, 2]) {
    context.beginPath();
    context.arc(x(0), y(0), x(radius) - x(0), 0, 2 * Math.PI);
    context.stroke();
  }
  context.setLineDash([4, 3]);
  context.strokeRect(x(-REACH), y(REACH), x(REACH) - x(-REACH), y(-REACH) - y(REACH));
  context.setLineDash([]);
}

function drawCodes(
  context: CanvasRenderingContext2D,
  { frame, latent, factor }: PlaneContent,
  x: Scale,
  y: Scale,
): void {
  const { codes, labels, axes } = frame;
  const [least, most] = factor === null ? [0, 1] : [Math.min(...factor), Math.max(...factor)];
  context.globalAlpha = 0.85;
  for (let i = 0; i * latent < codes.length; i++) {
    context.fillStyle =
      factor === null ? classColour(labels[i]!) : factorColour((factor[i]! - least) / (most - least));
    context.beginPath();
    context.arc(x(codes[i * latent + axes[0]]!), y(codes[i * latent + axes[1]]!), 2.6, 0, 2 * Math.PI);
    context.fill();
  }
  context.globalAlpha = 1;
}

/** The name of each class at the mean of its codes. */
function drawNames(
  context: CanvasRenderingContext2D,
  { frame, latent, classNames, factor }: PlaneContent,
  x: Scale,
  y: Scale,
): void {
  if (factor !== null) return;
  const { codes, labels, axes } = frame;
  context.font = '600 13px system-ui, sans-serif';
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  classNames.forEach((name, label) => {
    let [count, sumX, sumY] = [0, 0, 0];
    labels.forEach((other, i) => {
      if (other !== label) return;
      count++;
      sumX += codes[i * latent + axes[0]]!;
      sumY += codes[i * latent + axes[1]]!;
    });
    if (count === 0) return;
    const [left, top] = [x(sumX / count), y(sumY / count)];
    const text = name.slice(0, 12);
    const half = Math.max(9, context.measureText(text).width / 2 + 5);
    context.fillStyle = classColour(label);
    context.beginPath();
    context.roundRect(left - half, top - 9, 2 * half, 18, 9);
    context.fill();
    context.fillStyle = '#000';
    context.fillText(text, left, top + 0.5);
  });
}

/** q(z|x) as the ellipses of one and two standard deviations. */
function drawProbe(
  context: CanvasRenderingContext2D,
  { frame: { probe, axes } }: PlaneContent,
  { x, y, reach, width, height }: { x: Scale; y: Scale; reach: number; width: number; height: number },
  ink: string,
): void {
  if (probe === null) return;
  const [left, top] = [x(probe.mu[axes[0]] ?? 0), y(probe.mu[axes[1]] ?? 0)];
  context.strokeStyle = ink;
  context.lineWidth = 2;
  for (const deviations of probe.sigma.length === 0 ? [] : [1, 2]) {
    const across = (deviations * (probe.sigma[axes[0]] ?? 0) * width) / (2 * reach);
    const up = (deviations * (probe.sigma[axes[1]] ?? 0) * height) / (2 * reach);
    context.beginPath();
    context.ellipse(left, top, across, up, 0, 0, 2 * Math.PI);
    context.stroke();
  }
  context.fillStyle = ink;
  context.fillRect(left - 3, top - 3, 6, 6);
}

function drawPoint(context: CanvasRenderingContext2D, left: number, top: number, ink: string): void {
  context.lineWidth = 2.5;
  context.strokeStyle = ink;
  context.beginPath();
  context.arc(left, top, 8, 0, 2 * Math.PI);
  context.moveTo(left - 13, top);
  context.lineTo(left + 13, top);
  context.moveTo(left, top - 13);
  context.lineTo(left, top + 13);
  context.stroke();
}
