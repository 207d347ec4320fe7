/** The curves of a training: recon and KL of the training steps, and the bound of the test images after each epoch. */
import { inkOf, surface } from './canvas.js';

/** A point of the curves, in nats per image. */
export interface CurvePoint {
  readonly step: number;
  readonly recon: number;
  readonly kl: number;
}

export interface Curves {
  readonly canvas: HTMLCanvasElement;
  addTraining(point: CurvePoint): void;
  addTest(point: CurvePoint): void;
  draw(): void;
}

/** More points than this are thinned out. */
const MOST_POINTS = 600;

export const CURVE_COLOURS = { recon: '#4e79a7', kl: '#f28e2b', bound: '#d6336c' } as const;

/** Room for the numbers at the left and below. */
const MARGIN = { left: 44, bottom: 20, top: 8, right: 8 };

/** recon and the bound share the upper axis; KL, which is much smaller, has the lower one. */
export function curves(): Curves {
  const { canvas, begin } = surface('curves', 'Curves of recon, KL and the test bound, by step');
  let training: CurvePoint[] = [];
  const test: CurvePoint[] = [];

  function draw(): void {
    const { context, width, height } = begin();
    const ink = inkOf(canvas);
    const last = Math.max(1, training.at(-1)?.step ?? 1, test.at(-1)?.step ?? 1);
    const split = Math.round(height * 0.64);
    const bounds = test.map(({ step, recon, kl }) => [step, recon + kl] as const);
    const recons = training.map(({ step, recon }) => [step, recon] as const);
    const kls = training.map(({ step, kl }) => [step, kl] as const);
    const upper = { top: MARGIN.top, bottom: split - 8, lines: [recons, bounds] };
    const lower = { top: split + 8, bottom: height - MARGIN.bottom, lines: [kls] };
    const x = (step: number): number => MARGIN.left + (step / last) * (width - MARGIN.left - MARGIN.right);
    context.font = '11px system-ui, sans-serif';
    context.lineWidth = 1;
    for (const { top, bottom, lines } of [upper, lower]) {
      const [least, most] = rangeOf(lines.flat());
      const y = (value: number): number => bottom - ((value - least) / (most - least)) * (bottom - top);
      context.fillStyle = ink.text;
      context.strokeStyle = ink.line;
      context.textAlign = 'right';
      context.textBaseline = 'middle';
      for (const value of [least, (least + most) / 2, most]) {
        context.beginPath();
        context.moveTo(MARGIN.left, y(value));
        context.lineTo(width - MARGIN.right, y(value));
        context.stroke();
        context.fillText(short(value), MARGIN.left - 6, y(value));
      }
      const colours = lines.length === 2 ? [CURVE_COLOURS.recon, CURVE_COLOURS.bound] : [CURVE_COLOURS.kl];
      lines.forEach((line, i) => {
        drawLine(
          context,
          line.map(([step, value]) => [x(step), y(value)]),
          colours[i]!,
          line === bounds,
        );
      });
    }
    context.fillStyle = ink.text;
    context.textBaseline = 'bottom';
    context.textAlign = 'left';
    context.fillText('step 0', MARGIN.left, height - 2);
    context.textAlign = 'right';
    context.fillText(String(last), width - MARGIN.right, height - 2);
  }

  return {
    canvas,
    addTraining(point) {
      if (!Number.isFinite(point.recon + point.kl) || point.step === training.at(-1)?.step) return;
      training.push(point);
      if (training.length > MOST_POINTS)
        training = training.filter((_, i) => i % 2 === 1 || i > MOST_POINTS / 2);
    },
    addTest(point) {
      if (Number.isFinite(point.recon + point.kl)) test.push(point);
      if (test.length > MOST_POINTS) test.splice(0, test.length, ...test.filter((_, i) => i % 2 === 1));
    },
    draw,
  };
}

function drawLine(
  context: CanvasRenderingContext2D,
  points: readonly (readonly number[])[],
  colour: string,
  hasDots: boolean,
): void {
  context.strokeStyle = colour;
  context.fillStyle = colour;
  context.lineWidth = 2;
  context.lineJoin = 'round';
  context.beginPath();
  for (const [x = 0, y = 0] of points) context.lineTo(x, y);
  context.stroke();
  context.lineWidth = 1;
  if (hasDots && points.length < 40)
    for (const [x = 0, y = 0] of points) {
      context.beginPath();
      context.arc(x, y, 3, 0, 2 * Math.PI);
      context.fill();
    }
}

/** The values without the first few steps, which are far above all later ones. */
function rangeOf(points: readonly (readonly [number, number])[]): [number, number] {
  const values = points.map(([, value]) => value).sort((a, b) => a - b);
  const least = values[0] ?? 0;
  const most = values[Math.ceil(0.98 * (values.length - 1))] ?? 1;
  const pad = 0.05 * (most - least) || 0.5;
  return [Math.max(least < 0 ? -Infinity : 0, least - pad), most + pad];
}

/** Three digits. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return String(value);
  if (size >= 1e5 || (size < 1e-3 && size > 0)) return value.toExponential(1);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}
