/**
 * Shares of a batch. A batch may be computed in parts: by several processes at the same time, or one after another. While a part is
 * computed, its random numbers are those that the whole batch would have in these rows.
 */
import type { ExchangeSpec } from './backend/backend.js';

/** The rows of a batch that are computed here. */
export interface Share {
  /** Rows of the batch before these. */
  readonly start: number;
  /** Number of rows computed here. */
  readonly size: number;
  /** Number of rows of the batch. */
  readonly total: number;
  /** The processes that compute the other rows at the same time; null if statistics are those of this part alone. */
  readonly peers: ExchangeSpec | null;
}

let current: Share | null = null;

/** The share that is computed now; null for a whole batch. */
export function currentShare(): Share | null {
  return current;
}

/** Runs `f` for a share of a batch, or with null for values that do not belong to rows, and restores the previous share. */
export function withShare<T>(share: Share | null, f: () => T): T {
  const before = current;
  current = share;
  try {
    return f();
  } finally {
    current = before;
  }
}

let perImage = 1;

/** Rows per image of the arrays that belong to the images of a share, as `withRowsPerImage` sets them. */
export function rowsPerImage(): number {
  return perImage;
}

/**
 * Runs `f`, whose layers get `rows` times as many rows, such as several samples of each image in consecutive rows. Random numbers, as
 * those of Dropout, are then those that the whole batch would have in these rows. With 0, rows do not belong to images: all processes
 * have the same ones, with the same random numbers and statistics.
 */
export function withRowsPerImage<T>(rows: number, f: () => T): T {
  const before = perImage;
  perImage *= rows;
  try {
    return f();
  } finally {
    perImage = before;
  }
}

/**
 * Where an array stands in that of the whole batch: how many elements are before it, and how many the whole has. An array without
 * `perImage` rows for each image of the share stands for itself.
 */
export function placeOf(
  size: number,
  rows: number | undefined,
  perImage: number,
): readonly [before: number, total: number] {
  if (current === null || rows !== perImage * current.size) return [0, size];
  const image = size / current.size;
  return [image * current.start, image * current.total];
}
