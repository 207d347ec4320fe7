/** Sheets of straight and curved paths through the latent space. */
import { ArgumentError, tensor } from '@varigrad/core';
import {
  checkArray,
  checkChoice,
  checkNumber,
  checkOptions,
  checkWhole,
  describeValue,
  type OptionNames,
} from '@varigrad/core/checks';
import { checkDataset, checkImageShape, checkModel, checkValues } from '../checks.js';
import { type Dataset, firstOf, pixelsOf } from '../data/dataset.js';
import type { ImageShape } from '../data/image-shape.js';
import type { GenerativeModel } from '../models/model.js';
import { onOneBackend } from '../one-backend.js';
import { checkCounts } from './checks.js';
import { decodeImages, encodeImages, valuesOf } from './decode.js';
import { latentSteps } from './plane.js';
import { gridSheet, type Sheet } from './sheets.js';

/** Options of `interpolationFigure`. */
export interface InterpolationOptions {
  title?: string | undefined;
  /** Rows: images 0 and 1, 2 and 3, … of the data set. Default 8. */
  pairs?: number;
  /** Images from one end to the other. Default 9. */
  steps?: number;
  /** `linear`: z = (1 − t)·a + t·b. `spherical`: along the great circle, see `slerp`. Default 'linear'. */
  path?: 'linear' | 'spherical';
}

const INTERPOLATION_OPTIONS: OptionNames<InterpolationOptions> = {
  pairs: true,
  steps: true,
  path: true,
  title: true,
};

/** Paths from the code of one image to the code of the next, with the two images at the ends. A conditional model keeps the label of the first. */
export function interpolationFigure(
  model: GenerativeModel,
  data: Dataset,
  options: InterpolationOptions = {},
): Promise<Sheet> {
  return onOneBackend(async (on) => {
    checkInterpolation(model, data, options);
    const { pairs = 8, steps = 9, path = 'linear' } = options;
    const { title = `From one image to another, ${path} in z` } = options;
    const ends = firstOf(data, 2 * Math.min(pairs, Math.floor(data.count / 2)));
    const rows = ends.count / 2;
    const { latent } = model;
    const codes = await valuesOf(model, () => encodeImages(model, ends));
    const codeOf = (image: number): Float32Array => codes.subarray(image * latent, (image + 1) * latent);
    const between = path === 'spherical' ? slerp : lerp;
    const z = new Float32Array(rows * steps * latent);
    for (let i = 0; i < rows * steps; i++) {
      const pair = Math.floor(i / steps);
      z.set(between(codeOf(2 * pair), codeOf(2 * pair + 1), (i % steps) / (steps - 1)), i * latent);
    }
    const labels = Uint8Array.from(
      { length: rows * steps },
      (_, i) => ends.labels[2 * Math.floor(i / steps)] ?? 0,
    );
    const images = await on(() =>
      decodeImages(model, labels, () => tensor(z, { shape: [rows * steps, latent] })),
    );
    const line = (steps + 2) * pixelsOf(data);
    const sheet = new Float32Array(rows * line);
    for (let row = 0; row < rows; row++) {
      const size = pixelsOf(data);
      sheet.set(ends.images.subarray(2 * row * size, (2 * row + 1) * size), row * line);
      sheet.set(images.subarray(row * steps * size, (row + 1) * steps * size), row * line + size);
      sheet.set(ends.images.subarray((2 * row + 1) * size, (2 * row + 2) * size), (row + 1) * line - size);
    }
    return gridSheet(sheet, {
      columns: steps + 2,
      imageShape: data.imageShape,
      title,
      columnLabels: ['input', ...Array.from({ length: steps }, (_, i) => fraction(i / (steps - 1))), 'input'],
    });
  });
}

function checkInterpolation(model: GenerativeModel, data: Dataset, options: InterpolationOptions): void {
  const op = 'interpolationFigure';
  checkModel(op, model);
  checkDataset(op, data);
  checkOptions(op, options, INTERPOLATION_OPTIONS, 'model, data, ');
  const { pairs = 8, steps = 9, path = 'linear' } = options;
  checkCounts(op, { pairs });
  checkWhole(op, 'steps', steps, 2);
  checkChoice(op, 'path', path, { linear: true, spherical: true });
}

const fraction = (t: number): string => `t=${t.toFixed(2)}`;

