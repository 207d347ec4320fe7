/** Rows of the table of elementwise functions: activations of layers. */
import type { BinaryRow, Domain, UnaryRow } from './row.js';

const POSITIVE: Domain = { low: 0.3, high: 2.5 };
const WIDE: Domain = { low: -6, high: 6 };
const NOT_ZERO: Domain = { kinks: [0] };

export const unary: Readonly<Record<string, UnaryRow>> = {
  relu: {
    reference: 'x < 0 ? 0 : x', // NaN stays NaN
    wasm: 'math.relu(x)',
    cost: 'memory',
    unroll: true,
    gpu: 'relu(x)',
    value: 'max(x, 0)',
    derivative: 'dy · [x > 0]',
    domain: NOT_ZERO,
  },
  gelu: {
    reference: 'formulas.gelu(x)',
    wasm: 'math.gelu(x)',
    gpu: 'gelu(x)',
    value: 'x · Φ(x)',
    derivative: 'dy · (Φ(x) + x · φ(x))',
    domain: { low: -3, high: 3 },
    accuracy: { ulp: 2.9, near: [1, -1, -14.1, -14.5, -13.2, 5.5] },
  },
  sigmoid: {
    reference: 'formulas.sigmoid(x)',
    wasm: 'math.sigmoid(x)',
    gpu: 'sigmoid(x)',
    value: 'σ(x)',
    derivative: 'dy · σ(x) · σ(−x)',
    domain: WIDE,
    accuracy: { ulp: 2.5, near: [-103.97, -104, -87.3, 17.3] },
  },
  sigmoidSlope: {
    reference: 'formulas.sigmoid(x) * formulas.sigmoid(-x)',
    wasm: 'math.sigmoidSlope(x)',
    gpu: 'sigmoid(x) * sigmoid(0.0 - x)',
    value: 'σ(x) · σ(−x)',
    derivative: 'dy · y · (σ(−x) − σ(x))',
    domain: WIDE,
    accuracy: { ulp: 4.1, near: [-103.97, 104, -87.3, 17.3, 3.4] },
  },
  softplus: {
    reference: 'formulas.softplus(x)',
    wasm: 'math.softplus(x)',
    gpu: 'softplus(x, inf)',
    value: 'ln(1 + exp(x))',
    derivative: 'dy · σ(x)',
    domain: WIDE,
    accuracy: { ulp: 2.3, near: [-103.97, -104, -87.3, 17.3, 104] },
  },
  logSigmoid: {
    reference: '-formulas.softplus(-x)',
    wasm: 'math.logSigmoid(x)',
    gpu: '-1.0 * softplus(0.0 - x, inf)',
    value: 'ln(σ(x))',
    derivative: 'dy · σ(−x)',
    domain: WIDE,
    accuracy: { ulp: 2.3, near: [103.97, 104, 87.3, -17.3, -104] },
  },
};

export const binary: Readonly<Record<string, BinaryRow>> = {
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
    reference: 'a >= 0 ? a : b * Math.expm1(a)', // 0 at 0 for any alpha
    wasm: 'math.elu(a, b)',
    gpu: 'a >= 0 ? a : b * expm1_(a, inf)',
    value: 'max(x, 0) + alpha · (exp(min(x, 0)) − 1)',
    derivatives: ['dy · ([x > 0] + alpha · exp(x) · [x ≤ 0])', 'dy · (exp(min(x, 0)) − 1)'],
    domains: [NOT_ZERO, POSITIVE],
    accuracy: { ulp: 1.7 },
  },
  sigmoidResidual: {
    operands: ['x', 't'],
    reference: 'a > 0 ? 1 - b - formulas.sigmoid(-a) : formulas.sigmoid(a) - b',
    wasm: 'math.sigmoidResidual(a, b)',
    gpu: 'a > 0 ? 1.0 - b - sigmoid(0.0 - a) : sigmoid(a) - b',
    value: 'σ(x) − t',
    derivatives: ['dy · σ(x) · σ(−x)', '−dy'],
    domains: [WIDE, { low: 0.05, high: 0.95 }],
    accuracy: { ulp: Number.POSITIVE_INFINITY }, // no bound in ulp holds where t cancels σ(x)
  },
};
