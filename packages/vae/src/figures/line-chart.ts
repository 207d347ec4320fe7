/** Line charts as SVG text. */
import type { Losses } from '../meter.js';
import type { EpochResult } from '../train.js';
import {
  chart,
  colorOf,
  gridLine,
  niceTicks,
  type Plot,
  plotOf,
  px,
  scaleOf,
  tickText,
  xTick,
} from './chart.js';

/** One line: points (x, y) in order of x. Values that are not finite leave a gap. */
export interface Series {
  name: string;
  points: readonly (readonly [x: number, y: number])[];
}

/** What a chart shows. */
export interface LineChartOptions {
  title: string;
  xLabel: string;
  yLabel: string;
  series: readonly Series[];
  width?: number;
  height?: number;
}

/** A chart of lines with axes, grid and legend. */
export function lineChart({
  title,
  xLabel,
  yLabel,
  series,
  width = 860,
  height = 460,
}: LineChartOptions): string {
  const page = { title, xLabel, yLabel, width, height };
  const names = series.map(({ name }) => name);
  const plot: Plot = plotOf(page, names);
  const points = series.flatMap((s) => s.points).filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  const xTicks = niceTicks(
    points.map(([x]) => x),
    10,
  );
  const yTicks = niceTicks(
    points.map(([, y]) => y),
    7,
  );
  const xAt = scaleOf(xTicks, plot.left, plot.right);
  const yAt = scaleOf(yTicks, plot.bottom, plot.top);
  return chart(page, plot, names, [
    ...yTicks.map((y) => gridLine(plot, yAt(y), tickText(y, yTicks))),
    ...xTicks.map((x) => xTick(plot, xAt(x), tickText(x, xTicks))),
    ...series.map((s, i) => drawLine(s, colorOf(i), xAt, yAt)),
  ]);
}

/**
 * −ELBO, reconstruction and KL of every epoch, on training and test images; and the loss, where it is not −ELBO but has another weight
 * of the KL or is an importance-weighted bound. Without a KL, as of an autoencoder, the loss alone.
 * @param options - `heldOut`: what the second set is called; `targets`: the binarization, for the title
 */
export function lossChart(
  results: readonly EpochResult[],
  { title, heldOut = 'test', targets }: { title?: string; heldOut?: string; targets?: string } = {},
): string {
  const losses = results.flatMap(({ train, test }) => [train, test]);
  const hasKl = losses.length === 0 || losses.some(({ kl }) => kl !== 0);
  const isBound = losses.every(
    ({ loss, recon, kl }) => Math.abs(loss - recon - kl) < 1e-3 + 1e-5 * Math.abs(loss),
  );
  const parts: readonly (readonly [name: string, of: (losses: Losses) => number])[] = [
    ['loss', ({ loss }) => loss],
    ['−ELBO', ({ recon, kl }) => recon + kl],
    ['recon', ({ recon }) => recon],
    ['KL', ({ kl }) => kl],
  ];
  const shown = hasKl ? parts.slice(isBound ? 1 : 0) : parts.slice(0, 1);
  const line = (set: 'train' | 'test', name: string, of: (losses: Losses) => number): Series => ({
    name: `${set === 'train' ? set : heldOut} ${name}`,
    points: results.map((r) => [r.epoch, of(r[set])]),
  });
  return lineChart({
    title:
      title ??
      `${hasKl ? '−ELBO and its parts' : 'Loss'}${targets === undefined ? '' : ` (targets: ${targets})`}`,
    xLabel: 'epoch',
    yLabel: 'nats per image',
    series: shown.flatMap(([name, of]) => [line('train', name, of), line('test', name, of)]),
  });
}

function drawLine(s: Series, stroke: string, xAt: (x: number) => number, yAt: (y: number) => number): string {
  let path = '';
  let pen = 'M';
  const dots: string[] = [];
  for (const [x, y] of s.points) {
    if (!(Number.isFinite(x) && Number.isFinite(y))) {
      pen = 'M';
      continue;
    }
    path += `${pen}${px(xAt(x))} ${px(yAt(y))}`;
    pen = 'L';
    if (s.points.length <= 40)
      dots.push(`<circle cx="${px(xAt(x))}" cy="${px(yAt(y))}" r="2.5" fill="${stroke}"/>`);
  }
  return `<path d="${path}" fill="none" stroke="${stroke}" stroke-width="2"/>${dots.join('')}`;
}
