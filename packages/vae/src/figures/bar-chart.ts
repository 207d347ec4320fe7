/** Bar charts as SVG text. */
import {
  checkArray,
  checkNumber,
  checkOptions,
  checkText,
  checkWhole,
  type OptionNames,
} from '@varigrad/core/checks';
import { escapeXML } from '@varigrad/core/trace';
import { checkFields, checkValues } from '../checks.js';
import { axisOf, chart, checkPage, colorOf, gridLine, PAGE_OPTIONS, plotOf, px, xTick } from './chart.js';

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

const BAR_CHART_OPTIONS: OptionNames<BarChartOptions> = { ...PAGE_OPTIONS, bars: true, groups: true };

/** Bars with axes, grid and legend, as SVG text. A bar whose value is not finite is left out. */
export function barChart(options: BarChartOptions): string {
  checkOptions('barChart', options, BAR_CHART_OPTIONS);
  const { title, xLabel, yLabel, bars, groups = [], width = 860, height = 400 } = options;
  checkBars(bars, groups);
  const page = { title, xLabel, yLabel, width, height };
  checkPage('barChart', page);
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

function checkBars(bars: readonly Bar[], groups: readonly string[]): void {
  checkArray('barChart', 'bars', bars, '{ bars: ', ' }');
  for (const bar of bars) {
    checkFields('barChart', 'a bar', bar, ['label', 'value']);
    checkText('barChart', 'the label of a bar', bar.label);
    checkNumber('barChart', 'the value of a bar', bar.value);
    checkWhole('barChart', 'the group of a bar', bar.group ?? 0, 0);
  }
  checkArray('barChart', 'groups', groups, '{ groups: ', ' }');
  for (const name of groups) checkText('barChart', 'the name of a group', name);
}

/**
 * The KL of each latent dimension, largest first; active and inactive dimensions differ in colour.
 * @param kl - nats per image of each dimension
 * @param options - `active`: whether each dimension is active, default: whether its KL exceeds 0.01; `title`
 */
export function klChart(
  kl: ArrayLike<number>,
  options: { title?: string | undefined; active?: readonly boolean[] } = {},
): string {
  checkValues('klChart', 'kl', kl);
  checkOptions('klChart', options, { active: true, title: true }, 'kl, ');
  const { title = 'KL of each latent dimension', active = Array.from(kl, (nats) => nats > 0.01) } = options;
  checkArray('klChart', 'active', active, 'kl, { active: ', ' }');
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
