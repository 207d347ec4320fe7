import type { HostArray } from '../backend/backend.js';
import { formatShape, type Shape } from '../errors.js';
import type { Tensor } from '../tensor.js';
import type { ArrayOverview, ArraySummary } from './graph.js';

/** Arrays of at most this many elements are stored completely; larger ones as at most this many block means. */
const MOST_VALUES = 256;
const MOST_ROWS = 16;

/** Statistics of a tensor in host memory, and its values if it is small, or an overview. */
export function summarize(tensor: Tensor): ArraySummary {
  return summarizeValues(tensor.dataSync(), tensor.shape);
}

/** Statistics of an array, and its values if it is small, or an overview. */
export function summarizeValues(data: HostArray, shape: Shape): ArraySummary {
  let [min, max, sum, squares] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  let [notFinite, zeros] = [0, 0];
  for (const value of data) {
    if (!Number.isFinite(value)) notFinite++;
    else if (value === 0) zeros++;
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
    squares += value * value;
  }
  const mean = sum / data.length;
  let deviations = 0;
  for (const value of data) deviations += (value - mean) ** 2;
  const std = Math.sqrt(deviations / data.length);
  const norm = Math.sqrt(squares);
  const statistics = { shape: [...shape], min, max, mean, std, norm, zeros, notFinite };
  return data.length > MOST_VALUES
    ? { ...statistics, overview: overview(data, shape) }
    : { ...statistics, values: [...data] };
}

/** Means of blocks of the array as a matrix `[all other axes, last axis]`, to four digits. */
function overview(data: HostArray, shape: Shape): ArrayOverview {
  const length = shape.at(-1)!;
  const height = data.length / length;
  const rows = Math.min(height, MOST_ROWS);
  const columns = Math.min(length, Math.floor(MOST_VALUES / rows));
  const sums = new Float64Array(rows * columns);
  const counts = new Float64Array(rows * columns);
  const columnOf = Uint8Array.from({ length }, (_, x) => Math.floor((x * columns) / length));
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * rows) / height) * columns;
    for (let x = 0; x < length; x++) {
      const cell = row + columnOf[x]!;
      sums[cell]! += data[y * length + x]!;
      counts[cell]!++;
    }
  }
  const values = Array.from(sums, (sum, cell) => Number((sum / counts[cell]!).toPrecision(4)));
  return { rows, columns, values };
}

/** `[64, 20], values from -1.2 to 3.4`, with the number of NaN and infinite values. */
export function describeSummary({ shape, min, max, notFinite }: ArraySummary): string {
  const range = min <= max ? `values from ${short(min)} to ${short(max)}` : 'no numbers';
  return `${formatShape(shape)}, ${range}${notFinite > 0 ? `, ${notFinite} not finite` : ''}`;
}

/** A number with a few significant digits, without trailing zeros. */
export function short(value: number, digits = 4): string {
  return String(Number(value.toPrecision(digits)));
}