function lerp(a: Float32Array, b: Float32Array, t: number): Float32Array {
  return a.map((x, i) => (1 - t) * x + t * b[i]!);
}

/**
 * sin((1 − t)Ω)/sin Ω · a + sin(tΩ)/sin Ω · b, where Ω is the angle between a and b. The lengths in between stay near those
 * of the ends; in many dimensions, N(0, I) has its mass at such lengths. Parallel vectors and zero are joined by a straight
 * line.
 * @throws ArgumentError if the lengths of the vectors differ
 * @see Shoemake (1985), Animating rotation with quaternion curves
 */
export function slerp(a: Float32Array, b: Float32Array, t: number): Float32Array {
  checkValues('slerp', 'a', a);
  checkValues('slerp', 'b', b);
  checkNumber('slerp', 't', t);
  if (a.length !== b.length)
    throw new ArgumentError('slerp', `a and b must have the same length, found ${a.length} and ${b.length}`);
  const dot = (u: Float32Array, v: Float32Array): number => u.reduce((sum, x, i) => sum + x * v[i]!, 0);
  const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
  if (!(Math.sin(angle) > 1e-6)) return lerp(a, b, t);
  const [from, to] = [Math.sin((1 - t) * angle) / Math.sin(angle), Math.sin(t * angle) / Math.sin(angle)];
  return a.map((x, i) => from * x + to * b[i]!);
}

/** Options of `traversalFigure`. */
export interface TraversalOptions {
  title?: string | undefined;
  /** Dimensions of z, one per row. Default: the first ten. */
  dimensions?: readonly number[];
  /** Images per row. Default 11. */
  steps?: number;
  /** The values of the coordinates that stay. Default: zero. */
  around?: ArrayLike<number>;
  /** Class of the images, for a conditional model. Default 0. */
  label?: number;
  /** A line below the images. Default: how many of the dimensions are shown, if not all. */
  caption?: string;
}

const TRAVERSAL_OPTIONS: OptionNames<TraversalOptions> = {
  dimensions: true,
  steps: true,
  around: true,
  label: true,
  title: true,
  caption: true,
};

/** In each row, one coordinate of z goes from −3 to 3 and the others stay. @throws ArgumentError if a dimension does not exist */
export function traversalFigure(
  model: GenerativeModel,
  imageShape: ImageShape,
  options: TraversalOptions = {},
): Promise<Sheet> {
  return onOneBackend(async () => {
    checkTraversal(model, imageShape, options);
    const {
      title = 'One coordinate of z at a time',
      dimensions = Array.from({ length: Math.min(10, model.latent) }, (_, d) => d),
      steps = 11,
      around = new Float32Array(model.latent),
      label = 0,
      caption = dimensions.length < model.latent ? `${dimensions.length} of ${model.latent} dimensions` : '',
    } = options;
    const places = latentSteps(steps, 'linear');
    const z = dimensions.flatMap((d) =>
      places.map((place) => Array.from(around, (value, i) => (i === d ? place : value))),
    );
    const images = await decodeImages(model, new Uint8Array(z.length).fill(label), () => tensor(z));
    return gridSheet(images, {
      columns: steps,
      imageShape,
      title,
      columnLabels: places.map((place) => place.toFixed(1).replace('-', '−')),
      rowLabels: dimensions.map((d) => `z${d + 1}`),
      caption,
    });
  });
}

function checkTraversal(model: GenerativeModel, imageShape: ImageShape, options: TraversalOptions): void {
  const op = 'traversalFigure';
  checkModel(op, model);
  checkImageShape(op, imageShape);
  checkOptions(op, options, TRAVERSAL_OPTIONS, 'model, imageShape, ');
  const { dimensions = [], steps = 1, around = [], label = 0 } = options;
  checkArray(op, 'dimensions', dimensions, 'model, imageShape, { dimensions: ', ' }');
  for (const d of dimensions) {
    if (!(Number.isInteger(d) && d >= 0 && d < model.latent))
      throw new ArgumentError(
        op,
        `dimension ${describeValue(d)} does not exist — z has dimensions 0 to ${model.latent - 1}`,
      );
  }
  checkCounts(op, { steps });
  checkValues(op, 'around', around);
  if (options.around !== undefined && around.length !== model.latent)
    throw new ArgumentError(
      op,
      `around must have one value for each of the ${model.latent} dimensions of z, found ${around.length}`,
    );
  checkWhole(op, 'label', label, 0);
}
