/** Line charts as SVG text. */

import { ArgumentError } from '@varigrad/core';
import { checkArray, checkOptions, checkText, describeValue, type OptionNames } from '@varigrad/core/checks';
import { escapeXML } from '@varigrad/core/trace';
import { checkFields } from '../checks.js';
import type { Losses } from '../meter.js';
import type { EpochResult } from '../train.js';
import {
  axisOf,
  chart,
  checkPage,
  colorOf,
  gridLine,
  PAGE_OPTIONS,
  type Plot,
  plotOf,
  px,
  xTick,
} from './chart.js';

/** One line: points (x, y) in order of x. Values that are not finite leave a gap. */
export interface Series {
  name: string;
  points: readonly (readonly [x: number, y: number])[];
}

/** Content and size of a chart of lines. */
export interface LineChartOptions {
  title: string;
  xLabel: string;
  yLabel: string;
  series: readonly Series[];
  width?: number;
  height?: number;
}

const LINE_CHART_OPTIONS: OptionNames<LineChartOptions> = { ...PAGE_OPTIONS, series: true };

/** A chart of lines with axes, grid and legend, as SVG text. */
export function lineChart(options: LineChartOptions): string {
  checkOptions('lineChart', options, LINE_CHART_OPTIONS);
  const { title, xLabel, yLabel, series, width = 860, height = 460 } = options;
  const page = { title, xLabel, yLabel, width, height };
  checkPage('lineChart', page);
  checkSeries(series);
  const names = series.map(({ name }) => name);
  const plot: Plot = plotOf(page, names);
  const points = series.flatMap((s) => s.points).filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  const x = axisOf(
    points.map(([value]) => value),
    [plot.left, plot.right],
    10,
  );
  const y = axisOf(
    points.map(([, value]) => value),
    [plot.bottom, plot.top],
    5,
  );
  return chart(page, plot, names, [
    ...y.ticks.map(({ value, text }) => gridLine(plot, y.at(value), text)),
    ...x.ticks.map(({ value, text }) => xTick(plot, x.at(value), text)),
    ...series.map((s, i) => drawLine(s, colorOf(i), x.at, y.at)),
  ]);
}

function checkSeries(series: readonly Series[]): void {
  checkArray('lineChart', 'series', series, '{ series: ', ' }');
  for (const line of series) {
    checkFields('lineChart', 'a line', line, ['name', 'points']);
    checkText('lineChart', 'the name of a line', line.name);
    checkArray('lineChart', 'the points of a line', line.points, '{ series: [{ name, points: ', ' }] }');
    const odd = line.points.findIndex((point) => !Array.isArray(point));
    if (odd >= 0)
      throw new ArgumentError(
        'lineChart',
        `a point must be [x, y], found ${describeValue(line.points[odd])}`,
      );
  }
}

/**
 * −ELBO, reconstruction and KL of every epoch, on training and test images. If the loss is not −ELBO (another weight of
 * the KL, or an importance-weighted bound), the loss is drawn, too. Without a KL, as for an autoencoder, only the loss is drawn.
 * @param options - `heldOut`: name of the second set, default 'test'; `targets`: the binarization, for the title
 */
export function lossChart(
  results: readonly EpochResult[],
  options: { title?: string; heldOut?: string; targets?: string } = {},
): string {
  checkOptions('lossChart', options, { title: true, heldOut: true, targets: true }, 'results, ');
  const { title, heldOut = 'test', targets } = options;
  checkResults(results);
  checkText('lossChart', 'heldOut', heldOut);
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

function checkResults(results: readonly EpochResult[]): void {
  checkArray('lossChart', 'results', results);
  for (const result of results) checkFields('lossChart', 'a result', result, ['epoch', 'train', 'test']);
}

/** A line, and a dot with its values as a tooltip at each point. */
function drawLine(
  { name, points }: Series,
  stroke: string,
  xAt: (x: number) => number,
  yAt: (y: number) => number,
): string {
  const radius = points.length <= 40 ? 2.5 : 1; // dots of a long line stay inside it
  let path = '';
  let pen = 'M';
  const dots: string[] = [];
  for (const [x, y] of points) {
    if (!(Number.isFinite(x) && Number.isFinite(y))) {
      pen = 'M';
      continue;
    }
    const [left, top] = [px(xAt(x)), px(yAt(y))];
    path += `${pen}${left} ${top}`;
    pen = 'L';
    const tooltip = `${name}, ${Number(x.toPrecision(6))}: ${Number(y.toPrecision(6))}`;
    dots.push(`<circle cx="${left}" cy="${top}" r="${radius}"><title>${escapeXML(tooltip)}</title></circle>`);
  }
  return (
    `<path d="${path}" fill="none" stroke="${stroke}" stroke-width="2"/>` +
    `<g fill="${stroke}">${dots.join('')}</g>`
  );
}
