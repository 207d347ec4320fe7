import type { Shape } from '../../errors.js';
import { reducedShape, sizeOf, stridesOf } from '../../shape.js';
import type { AxisSpec, HostArray, Kernels, Operand, ReduceKind } from '../backend.js';
import type { Allocate } from './elementwise.js';

type Reductions = Pick<Kernels<HostArray>, 'reduce' | 'argmax' | 'cumsum'>;

/** Sums are added up in float64, so that their rounding does not grow with the number of terms. */
export function reduceKernels(allocate: Allocate): Reductions {
  return {
    reduce: (kind, x, axes) => reduce(allocate, kind, x, axes),
    argmax: (x, spec) => argmax(allocate(spec.outer * spec.inner), x, spec),
    cumsum: (x, spec) => cumsum(allocate(x.length), x, spec),
  };
}

const start: Readonly<Record<ReduceKind, number>> = {
  sum: 0,
  max: Number.NEGATIVE_INFINITY,
  min: Number.POSITIVE_INFINITY,
  logSumExp: 0,
};

function reduce(
  allocate: Allocate,
  kind: ReduceKind,
  x: Operand<HostArray>,
  axes: readonly number[],
): HostArray {
  const place = resultPlace(x.shape, axes);
  const size = sizeOf(reducedShape(x.shape, axes, false));
  const totals = new Float64Array(size).fill(start[kind]);
  const { values } = x;
  if (kind === 'logSumExp') return logSumExp(allocate, values, place, size);
  for (let i = 0; i < values.length; i++) {
    const at = place(i);
    const value = values[i] as number;
    const total = totals[at] as number;
    totals[at] = kind === 'sum' ? total + value : kind === 'max' ? Math.max(total, value) : Math.min(total, value);
  }
  return copyInto(allocate(size), totals);
}

/** m + ln Σ e^(x − m) with the maximum m. Where m is infinite, m itself is the answer. */
function logSumExp(
  allocate: Allocate,
  values: HostArray,
  place: (i: number) => number,
  size: number,
): HostArray {
  const maxima = new Float64Array(size).fill(Number.NEGATIVE_INFINITY);
  for (let i = 0; i < values.length; i++) {
    const at = place(i);
    maxima[at] = Math.max(maxima[at] as number, values[i] as number);
  }
  const sums = new Float64Array(size);
  for (let i = 0; i < values.length; i++) {
    const at = place(i);
    sums[at] = (sums[at] as number) + Math.exp((values[i] as number) - (maxima[at] as number));
  }
  const finite = (m: number): boolean => Number.isFinite(m);
  return copyInto(allocate(size), maxima.map((m, at) => (finite(m) ? m + Math.log(sums[at] as number) : m)));
}

function copyInto(target: HostArray, source: Float64Array): HostArray {
  target.set(source);
  return target;
}

/** For element number i of x: which element of the reduced result it belongs to. */
function resultPlace(shape: Shape, axes: readonly number[]): (i: number) => number {
  const strides = stridesOf(shape);
  const kept = shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]));
  const results = stridesOf(kept.map((axis) => shape[axis] as number));
  const steps = kept.map((axis, r) => ({
    stride: strides[axis] as number,
    length: shape[axis] as number,
    result: results[r] as number,
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
      const champion = x[first + best * inner] as number;
      const value = x[first + j * inner] as number;
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
        total += x[at] as number;
        y[at] = total;
      }
    }
  }
  return y;
}
