/** The activation functions: rows of the table in unary.ts. */
import type { UnaryRow } from './row.js';

const WIDE = { low: -6, high: 6 };

export const activationRows: Readonly<Record<string, UnaryRow>> = {
  relu: {
    reference: 'x < 0 ? 0 : x', // NaN stays NaN
    wasm: 'math.relu(x)',
    cost: 'memory',
    unroll: true,
    gpu: 'relu(x)',
    value: 'max(x, 0)',
    derivative: 'dy · [x > 0]',
    domain: { kinks: [0] },
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
    derivative: 'dy · y · (1 − y)',
    domain: WIDE,
    accuracy: { ulp: 2.5, near: [-103.97, -104, -87.3, 17.3] },
  },
  tanh: {
    reference: 'Math.tanh(x)',
    wasm: 'math.tanh(x)',
    gpu: 'tanh_(x)',
    value: 'tanh(x)',
    definition: '(exp(x) − exp(−x)) / (exp(x) + exp(−x))',
    derivative: 'dy · (1 − y²)',
    accuracy: { ulp: 2.6, near: [0.1733, 9.01, 9.05, -9.05] },
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
    gpu: '0.0 - softplus(0.0 - x, inf)',
    value: 'ln(σ(x))',
    derivative: 'dy · σ(−x)',
    domain: WIDE,
    accuracy: { ulp: 2.3, near: [103.97, 104, 87.3, -17.3, -104] },
  },
};
