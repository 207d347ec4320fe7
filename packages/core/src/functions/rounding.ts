/** Rows of the table of elementwise functions: rounding to whole numbers. */
import type { UnaryRow } from './row.js';

export const unary: Readonly<Record<string, UnaryRow>> = {
  floor: {
    reference: 'Math.floor(x)',
    wasm: 'f32x4.floor(x)',
    cost: 'memory',
    gpu: 'Math.floor(x)',
    value: 'floor(x)',
    definition: '[x < 0] · −1 + x − x % 1',
    derivative: '0',
    domain: { kinks: [-2, -1, 0, 1, 2] },
  },
  ceil: {
    reference: 'Math.ceil(x)',
    wasm: 'f32x4.ceil(x)',
    cost: 'memory',
    gpu: 'Math.ceil(x)',
    value: 'ceil(x)',
    definition: '[x > 0] + x − x % 1',
    derivative: '0',
    domain: { kinks: [-2, -1, 0, 1, 2] },
  },
  round: {
    reference: 'Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x)',
    wasm: 'f32x4.nearest(x)',
    cost: 'memory',
    gpu: 'x > -8388608 && x < 8388608 ? withSign(nearestEven(x, Math.floor(x + 0.5)), x) : x',
    value: 'round(x)',
    definition: 'floor(x + 0.5)',
    derivative: '0',
    domain: { kinks: [-1.5, -0.5, 0.5, 1.5] },
  },
  trunc: {
    reference: 'Math.trunc(x)',
    wasm: 'f32x4.trunc(x)',
    cost: 'memory',
    gpu: 'x < 0 ? Math.ceil(x) : Math.floor(x)',
    value: 'trunc(x)',
    definition: 'x − x % 1',
    derivative: '0',
    domain: { kinks: [-2, -1, 0, 1, 2] },
  },
};
