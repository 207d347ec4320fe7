/** Rows of the table of elementwise functions: angles, in radians. */
import type { BinaryRow, Domain, UnaryRow } from './row.js';

const POSITIVE: Domain = { low: 0.3, high: 2.5 };

export const unary: Readonly<Record<string, UnaryRow>> = {
  sin: {
    reference: 'Math.sin(x)',
    wasm: 'math.sin(x)',
    gpu: 'sine(x, inf, nan)',
    value: 'sin(x)',
    derivative: 'dy · cos(x)',
    accuracy: { ulp: 2.2, near: [Math.PI, 2 * Math.PI, 1048576, 1e5, 355, 3.4e38] },
  },
  cos: {
    reference: 'Math.cos(x)',
    wasm: 'math.cos(x)',
    gpu: 'cosine(x, inf, nan)',
    value: 'cos(x)',
    derivative: '−dy · sin(x)',
    accuracy: { ulp: 2.2, near: [Math.PI / 2, Math.PI / 4, 1048576, 11, 3.4e38] },
  },
  tan: {
    reference: 'Math.tan(x)',
    wasm: 'math.tan(x)',
    gpu: 'over(sine(x, inf, nan), cosine(x, inf, nan))',
    value: 'tan(x)',
    definition: 'sin(x) / cos(x)',
    derivative: 'dy · (1 + y²)',
    domain: { low: -1.2, high: 1.2 },
    accuracy: { ulp: 4, near: [Math.PI / 2, Math.PI / 4, Math.PI, 1048576, 11, 3.4e38] },
  },
};

export const binary: Readonly<Record<string, BinaryRow>> = {
  atan2: {
    reference: 'Math.atan2(a, b)',
    wasm: 'math.atan2(a, b)',
    gpu: 'angle(a, b, Math.abs(a), Math.abs(b), inf)',
    value: 'atan2(a, b)',
    definition: '2 · atan(a / (√(a² + b²) + b))',
    derivatives: ['dy · b / (a² + b²)', '−dy · a / (a² + b²)'],
    domains: [{}, POSITIVE],
    accuracy: { ulp: 2.4 },
  },
};
