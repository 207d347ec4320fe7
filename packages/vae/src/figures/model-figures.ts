/** Pictures of what a model has learned, as labelled sheets. */
import { ArgumentError, Generator, noGrad, randn, scope, type Tensor, tensor } from '@varigrad/core';
import { type Dataset, firstOf, pixelsOf } from '../data/dataset.js';
import { labelsOf } from '../evaluate.js';
import type { GenerativeModel } from '../models/model.js';
import { inverseNormalCdf } from './normal-cdf.js';
import type { Raster } from './raster.js';
import { gridSheet } from './sheets.js';

/**
 * Mean images, `[count · pixels]` as plain numbers, of the z that `latents` makes, decoded as in evaluation.
 * @param labels - class of each image, for a conditional model
 */
async function decodeMeans(
  model: GenerativeModel,
  labels: ArrayLike<number>,
  latents: (oneHot?: Tensor) => Tensor,
): Promise<Float32Array> {
  const wasTraining = model.training;
  model.eval();
  const images = noGrad(() =>
    scope(() => {
      const { labels: oneHot } = labelsOf(model, labels);
      return model.likelihood.mean(model.decode(latents(oneHot), oneHot));
    }),
  );
  model.train(wasTraining);
  const values = Float32Array.from(await images.data());
  images.dispose();
  return values;
}

/**
 * Puts the rows of `above` and `below` in turn: one row of inputs, one of outputs. A last row that is not full is filled
 * up with `filler`.
 */
function interleaveRows(
  above: Float32Array,
  below: Float32Array,
  perRow: number,
  filler: number,
): Float32Array {
  const out = new Float32Array(2 * Math.ceil(above.length / perRow) * perRow).fill(filler);
  for (let row = 0; row * perRow < above.length; row++) {
    out.set(above.subarray(row * perRow, (row + 1) * perRow), 2 * row * perRow);
    out.set(below.subarray(row * perRow, (row + 1) * perRow), (2 * row + 1) * perRow);
  }
  return out;
}

/** Options of the figures that show random draws. */
export interface FigureOptions {
  title?: string;
  seed?: number;
}

/** The first images of a data set, each with its reconstruction (from the posterior's mean) below it. */
export async function reconstructionFigure(
  model: GenerativeModel,
  data: Dataset,
  {
    title = 'Test digits and their reconstructions',
    columns = 10,
    rows = 4,
  }: FigureOptions & { columns?: number; rows?: number } = {},
): Promise<Raster> {
  const shown = firstOf(data, columns * rows);
  const decoded = await decodeMeans(model, shown.labels, (oneHot) =>
    model.codes(tensor(shown.images, [shown.count, pixelsOf(shown)]), oneHot),
  );
  return gridSheet(interleaveRows(shown.images, decoded, columns * pixelsOf(data), 1), {
    columns,
    imageShape: data.imageShape,
    title,
    rowLabels: Array.from({ length: 2 * Math.ceil(shown.count / columns) }, (_, row) =>
      row % 2 === 0 ? 'input' : 'output',
    ),
  });
}

/** Mean images of z drawn from the prior. A conditional model draws each class in turn. */
export async function samplesFigure(
  model: GenerativeModel,
  imageShape: readonly [number, number],
  {
    title = 'Samples: decoded z from the prior',
    columns = 10,
    rows = 10,
    seed = 0,
  }: FigureOptions & { columns?: number; rows?: number } = {},
): Promise<Raster> {
  const labels = Uint8Array.from({ length: columns * rows }, (_, i) => i % Math.max(1, model.classes));
  const columnLabels =
    model.classes === 0 ? {} : { columnLabels: Array.from(labels.subarray(0, columns), String) };
  const images = await decodeMeans(model, labels, (oneHot) =>
    model.samplePrior(columns * rows, {
      generator: new Generator(seed),
      ...(oneHot === undefined ? {} : { labels: oneHot }),
    }),
  );
  return gridSheet(images, { columns, imageShape, title, ...columnLabels });
}

/** Options of `manifoldFigure`. */
export interface ManifoldOptions {
  title?: string;
  /** Images along each axis. Default 20. */
  size?: number;
  /** Class to draw, for a conditional model. Default 0. */
  label?: number;
  /** Whether the steps along an axis are equal in probability of N(0, 1) (default) or in z, from −3 to 3. */
  spacing?: 'quantile' | 'linear';
}

/**
 * What a model with a 2-D z decodes over the plane. By default the coordinates are quantiles of N(0, 1), so that every
 * image stands for the same prior probability.
 * @throws ArgumentError if z has not 2 dimensions
 */
export async function manifoldFigure(
  model: GenerativeModel,
  imageShape: readonly [number, number],
  {
    title = 'The latent plane: each image is one place of z',
    size = 20,
    label = 0,
    spacing = 'quantile',
  }: ManifoldOptions = {},
): Promise<Raster> {
  if (model.latent !== 2)
    throw new ArgumentError('manifoldFigure', `z has ${model.latent} dimensions, and a plane has 2`);
  const steps = latentSteps(size, spacing);
  const places = steps.toReversed().flatMap((z2) => steps.map((z1) => [z1, z2])); // z2 grows upwards
  const labels = new Uint8Array(places.length).fill(label);
  const images = await decodeMeans(model, labels, () => tensor(places));
  const axis = steps.map((z) => (Math.abs(z) < 0.005 ? 0 : z).toFixed(2).replace('-', '−'));
  const equal = spacing === 'linear' ? 'equal steps' : 'equal steps of probability of N(0, 1)';
  return gridSheet(images, {
    columns: size,
    imageShape,
    title,
    columnLabels: axis,
    rowLabels: axis.toReversed(),
    caption: `across: z1, up: z2, at ${equal}`,
    gap: 0,
  });
}

/**
 * Coordinates of one axis of a latent plane, in ascending order: the quantiles of N(0, 1) at (i + ½)/size, or equal steps
 * from −3 to 3.
 * @throws ArgumentError if the size is not a whole number above 0
 */
export function latentSteps(size: number, spacing: 'quantile' | 'linear'): number[] {
  if (!(Number.isInteger(size) && size > 0))
    throw new ArgumentError('latentSteps', `the size is a whole number above 0, not ${size}`);
  return Array.from({ length: size }, (_, i) => {
    if (spacing === 'quantile') return inverseNormalCdf((i + 0.5) / size);
    return size === 1 ? 0 : -3 + (6 * i) / (size - 1);
  });
}

/** One style z per row, written in every class: columns are classes. @throws ArgumentError if the model is not conditional */
export async function classStyleFigure(
  model: GenerativeModel,
  imageShape: readonly [number, number],
  {
    title = 'Rows share a style z, columns the class',
    styles = 10,
    seed = 0,
  }: FigureOptions & { styles?: number } = {},
): Promise<Raster> {
  const { classes } = model;
  if (classes === 0)
    throw new ArgumentError('classStyleFigure', 'the model knows no classes — use a conditional one');
  const style = Array.from({ length: styles * classes }, (_, i) => Math.floor(i / classes));
  const labels = Uint8Array.from(style, (_, i) => i % classes);
  const images = await decodeMeans(model, labels, () =>
    randn([styles, model.latent], { generator: new Generator(seed) }).indexSelect(style),
  );
  return gridSheet(images, {
    columns: classes,
    imageShape,
    title,
    columnLabels: Array.from({ length: classes }, (_, c) => String(c)),
    rowLabels: Array.from({ length: styles }, (_, s) => `style ${s + 1}`),
  });
}
