/** Checks of arguments: models, data sets, and what `fit` takes. */
import { ArgumentError, formatShape, ShapeError, sameShape, type Tensor } from '@varigrad/core';
import {
  checkMethod,
  checkOptions,
  checkTensor,
  checkWhole,
  describeValue,
  isArrayOf,
} from '@varigrad/core/checks';
import type { BatchStream } from './data/batch-stream.js';
import { type ImageShape, sizeOf } from './data/image-shape.js';

/** @throws ArgumentError unless `model` has the methods of a model */
export function checkModel(op: string, model: unknown): void {
  checkMethod(op, 'the model', model, 'elbo', 'a model, such as new VAE()');
}

/** @throws ShapeError unless the two tensors, given by their names, have one shape */
export function checkSameShape(op: string, tensors: Readonly<Record<string, Tensor>>): void {
  const [[nameA, a], [nameB, b]] = Object.entries(tensors) as [[string, Tensor], [string, Tensor]];
  if (sameShape(a.shape, b.shape)) return;
  const found = `found ${formatShape(b.shape)}`;
  throw new ShapeError(
    op,
    [a.shape, b.shape],
    `${nameB} must have the shape of ${nameA}, ${formatShape(a.shape)}, ${found}`,
  );
}

/** @throws ArgumentError unless `data` is a data set whose arrays hold `count` images and labels; `name` is the argument */
export function checkDataset(op: string, data: unknown, name = 'data'): void {
  const { images, labels, count, imageShape, train } = (data ?? {}) as Readonly<Record<string, unknown>>;
  const isDataset = [images, labels].every(ArrayBuffer.isView) && typeof count === 'number';
  if (isDataset && Array.isArray(imageShape)) {
    checkSizes(op, name, data as Sizes);
    return;
  }
  const fix =
    data instanceof Promise
      ? ' — await it first'
      : train === undefined
        ? ''
        : ` — write ${name}.train or ${name}.test`;
  throw new ArgumentError(
    op,
    `${name} must be a data set { images, labels, count, imageShape, classes }, found ${train === undefined ? describeValue(data) : '{ train, … }'}${fix}`,
  );
}

/** @throws ArgumentError unless `data` is a data set with at least one image; `name` is the argument */
export function checkImages(op: string, data: Sizes, name = 'data'): void {
  checkDataset(op, data, name);
  if (data.count === 0) throw new ArgumentError(op, 'the data set has no images');
}

/** What the sizes of a data set are checked by. */
export interface Sizes {
  readonly images: ArrayLike<number>;
  readonly labels: ArrayLike<number>;
  readonly count: number;
  readonly imageShape: ImageShape;
}

function checkSizes(op: string, name: string, { images, labels, count, imageShape }: Sizes): void {
  checkWhole(op, `${name}.count`, count, 0);
  checkImageShape(op, imageShape, `${name}.imageShape`);
  // Batches copy labels to bytes, which would change other numbers in silence.
  if (!(labels instanceof Uint8Array))
    throw new ArgumentError(
      op,
      `${name}.labels must be a Uint8Array, found ${describeValue(labels)} — write Uint8Array.from(labels, Number)`,
    );
  const pixels = sizeOf(imageShape);
  if (images.length >= count * pixels && labels.length >= count) return;
  throw new ArgumentError(
    op,
    `${name} must have ${count} images of ${pixels} values and ${count} labels, found ${images.length} values and ${labels.length} labels`,
  );
}

/** @throws ArgumentError unless a stream has a number, a shape and classes */
export function checkStream({ count, imageShape, classes }: BatchStream): void {
  checkWhole('fit', 'data.train.count', count);
  checkImageShape('fit', imageShape, 'data.train.imageShape');
  checkWhole('fit', 'data.train.classes', classes, 0);
}

