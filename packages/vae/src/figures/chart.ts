/** Parts of all charts, as SVG text: page, axes, ticks, legend. */
import { checkText, type OptionNames } from '@varigrad/core/checks';
import { escapeXML } from '@varigrad/core/trace';
import { extent, tickIncrement } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { checkLengths } from './checks.js';

/** Colours that differ also for colour-blind readers: seven of Okabe & Ito (2008), then purple, brown and grey. */
export const COLORS: readonly string[] = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#e69f00',
  '#56b4e9',
  '#000000',
  '#6a3d9a',
  '#8c6d31',
  '#8a8a8a',
];

/** Pixels of one letter, about. */
const LETTER = 8;
const LEGEND_LINE = 24;
const MARGIN = { left: 72, right: 24, top: 56, bottom: 56 };

/** Where the data are drawn, in pixels from the top left. */
export interface Plot {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Title and size of a chart, and the names of its axes. */
export interface Page {
  title: string;
  xLabel: string;
  yLabel: string;
  width: number;
  height: number;
}

/** The options of `Page`. */
export const PAGE_OPTIONS: OptionNames<Page> = {
  title: true,
  xLabel: true,
  yLabel: true,
  width: true,
  height: true,
};

/** @throws ArgumentError unless the texts are strings and the sizes are above 0 */
export function checkPage(op: string, { width, height, ...texts }: Page): void {
  for (const [name, text] of Object.entries(texts)) checkText(op, name, text);
  checkLengths(op, { width, height });
}

/** The plot of a page with room on its right for names of a legend. */
export function plotOf({ width, height }: Page, names: readonly string[]): Plot {
  const legend =
    names.length === 0 ? 0 : 28 + LEGEND_LINE + LETTER * Math.max(0, ...names.map((name) => name.length));
  return {
    left: MARGIN.left,
    right: width - MARGIN.right - legend,
    top: MARGIN.top,
    bottom: height - MARGIN.bottom,
  };
}

/** A whole chart: page, title, axis names and legend around the marks in `drawn`. */
export function chart(page: Page, plot: Plot, names: readonly string[], drawn: readonly string[]): string {
  const { title, xLabel, yLabel, width, height } = page;
  const middle = (plot.left + plot.right) / 2;
  const center = (plot.top + plot.bottom) / 2;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="13" fill="#212529" role="img" aria-label="${escapeXML(title)}">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${plot.left}" y="30" font-size="18" font-weight="600">${escapeXML(title)}</text>`,
    ...drawn,
    `<line x1="${plot.left}" y1="${plot.bottom}" x2="${plot.right}" y2="${plot.bottom}" stroke="#212529"/>`,
    `<text x="${px(middle)}" y="${height - 14}" text-anchor="middle">${escapeXML(xLabel)}</text>`,
    `<text transform="translate(18 ${px(center)}) rotate(-90)" text-anchor="middle">${escapeXML(yLabel)}</text>`,
    ...names.map((name, i) => legendEntry(name, colorOf(i), plot.right + 20, plot.top + 10 + 22 * i)),
    '</svg>\n',
  ].join('\n');
}

export const colorOf = (i: number): string => COLORS[i % COLORS.length] as string;
export const px = (x: number): string => String(Math.round(x * 100) / 100);

/** A linear axis. */
export interface Axis {
  /** The place of a value, in pixels. */
  at: (value: number) => number;
  ticks: readonly { value: number; text: string }[];
}

/**
 * An axis from pixel `from` to pixel `to` with round ends that cover the values, and about `count` ticks. Values that are
 * all whole numbers get whole ticks.
 */
export function axisOf(values: Iterable<number>, [from, to]: readonly [number, number], count: number): Axis {
  const all = Array.from(values).filter(Number.isFinite);
  const [low = 0, high = 1] = extent(all);
  // Ticks between values that agree to nine digits could not be told apart in floating point.
  const largest = Math.max(Math.abs(low), Math.abs(high));
  const end = high - low > 1e-9 * largest ? high : low + Math.max(1, largest);
  const isWhole = all.every(Number.isInteger);
  const found = tickIncrement(low, end, count);
  const step = isWhole ? Math.max(1, found) : found; // below 0, it stands for the step −1/step
  const roundEnd = (value: number, round: (x: number) => number): number =>
    step > 0 ? round(value / step) * step : round(value * -step) / -step;
  const domain = [roundEnd(low, Math.floor), roundEnd(end, Math.ceil)] as const;
  const scale = scaleLinear(domain, [from, to]);
  const steps = Math.round((domain[1] - domain[0]) * (step > 0 ? 1 / step : -step));
  const format = scale.tickFormat(steps, 'f');
  return { at: scale, ticks: scale.ticks(steps).map((value) => ({ value, text: format(value) })) };
}

/** A line across the plot at a tick of the upright axis, with its number. */
export function gridLine({ left, right }: Plot, y: number, label: string): string {
  return (
    `<line x1="${left}" y1="${px(y)}" x2="${right}" y2="${px(y)}" stroke="#dee2e6"/>` +
    `<text x="${left - 8}" y="${px(y + 4)}" text-anchor="end">${label}</text>`
  );
}

/** A label below the plot. */
export function xTick({ bottom }: Plot, x: number, label: string): string {
  return `<text x="${px(x)}" y="${bottom + 20}" text-anchor="middle">${escapeXML(label)}</text>`;
}

function legendEntry(name: string, stroke: string, x: number, y: number): string {
  return (
    `<line x1="${x}" y1="${y}" x2="${x + LEGEND_LINE}" y2="${y}" stroke="${stroke}" stroke-width="3"/>` +
    `<text x="${x + LEGEND_LINE + 8}" y="${y + 4}">${escapeXML(name)}</text>`
  );
}
