/** The reference backend's reductions and matrix products, against definitions by index; and its description. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { HostArray, MatmulSpec } from '../../packages/core/src/backend/backend.js';
import { createReference } from '../../packages/core/src/backend/reference/reference.js';
import {
  assertNear,
  assertSame,
  at,
  count,
  float32,
  float64,
  indices,
  numbers,
  operand,
  wholes,
} from '../helpers/reference-kernels.js';

const inf = Number.POSITIVE_INFINITY;

/** All subsets of the axes of a shape. */
function subsets(rank: number): number[][] {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return Array.from({ length: 2 ** rank }, (_, mask) => axes.filter((axis) => (mask >> axis) & 1));
}

/** For each element of the result, the elements that are reduced to it. */
function groups(x: ReturnType<typeof operand>, axes: readonly number[]): number[][] {
  const kept = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const places = indices(kept.map((axis) => x.shape[axis] as number));
  const all = indices(x.shape).map((index) => ({ index, value: at(x, index) }));
  return places.map((place) =>
    all.filter(({ index }) => kept.every((axis, i) => index[axis] === place[i])).map(({ value }) => value),
  );
}

test('reduce: every set of axes of a shape, against the collected elements', () => {
  for (const shape of [[], [1], [5], [3, 4], [2, 1, 3], [2, 3, 4], [2, 0], [0, 3], [0]]) {
    for (const axes of subsets(shape.length)) {
      const x = operand(shape);
      const parts = groups(x, axes);
      const what = `[${shape}] over [${axes}]`;
      const sums = parts.map((part) => part.reduce((a, b) => a + b, 0));
      assertSame(float64.reduce('sum', x, axes), sums, `sum ${what}`);
      assertSame(float32.reduce('sum', x, axes), sums, `float32 sum ${what}`);
      const sorted = parts.map((part) => part.toSorted((a, b) => a - b));
      assertSame(
        float64.reduce('max', x, axes),
        sorted.map((part) => part.at(-1) ?? -inf),
        `max ${what}`,
      );
      assertSame(
        float64.reduce('min', x, axes),
        sorted.map((part) => part[0] ?? inf),
        `min ${what}`,
      );
      const logs = parts.map((part) => Math.log(part.reduce((a, b) => a + Math.exp(b), 0)));
      const got = float64.reduce('logSumExp', x, axes);
      if (count(shape) === 0) assertSame(got, logs, `logSumExp ${what}`);
      else assertNear(got, logs, 1e-13, `logSumExp ${what}`);
    }
  }
});

test('reduce: a float32 sum of a million terms is as accurate as its terms', () => {
  const x = operand([1e6], new Float32Array(1e6).fill(0.1));
  assertNear(float32.reduce('sum', x, [0]), [1e6 * Math.fround(0.1)], 2 ** -24);
});

test('reduce: max and min propagate NaN from any position', () => {
  for (const values of [
    [Number.NaN, 1, 2],
    [1, Number.NaN, 2],
    [1, 2, Number.NaN],
  ]) {
    const x = operand([3], Float64Array.from(values));
    for (const kind of ['sum', 'max', 'min', 'logSumExp'] as const) {
      assertSame(float64.reduce(kind, x, [0]), [Number.NaN], kind);
    }
  }
});

test('reduce: logSumExp neither overflows nor underflows, and a shift of x shifts it equally', () => {
  const lse = (...values: number[]): number =>
    float64.reduce('logSumExp', operand([values.length], Float64Array.from(values)), [0])[0] as number;
  assertNear([lse(1e4, 1e4)], [1e4 + Math.LN2], 1e-15);
  assertNear([lse(-1e4, -1e4, -1e4, -1e4)], [-1e4 + 2 * Math.LN2], 1e-15);
  assert.is(lse(-inf, 3), 3);
  assert.is(lse(-inf, -inf), -inf);
  assert.is(lse(inf, 3), inf);
  assert.is(lse(inf, -inf), inf);
  assertNear([lse(101, 102, 103) - 100], [lse(1, 2, 3)], 1e-13);
});

test('argmax: the first of several maxima, or the first NaN, along any axis', () => {
  const spec = (outer: number, length: number, inner: number) => ({ outer, length, inner });
  assertSame(float64.argmax(Float64Array.of(1, 3, 3, 2), spec(1, 4, 1)), [1]);
  assertSame(float64.argmax(Float64Array.of(5, Number.NaN, 9, Number.NaN), spec(1, 4, 1)), [1]);
  assertSame(float64.argmax(Float64Array.of(Number.NaN, 9), spec(1, 2, 1)), [0]);
  assertSame(float64.argmax(Float64Array.of(-inf, -inf), spec(1, 2, 1)), [0]);
  // x[o, j, i] of shape [2, 3, 2]; the columns are (1 5 2) (4 0 4) and (7 7 8) (3 9 9)
  const x = Float64Array.of(1, 4, 5, 0, 2, 4, 7, 3, 7, 9, 8, 9);
  assertSame(float64.argmax(x, spec(2, 3, 2)), [1, 0, 2, 1]);
  assertSame(float64.argmax(new Float64Array(0), spec(0, 3, 2)), []);
});

test('cumsum: running totals along the middle axis', () => {
  const x = Float64Array.of(1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60);
  const expected = [1, 10, 3, 30, 6, 60, 4, 40, 9, 90, 15, 150];
  assertSame(float64.cumsum(x, { outer: 2, length: 3, inner: 2 }), expected);
  assertSame(float64.cumsum(new Float64Array(0), { outer: 2, length: 0, inner: 2 }), []);
});

