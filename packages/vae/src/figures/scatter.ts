/** Points of a plane, coloured by class: codes of a 2-D latent space. */
import { ArgumentError } from '@varigrad/core';
import {
  checkAmount,
  checkArray,
  checkOptions,
  checkText,
  checkWhole,
  describeValue,
  type OptionNames,
} from '@varigrad/core/checks';
import { escapeXML } from '@varigrad/core/trace';
import { extent } from 'd3-array';
import { checkDataset, checkFields, checkModel, checkValues } from '../checks.js';
import { type Dataset, firstOf } from '../data/dataset.js';
import type { GenerativeModel } from '../models/model.js';
import { onOneBackend } from '../one-backend.js';
import { type Axis, axisOf, colorOf, gridLine, type Plot, px, xTick } from './chart.js';
import { checkLengths } from './checks.js';
import { encodeImages, valuesOf } from './decode.js';

/** One square of points. */
export interface ScatterPanel {
  title: string;
  /** x and y of each point, `[2 · count]`. */
  points: ArrayLike<number>;
  /** Class of each point. */
  labels: ArrayLike<number>;
}

/** Texts and size of a scatter. */
export interface ScatterOptions {
  title?: string;
  /** Width and height of a panel in pixels. Default 420. */
  size?: number;
  /** Names of the axes. Default z1 and z2. */
  axes?: readonly [x: string, y: string];
}

const SCATTER_OPTIONS: OptionNames<ScatterOptions> = { title: true, size: true, axes: true };

/** Options of `scatterAnimation`. */
export interface ScatterAnimationOptions extends ScatterOptions {
  /** Seconds from one panel to the next. Default 0.5. */
  step?: number;
  /** Seconds for which the last panel stays. Default 2. */
  hold?: number;
}

const ANIMATION_OPTIONS: OptionNames<ScatterAnimationOptions> = {
  step: true,
  hold: true,
  ...SCATTER_OPTIONS,
};

const MARGIN = 16;
/** Room left of a panel, for the numbers and the name of its axis. */
const AXIS = 64;
const TITLE = 36;
const PANEL_TITLE = 24;
const BELOW = 52;
const LEGEND = 56;

/**
 * Panels of points side by side, each with axes that fit its points, and one legend of the classes, as SVG text.
 * @throws ArgumentError if points and labels do not fit
 */
export function scatterFigure(panels: readonly ScatterPanel[], options: ScatterOptions = {}): string {
  checkOptions('scatterFigure', options, SCATTER_OPTIONS, 'panels, ');
  checkScatter('scatterFigure', panels, options);
  return page(panels, panels.length, options, (plots) =>
    panels.map((panel, i) => {
      const plot = plots[i]!;
      const [x, y] = axesOf([panel], plot);
      return [
        panelTitle(plot, panel.title),
        frame(plot, x, y, options),
        dots(panel, (at) => {
          const [left, top] = [panel.points[2 * at]!, panel.points[2 * at + 1]!];
          const tooltip = `class ${panel.labels[at]}: ${number(left)}, ${number(top)}`;
          return `<circle cx="${px(x.at(left))}" cy="${px(y.at(top))}" r="2.6"><title>${tooltip}</title></circle>`;
        }),
      ].join('\n');
    }),
  );
}

/**
 * The panels one after another in one square with fixed axes, each point moving from its place in one panel to its place
 * in the next, as animated SVG text that repeats. Programs without animation show the first panel.
 * @param panels - with the same labels in all
 * @throws ArgumentError without panels, or if points and labels do not fit
 */
