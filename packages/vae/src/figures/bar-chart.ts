/** Bar charts as SVG text. */
import { escapeXML } from '@varigrad/core/trace';
import { axisOf, chart, colorOf, gridLine, plotOf, px, xTick } from './chart.js';

/** One bar from 0 up (or down). */
export interface Bar {
  label: string;
  value: number;
  /** Index of the bar's colour and of its entry in the legend. Default 0. */
  group?: number;
}

/** Content and size of a bar chart. */
export interface BarChartOptions {
  title: string;
  xLabel: string;
  yLabel: string;
  bars: readonly Bar[];
  /** Names of the groups for a legend; default none. */
  groups?: readonly string[];
  width?: number;
  height?: number;
}

/** Bars with axes, grid and legend, as SVG text. A bar whose value is not finite is left out. */
export function barChart({
  title,
  xLabel,
  yLabel,
  bars,
  groups = [],
  width = 860,
  height = 400,
}: BarChartOptions): string {
  const page = { title, xLabel, yLabel, width, height };
  const plot = plotOf(page, groups);
  const { at: yAt, ticks } = axisOf([0, ...bars.map(({ value }) => value)], [plot.bottom, plot.top], 5);
  const slot = (plot.right - plot.left) / Math.max(1, bars.length);
  const center = (i: number): number => plot.left + (i + 0.5) * slot;
  // Labels that would touch are thinned out.
  const every = Math.ceil((7 * Math.max(1, ...bars.map(({ label }) => label.length)) + 6) / slot);
  return chart(page, plot, groups, [
    ...ticks.map(({ value, text }) => gridLine(plot, yAt(value), text)),
    ...bars.flatMap(({ label }, i) => (i % every === 0 ? [xTick(plot, center(i), label)] : [])),
    ...bars.flatMap(({ label, value, group = 0 }, i) => {
      if (!Number.isFinite(value)) return [];
      const [top, bottom] = [Math.min(yAt(value), yAt(0)), Math.max(yAt(value), yAt(0))];
      return `<rect x="${px(center(i) - 0.4 * slot)}" y="${px(top)}" width="${px(0.8 * slot)}" height="${px(bottom - top)}" fill="${colorOf(group)}"><title>${escapeXML(label)}: ${value.toPrecision(4)}</title></rect>`;
    }),
  ]);
}

/**
 * The KL of each latent dimension, largest first; active and inactive dimensions differ in colour.
 * @param kl - nats per image of each dimension
 * @param active - whether each dimension is active; default: whether its KL exceeds 0.01
 */
export function klChart(
  kl: ArrayLike<number>,
  {
    title = 'KL of each latent dimension',
    active = Array.from(kl, (nats) => nats > 0.01),
  }: { title?: string | undefined; active?: readonly boolean[] } = {},
): string {
  const order = Array.from(kl, (_, d) => d).sort((a, b) => kl[b]! - kl[a]!);
  return barChart({
    title,
    xLabel: 'dimension, largest KL first',
    yLabel: 'nats per image',
    bars: order.map((d) => ({
      label: `z${d + 1}`,
      value: kl[d]!,
      group: active[d] === true ? 0 : 1,
    })),
    groups: ['active', 'inactive'],
  });
}
