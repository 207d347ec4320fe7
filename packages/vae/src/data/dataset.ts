import { checkWhole } from '@varigrad/core/checks';
import { checkDataset } from '../checks.js';

/** Labelled images. Pixels are kept as float32, so that a batch is a copy of rows and nothing more. */
export interface Dataset {
  /** Pixels in [0, 1], image after image: `[count · height · width]`. */
  readonly images: Float32Array;
  /** Class of each image, `[count]`. */
  readonly labels: Uint8Array;
  readonly count: number;
  /** Height and width in pixels. */
  readonly imageShape: readonly [height: number, width: number];
  readonly classes: number;
}

/** Pixels of one image. */
export function pixelsOf({ imageShape: [height, width] }: Dataset): number {
  return height * width;
}

/**
 * The first `count` images, or all if there are fewer. Shares memory.
 * @throws ArgumentError if the count is not a whole number from 0
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