export function scatterAnimation(
  panels: readonly ScatterPanel[],
  options: ScatterAnimationOptions = {},
): string {
  checkAnimation(panels, options);
  const { step = 0.5, hold = 2 } = options;
  const first = panels[0]!;
  const seconds = step * (panels.length - 1) + hold;
  const times = [...panels.map((_, i) => (i * step) / seconds), 1].map((time) => Number(time.toFixed(5)));
  const animate = (name: string, values: readonly string[], mode: string, keys = times): string =>
    `<animate attributeName="${name}" values="${values.join(';')}" keyTimes="${keys.join(';')}" dur="${seconds}s" calcMode="${mode}" repeatCount="indefinite"/>`;
  return page(panels, 1, options, ([plot]) => {
    const [x, y] = axesOf(panels, plot!);
    const path = (axis: Axis, at: number): string[] => {
      const places = panels.map(({ points }) => px(axis.at(points[at]!)));
      return [...places, places.at(-1)!];
    };
    return [
      frame(plot!, x, y, options),
      ...panels.map(({ title }, i) => {
        if (panels.length === 1) return panelTitle(plot!, title);
        const [values, keys] = shownDuring(times[i]!, times[i + 1]!);
        const visibility = animate('visibility', values, 'discrete', keys);
        return `<g visibility="${i === 0 ? 'visible' : 'hidden'}">${panelTitle(plot!, title)}${visibility}</g>`;
      }),
      dots(first, (at) => {
        const [lefts, tops] = [path(x, 2 * at), path(y, 2 * at + 1)];
        const moves =
          panels.length === 1 ? '' : animate('cx', lefts, 'linear') + animate('cy', tops, 'linear');
        return `<circle cx="${lefts[0]}" cy="${tops[0]}" r="2.6">${moves}</circle>`;
      }),
    ];
  });
}

function checkScatter(op: string, panels: readonly ScatterPanel[], options: ScatterOptions): void {
  checkArray(op, 'panels', panels);
  for (const panel of panels) {
    checkFields(op, 'a panel', panel, ['title', 'points', 'labels']);
    const { points, labels } = panel;
    checkText(op, 'the title of a panel', panel.title);
    checkValues(op, 'the points of a panel', points);
    checkValues(op, 'the labels of a panel', labels);
    if (points.length !== 2 * labels.length)
      throw new ArgumentError(
        op,
        `${points.length} coordinates for ${labels.length} labels — give two for each`,
      );
  }
  const { title = '', size = 420, axes = ['z1', 'z2'] } = options;
  checkText(op, 'title', title);
  checkLengths(op, { size });
  if (!(Array.isArray(axes) && axes.length === 2))
    throw new ArgumentError(op, `axes must be two names, such as ['z1', 'z2'], found ${describeValue(axes)}`);
  for (const name of axes) checkText(op, 'the name of an axis', name);
}

function checkAnimation(panels: readonly ScatterPanel[], options: ScatterAnimationOptions): void {
  const op = 'scatterAnimation';
  checkOptions(op, options, ANIMATION_OPTIONS, 'panels, ');
  checkScatter(op, panels, options);
  const { step = 0.5, hold = 2 } = options;
  checkLengths(op, { step });
  checkAmount(op, 'hold', hold);
  const [first] = panels;
  if (first === undefined) throw new ArgumentError(op, 'an animation needs at least one panel');
  const odd = panels.find(({ points }) => points.length !== first.points.length);
  if (odd !== undefined)
    throw new ArgumentError(
      op,
      `a panel has ${odd.points.length} coordinates and the first one ${first.points.length} — all need the same points`,
    );
}

/** Values of `visibility`, and their times, of what is shown from `start` to `end`. */
function shownDuring(start: number, end: number): [values: string[], times: number[]] {
  const before = start === 0 ? [] : [{ value: 'hidden', time: 0 }];
  const after = end === 1 ? [] : [{ value: 'hidden', time: end }];
  const all = [...before, { value: 'visible', time: start }, ...after];
  return [all.map(({ value }) => value), all.map(({ time }) => time)];
}

/** The page around `count` plots of the panels: size, title, legend. */
function page(
  panels: readonly ScatterPanel[],
  count: number,
  { title = '', size = 420 }: ScatterOptions,
  draw: (plots: readonly Plot[]) => readonly string[],
): string {
  const top = MARGIN + (title === '' ? 0 : TITLE) + PANEL_TITLE;
  const plots = Array.from({ length: count }, (_, i) => {
    const left = MARGIN + AXIS + i * (AXIS + size + MARGIN);
    return { left, right: left + size, top, bottom: top + size };
  });
  const legend = MARGIN + count * (AXIS + size + MARGIN);
  const [width, height] = [Math.max(legend + LEGEND, MARGIN + 11 * title.length), top + size + BELOW];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="13" fill="#212529">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${MARGIN}" y="${MARGIN + 16}" font-size="18" font-weight="600">${escapeXML(title)}</text>`,
    ...draw(plots),
    ...classesOf(panels).map((label, i) => legendEntry(label, legend + 8, top + 10 + 20 * i)),
    '</svg>\n',
  ].join('\n');
}

