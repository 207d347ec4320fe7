import type { Shape } from '../../errors.js';
import type { ReduceKind } from '../../functions/kinds.js';
import { reducedShape, sizeOf, stridesOf } from '../../shape.js';
import type { AxisSpec, HostArray, Kernels, Operand } from '../backend.js';
import type { Allocate } from './elementwise.js';

type Reductions = Pick<Kernels<HostArray>, 'reduce' | 'argmax' | 'cumsum'>;

/** Sums are accumulated in float64, so that float32 rounding does not grow with the number of terms. */
export function reduceKernels(allocate: Allocate): Reductions {
  return {
    reduce: (kind, x, axes) => reduce(allocate, kind, x, axes),
    argmax: (x, spec) => argmax(allocate(spec.outer * spec.inner), x, spec),
    cumsum: (x, spec) => cumsum(allocate(x.length), x, spec),
  };
}

/** The result over an empty axis, and the step for one more value. Math.max and Math.min propagate NaN. */
const folds: Readonly<Record<Exclude<ReduceKind, 'logSumExp'>, Fold>> = {
  sum: { start: 0, take: (total, value) => total + value },
  max: { start: Number.NEGATIVE_INFINITY, take: Math.max },
  min: { start: Number.POSITIVE_INFINITY, take: Math.min },
};

interface Fold {
  readonly start: number;
  readonly take: (total: number, value: number) => number;
}

function reduce(
  allocate: Allocate,
  kind: ReduceKind,
  { values, shape }: Operand<HostArray>,
  axes: readonly number[],
): HostArray {
  const place = resultPlace(shape, axes);
  const size = sizeOf(reducedShape(shape, axes, false));
  const totals =
    kind === 'logSumExp' ? logSumExp(values, place, size) : fold(folds[kind], values, place, size);
  const y = allocate(size);
  y.set(totals);
  return y;
}

function fold({ start, take }: Fold, values: HostArray, place: Place, size: number): Float64Array {
  const totals = new Float64Array(size).fill(start);
  for (let i = 0; i < values.length; i++) {
    const at = place(i);
    totals[at] = take(totals[at]!, values[i]!);
  }
  return totals;
}

/** m + ln Σ e^(x − m) with the maximum m. If m is infinite or NaN, the result is m. */
function logSumExp(values: HostArray, place: Place, size: number): Float64Array {
  const maxima = fold(folds.max, values, place, size);
  const sums = new Float64Array(size);
  for (let i = 0; i < values.length; i++) {
    const at = place(i);
    sums[at]! += Math.exp(values[i]! - maxima[at]!);
  }
  return maxima.map((m, at) => (Number.isFinite(m) ? m + Math.log(sums[at]!) : m));
}

/** Maps the index of an element of x to the index of its reduced result. */
type Place = (i: number) => number;

function resultPlace(shape: Shape, axes: readonly number[]): Place {
  const strides = stridesOf(shape);
  const kept = shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]));
  const results = stridesOf(kept.map((axis) => shape[axis]!));
  const steps = kept.map((axis, r) => ({
    stride: strides[axis]!,
    length: shape[axis]!,
    result: results[r]!,
  }));
  return (i) => {
    let at = 0;
    for (const step of steps) at += (Math.floor(i / step.stride) % step.length) * step.result;
    return at;
  };
}

function argmax(y: HostArray, x: HostArray, { length, inner }: AxisSpec): HostArray {
  for (let r = 0; r < y.length; r++) {
    const first = Math.floor(r / inner) * length * inner + (r % inner);
    let best = 0;
    for (let j = 1; j < length; j++) {
      const champion = x[first + best * inner]!;
      const value = x[first + j * inner]!;
      if (value > champion || (Number.isNaN(value) && !Number.isNaN(champion))) best = j;
    }
    y[r] = best;
  }
  return y;
}

function cumsum(y: HostArray, x: HostArray, { outer, length, inner }: AxisSpec): HostArray {
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let total = 0;
      for (let j = 0; j < length; j++) {
        const at = (o * length + j) * inner + i;
        total += x[at]!;
        y[at] = total;
      }
    }
  }
  return y;
}
