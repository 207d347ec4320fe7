/** Rows of the table of elementwise functions: arithmetic, roots and powers, and what is chosen by size. */
import type { BinaryRow, Domain, UnaryRow } from './row.js';

const POSITIVE: Domain = { low: 0.2, high: 3 };
const FAR_FROM_ZERO: Domain = { low: 0.3, high: 2.5 };
const NOT_ZERO: Domain = { kinks: [0] };
/** Two lattices without a common point: no ties, which would be kinks. */
const APART: readonly [Domain, Domain] = [
  { lattice: { step: 0.25, offset: 0 } },
  { lattice: { step: 0.25, offset: 0.125 } },
];

export const unary: Readonly<Record<string, UnaryRow>> = {
  neg: {
    reference: '-x',
    wasm: 'f32x4.neg(x)',
    cost: 'memory',
    gpu: '-1.0 * x',
    value: '−x',
    derivative: '−dy',
  },
  square: {
    reference: 'x * x',
    wasm: 'f32x4.mul(x, x)',
    cost: 'memory',
    gpu: 'x * x',
    value: 'x²',
    derivative: 'dy · 2 · x',
  },
  sqrt: {
    reference: 'Math.sqrt(x)',
    wasm: 'f32x4.sqrt(x)',
    cost: 'memory',
    gpu: 'squareRoot(x, nan)',
    value: '√(x)',
    derivative: 'dy / (2 · y)',
    domain: POSITIVE,
  },
  rsqrt: {
    reference: '1 / Math.sqrt(x)',
    wasm: 'math.rsqrt(x)',
    gpu: 'reciprocalRoot(x, inf, nan)',
    value: '1 / √(x)',
    derivative: '−dy · y / (2 · x)',
    domain: POSITIVE,
    accuracy: { ulp: 1.5, near: [1, 4] },
  },
  reciprocal: {
    reference: '1 / x',
    wasm: 'f32x4.div(math.one(), x)',
    cost: 'memory',
    gpu: 'over(1.0, x)',
    value: '1 / x',
    derivative: '−dy · y²',
    domain: { low: -2, high: -0.3 },
  },
  abs: {
    reference: 'Math.abs(x)',
    wasm: 'f32x4.abs(x)',
    cost: 'memory',
    gpu: 'Math.abs(x)',
    value: '|x|',
    derivative: 'dy · sign(x)',
    domain: NOT_ZERO,
  },
  sign: {
    reference: 'Math.sign(x)',
    wasm: 'math.sign(x)',
    cost: 'memory',
    gpu: 'sign_(x)',
    value: 'sign(x)',
    derivative: '0',
    domain: NOT_ZERO,
  },
};

export const binary: Readonly<Record<string, BinaryRow>> = {
  add: {
    reference: 'a + b',
    wasm: 'f32x4.add(a, b)',
    cost: 'memory',
    unroll: true,
    gpu: 'a + b',
    value: 'a + b',
    derivatives: ['dy', 'dy'],
  },
  sub: {
    reference: 'a - b',
    wasm: 'f32x4.sub(a, b)',
    cost: 'memory',
    unroll: true,
    gpu: 'a - b',
    value: 'a − b',
    derivatives: ['dy', '−dy'],
  },
  mul: {
    reference: 'a * b',
    wasm: 'f32x4.mul(a, b)',
    cost: 'memory',
    unroll: true,
    gpu: 'a * b',
    value: 'a · b',
    derivatives: ['dy · b', 'dy · a'],
  },
  div: {
    reference: 'a / b',
    wasm: 'f32x4.div(a, b)',
    cost: 'memory',
    gpu: 'over(a, b)',
    value: 'a / b',
    derivatives: ['dy / b', '−dy · y / b'],
    domains: [{}, FAR_FROM_ZERO],
  },
  pow: {
    reference: 'formulas.pow(a, b)',
    wasm: 'math.pow(a, b)',
    gpu: 'power(a, b, inf, nan)',
    value: 'a^b',
    definition: 'exp(b · ln(a))',
    derivatives: ['dy · b · a^(b − 1)', 'dy · y · ln(a)'],
    domains: [FAR_FROM_ZERO, {}],
    accuracy: { ulp: 1.1 },
  },
  chainMul: {
    operands: ['dy1', 'slope'],
    reference: 'a === 0 || (b === 0 && !Number.isNaN(a)) ? 0 : a * b',
    wasm: 'math.chainMul(a, b)',
    cost: 'memory',
    unroll: true,
    gpu: 'a == 0 || (b == 0 && isNan(a) == 0) ? 0.0 : a * b',
    value: 'dy1 · slope',
    derivatives: ['dy · slope', 'dy · dy1'],
  },
  maximum: {
    reference: 'Math.max(a, b)', // NaN if either is
    wasm: 'f32x4.max(a, b)',
    cost: 'memory',
    gpu: 'maximum(a, b)',
    value: 'max(a, b)',
    derivatives: ['dy · ([a > b] + [a = b] / 2)', 'dy · ([b > a] + [a = b] / 2)'],
    domains: APART,
  },
  minimum: {
    reference: 'Math.min(a, b)',
    wasm: 'f32x4.min(a, b)',
    cost: 'memory',
    gpu: 'minimum(a, b)',
    value: 'min(a, b)',
    derivatives: ['dy · ([a < b] + [a = b] / 2)', 'dy · ([b < a] + [a = b] / 2)'],
    domains: APART,
  },
};
