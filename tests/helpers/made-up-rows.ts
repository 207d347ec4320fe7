/** Data sets of made-up rows. */
import { Generator } from '@varigrad/core';
import type { Dataset } from '@varigrad/vae';

/** Rows as a data set. */
export function rowsOf(rows: readonly (readonly number[])[], labels: readonly number[]): Dataset {
  return {
    images: Float32Array.from(rows.flat()),
    labels: Uint8Array.from(labels),
    count: rows.length,
    imageShape: [1, rows[0]!.length],
    classes: 1 + Math.max(...labels),
  };
}

/** Standard normal numbers by the Box-Muller formula. */
function normals(count: number, seed: number): number[] {
  const u = new Generator(seed).uniform(2 * count);
  return Array.from(
    { length: count },
    (_, i) => Math.sqrt(-2 * Math.log(1 - u[2 * i]!)) * Math.cos(2 * Math.PI * u[2 * i + 1]!),
  );
}

/** Points around a centre for each class. */
export function clouds(
  centres: readonly (readonly number[])[],
  perClass: number,
  seed: number,
  width = 1,
): Dataset {
  const dimensions = centres[0]!.length;
  const noise = normals(centres.length * perClass * dimensions, seed);
  const labels = Array.from({ length: centres.length * perClass }, (_, n) => n % centres.length);
  const rows = labels.map((label, n) =>
    centres[label]!.map((centre, i) => centre + width * noise[n * dimensions + i]!),
  );
  return rowsOf(rows, labels);
}

/** Two classes of images of four pixels. */
export const IMAGES: Dataset = clouds(
  [
    [0.2, 0.8, 0.3, 0.5],
    [0.7, 0.1, 0.6, 0.4],
  ],
  40,
  1,
  0.05,
);
