/** What a model with a 2-D z decodes over the latent plane. */
import { ArgumentError, tensor } from '@varigrad/core';
import { checkChoice, checkOptions, checkWhole, type OptionNames } from '@varigrad/core/checks';
import { checkImageShape, checkModel } from '../checks.js';
import { type ImageShape, sizeOf, withChannels } from '../data/image-shape.js';
import type { GenerativeModel } from '../models/model.js';
import { onOneBackend } from '../one-backend.js';
import { checkCounts } from './checks.js';
import { decodeImages } from './decode.js';
import { inverseNormalCdf } from './normal-cdf.js';
import { gridSheet, type Sheet } from './sheets.js';

/** Steps along an axis: equal in probability under N(0, 1), or equal in z from −3 to 3. */
export type Spacing = 'quantile' | 'linear';

const SPACINGS: Readonly<Record<Spacing, true>> = { quantile: true, linear: true };

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

/** Options of a figure of all classes. */
type ClassManifoldsOptions = Omit<ManifoldOptions, 'label'>;

const CLASS_MANIFOLDS_OPTIONS: OptionNames<ClassManifoldsOptions> = {
  size: true,
  spacing: true,
  title: true,
};

/**
 * The plane as a square of images. By default the coordinates are quantiles of N(0, 1): every image then stands for the
 * same prior probability.
 * @throws ArgumentError if z does not have 2 dimensions
 */
export function manifoldFigure(
  model: GenerativeModel,
  imageShape: ImageShape,
  options: ManifoldOptions = {},
): Promise<Sheet> {
  return onOneBackend(async () => {
    checkPlane('manifoldFigure', model, imageShape);
    const names = { ...CLASS_MANIFOLDS_OPTIONS, label: true } as const;
    checkOptions('manifoldFigure', options, names, 'model, imageShape, ');
    const { title = 'The latent plane: each image is decoded from one point z' } = options;
    const { size = 20, label = 0, spacing = 'quantile' } = options;
    checkCounts('manifoldFigure', { size });
    checkWhole('manifoldFigure', 'label', label, 0);
    checkChoice('manifoldFigure', 'spacing', spacing, SPACINGS);
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
  });
}

/**
 * The plane of each class of a conditional model, side by side.
 * @throws ArgumentError if z does not have 2 dimensions, or the model is not conditional
 */
export function classManifoldsFigure(
  model: GenerativeModel,
  imageShape: ImageShape,
  options: ClassManifoldsOptions = {},
): Promise<Sheet> {
  return onOneBackend(async (on) => {
    checkPlane('classManifoldsFigure', model, imageShape);
    checkOptions('classManifoldsFigure', options, CLASS_MANIFOLDS_OPTIONS, 'model, imageShape, ');
    const { title = 'The latent plane of each class', size = 6, spacing = 'quantile' } = options;
    checkCounts('classManifoldsFigure', { size });
    checkChoice('classManifoldsFigure', 'spacing', spacing, SPACINGS);
    if (model.classes === 0)
      throw new ArgumentError(
        'classManifoldsFigure',
        'the model is not conditional — use a model with classes, such as ConditionalVAE',
      );
    const [channels, height, width] = withChannels(imageShape);
    const planes: Float32Array[] = [];
    for (let label = 0; label < model.classes; label++)
      planes.push(mosaic(await on(() => decodePlane(model, size, spacing, label)), size, imageShape));
    const all = new Float32Array(planes.length * size * size * sizeOf(imageShape));
    planes.forEach((plane, label) => {
      all.set(plane, label * plane.length);
    });
    return gridSheet(all, {
      columns: model.classes,
      imageShape: [channels, size * height, size * width],
      title,
      columnLabels: planes.map((_, label) => `class ${label}`),
      caption: `in each square, across: z1, up: z2, at ${stepsInWords(spacing)}`,
      scale: 1,
      gap: 6,
    });
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

/** `size` × `size` images as one large image with the same channels. */
function mosaic(images: Float32Array, size: number, imageShape: ImageShape): Float32Array {
  const [channels, height, width] = withChannels(imageShape);
  const values = new Float32Array(images.length);
  for (let i = 0; i < size * size; i++) {
    const [down, across] = [Math.floor(i / size), i % size];
    for (let line = 0; line < channels * height; line++) {
      const [channel, y] = [Math.floor(line / height), line % height];
      const from = (i * channels * height + line) * width;
      const to = ((channel * size + down) * height + y) * size + across;
      values.set(images.subarray(from, from + width), to * width);
    }
  }
  return values;
}

function checkPlane(op: string, model: GenerativeModel, imageShape: ImageShape): void {
  checkModel(op, model);
  checkImageShape(op, imageShape);
  if (model.latent !== 2) throw new ArgumentError(op, `z has ${model.latent} dimensions — a plane needs 2`);
}

function stepsInWords(spacing: Spacing): string {
  return spacing === 'linear' ? 'equal steps' : 'equal steps of probability of N(0, 1)';
}

/**
 * Coordinates of one axis of a latent plane, in ascending order: the quantiles of N(0, 1) at (i + ½)/size, or equal steps
 * from −3 to 3.
 * @throws ArgumentError if the size is not a whole number above 0, or the spacing is unknown
 */
export function latentSteps(size: number, spacing: Spacing): number[] {
  checkWhole('latentSteps', 'size', size);
  checkChoice('latentSteps', 'spacing', spacing, SPACINGS);
  return Array.from({ length: size }, (_, i) => {
    if (spacing === 'quantile') return inverseNormalCdf((i + 0.5) / size);
    return size === 1 ? 0 : -3 + (6 * i) / (size - 1);
  });
}
