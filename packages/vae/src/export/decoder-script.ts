/** The decoder of a model as JavaScript. */
import { ArgumentError } from '@varigrad/core';
import { toJavaScript } from '@varigrad/core/export';
import { checkImageShape } from '../checks.js';
import { type ImageShape, sizeOf } from '../data/image-shape.js';
import type { GenerativeModel } from '../models/model.js';
import { computePart, partInputs } from './parts.js';

/** What a file says about its model. */
export interface ModelFacts {
  readonly kind: string;
  /** Length of z. */
  readonly latent: number;
  /** Number of classes of a conditional model, else 0. */
  readonly classes: number;
  readonly imageShape: ImageShape;
}

/** @throws ArgumentError unless the images of the model have this shape */
export function factsOf(op: string, model: GenerativeModel, imageShape: ImageShape): ModelFacts {
  partInputs(op, model, 'decoder');
  checkImageShape(op, imageShape);
  const { kind, latent, classes, inputSize } = model;
  const size = sizeOf(imageShape);
  if (size !== inputSize)
    throw new ArgumentError(
      op,
      `imageShape must have the ${inputSize} values of the model, found ${imageShape.join(' × ')} = ${size}`,
    );
  return { kind, latent, classes, imageShape: [...imageShape] };
}

/** A script that declares `forward(z, labels)`: the pixels of the mean image of p(x|z), from z and, for a conditional model, a one-hot label. */
export function decoderScript(model: GenerativeModel): string {
  const { latent, classes } = model;
  const inputs = [[1, latent], ...(classes > 0 ? [[1, classes]] : [])];
  return toJavaScript(
    (z, labels) => computePart(model, 'decoder', labels === undefined ? { z: z! } : { z: z!, labels }).mean!,
    { inputs },
  );
}

/** The text of `decode(z, label)`, which calls `forward`. It uses the constants `latent` and `classes`. */
export const DECODE = `function decode(z, label) {
  if (z?.length !== latent) throw new RangeError(\`decode: z must have \${latent} numbers, found \${z?.length}\`);
  if (classes === 0) {
    if (label !== undefined) throw new RangeError('decode: the model has no classes — leave the label out');
    return forward(z);
  }
  if (!Number.isInteger(label) || label < 0 || label >= classes)
    throw new RangeError(\`decode: the label must be a whole number from 0 to \${classes - 1}, found \${label}\`);
  return forward(z, Float32Array.from({ length: classes }, (_, i) => Number(i === label)));
}`;
