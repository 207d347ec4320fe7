/** An array as rows of coloured cells, as plain data. */
import { formatShape } from '@varigrad/core';
import { type ArraySummary, unravelIndex } from '@varigrad/core/trace';
import { formatNumber } from './format.js';

/** One element, or the mean of a block of them. */
export interface Cell {
  /** Its index, `[1, 3]`; of a block: 'rows 0–7, columns 0–48'. */
  readonly place: string;
  readonly value: number;
  /** The value divided by the largest absolute value, from −1 to 1; 0 if it is not finite. */
  readonly level: number;
  readonly text: string;
}

/** Rows of cells. The matrices of an array with more than two axes are stacked. */
export interface HeatMap {
  readonly rows: readonly (readonly Cell[])[];
  /** Whether numbers are printed in the cells. */
  readonly printed: boolean;
}

/** Longest row of a vector; longer vectors are wrapped. */
const LONGEST_ROW = 32;
/** Numbers are printed for arrays of at most this many columns and elements. */
const PRINTED_COLUMNS = 8;
const PRINTED_CELLS = 64;
/** Largest array that is shown without statistics. */
const GLANCE = 8;

/** The cells of an array, or of the block means of a large one; null if neither was recorded. */
export function heatMap({ shape, values, overview }: ArraySummary): HeatMap | null {
  if (values !== undefined) {
    const placeOf = (i: number): string => (shape.length === 0 ? '' : formatShape(unravelIndex(i, shape)));
    return layOut(values, columnsOf(shape, values.length), placeOf);
  }
  if (overview === undefined) return null;
  const { rows, columns } = overview;
  const width = shape.at(-1)!;
  const height = shape.reduce((a, b) => a * b, 1) / width;
  const placeOf = (i: number): string => {
    const across = blockRange(i % columns, columns, width);
    if (shape.length === 1) return `elements ${across}: mean`;
    return `rows ${blockRange(Math.floor(i / columns), rows, height)}, columns ${across}: mean`;
  };
  return layOut(overview.values, shape.length === 1 ? LONGEST_ROW : columns, placeOf);
}

/** `0–7`: the indices in block `block` of `blocks` along an axis. */
function blockRange(block: number, blocks: number, length: number): string {
  const [first, end] = [block, block + 1].map((b) => Math.ceil((b * length) / blocks)) as [number, number];
  return end - first === 1 ? String(first) : `${first}–${end - 1}`;
}

function layOut(values: readonly number[], columns: number, placeOf: (i: number) => string): HeatMap {
  const largest = Math.max(...values.map((value) => (Number.isFinite(value) ? Math.abs(value) : 0)), 0);
  const cells = values.map(
    (value, i): Cell => ({
      place: placeOf(i),
      value,
      level: Number.isFinite(value) && largest > 0 ? value / largest : 0,
      text: formatNumber(value, 3),
    }),
  );
  const rows = Array.from({ length: Math.ceil(cells.length / columns) }, (_, row) =>
    cells.slice(row * columns, (row + 1) * columns),
  );
  return { rows, printed: columns <= PRINTED_COLUMNS && cells.length <= PRINTED_CELLS };
}

function columnsOf(shape: readonly number[], size: number): number {
  if (shape.length >= 2) return Math.max(1, shape.at(-1)!);
  return Math.max(1, Math.min(size, LONGEST_ROW));
}

/** `min −1.2 · max 3.4 · mean 0.1 · norm 5`, and the number of values that are not finite; '' for very small arrays. */
export function statistics({ shape, min, max, mean, std, norm, notFinite }: ArraySummary): string {
  if (shape.reduce((a, b) => a * b, 1) <= GLANCE) return '';
  const parts = [
    `min ${formatNumber(min)}`,
    `max ${formatNumber(max)}`,
    `mean ${formatNumber(mean)}`,
    `std ${formatNumber(std)}`,
    `norm ${formatNumber(norm)}`,
    ...(notFinite > 0 ? [`${notFinite} not finite`] : []),
  ];
  return parts.join(' · ');
}
