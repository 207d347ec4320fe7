/** Points of a plane, coloured by class: codes of a 2-D latent space. */
import { ArgumentError } from '@varigrad/core';
import { type Dataset, firstOf } from '../data/dataset.js';
import type { GenerativeModel } from '../models/model.js';
import { COLORS, niceTicks, scaleOf, tickText } from './chart.js';
import { encodeImages, valuesOf } from './decode.js';
import { GLYPH_HEIGHT } from './font.js';
import { type Color, Raster, textWidth } from './raster.js';

/** One square of points. */
export interface ScatterPanel {
  title: string;
  /** x and y of each point, `[2 · count]`. */
  points: ArrayLike<number>;
  /** Class of each point. */
  labels: ArrayLike<number>;
}

/** How panels are drawn. */
export interface ScatterOptions {
  title?: string;
  /** Width and height of a panel in pixels. Default 420. */
  size?: number;
  /** Largest |coordinate| of all panels' axes; default: each panel has its own. */
  limit?: number;
  /** A line below the panels. Default 'across: z1, up: z2'. */
  caption?: string;
}

const INK: Color = [33, 37, 41];
const FAINT: Color = [108, 117, 125];
const GRID: Color = [233, 236, 239];
const MARGIN = 16;
const AXIS = 40;
const TITLE_SCALE = 2;
const LEGEND = 48;
const RADIUS = 2.6;

/** Panels of points side by side, with axes, and one legend of the classes. @throws ArgumentError if points and labels do not fit */
export function scatterFigure(
  panels: readonly ScatterPanel[],
  { title = '', size = 420, limit, caption = 'across: z1, up: z2' }: ScatterOptions = {},
): Raster {
  const classes = [...new Set(panels.flatMap(({ labels }) => Array.from(labels)))].sort((a, b) => a - b);
  const top = MARGIN + (title === '' ? 0 : GLYPH_HEIGHT * TITLE_SCALE + 12) + GLYPH_HEIGHT + 8;
  const panelWidth = AXIS + size + MARGIN;
  const width = Math.max(
    MARGIN + panels.length * panelWidth + LEGEND,
    2 * MARGIN + textWidth(title, TITLE_SCALE),
  );
  const sheet = new Raster(width, top + size + 4 * GLYPH_HEIGHT + MARGIN);
  sheet.text(MARGIN + AXIS, top + size + 3 * GLYPH_HEIGHT, caption, FAINT);
  sheet.text(MARGIN, MARGIN, title, INK, TITLE_SCALE);
  panels.forEach((panel, i) => {
    drawPanel(sheet, panel, MARGIN + AXIS + i * panelWidth, top, size, limit);
  });
  const legend = MARGIN + panels.length * panelWidth;
  classes.forEach((label, i) => {
    sheet.disc(legend + 8, top + 12 + 18 * i, 4, classColor(label));
    sheet.text(legend + 18, top + 9 + 18 * i, String(label), INK);
  });
  return sheet;
}

/** The colour of a class, as in every picture of this library. */
export function classColor(label: number): Color {
  const hex = COLORS[label % COLORS.length] as string;
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as unknown as Color;
}

function drawPanel(
  sheet: Raster,
  { title, points, labels }: ScatterPanel,
  left: number,
  top: number,
  size: number,
  limit?: number,
): void {
  if (points.length !== 2 * labels.length)
    throw new ArgumentError(
      'scatterFigure',
      `${points.length} coordinates for ${labels.length} labels — two for each`,
    );
  const values = limit === undefined ? Array.from(points) : [-limit, limit];
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const ticks = niceTicks([-largest, largest], 8);
  const xAt = scaleOf(ticks, left, left + size);
  const yAt = scaleOf(ticks, top + size, top);
  sheet.text(left, top - GLYPH_HEIGHT - 6, title, INK);
  for (const tick of ticks) {
    const [x, y] = [Math.round(xAt(tick)), Math.round(yAt(tick))];
    const color = tick === 0 ? FAINT : GRID;
    sheet.rect(x, top, 1, size, color);
    sheet.rect(left, y, size, 1, color);
    const label = tickText(tick, ticks);
    sheet.text(Math.round(x - textWidth(label) / 2), top + size + 6, label, FAINT);
    sheet.text(left - 6 - textWidth(label), y - 3, label, FAINT);
  }
  for (let i = 0; i < labels.length; i++) {
    const [x, y] = [points[2 * i]!, points[2 * i + 1]!];
    if (Math.max(Math.abs(x), Math.abs(y)) > ticks.at(-1)!) continue;
    sheet.disc(xAt(x), yAt(y), RADIUS, classColor(labels[i]!));
  }
}

/**
 * The codes of the same test images under several models with a 2-D z, side by side.
 * @param count - images. Default 500
 * @throws ArgumentError if a model's z has not 2 dimensions
 */
export async function latentScatter(
  models: readonly { title: string; model: GenerativeModel }[],
  data: Dataset,
  { count = 500, ...options }: ScatterOptions & { count?: number } = {},
): Promise<Raster> {
  const shown = firstOf(data, count);
  const panels: ScatterPanel[] = [];
  for (const { title, model } of models)
    panels.push({ title, points: await codesOf(model, shown), labels: shown.labels });
  return scatterFigure(panels, { title: `Codes of the first ${shown.count} test images`, ...options });
}

/** The 2-D codes of a whole data set, `[2 · count]`. @throws ArgumentError if z has not 2 dimensions */
export async function codesOf(model: GenerativeModel, data: Dataset): Promise<Float32Array> {
  if (model.latent !== 2)
    throw new ArgumentError('codesOf', `z has ${model.latent} dimensions, and a plane has 2`);
  return valuesOf(model, () => encodeImages(model, data));
}

/** One picture for each panel, all with the same axes: frames of an animation over training. */
export function scatterFrames(panels: readonly ScatterPanel[], options: ScatterOptions = {}): Raster[] {
  const limit = panels.reduce(
    (most, { points }) => Array.from(points).reduce((a, b) => Math.max(a, Math.abs(b)), most),
    0,
  );
  return panels.map((panel) => scatterFigure([panel], { limit, ...options }));
}
