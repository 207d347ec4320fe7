/** Kernels that reduce or scan axes. */
import type { Shape } from '../../../errors.js';
import type { ReduceKind } from '../../../functions/kinds.js';
import { reducedBlock, sizeOf, stridesOf } from '../../../shape.js';
import type { AxisSpec, Kernels, Operand } from '../../backend.js';
import { reduceNumber } from '../module.generated.js';
import { type Context, copyView, startWorkersFor } from './context.js';

type Values = Float32Array;

export function reduceKernels(context: Context): Pick<Kernels<Values>, 'reduce' | 'argmax' | 'cumsum'> {
  const { wasm, memory } = context;
  return {
    reduce(kind: ReduceKind, x: Operand<Values>, axes: readonly number[]): Values {
      startWorkersFor(context, x.values.length);
      const length = sizeAlong(x.shape, axes);
      const size = sizeAlong(x.shape, otherAxes(x.shape, axes));
      return memory.compute(size, (out) => runReduce(context, kind, out, x, axes, size, length));
    },

    argmax: (x: Values, { outer, length, inner }: AxisSpec) =>
      memory.compute(outer * inner, (out) => wasm.argmax(out, memory.addressOf(x), outer, length, inner)),

    cumsum: (x: Values, { outer, length, inner }: AxisSpec) =>
      memory.compute(x.length, (out) => wasm.cumsum(out, memory.addressOf(x), outer, length, inner)),
  };
}

function otherAxes({ length }: Shape, axes: readonly number[]): number[] {
  const others: number[] = [];
  for (let axis = 0; axis < length; axis++) if (!axes.includes(axis)) others.push(axis);
  return others;
}

function sizeAlong(shape: Shape, axes: readonly number[]): number {
  let size = 1;
  for (const axis of axes) size *= shape[axis]!;
  return size;
}

/** @param size - elements of the result; @param count - elements that each of them is made of */
function runReduce(
  context: Context,
  kind: ReduceKind,
  out: number,
  x: Operand<Values>,
  axes: readonly number[],
  size: number,
  count: number,
): void {
  const { wasm, memory } = context;
  const number = reduceNumber[kind];
  const address = memory.addressOf(x.values);
  const block = reducedBlock(x.shape, axes);
  if (block?.inner === 1) {
    wasm.runReduceRows(number, out, address, 1, size, count);
    return;
  }
  if (kind !== 'logSumExp') {
    if (block !== undefined) {
      const { outer, length, inner } = block;
      for (let o = 0; o < outer; o++) {
        wasm.runReduceColumns(number, out + 4 * o * inner, address + 4 * o * length * inner, length, inner);
      }
      return;
    }
    // The axes that stay are neighbours: each result is made of the same rows of several arrays.
    const kept = reducedBlock(x.shape, otherAxes(x.shape, axes));
    if (kept !== undefined) {
      wasm.runReduceRows(number, out, address, kept.outer, kept.length, kept.inner);
      return;
    }
  }
  wasm.runReduceRows(number, out, axesLast(context, address, x.shape, axes), 1, size, count);
}

/** A copy of x with the reduced axes last. */
function axesLast(context: Context, x: number, shape: Shape, axes: readonly number[]): number {
  const order = [...otherAxes(shape, axes), ...axes];
  const strides = stridesOf(shape);
  const to = context.memory.temporary(4 * sizeOf(shape));
  copyView(context, to, x, {
    shape: order.map((axis) => shape[axis]!),
    strides: order.map((axis) => strides[axis]!),
    offset: 0,
  });
  return to;
}
