/** A data set as rows of numbers. */
import { ArgumentError } from '@varigrad/core';
import { checkDataset } from '../checks.js';
import { type Dataset, pixelsOf } from '../data/dataset.js';

/** @throws ArgumentError unless both are data sets with rows of one length, neither is empty, and all numbers are finite */
export function checkRows(op: string, train: Dataset, test: Dataset): void {
  checkDataset(op, train, 'train');
  checkDataset(op, test, 'test');
  const [length, other] = [pixelsOf(train), pixelsOf(test)];
  if (length !== other)
    throw new ArgumentError(op, `train has rows of ${length} numbers, and test of ${other} — use one model`);
  for (const [name, { count, images }] of Object.entries({ train, test })) {
    if (count === 0) throw new ArgumentError(op, `${name} has no rows`);
    const at = images.findIndex((value) => !Number.isFinite(value));
    if (at >= 0)
      throw new ArgumentError(
        op,
        `${name} has ${images[at]} in row ${Math.floor(at / length)} — all numbers must be finite, leave the row out`,
      );
  }
}

/** The mean of each column, `[width]`. */
export function columnMeans(data: Dataset): Float64Array {
  const width = pixelsOf(data);
  const sums = new Float64Array(width);
  for (let at = 0; at < data.count * width; at++) sums[at % width]! += data.images[at]!;
  return sums.map((sum) => sum / data.count);
}

/** `data` with (x − mean)/scale in place of x. */
export function rescaled(data: Dataset, means: Float64Array, scale: number): Dataset {
  const width = means.length;
  return { ...data, images: data.images.map((value, at) => (value - means[at % width]!) / scale) };
}
