/** What a model with a 2-D z decodes over the latent plane. */
import { ArgumentError, tensor } from '@varigrad/core';
import type { GenerativeModel } from '../models/model.js';
import { decodeImages } from './decode.js';
import { inverseNormalCdf } from './normal-cdf.js';
import { gridSheet, type Sheet } from './sheets.js';

/** Steps along an axis: equal in probability under N(0, 1), or equal in z from −3 to 3. */
export type Spacing = 'quantile' | 'linear';

/** Options of `manifoldFigure`. */
export interface ManifoldOptions {
  title?: string | undefined;
  /** Images along each axis. Default 20. */
  size?: number;
  /** Class of the images, for a conditional model. Default 0. */
  label?: number;
  /** Default 'quantile'. */
  spacing?: Spacing;
}

/**
 * The plane as a square of images. By default the coordinates are quantiles of N(0, 1): every image then stands for the
 * same prior probability.
 * @throws ArgumentError if z does not have 2 dimensions
 */
export async function manifoldFigure(
  model: GenerativeModel,
  imageShape: readonly [number, number],
  {
    title = 'The latent plane: each image is decoded from one point z',
    size = 20,
    label = 0,
    spacing = 'quantile',
  }: ManifoldOptions = {},
): Promise<Sheet> {
  checkPlane('manifoldFigure', model);
  const axis = latentSteps(size, spacing).map((z) =>
    (Math.abs(z) < 0.005 ? 0 : z).toFixed(2).replace('-', '−'),
  );
  return gridSheet(await decodePlane(model, size, spacing, label), {
    columns: size,
    imageShape,
    title,
    columnLabels: axis,
    rowLabels: axis.toReversed(),
    caption: `across: z1, up: z2, at ${stepsInWords(spacing)}`,
    gap: 0,
  });
}

/**
 * The plane of each class of a conditional model, side by side.
 * @throws ArgumentError if z does not have 2 dimensions, or the model is not conditional
 */
export async function classManifoldsFigure(
  model: GenerativeModel,
  [height, width]: readonly [number, number],
  {
    title = 'The latent plane of each class',
    size = 6,
    spacing = 'quantile',
  }: Omit<ManifoldOptions, 'label'> = {},
): Promise<Sheet> {
  checkPlane('classManifoldsFigure', model);
  if (model.classes === 0)
    throw new ArgumentError(
      'classManifoldsFigure',
      'the model is not conditional — use a model with classes, such as ConditionalVAE',
    );
  const planes: Float32Array[] = [];
  for (let label = 0; label < model.classes; label++)
    planes.push(mosaic(await decodePlane(model, size, spacing, label), size, height, width));
  const all = new Float32Array(planes.length * size * size * height * width);
  planes.forEach((plane, label) => {
    all.set(plane, label * plane.length);
  });
  return gridSheet(all, {
    columns: model.classes,
    imageShape: [size * height, size * width],
    title,
    columnLabels: planes.map((_, label) => `class ${label}`),
    caption: `in each square, across: z1, up: z2, at ${stepsInWords(spacing)}`,
    scale: 1,
    gap: 6,
  });
}

/** Images over the plane, with z2 increasing upwards: `[size · size · pixels]`. */
function decodePlane(
  model: GenerativeModel,
  size: number,
  spacing: Spacing,
  label: number,
): Promise<Float32Array> {
  const steps = latentSteps(size, spacing);
  const places = steps.toReversed().flatMap((z2) => steps.map((z1) => [z1, z2]));
  return decodeImages(model, new Uint8Array(places.length).fill(label), () => tensor(places));
}

/** `size` × `size` images as one large image. */
function mosaic(images: Float32Array, size: number, height: number, width: number): Float32Array {
  const values = new Float32Array(images.length);
  for (let i = 0; i < size * size; i++) {
    for (let y = 0; y < height; y++) {
      const line = images.subarray((i * height + y) * width, (i * height + y + 1) * width);
      values.set(line, ((Math.floor(i / size) * height + y) * size + (i % size)) * width);
    }
  }
  return values;
}

function checkPlane(caller: string, model: GenerativeModel): void {
  if (model.latent !== 2)
    throw new ArgumentError(caller, `z has ${model.latent} dimensions — a plane needs 2`);
}

function stepsInWords(spacing: Spacing): string {
  return spacing === 'linear' ? 'equal steps' : 'equal steps of probability of N(0, 1)';
}

/**
 * Coordinates of one axis of a latent plane, in ascending order: the quantiles of N(0, 1) at (i + ½)/size, or equal steps
 * from −3 to 3.
 * @throws ArgumentError if the size is not a whole number above 0
 */
export function latentSteps(size: number, spacing: Spacing): number[] {
  if (!(Number.isInteger(size) && size > 0))
    throw new ArgumentError('latentSteps', `size must be a whole number above 0, not ${size}`);
  return Array.from({ length: size }, (_, i) => {
    if (spacing === 'quantile') return inverseNormalCdf((i + 0.5) / size);
    return size === 1 ? 0 : -3 + (6 * i) / (size - 1);
  });
}
