/** Rows of the table of elementwise functions: the error function and what losses are made of. */
import type { BinaryRow, UnaryRow } from './row.js';

export const unary: Readonly<Record<string, UnaryRow>> = {
  erf: {
    reference: 'formulas.erf(x)',
    wasm: 'math.erf(x)',
    gpu: 'erf(x)',
    value: 'erf(x)',
    derivative: 'dy · 2 / √(π) · exp(−(x²))',
    domain: { low: -3, high: 3 },
    accuracy: { ulp: 1.8, near: [0.9, 3.9, 4.24, -0.9] },
  },
  erfc: {
    reference: 'formulas.erfc(x)',
    wasm: 'math.erfc(x)',
    gpu: 'erfc(x)',
    value: '1 − erf(x)',
    derivative: '−dy · 2 / √(π) · exp(−(x²))',
    domain: { low: -3, high: 3 },
    accuracy: { ulp: 3.5, near: [0.75, 10.06, 10.2, -4, 1] },
  },
};

export const binary: Readonly<Record<string, BinaryRow>> = {
  mulExp: {
    reference: 'formulas.mulExp(a, b)',
    wasm: 'math.mulExp(a, b)',
    gpu: 'a == 0 ? a : unlessNan(b, mulExp(a, b, inf))',
    value: 'a · exp(b)',
    derivatives: ['dy · exp(b)', 'dy · a · exp(b)'],
    accuracy: { ulp: 4.1 },
  },
  sigmoidCrossEntropy: {
    operands: ['x', 't'],
    reference: 'formulas.sigmoidCrossEntropy(a, b)',
    wasm: 'math.sigmoidCrossEntropy(a, b)',
    gpu: 'bceOf(a, a > 0 ? 1 - b : b) + softness(a)',
    value: 'max(x, 0) − x · t + ln(1 + exp(−|x|))',
    definition: '−(t · ln(σ(x)) + (1 − t) · ln(1 − σ(x)))',
    derivatives: ['dy · (σ(x) − t)', '−dy · x'],
    domains: [
      { low: -5, high: 5 },
      { low: 0.05, high: 0.95 },
    ],
    accuracy: { ulp: 4, second: [0, 1] }, // a target outside of [0, 1] cancels
  },
  standardNormalKl: {
    operands: ['mu', 'logVar'],
    reference: '0.5 * a * a + formulas.halfExcess(b)',
    wasm: 'math.standardNormalKl(a, b)',
    gpu: '0.5 * a * a + halfExcess(b, inf)',
    value: '(mu² + exp(logVar) − 1 − logVar) / 2',
    derivatives: ['dy · mu', 'dy · (exp(logVar) − 1) / 2'],
    accuracy: { ulp: 8 },
  },
};
