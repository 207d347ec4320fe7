import { checkWhole } from '@varigrad/core/checks';
import { checkDataset } from '../checks.js';
import { type ImageShape, sizeOf } from './image-shape.js';
import type { Standardization } from './standardization.js';

/** Labelled images. Pixels are stored as float32, so that making a batch only copies rows. */
export interface Dataset {
  /** Values in [0, 1], image after image, one channel after the other: `[count · channels · height · width]`. */
  readonly images: Float32Array;
  /** Class of each image, `[count]`. */
  readonly labels: Uint8Array;
  readonly count: number;
  /** Height and width in pixels; three channels, height and width for colour images. */
  readonly imageShape: ImageShape;
  readonly classes: number;
  /** Only for rows of a table: how its columns were standardised. */
  readonly standardization?: Standardization;
}

/** Number of values of one image: its pixels, times its channels. */
export function pixelsOf(data: Dataset): number {
  checkDataset('pixelsOf', data);
  return sizeOf(data.imageShape);
}

/**
 * The first `count` images, or all images if there are fewer. The result shares memory with `data`.
 * @throws ArgumentError if `count` is not a whole number of at least 0
 */
export function firstOf(data: Dataset, count: number): Dataset {
  checkDataset('firstOf', data);
  checkWhole('firstOf', 'count', count, 0);
  const kept = Math.min(count, data.count);
  return {
    ...data,
    count: kept,
    images: data.images.subarray(0, kept * pixelsOf(data)),
    labels: data.labels.subarray(0, kept),
  };
}
