/** Every elementwise function of two arguments, one row each; see unary.ts. */
import type { BinaryRow } from './row.js';

const POSITIVE = { low: 0.3, high: 2.5 };
const NOT_ZERO = { kinks: [0] };
/** Two lattices that never meet: no ties, which would be kinks. */
const APART: BinaryRow['domains'] = [
  { lattice: { step: 0.25, offset: 0 } },
  { lattice: { step: 0.25, offset: 0.125 } },
];
/** Small whole numbers, so that many are equal. */
const OFTEN_EQUAL: BinaryRow['domains'] = [{ below: 3 }, { below: 3 }];

/** The elementwise functions of two operands, by name. */
export const binaryRows: Readonly<Record<string, BinaryRow>> = {
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
    gpu: 'a / b',
    value: 'a / b',
    derivatives: ['dy / b', '−dy · y / b'],
    domains: [{}, POSITIVE],
  },
  pow: {
    reference: 'a ** b',
    wasm: 'math.pow(a, b)',
    gpu: 'power(a, b, inf, nan)',
    value: 'a^b',
    definition: 'exp(b · ln(a))',
    derivatives: ['dy · b · a^(b − 1)', 'dy · y · ln(a)'],
    domains: [POSITIVE, {}],
    accuracy: { ulp: 1.1 },
  },
  atan2: {
    reference: 'Math.atan2(a, b)',
    wasm: 'math.atan2(a, b)',
    gpu: 'angle(a, b, Math.abs(a), Math.abs(b), inf, nan)',
    value: 'atan2(a, b)',
    definition: '2 · atan(a / (√(a² + b²) + b))',
    derivatives: ['dy · b / (a² + b²)', '−dy · a / (a² + b²)'],
    domains: [{}, POSITIVE],
    accuracy: { ulp: 2.4 },
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
  eq: {
    reference: 'Number(a === b)',
    wasm: 'math.truth(f32x4.eq(a, b))',
    cost: 'memory',
    gpu: 'a == b ? 1.0 : 0.0',
    value: '[a = b]',
    derivatives: [null, null],
    domains: OFTEN_EQUAL,
  },
  ne: {
    reference: 'Number(a !== b)',
    wasm: 'math.truth(f32x4.ne(a, b))',
    cost: 'memory',
    gpu: 'a == b ? 0.0 : 1.0',
    value: '[a ≠ b]',
    derivatives: [null, null],
    domains: OFTEN_EQUAL,
  },
  lt: {
    reference: 'Number(a < b)',
    wasm: 'math.truth(f32x4.lt(a, b))',
    cost: 'memory',
    gpu: 'a < b ? 1.0 : 0.0',
    value: '[a < b]',
    derivatives: [null, null],
    domains: OFTEN_EQUAL,
  },
  le: {
    reference: 'Number(a <= b)',
    wasm: 'math.truth(f32x4.le(a, b))',
    cost: 'memory',
    gpu: 'a <= b ? 1.0 : 0.0',
    value: '[a ≤ b]',
    derivatives: [null, null],
    domains: OFTEN_EQUAL,
  },
  gt: {
    reference: 'Number(a > b)',
    wasm: 'math.truth(f32x4.gt(a, b))',
    cost: 'memory',
    gpu: 'a > b ? 1.0 : 0.0',
    value: '[a > b]',
    derivatives: [null, null],
    domains: OFTEN_EQUAL,
  },
  ge: {
    reference: 'Number(a >= b)',
    wasm: 'math.truth(f32x4.ge(a, b))',
    cost: 'memory',
    gpu: 'a >= b ? 1.0 : 0.0',
    value: '[a ≥ b]',
    derivatives: [null, null],
    domains: OFTEN_EQUAL,
  },
  leakyRelu: {
    operands: ['x', 'slope'],
    reference: 'a > 0 ? a : b * a',
    wasm: 'math.leakyRelu(a, b)',
    cost: 'memory',
    gpu: 'a > 0 ? a : b * a',
    value: 'max(x, 0) + slope · min(x, 0)',
    derivatives: ['dy · ([x > 0] + slope · [x ≤ 0])', 'dy · min(x, 0)'],
    domains: [NOT_ZERO, { low: 0.01, high: 0.3 }],
  },
  elu: {
    operands: ['x', 'alpha'],
    reference: 'a > 0 ? a : b * Math.expm1(a)',
    wasm: 'math.elu(a, b)',
    gpu: 'a > 0 ? a : b * expm1_(a, inf)',
    value: 'max(x, 0) + alpha · (exp(min(x, 0)) − 1)',
    derivatives: ['dy · ([x > 0] + alpha · exp(x) · [x ≤ 0])', 'dy · (exp(min(x, 0)) − 1)'],
    domains: [NOT_ZERO, POSITIVE],
    accuracy: { ulp: Number.POSITIVE_INFINITY }, // at x = 0 the sign of 0 is alpha's in the reference only
  },
  sigmoidCrossEntropy: {
    operands: ['x', 't'],
    reference: 'Math.max(a, 0) - a * b + Math.log1p(Math.exp(-Math.abs(a)))',
    wasm: 'math.sigmoidCrossEntropy(a, b)',
    gpu: 'bceOf(a, b, inf) + softness(a)',
    value: 'max(x, 0) − x · t + ln(1 + exp(−|x|))',
    definition: '−(t · ln(σ(x)) + (1 − t) · ln(1 − σ(x)))',
    derivatives: ['dy · (σ(x) − t)', '−dy · x'],
    domains: [
      { low: -5, high: 5 },
      { low: 0.05, high: 0.95 },
    ],
    accuracy: { ulp: Number.POSITIVE_INFINITY }, // where x·t cancels max(x, 0), no bound in ulp holds
  },
  standardNormalKl: {
    operands: ['mu', 'logVar'],
    // arranged so that rounding cannot make it negative near its zero
    reference: '0.5 * (a * a + (Math.expm1(b) - b))',
    wasm: 'math.standardNormalKl(a, b)',
    gpu: '0.5 * a * a + halfExcess(b, inf)',
    value: '(mu² + exp(logVar) − 1 − logVar) / 2',
    derivatives: ['dy · mu', 'dy · (exp(logVar) − 1) / 2'],
    accuracy: { ulp: Number.POSITIVE_INFINITY }, // expm1(logVar) cancels logVar near 0
  },
};
