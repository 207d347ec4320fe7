/** Own images as a data set: every tenth image is for testing. */
import type { Dataset } from '@varigrad/vae';
import type { OwnImages } from '../messages.js';

/** One grey image, values from 0 to 1, and its class. */
export interface Labelled {
  readonly pixels: Float32Array;
  readonly label: number;
}

/** Classes are numbered in one byte. */
const MOST_CLASSES = 256;

/**
 * @param images - at least two, all of the given shape
 * @param classNames - at most 256
 * @throws Error if there are fewer images, or more classes
 */
export function splitImages(
  images: readonly Labelled[],
  imageShape: readonly [number, number],
  classNames: readonly string[],
): OwnImages {
  if (images.length < 2) throw new Error(`A training needs at least 2 images, found ${images.length}.`);
  if (classNames.length > MOST_CLASSES)
    throw new Error(`The images may have at most ${MOST_CLASSES} classes, found ${classNames.length}.`);
  const isTest = (_: Labelled, i: number): boolean => i % 10 === 1;
  const joined = (chosen: readonly Labelled[]): Dataset => {
    const size = imageShape[0] * imageShape[1];
    const all = new Float32Array(chosen.length * size);
    chosen.forEach(({ pixels }, i) => {
      all.set(pixels, i * size);
    });
    const labels = Uint8Array.from(chosen, ({ label }) => label);
    return { images: all, labels, count: chosen.length, imageShape, classes: classNames.length };
  };
  return {
    train: joined(images.filter((image, i) => !isTest(image, i))),
    test: joined(images.filter(isTest)),
    classNames,
  };
}
