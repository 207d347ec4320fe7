/** What charts as SVG text share: page, axes, ticks, legend. */

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

/** Title and size of a chart, and what its axes count. */
export interface Page {
  title: string;
  xLabel: string;
  yLabel: string;
  width: number;
  height: number;
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

/** A whole chart: page, title, axis names and legend around what is drawn. */
export function chart(page: Page, plot: Plot, names: readonly string[], drawn: readonly string[]): string {
  const { title, xLabel, yLabel, width, height } = page;
  const middle = (plot.left + plot.right) / 2;
  const center = (plot.top + plot.bottom) / 2;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="13" fill="#212529">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${plot.left}" y="30" font-size="18" font-weight="600">${escapeXml(title)}</text>`,
    ...drawn,
    `<line x1="${plot.left}" y1="${plot.bottom}" x2="${plot.right}" y2="${plot.bottom}" stroke="#212529"/>`,
    `<text x="${px(middle)}" y="${height - 14}" text-anchor="middle">${escapeXml(xLabel)}</text>`,
    `<text transform="translate(18 ${px(center)}) rotate(-90)" text-anchor="middle">${escapeXml(yLabel)}</text>`,
    ...names.map((name, i) => legendEntry(name, colorOf(i), plot.right + 20, plot.top + 10 + 22 * i)),
    '</svg>\n',
  ].join('\n');
}

export const colorOf = (i: number): string => COLORS[i % COLORS.length] as string;
export const px = (x: number): string => String(Math.round(x * 100) / 100);

/** A linear map from values, first tick to last, to pixels. */
export function scaleOf(ticks: readonly number[], from: number, to: number): (value: number) => number {
  const [low, high] = [ticks[0]!, ticks.at(-1)!];
  return (value) => from + ((value - low) / (high - low)) * (to - from);
}

/**
 * About `count` round numbers (1, 2 or 5 times a power of ten apart) that cover the values; whole numbers if all values
 * are whole.
 */
export function niceTicks(values: readonly number[], count: number): number[] {
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (!(low <= high)) return [0, 1];
  // Values that agree to nine digits are one value: finer ticks could not be told apart in floating point.
  const largest = Math.max(Math.abs(low), Math.abs(high));
  const span = high - low > 1e-9 * largest ? high - low : Math.max(1, largest);
  const power = 10 ** Math.floor(Math.log10(span / count));
  const fitting = [1, 2, 5, 10].map((m) => m * power).find((s) => span / s <= count)!;
  const step = values.every(Number.isInteger) ? Math.max(1, fitting) : fitting;
  const first = Math.floor(low / step);
  const last = Math.max(first + 1, Math.ceil(high / step));
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** All ticks of an axis with the same number of decimals. */
export function tickText(value: number, ticks: readonly number[]): string {
  const step = ticks[1]! - ticks[0]!;
  return value.toFixed(Math.max(0, -Math.floor(Math.log10(step) + 1e-9))).replace('-', '−');
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
  return `<text x="${px(x)}" y="${bottom + 20}" text-anchor="middle">${escapeXml(label)}</text>`;
}

function legendEntry(name: string, stroke: string, x: number, y: number): string {
  return (
    `<line x1="${x}" y1="${y}" x2="${x + LEGEND_LINE}" y2="${y}" stroke="${stroke}" stroke-width="3"/>` +
    `<text x="${x + LEGEND_LINE + 8}" y="${y + 4}">${escapeXml(name)}</text>`
  );
}

export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
