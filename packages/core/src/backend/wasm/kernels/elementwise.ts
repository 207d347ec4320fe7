/** Elementwise kernels, and random numbers. */
import type { Shape } from '../../../errors.js';
import type { OperandMode } from '../../../functions/kinds.js';
import type { BinaryKind, UnaryKind } from '../../../functions/names.generated.js';
import { sizeOf } from '../../../shape.js';
import type { Kernels, Operand, PhiloxState } from '../../backend.js';
import { findLayout } from '../layout.js';
import { binaryNumber, modeNumber, unaryNumber } from '../module.generated.js';
import { type Context, computeElements, expanded } from './context.js';

type Values = Float32Array;

/** Bytes that an operand advances by for each vector of results. */
const VECTOR = 16;
const REPEATED = 0;

export function elementwiseKernels(
  context: Context,
): Pick<Kernels<Values>, 'fill' | 'unary' | 'binary' | 'where' | 'uniform' | 'normal'> {
  const { wasm, memory } = context;
  return {
    fill: (size: number, value: number) =>
      computeElements(context, size, (out) => wasm.runFill(out, value, size)),

    unary: (kind: UnaryKind, x: Values) =>
      computeElements(context, x.length, (out) =>
        wasm.runUnary(unaryNumber[kind], out, memory.addressOf(x), x.length),
      ),

    binary: (kind: BinaryKind, a: Operand<Values>, b: Operand<Values>, shape: Shape) =>
      computeElements(context, sizeOf(shape), (out) =>
        runBinary(context, binaryNumber[kind], out, a, b, shape),
      ),

    where(condition: Operand<Values>, a: Operand<Values>, b: Operand<Values>, shape: Shape): Values {
      const size = sizeOf(shape);
      return computeElements(context, size, (out) => {
        const place = (x: Operand<Values>): [number, number] => {
          const address = memory.addressOf(x.values);
          return x.values.length === 1 && size !== 1
            ? [address, REPEATED]
            : [expanded(context, address, x.shape, shape), VECTOR];
        };
        if (size > 0) wasm.runWhere(out, ...place(condition), ...place(a), ...place(b), size);
      });
    },

    uniform: (size: number, { key, counter }: PhiloxState) =>
      computeElements(context, size, (out) => wasm.runUniform(out, size, ...key, ...counter)),

    normal: (size: number, { key, counter }: PhiloxState) =>
      computeElements(context, size, (out) => wasm.runNormal(out, size, ...key, ...counter)),
  };
}

function runBinary(
  context: Context,
  kind: number,
  out: number,
  a: Operand<Values>,
  b: Operand<Values>,
  shape: Shape,
): void {
  const { wasm, memory } = context;
  const size = sizeOf(shape);
  const [p, q] = [memory.addressOf(a.values), memory.addressOf(b.values)];
  const layout = findLayout([a.shape, b.shape], shape);
  if (layout === undefined) {
    const [left, right] = [expanded(context, p, a.shape, shape), expanded(context, q, b.shape, shape)];
    wasm.runBinary(kind, out, left, VECTOR, right, VECTOR, size);
    return;
  }
  const [modeA, modeB] = layout.modes as [OperandMode, OperandMode];
  const step = (mode: OperandMode) => (mode === 'scalar' ? REPEATED : VECTOR);
  if (layout.columns === 1) wasm.runBinary(kind, out, p, step(modeA), q, step(modeB), size);
  else wasm.runBinaryRows(kind, out, p, modeNumber[modeA], q, modeNumber[modeB], layout.rows, layout.columns);
}
