/** Line charts as SVG text. */

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

/** Colours that differ also for colour-blind readers (Okabe & Ito 2008). */
const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000', '#f0e442'];
const MARGIN = { left: 72, right: 24, top: 56, bottom: 56 };
/** Pixels of one letter of the legend, about. */
const LETTER = 8;
const LEGEND_LINE = 24;

/** A chart of lines with axes, grid and legend. */
export function lineChart({
  title,
  xLabel,
  yLabel,
  series,
  width = 860,
  height = 460,
}: LineChartOptions): string {
  const points = series.flatMap((s) => s.points).filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  const legendWidth = 20 + LEGEND_LINE + 8 + LETTER * Math.max(0, ...series.map((s) => s.name.length));
  const plot = {
    left: MARGIN.left,
    right: width - MARGIN.right - legendWidth,
    top: MARGIN.top,
    bottom: height - MARGIN.bottom,
  };
  const xTicks = niceTicks(
    points.map(([x]) => x),
    10,
  );
  const yTicks = niceTicks(
    points.map(([, y]) => y),
    7,
  );
  const xAt = scale(xTicks, plot.left, plot.right);
  const yAt = scale(yTicks, plot.bottom, plot.top);
  const middle = (plot.left + plot.right) / 2;
  const center = (plot.top + plot.bottom) / 2;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="13" fill="#212529">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${plot.left}" y="30" font-size="18" font-weight="600">${escapeXml(title)}</text>`,
    ...yTicks.map((y) => gridLine(plot.left, plot.right, yAt(y), tickText(y, yTicks))),
    ...xTicks.map(
      (x) =>
        `<text x="${px(xAt(x))}" y="${plot.bottom + 20}" text-anchor="middle">${tickText(x, xTicks)}</text>`,
    ),
    `<line x1="${plot.left}" y1="${plot.bottom}" x2="${plot.right}" y2="${plot.bottom}" stroke="#212529"/>`,
    `<text x="${px(middle)}" y="${height - 14}" text-anchor="middle">${escapeXml(xLabel)}</text>`,
    `<text transform="translate(18 ${px(center)}) rotate(-90)" text-anchor="middle">${escapeXml(yLabel)}</text>`,
    ...series.map((s, i) => drawLine(s, color(i), xAt, yAt)),
    ...series.map((s, i) => legendEntry(s.name, color(i), plot.right + 20, plot.top + 10 + 22 * i)),
    '</svg>\n',
  ].join('\n');
}

const color = (i: number): string => COLORS[i % COLORS.length] as string;
const px = (x: number): string => String(Math.round(x * 100) / 100);

function scale(ticks: readonly number[], from: number, to: number): (value: number) => number {
  const [low, high] = [ticks[0] as number, ticks.at(-1) as number];
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
  const fitting = [1, 2, 5, 10].map((m) => m * power).find((s) => span / s <= count) as number;
  const step = values.every(Number.isInteger) ? Math.max(1, fitting) : fitting;
  const first = Math.floor(low / step);
  const last = Math.max(first + 1, Math.ceil(high / step));
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** All ticks of an axis with the same number of decimals. */
function tickText(value: number, ticks: readonly number[]): string {
  const step = (ticks[1] as number) - (ticks[0] as number);
  return value.toFixed(Math.max(0, -Math.floor(Math.log10(step) + 1e-9))).replace('-', '−');
}

function gridLine(left: number, right: number, y: number, label: string): string {
  return (
    `<line x1="${left}" y1="${px(y)}" x2="${right}" y2="${px(y)}" stroke="#dee2e6"/>` +
    `<text x="${left - 8}" y="${px(y + 4)}" text-anchor="end">${label}</text>`
  );
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

function legendEntry(name: string, stroke: string, x: number, y: number): string {
  return (
    `<line x1="${x}" y1="${y}" x2="${x + LEGEND_LINE}" y2="${y}" stroke="${stroke}" stroke-width="3"/>` +
    `<text x="${x + LEGEND_LINE + 8}" y="${y + 4}">${escapeXml(name)}</text>`
  );
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
