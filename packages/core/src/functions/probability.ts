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
    accuracy: { ulp: Number.POSITIVE_INFINITY }, // no bound in ulp holds where x·t cancels max(x, 0)
  },
  standardNormalKl: {
    operands: ['mu', 'logVar'],
    // in this order, rounding cannot make the value negative near its zero
    reference: '0.5 * (a * a + (Math.expm1(b) - b))',
    wasm: 'math.standardNormalKl(a, b)',
    gpu: '0.5 * a * a + halfExcess(b, inf)',
    value: '(mu² + exp(logVar) − 1 − logVar) / 2',
    derivatives: ['dy · mu', 'dy · (exp(logVar) − 1) / 2'],
    accuracy: { ulp: Number.POSITIVE_INFINITY }, // expm1(logVar) cancels logVar near 0
  },
};
