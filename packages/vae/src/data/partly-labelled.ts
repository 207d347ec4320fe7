/** Data sets in which most labels are unknown. */
import { ArgumentError, Generator, type Tensor, tensor } from '@varigrad/core';
import { checkOptions, checkWhole } from '@varigrad/core/checks';
import { checkDataset } from '../checks.js';
import { type Dataset, firstOf, pixelsOf } from './dataset.js';

/** The label of an image whose class is unknown. */
export const UNKNOWN_LABEL = 255;

/** Options of `labelledSubset`. */
export interface LabelledSubsetOptions {
  /** Images of each class. Default 10. */
  perClass?: number;
  /** Seed of the choice. Default 0. */
  seed?: number;
}

/**
 * The same number of images of every class, chosen at random.
 * @throws ArgumentError if a class has fewer than `perClass` images
 */
export function labelledSubset(data: Dataset, options: LabelledSubsetOptions = {}): Dataset {
  checkDataset('labelledSubset', data);
  checkOptions('labelledSubset', options, { perClass: true, seed: true }, 'data, ');
  const { perClass = 10, seed = 0 } = options;
  checkWhole('labelledSubset', 'perClass', perClass, 0);
  const left = new Array<number>(data.classes).fill(perClass);
  const chosen: number[] = [];
  for (const image of new Generator(seed).permutation(data.count)) {
    const label = data.labels[image]!;
    if ((left[label] ?? 0) === 0) continue;
    left[label]!--;
    chosen.push(image);
  }
  const short = left.findIndex((missing) => missing > 0);
  if (short >= 0)
    throw new ArgumentError(
      'labelledSubset',
      `class ${short} has ${perClass - left[short]!} images, not ${perClass} — ask for fewer`,
    );
  const pixels = pixelsOf(data);
  const images = new Float32Array(chosen.length * pixels);
  chosen.forEach((image, i) => {
    images.set(data.images.subarray(image * pixels, (image + 1) * pixels), i * pixels);
  });
  return {
    ...data,
    count: chosen.length,
    images,
    labels: Uint8Array.from(chosen, (image) => data.labels[image]!),
  };
}

/**
 * All images of `data` without their labels, followed by `repeat` copies of the images of `labelled` with their labels. The expected
 * share of labelled images in a random batch is repeat · labelled / (data + repeat · labelled).
 * @throws ArgumentError if the images differ in size
 */
export function partlyLabelled(data: Dataset, labelled: Dataset, repeat = 1): Dataset {
  checkDataset('partlyLabelled', data);
  checkDataset('partlyLabelled', labelled, 'labelled');
  checkWhole('partlyLabelled', 'repeat', repeat, 0);
  if (pixelsOf(data) !== pixelsOf(labelled))
    throw new ArgumentError(
      'partlyLabelled',
      `images of ${pixelsOf(data)} pixels and of ${pixelsOf(labelled)} pixels — use images of one size`,
    );
  const count = data.count + repeat * labelled.count;
  const images = new Float32Array(count * pixelsOf(data));
  const labels = new Uint8Array(count).fill(UNKNOWN_LABEL);
  const [all, some] = [data, labelled].map((part) => firstOf(part, part.count)) as [Dataset, Dataset];
  images.set(all.images);
  for (let round = 0; round < repeat; round++) {
    const start = data.count + round * labelled.count;
    images.set(some.images, start * pixelsOf(data));
    labels.set(some.labels, start);
  }
  return { ...data, count, images, labels, classes: Math.max(data.classes, labelled.classes) };
}

/** `oneHot`, except that an unknown label gives a row of zeros: `[count]` → `[count, classes]`. @throws ArgumentError if a label is neither a class nor unknown */
export function oneHotOrZero(labels: ArrayLike<number>, classes: number): Tensor {
  const rows = new Float32Array(labels.length * classes);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (label === UNKNOWN_LABEL) continue;
    if (!(Number.isInteger(label) && label >= 0 && label < classes))
      throw new ArgumentError(
        'oneHotOrZero',
        `label ${label} at index ${i} is neither a class (0 to ${classes - 1}) nor unknown (${UNKNOWN_LABEL})`,
      );
    rows[i * classes + label] = 1;
  }
  return tensor(rows, { shape: [labels.length, classes] });
}
