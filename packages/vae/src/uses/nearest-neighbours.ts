import { ArgumentError, noGrad, scope, tensor } from '@varigrad/core';
import { checkOptions, checkWhole } from '@varigrad/core/checks';
import { type Dataset, pixelsOf } from '../data/dataset.js';
import { onOneBackend } from '../one-backend.js';
import { checkRows, columnMeans, rescaled } from './rows.js';

/** Options of `nearestNeighbours`. */
export interface NearestNeighboursOptions {
  /** Number of neighbours k that vote. Default 5. */
  neighbours?: number;
}

/** The nearest training rows of each test row, and the class that most of them have. */
export interface NearestNeighbours {
  /** Share of the test rows whose neighbours have their class, from 0 to 1. */
  accuracy: number;
  /** The class that most neighbours have, `[count]`. Among equals, that of the nearest member. */
  classes: Uint8Array;
  /** Positions of the neighbours among the training rows, nearest first, `[count · k]`. Equal distances: lower position first. */
  indices: Uint32Array;
}

/** Test rows whose products with all training rows are computed at once. */
const BLOCK = 100;

/**
 * The k nearest training rows of each test row by Euclidean distance, such as those of the codes of `encodeDataset`. Products of
 * centred rows in float32, in units of the largest number, find the candidates, with a bound on their rounding; ‖a − b‖² in float64
 * puts these in order.
 * @throws ArgumentError unless the rows have one length and finite numbers, and there are at least k training rows
 */
export function nearestNeighbours(
  train: Dataset,
  test: Dataset,
  options: NearestNeighboursOptions = {},
): Promise<NearestNeighbours> {
  return onOneBackend(async (on) => {
    checkRows('nearestNeighbours', train, test);
    checkOptions('nearestNeighbours', options, { neighbours: true }, 'train, test, ');
    const { neighbours: k = 5 } = options;
    checkWhole('nearestNeighbours', 'neighbours', k);
    if (k > train.count)
      throw new ArgumentError(
        'nearestNeighbours',
        `neighbours must be at most the number of training rows, ${train.count}, found ${k}`,
      );
    const width = pixelsOf(train);
    const means = columnMeans(train);
    const scale = Math.max(largest(train, means), largest(test, means)) || 1; // no product overflows
    const [known, asked] = [rescaled(train, means, scale), rescaled(test, means, scale)];
    const norms = { known: squaredNorms(known, width), asked: squaredNorms(asked, width) };
    const all = tensor(known.images, { shape: [train.count, width] });
    const indices = new Uint32Array(test.count * k);
    for (let start = 0; start < test.count; start += BLOCK) {
      const size = Math.min(BLOCK, test.count - start);
      const block = asked.images.subarray(start * width, (start + size) * width);
      const products = on(() =>
        noGrad(() => scope(() => tensor(block, { shape: [size, width] }).matmul(all, { transposeB: true }))),
      );
      const values = await products.data();
      products.dispose();
      for (let i = 0; i < size; i++) {
        const row = (at: number): number => values[i * train.count + at]!;
        const near = candidates(row, norms.known, norms.asked[start + i]!, { k, width });
        const image = test.images.subarray((start + i) * width, (start + i + 1) * width);
        indices.set(nearest(image, train.images, near, k), (start + i) * k);
      }
    }
    all.dispose();
    const classes = Uint8Array.from({ length: test.count }, (_, i) =>
      vote(Array.from(indices.subarray(i * k, (i + 1) * k), (at) => train.labels[at]!)),
    );
    const right = classes.filter((label, i) => label === test.labels[i]).length;
    return { accuracy: right / test.count, classes, indices };
  });
}

/** The largest |x − mean|. */
function largest({ images }: Dataset, means: Float64Array): number {
  return images.reduce((most, x, at) => Math.max(most, Math.abs(x - means[at % means.length]!)), 0);
}

/** ‖x‖² of each row in float64. */
function squaredNorms({ images, count }: Dataset, width: number): Float64Array {
  const norms = new Float64Array(count);
  for (let at = 0; at < count * width; at++) norms[Math.floor(at / width)]! += images[at]! ** 2;
  return norms;
}

/** Unit roundoff of float32. */
const ROUNDOFF = 2 ** -24;

/** A bound on what a product of two numbers of at most 1 loses if it is below the normal float32 numbers, or one of them is. */
const UNDERFLOW = 2 ** -124;

/**
 * The rows that may be among the k nearest. ‖a − b‖² = ‖a‖² + ‖b‖² − 2 a·b, where the rounding of the product and of the centred
 * numbers is at most (width + 8)·2⁻²⁴·‖a‖‖b‖, and their underflow at most width·2⁻¹²⁴. A row is left out if k other rows are certainly nearer.
 * @param product - a·b of a row
 */
function candidates(
  product: (row: number) => number,
  norms: Float64Array,
  norm: number,
  { k, width }: { k: number; width: number },
): number[] {
  const slack = 2 * (width + 8) * ROUNDOFF;
  // The k smallest upper bounds, ascending.
  const bounds = new Float64Array(k).fill(Number.POSITIVE_INFINITY);
  const lower = new Float64Array(norms.length);
  for (let row = 0; row < norms.length; row++) {
    const distance = norm + norms[row]! - 2 * product(row);
    const error = slack * (Math.sqrt(norm * norms[row]!) + norm + norms[row]!) + 2 * width * UNDERFLOW;
    lower[row] = distance - error;
    const upper = distance + error;
    if (!(upper < bounds[k - 1]!)) continue;
    let place = k - 1;
    for (; place > 0 && bounds[place - 1]! > upper; place--) bounds[place] = bounds[place - 1]!;
    bounds[place] = upper;
  }
  const rows: number[] = [];
  for (let row = 0; row < lower.length; row++) if (lower[row]! <= bounds[k - 1]!) rows.push(row);
  return rows;
}

/** The k nearest of some rows, nearest first. */
function nearest(image: Float32Array, images: Float32Array, rows: readonly number[], k: number): number[] {
  const distances = rows.map((row) => {
    let sum = 0;
    for (let i = 0; i < image.length; i++) sum += (image[i]! - images[row * image.length + i]!) ** 2;
    return { row, sum };
  });
  distances.sort((a, b) => a.sum - b.sum || a.row - b.row);
  return distances.slice(0, k).map(({ row }) => row);
}

/** The most frequent class; among equally frequent ones, the one that comes first. */
function vote(classes: readonly number[]): number {
  const votes = new Map<number, number>();
  for (const label of classes) votes.set(label, (votes.get(label) ?? 0) + 1);
  const most = Math.max(...votes.values());
  return classes.find((label) => votes.get(label) === most)!;
}