/** Refuses images that do not fit the model before the first step. @throws ArgumentError */
export function checkPixels(
  name: string,
  { imageShape, count }: Pick<Sizes, 'imageShape' | 'count'>,
  inputSize: number,
): void {
  const pixels = sizeOf(imageShape);
  if (pixels === inputSize || count === 0) return;
  const problem = `${name} has images of ${pixels} values, and the model has inputSize ${inputSize}`;
  throw new ArgumentError('fit', `${problem} — use images of one size`);
}

/** @throws ArgumentError unless `value` is the shape of an image */
export function checkImageShape(op: string, value: unknown, name = 'imageShape'): void {
  const isLength = (length: unknown): boolean => Number.isInteger(length) && (length as number) > 0;
  if (isArrayOf(value, isLength) && (value.length === 2 || value.length === 3)) return;
  const isDataset = typeof value === 'object' && value !== null && 'imageShape' in value;
  const fix = isLength(value) ? ` — write [${value}, ${value}]` : isDataset ? ' — write data.imageShape' : '';
  throw new ArgumentError(
    op,
    `${name} must be [height, width] or [channels, height, width], found ${describeValue(value)}${fix}`,
  );
}

/** @throws ArgumentError unless `value` is a typed array, or an array where `kind` allows one */
export function checkValues(
  op: string,
  name: string,
  value: unknown,
  kind: 'an array of numbers' | 'a Float32Array' = 'an array of numbers',
): void {
  const isArray = Array.isArray(value);
  if (ArrayBuffer.isView(value) || (isArray && kind === 'an array of numbers')) return;
  const isTensor = typeof (value as { data?: unknown } | null | undefined)?.data === 'function';
  const fix = isArray
    ? ' — write Float32Array.from(…)'
    : isTensor
      ? ' — pass the values that its method data() returns'
      : '';
  throw new ArgumentError(op, `${name} must be ${kind}, found ${describeValue(value)}${fix}`);
}

/** @throws ArgumentError unless `value` is an object with these fields; `name` says what it is: 'a panel' */
export function checkFields(op: string, name: string, value: unknown, fields: readonly string[]): void {
  if (typeof value === 'object' && value !== null && fields.every((field) => field in value)) return;
  throw new ArgumentError(op, `${name} must be { ${fields.join(', ')} }, found ${describeValue(value)}`);
}

/** @throws ArgumentError unless `value` is a number, or a function of the training step */
export function checkNumberOrFunction(op: string, name: string, value: unknown): void {
  if (typeof value === 'number' || typeof value === 'function') return;
  throw new ArgumentError(
    op,
    `${name} must be a number or a function of the step, found ${describeValue(value)}`,
  );
}

/** @throws ArgumentError unless `corruption` has the methods of a corruption */
export function checkCorruption(op: string, corruption: unknown, name = 'corruption'): void {
  checkMethod(op, name, corruption, 'apply', 'a corruption, such as masking(0.5)');
}

/**
 * Checks a prior's z, mu, logVar or labels; `name` says which.
 * @param latent - the number of columns
 * @param batch - the number of rows, if it is known
 * @throws ShapeError unless `t` is `[batch, latent]`
 */
export function checkCodes(op: string, name: string, t: Tensor, latent: number, batch?: number): void {
  checkTensor(op, t, name);
  const [rows, columns] = t.shape;
  if (t.rank === 2 && columns === latent && (batch === undefined || rows === batch)) return;
  throw new ShapeError(
    op,
    [t.shape],
    `${name} is ${formatShape(t.shape)} — it must be [${batch ?? 'batch'}, ${latent}]`,
  );
}

/** Checks the arguments of a prior's `sample`. @throws ArgumentError */
export function checkPriorSample(count: unknown, options: { readonly generator?: unknown }): void {
  checkWhole('sample', 'count', count, 0);
  checkOptions('sample', options, { generator: true }, 'count, context, ');
}

/** Whether a value is a whole number in a range. */
export function isWhole(
  value: unknown,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

/** Whether a value is a finite number of at least 0. */
export function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
