/** Rows of the table of elementwise functions: comparisons, which are 1 where they hold and else 0. */
import type { BinaryRow, Domain } from './row.js';

/** Small whole numbers, so that many are equal. */
const OFTEN_EQUAL: readonly [Domain, Domain] = [{ below: 3 }, { below: 3 }];

export const binary: Readonly<Record<string, BinaryRow>> = {
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
};