function legendEntry(label: number, x: number, y: number): string {
  return `<circle cx="${x}" cy="${y}" r="4.5" fill="${colorOf(label)}"/><text x="${x + 12}" y="${y + 4.5}">${label}</text>`;
}

function classesOf(panels: readonly ScatterPanel[]): number[] {
  return [...new Set(panels.flatMap(({ labels }) => Array.from(labels)))].sort((a, b) => a - b);
}

function axesOf(panels: readonly ScatterPanel[], { left, right, top, bottom }: Plot): [x: Axis, y: Axis] {
  const ends = (offset: 0 | 1): number[] =>
    panels.flatMap(({ points }) => {
      const [low, high] = extent(Array.from(points).filter((_, i) => i % 2 === offset));
      return low === undefined || high === undefined ? [] : [low, high];
    });
  return [axisOf(ends(0), [left, right], 8), axisOf(ends(1), [bottom, top], 8)];
}

const panelTitle = ({ left, top }: Plot, title: string): string =>
  `<text x="${left}" y="${top - 10}">${escapeXML(title)}</text>`;

/** Grid, numbers and names of the axes. */
function frame(
  plot: Plot,
  x: Axis,
  y: Axis,
  { axes: [xName, yName] = ['z1', 'z2'] }: ScatterOptions,
): string {
  const { left, right, top, bottom } = plot;
  const middle = (top + bottom) / 2;
  return [
    ...y.ticks.map(({ value, text }) => gridLine(plot, y.at(value), text)),
    ...x.ticks.map(({ value, text }) => {
      const at = px(x.at(value));
      return `<line x1="${at}" y1="${top}" x2="${at}" y2="${bottom}" stroke="#dee2e6"/>${xTick(plot, x.at(value), text)}`;
    }),
    `<text x="${px((left + right) / 2)}" y="${bottom + 40}" text-anchor="middle">${escapeXML(xName)}</text>`,
    `<text transform="translate(${left - 50} ${px(middle)}) rotate(-90)" text-anchor="middle">${escapeXML(yName)}</text>`,
  ].join('');
}

/** The points of a panel, grouped by class. */
function dots(panel: ScatterPanel, dot: (at: number) => string): string {
  const groups = classesOf([panel]).map((label) => {
    const places = Array.from(panel.labels, (_, i) => i).filter((i) => panel.labels[i] === label);
    return `<g fill="${colorOf(label)}">${places.map(dot).join('')}</g>`;
  });
  return groups.join('\n');
}

const number = (value: number): string => value.toFixed(2).replace('-', '−');

/**
 * The codes of the same test images under several models with a 2-D z, side by side.
 * @param options - `count`: images, default 500; `title` and the other options of `scatterFigure`
 * @throws ArgumentError if a model's z does not have 2 dimensions
 */
export function latentScatter(
  models: readonly { title: string; model: GenerativeModel }[],
  data: Dataset,
  options: ScatterOptions & { count?: number } = {},
): Promise<string> {
  return onOneBackend(async (on) => {
    const op = 'latentScatter';
    checkArray(op, 'models', models, '', ', data');
    for (const one of models) {
      checkFields(op, 'an element of models', one, ['title', 'model']);
      checkText(op, 'the title of a model', one.title);
      checkModel(op, one.model);
    }
    checkDataset(op, data);
    checkOptions(op, options, { count: true, ...SCATTER_OPTIONS }, 'models, data, ');
    const { count = 500, ...layout } = options;
    checkWhole(op, 'count', count, 0);
    const shown = firstOf(data, count);
    const panels: ScatterPanel[] = [];
    for (const { title, model } of models)
      panels.push({ title, points: await on(() => codesOf(model, shown)), labels: shown.labels });
    return scatterFigure(panels, { title: `Codes of the first ${shown.count} test images`, ...layout });
  });
}

/** The 2-D codes of a whole data set, `[2 · count]`. @throws ArgumentError if z does not have 2 dimensions */
export function codesOf(model: GenerativeModel, data: Dataset): Promise<Float32Array> {
  return onOneBackend(async () => {
    checkModel('codesOf', model);
    checkDataset('codesOf', data);
    if (model.latent !== 2)
      throw new ArgumentError('codesOf', `z has ${model.latent} dimensions — a plane needs 2`);
    return valuesOf(model, () => encodeImages(model, data));
  });
}
