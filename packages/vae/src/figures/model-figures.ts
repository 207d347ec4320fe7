/** Pictures of what a model has learned, as labelled sheets. */
import { Generator, noGrad, randn, scope, type Tensor, tensor } from '@varigrad/core';
import { type Dataset, firstOf, pixelsOf } from '../data/dataset.js';
import { labelsOf } from '../evaluate.js';
import type { LatentModel } from '../models/model.js';
import { inverseNormalCdf } from './normal-cdf.js';
import type { Raster } from './raster.js';
import { gridSheet } from './sheets.js';

/** Decodes z (with labels for a conditional model) to mean images, `[count · pixels]` as plain numbers. */
async function decodeMeans(model: LatentModel, z: Tensor, labels: ArrayLike<number>): Promise<Float32Array> {
  const images = noGrad(() =>
    scope(() => model.likelihood.mean(model.decode(z, labelsOf(model, labels).labels))),
  );
  return Float32Array.from(await images.data());
}

/** Puts the rows of `above` and `below` in turn: one row of inputs, one of outputs. */
function interleaveRows(above: Float32Array, below: Float32Array, perRow: number): Float32Array {
  const out = new Float32Array(above.length + below.length);
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
  model: LatentModel,
  data: Dataset,
  {
    title = 'Test digits and their reconstructions',
    columns = 10,
    rows = 4,
  }: FigureOptions & { columns?: number; rows?: number } = {},
): Promise<Raster> {
  const shown = firstOf(data, columns * rows);
  const x = tensor(shown.images, [shown.count, pixelsOf(shown)]);
  const { mu } = noGrad(() => scope(() => model.encode(x, labelsOf(model, shown.labels).labels)));
  const decoded = await decodeMeans(model, mu, shown.labels);
  return gridSheet(interleaveRows(shown.images, decoded, columns * pixelsOf(data)), {
    columns,
    imageShape: data.imageShape,
    title,
    rowLabels: Array.from({ length: 2 * Math.ceil(shown.count / columns) }, (_, row) =>
      row % 2 === 0 ? 'input' : 'output',
    ),
  });
}

/** Mean images of z ~ N(0, I). A conditional model draws each class in turn. */
export async function samplesFigure(
  model: LatentModel,
  imageShape: readonly [number, number],
  {
    title = 'Samples: decoded z ~ N(0, I)',
    columns = 10,
    rows = 10,
    seed = 0,
  }: FigureOptions & { columns?: number; rows?: number } = {},
): Promise<Raster> {
  const z = randn([columns * rows, model.latent], { generator: new Generator(seed) });
  const labels = Uint8Array.from({ length: columns * rows }, (_, i) => i % Math.max(1, model.classes));
  const columnLabels =
    model.classes === 0 ? {} : { columnLabels: Array.from(labels.subarray(0, columns), String) };
  return gridSheet(await decodeMeans(model, z, labels), { columns, imageShape, title, ...columnLabels });
}

/**
 * What a model with a 2-D z decodes over the plane: coordinates are quantiles of N(0, 1), so that every image stands for
 * the same prior probability.
 * @param options - `label`: the class to draw, for a conditional model
 */
export async function manifoldFigure(
  model: LatentModel,
  imageShape: readonly [number, number],
  {
    title = 'The latent plane: each image is one place of z',
    size = 20,
    label = 0,
  }: { title?: string; size?: number; label?: number } = {},
): Promise<Raster> {
  const quantiles = Array.from({ length: size }, (_, i) => inverseNormalCdf((i + 0.5) / size));
  const places = quantiles.toReversed().flatMap((z2) => quantiles.map((z1) => [z1, z2])); // z2 grows upwards
  const images = await decodeMeans(model, tensor(places), new Uint8Array(places.length).fill(label));
  const axis = quantiles.map((z) => z.toFixed(1));
  return gridSheet(images, {
    columns: size,
    imageShape,
    title,
    columnLabels: axis,
    rowLabels: axis.toReversed(),
    caption: 'across: z1, up: z2, at equal steps of probability of N(0, 1)',
    gap: 0,
  });
}

/** One style z per row, written in every class: columns are classes. For conditional models. */
export async function classStyleFigure(
  model: LatentModel,
  imageShape: readonly [number, number],
  {
    title = 'Rows share a style z, columns the class',
    styles = 10,
    seed = 0,
  }: FigureOptions & { styles?: number } = {},
): Promise<Raster> {
  const generator = new Generator(seed);
  const { classes } = model;
  const style = Array.from({ length: styles * classes }, (_, i) => Math.floor(i / classes));
  const z = randn([styles, model.latent], { generator }).indexSelect(style);
  const labels = Uint8Array.from(style, (_, i) => i % classes);
  return gridSheet(await decodeMeans(model, z, labels), {
    columns: classes,
    imageShape,
    title,
    columnLabels: Array.from({ length: classes }, (_, c) => String(c)),
    rowLabels: Array.from({ length: styles }, (_, s) => `style ${s + 1}`),
  });
}