/** Σ over p of A[b, i, p]·B[b, p, j], with operands stored as in the spec. */
function product(a: HostArray, b: HostArray, spec: MatmulSpec): number[] {
  const { batch, m, n, k, transposeA, transposeB, strideA, strideB } = spec;
  return indices([batch, m, n]).map(([item, i, j]) => {
    let total = 0;
    for (let p = 0; p < k; p++) {
      const left = transposeA ? p * m + (i as number) : (i as number) * k + p;
      const right = transposeB ? (j as number) * k + p : p * n + (j as number);
      total +=
        (a[(item as number) * strideA + left] as number) * (b[(item as number) * strideB + right] as number);
    }
    return total;
  });
}

test('matmul: all flags, batches with and without a stride, and every remainder of the tiles', () => {
  const flags = [false, true];
  for (const [m, n, k] of [
    [1, 1, 1],
    [4, 4, 4],
    [3, 5, 7],
    [9, 6, 2],
    [8, 12, 5],
    [5, 1, 9],
    [1, 7, 3],
    [13, 4, 1],
  ] as const) {
    for (const transposeA of flags) {
      for (const transposeB of flags) {
        for (const [batch, stepA, stepB] of [
          [1, 0, 0],
          [3, 1, 1],
          [3, 0, 1],
          [2, 1, 0],
        ] as const) {
          const spec = {
            batch,
            m,
            n,
            k,
            transposeA,
            transposeB,
            strideA: stepA * m * k,
            strideB: stepB * n * k,
          };
          const a = wholes(batch * m * k, 5);
          const b = wholes(batch * n * k, 6);
          const what = JSON.stringify(spec);
          assertSame(float64.matmul(a, b, spec), product(a, b, spec), what);
          assertSame(
            float32.matmul(Float32Array.from(a), Float32Array.from(b), spec),
            product(a, b, spec),
            what,
          );
        }
      }
    }
  }
});

test('matmul: empty sides give an empty product, an empty inner side gives zeros', () => {
  const spec = { batch: 1, m: 2, n: 3, k: 4, transposeA: false, transposeB: true, strideA: 0, strideB: 0 };
  assertSame(float64.matmul(wholes(0), wholes(12), { ...spec, m: 0 }), []);
  assertSame(float64.matmul(wholes(8), wholes(0), { ...spec, n: 0 }), []);
  assertSame(float64.matmul(wholes(0), wholes(0), { ...spec, k: 0 }), [0, 0, 0, 0, 0, 0]);
  assertSame(float64.matmul(wholes(0), wholes(0), { ...spec, batch: 0 }), []);
});

test('matmul: a NaN stays in its row and column', () => {
  const spec = { batch: 1, m: 5, n: 5, k: 5, transposeA: false, transposeB: false, strideA: 0, strideB: 0 };
  const a = wholes(25, 5);
  a[2 * 5 + 1] = Number.NaN;
  float64.matmul(a, wholes(25, 6), spec).forEach((x, place) => {
    assert.is(Number.isNaN(x), Math.floor(place / 5) === 2, `element ${place}`);
  });
});

test('linear: activation(x·weightᵀ + bias)', () => {
  const [rows, inFeatures, outFeatures] = [6, 5, 7];
  const x = operand([rows, inFeatures], numbers(rows * inFeatures, 7));
  const weight = operand([outFeatures, inFeatures], numbers(outFeatures * inFeatures, 8));
  const bias = numbers(outFeatures, 9);
  const activations = {
    none: (y: number) => y,
    relu: (y: number) => Math.max(y, 0),
    sigmoid: (y: number) => 1 / (1 + Math.exp(-y)),
    tanh: (y: number) => 1 - 2 / (Math.exp(2 * y) + 1),
  };
  for (const activation of ['none', 'relu', 'sigmoid', 'tanh'] as const) {
    for (const offset of [bias, null]) {
      const expected = indices([rows, outFeatures]).map(([r, o]) => {
        let y = offset === null ? 0 : (offset[o as number] as number);
        for (let i = 0; i < inFeatures; i++) y += at(x, [r as number, i]) * at(weight, [o as number, i]);
        return activations[activation](y);
      });
      assertNear(float64.linear(x, weight, offset, activation), expected, 1e-13, activation);
    }
  }
  assertSame(
    float64.linear(operand([2, 0]), operand([3, 0]), Float64Array.of(1, 2, 3), 'none'),
    [1, 2, 3, 1, 2, 3],
  );
  assertSame(float64.linear(operand([0, 4]), operand([3, 4]), null, 'relu'), []);
});

test('backend: has a name and a description, copies uploads and downloads, and does not move values', async () => {
  const single = createReference();
  const double = createReference(Float64Array);
  assert.is(single.name, 'reference');
  assert.is(single.memory, 'host');
  assert.is(single.description, 'reference (plain TypeScript, float32)');
  assert.is(double.description, 'reference (plain TypeScript, float64)');
  const source = Float32Array.of(1, 2, 3);
  for (const copy of [single.upload(source), single.downloadSync(source), await single.download(source)]) {
    assert.instance(copy, Float32Array);
    assertSame(copy, source);
    assert.is.not(copy.buffer, source.buffer);
  }
  assertSame(single.upload([0.1]), [Math.fround(0.1)]);
  assertSame(double.upload([0.1]), [0.1]);
  assert.is(single.persist(source), source);
  assert.is(single.keep(source), source);
  single.openScope();
  single.closeScope();
  single.release(source);
  assertSame(source, [1, 2, 3]);
});

test.run();
