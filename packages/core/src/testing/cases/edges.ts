/**
 * Cases at the edges: special values for every elementwise function, and masks behind every operation at special values. A
 * masked result sends exactly 0 back, also where the function behind the mask is singular.
 */

import type { BinaryKind, UnaryKind } from '../../functions/names.generated.js';
import { binaryFunctions, unaryFunctions } from '../../functions/reference.generated.js';
import { binaryRows, unaryRows } from '../../functions/table.js';
import { where } from '../../ops/elementwise.js';
import type { Tensor } from '../../tensor.js';
import { elementwise, grid } from '../naive.js';
import { type InputSpec, type OpCase, opCase, toTensor } from '../op-case.js';
import { functionOf } from './elementwise.js';

const { POSITIVE_INFINITY: INF, NaN: NAN } = Number;

/**
 * Zeros, infinities and NaN, and large and small numbers. Products of a few are inside the range of float32: a GPU mode that
 * computes chains of operations in float64 overflows at the same places.
 */
const specialValues: readonly number[] = [
  ...[0, -0, 1, -1, INF, -INF, NAN, 0.5, -2, 1e-30, -1e-30, 1e6, -1e6, 100, -50],
];

/** Behind a mask, overflow does not matter. */
const maskedValues: readonly number[] = [...specialValues, 1e38, -1e38, 1e12];

const pairs = specialValues.flatMap((a) => specialValues.map((b) => [a, b] as const));

const edge = (c: OpCase): OpCase => ({ ...c, edge: true });

const unarySpecial = (Object.keys(unaryRows) as UnaryKind[]).map((kind) => {
  return opCase(
    kind,
    [{ shape: [specialValues.length], values: specialValues }],
    (x) => functionOf(kind)(x),
    (x) => elementwise(unaryFunctions[kind], x),
    { note: 'special' },
  );
});

/** Pairs whose result neither overflows nor underflows: GPU modes that compute in float64 do so later. */
function pairsOf(kind: BinaryKind): (readonly [number, number])[] {
  return pairs.filter(([a, b]) => {
    const size = Math.abs(binaryFunctions[kind](a, b));
    const inside = Number.isNaN(size) || size === 0 || (size > 1e-35 && size < 1e35);
    return inside || !Number.isFinite(a * b) || a * b === 0;
  });
}

const binarySpecial = (Object.keys(binaryRows) as BinaryKind[]).map((kind) => {
  const chosen = pairsOf(kind);
  return opCase(
    kind,
    [0, 1].map((side) => ({ shape: [chosen.length], values: chosen.map((pair) => pair[side]!) })),
    (a, b) => functionOf(kind)(a, b),
    (a, b) => elementwise(binaryFunctions[kind], a, b),
    { note: 'special' },
  );
});

/** Special values for every elementwise function. */
export const specialCases: readonly OpCase[] = [...unarySpecial, ...binarySpecial].map(edge);

/** Products of matrices add up 0·Infinity in the kernel, so they are masked at finite values. */
const ofMatrices = ['matmul', 'linear', 'einsum', 'conv2d', 'convTranspose2d', 'conv2dWeight'];

function atSpecialValues(op: string, input: InputSpec, i: number): InputSpec {
  if (input.below !== undefined || ofMatrices.includes(op)) return input;
  // Each operand starts at another value, so that many pairs meet.
  const values = [...maskedValues.slice(5 * i), ...maskedValues.slice(0, 5 * i)];
  return { shape: input.shape, values };
}

/** A case at special values with its whole result masked: the value is 0, and so are all gradients. */
function masked(c: OpCase): OpCase {
  const nothing = (y: Tensor): Tensor => where(toTensor(grid(y.shape, () => 0)), y, 0);
  return {
    ...c,
    label: `${c.label} masked`,
    inputs: c.inputs.map((input, i) => atSpecialValues(c.op, input, i)),
    run: (...inputs) => nothing(c.run(...inputs)),
    expected: (...inputs) => grid(c.expected(...inputs).shape, () => 0),
    edge: true,
  };
}

/** The differentiable cases of a table, masked at special values. */
export function maskedCases(cases: readonly OpCase[]): OpCase[] {
  return cases.filter((c) => c.wrt.length > 0).map(masked);
}
