import type { Tensor } from '../tensor.js';
import type { ArraySummary } from './graph.js';

/** Arrays of at most this many elements are kept whole. */
const MOST_VALUES = 256;

/** Statistics of a tensor in host memory, and its values if it is small. */
export function summarize(tensor: Tensor): ArraySummary {
  const data = tensor.dataSync();
  let [min, max, sum, notFinite] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  for (const value of data) {
    if (!Number.isFinite(value)) notFinite++;
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
  }
  const statistics = { shape: [...tensor.shape], min, max, mean: sum / data.length, notFinite };
  return data.length > MOST_VALUES ? statistics : { ...statistics, values: [...data] };
}

/** `[64, 20], values from -1.2 to 3.4`, with a word on NaN and Infinity. */
export function describeSummary({ shape, min, max, notFinite }: ArraySummary): string {
  const range = min <= max ? `values from ${short(min)} to ${short(max)}` : 'no numbers';
  return `[${shape.join(', ')}], ${range}${notFinite > 0 ? `, ${notFinite} not finite` : ''}`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
