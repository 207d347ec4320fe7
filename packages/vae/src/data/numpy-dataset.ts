/** Data sets from arrays of NumPy. */
import { formatShape, VarigradError } from '@varigrad/core';
import type { NpyArray } from '@varigrad/nn/numpy';
import type { Dataset } from './dataset.js';
import type { ImageShape } from './image-shape.js';
import { type StoredNumbers, unitValues } from './unit-values.js';

/** An array and its name, for messages. */
export interface NamedArray {
  readonly array: NpyArray;
  readonly source: string;
}

/** More channels than this are taken as rows or columns. */
const MOST_CHANNELS = 16;

/**
 * Labelled images from arrays. Images are `[count, height, width]`, `[count, channels, height, width]`, `[count, height, width, channels]`
 * with at most 16 channels, or `[count, pixels]` if they are square. Of two axes that may be channels, the one of length 1 or 3 is taken,
 * else the first. Their values are those of `unitValues`; booleans are 0 and 1.
 * @param labels - whole numbers from 0 to 255, `[count]` or `[count, 1]`; without them, `classes` is 0
 * @throws VarigradError with the name of the array if it has another shape, another type, or other values
 */
export function datasetOfArrays({ array, source }: NamedArray, labels?: NamedArray): Dataset {
  const fault = (reason: string): VarigradError => new VarigradError(source, reason);
  const [count, imageShape, isChannelLast] = layoutOf(array.shape, fault);
  const stored = numbersOf(array, source);
  const values = array.dtype === 'bool' ? Float32Array.from(stored) : unitValues(stored, fault);
  const classes = labels === undefined ? undefined : classesOf(labels, count, source);
  return {
    images: isChannelLast ? channelsFirst(values, imageShape) : values,
    labels: classes ?? new Uint8Array(count),
    count,
    imageShape,
    classes: classes?.reduce((most, label) => Math.max(most, label + 1), 0) ?? 0,
  };
}

/** The usual numbers of channels: grey values, or red, green and blue. They decide between two axes that may be channels. */
const isUsual = (channels: number): boolean => channels === 1 || channels === 3;

/** The number and the shape of images, and whether their channels are in the last axis. */
export function layoutOf(
  shape: readonly number[],
  fault: (reason: string) => Error,
): [count: number, imageShape: ImageShape, isChannelLast: boolean] {
  const [count = 0, a = 0, b = 0, c = 0] = shape;
  const side = Math.sqrt(a);
  const isKnown = shape.length === 3 || shape.length === 4 || (shape.length === 2 && Number.isInteger(side));
  if (!isKnown || shape.includes(0))
    throw fault(
      `expected images [count, height, width], [count, channels, height, width], [count, height, width, channels] or square ones [count, pixels], found ${formatShape(shape)}`,
    );
  if (shape.length === 2) return [count, [side, side], false];
  if (shape.length === 3) return [count, [a, b], false];
  const isFirst = a <= MOST_CHANNELS && (isUsual(a) || !isUsual(c));
  if (!isFirst && c > MOST_CHANNELS)
    throw fault(
      `expected at most ${MOST_CHANNELS} channels in axis 1 or in the last axis, found ${formatShape(shape)}`,
    );
  const [channels, height, width] = isFirst ? [a, b, c] : [c, a, b];
  return [count, channels === 1 ? [height, width] : [channels, height, width], !isFirst];
}

/** The numbers of an array; 64-bit integers become 32-bit ones. */
function numbersOf({ data, dtype }: NpyArray, source: string): StoredNumbers {
  if (dtype === 'complex64' || dtype === 'complex128')
    throw new VarigradError(source, `expected real numbers, found ${dtype} — save .real or .imag`);
  return data instanceof BigInt64Array || data instanceof BigUint64Array
    ? Int32Array.from(data, (value) => {
        if (value < -(2n ** 31n) || value >= 2n ** 31n)
          throw new VarigradError(source, `expected numbers below 2³¹, found ${value}`);
        return Number(value);
      })
    : data;
}

/** `[count, height, width, channels]` → `[count, channels, height, width]` */
function channelsFirst(values: Float32Array, imageShape: ImageShape): Float32Array {
  if (imageShape.length === 2) return values;
  const [channels, height, width] = imageShape;
  const size = height * width;
  const turned = new Float32Array(values.length);
  for (let start = 0; start < values.length; start += channels * size)
    for (let i = 0; i < size; i++)
      for (let c = 0; c < channels; c++) turned[start + c * size + i] = values[start + i * channels + c]!;
  return turned;
}

function classesOf({ array, source }: NamedArray, count: number, images: string): Uint8Array {
  const { shape } = array;
  const numbers = numbersOf(array, source);
  if (shape.length < 1 || shape.length > 2 || (shape[1] ?? 1) !== 1)
    throw new VarigradError(source, `expected labels [count] or [count, 1], found ${formatShape(shape)}`);
  if (numbers.length !== count)
    throw new VarigradError(source, `${numbers.length} labels for the ${count} images of ${images}`);
  return Uint8Array.from(numbers, (label, i) => {
    if (!Number.isInteger(label) || label < 0 || label > 255)
      throw new VarigradError(source, `label ${label} at index ${i} — expected whole numbers from 0 to 255`);
    return label;
  });
}

/** Names of the arrays in an npz file: images and labels of one set, or of a training set and a test set. */
const IMAGE_NAMES = ['images', 'x', 'data', 'arr_0'];
const LABEL_NAMES = ['labels', 'y', 'targets', 'arr_1'];
const TRAIN_NAMES = { images: ['x_train', 'train_images'], labels: ['y_train', 'train_labels'] };
const TEST_NAMES = { images: ['x_test', 'test_images'], labels: ['y_test', 'test_labels'] };

/**
 * One set, or the training set and the test set, of the arrays in an npz file.
 * @param path - the file, for messages
 * @throws VarigradError if no array has one of the known names
 */
export function datasetsOfNpz(arrays: Readonly<Record<string, NpyArray>>, path: string): Dataset[] {
  const named = (names: readonly string[]): NamedArray | undefined => {
    const name = names.find((candidate) => Object.hasOwn(arrays, candidate));
    return name === undefined ? undefined : { array: arrays[name]!, source: `${path}: ${name}` };
  };
  const [train, test] = [TRAIN_NAMES, TEST_NAMES].map(({ images, labels }) => ({
    images: named(images),
    labels: named(labels),
  }));
  if (train?.images !== undefined && test?.images !== undefined) {
    if ((train.labels === undefined) !== (test.labels === undefined))
      throw new VarigradError(
        path,
        `only the ${train.labels === undefined ? 'test' : 'training'} images have labels — save y_train and y_test, or neither`,
      );
    const sets = [datasetOfArrays(train.images, train.labels), datasetOfArrays(test.images, test.labels)];
    const classes = Math.max(...sets.map((set) => set.classes));
    return sets.map((set) => ({ ...set, classes }));
  }
  const images = named(IMAGE_NAMES);
  if (images === undefined)
    throw new VarigradError(
      path,
      `expected an array ${IMAGE_NAMES.join(', ')}, or x_train and x_test, found ${Object.keys(arrays).slice(0, 10).join(', ') || 'no array'} — save the images under one of these names`,
    );
  return [datasetOfArrays(images, named(LABEL_NAMES))];
}
