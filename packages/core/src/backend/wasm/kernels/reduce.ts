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
      const kept = [...x.shape.keys()].filter((axis) => !axes.includes(axis));
      startWorkersFor(context, x.values.length);
      const size = sizeOf(kept.map((axis) => x.shape[axis]!));
      return memory.compute(size, (out) => runReduce(context, kind, out, x, kept));
    },

    argmax: (x: Values, { outer, length, inner }: AxisSpec) =>
      memory.compute(outer * inner, (out) => wasm.argmax(out, memory.addressOf(x), outer, length, inner)),

    cumsum: (x: Values, { outer, length, inner }: AxisSpec) =>
      memory.compute(x.length, (out) => wasm.cumsum(out, memory.addressOf(x), outer, length, inner)),
  };
}

function runReduce(
  context: Context,
  kind: ReduceKind,
  out: number,
  x: Operand<Values>,
  kept: readonly number[],
): void {
  const { wasm, memory } = context;
  const number = reduceNumber[kind];
  const address = memory.addressOf(x.values);
  const axes = [...x.shape.keys()].filter((axis) => !kept.includes(axis));
  const block = reducedBlock(x.shape, axes);
  const rest = kind === 'logSumExp' ? undefined : reducedBlock(x.shape, kept);
  if (block?.inner === 1) {
    wasm.runReduceRows(number, out, address, 1, block.outer, block.length);
  } else if (block === undefined && rest !== undefined) {
    wasm.runReduceRows(number, out, address, rest.outer, rest.length, rest.inner);
  } else if (block !== undefined && kind !== 'logSumExp') {
    const { outer, length, inner } = block;
    for (let o = 0; o < outer; o++) {
      wasm.runReduceColumns(number, out + 4 * o * inner, address + 4 * o * length * inner, length, inner);
    }
  } else {
    const moved = axesLast(context, address, x.shape, axes);
    const [rows, length] = [kept, axes].map((some) => sizeOf(some.map((axis) => x.shape[axis]!)));
    wasm.runReduceRows(number, out, moved, 1, rows!, length!);
  }
}

/** A copy of x with the reduced axes last. */
function axesLast(context: Context, x: number, shape: Shape, axes: readonly number[]): number {
  const order = [...shape.keys()].filter((axis) => !axes.includes(axis)).concat(axes);
  const strides = stridesOf(shape);
  const to = context.memory.temporary(4 * sizeOf(shape));
  copyView(context, to, x, {
    shape: order.map((axis) => shape[axis]!),
    strides: order.map((axis) => strides[axis]!),
    offset: 0,
  });
  return to;
}
