/** The reference backend's elementwise kernels, against textbook formulas and at the limits of the float range. */
import { binaryRows, definitionOf, unaryRows } from '@varigrad/core/testing';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { BinaryKind, UnaryKind } from '../../packages/core/src/functions/names.generated.js';
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
} from '../helpers/reference-kernels.js';

/** ∫ f from 0 to x by Simpson's rule with 2n panels. */
function simpson(f: (t: number) => number, x: number, n: number): number {
  const h = x / (2 * n);
  let total = f(0) + f(x);
  for (let i = 1; i < 2 * n; i++) total += (i % 2 === 1 ? 4 : 2) * f(i * h);
  return (total * h) / 3;
}

/** Boole's rule, by Richardson extrapolation from Simpson's. */
const integral = (f: (t: number) => number, x: number): number =>
  (16 * simpson(f, x, 400) - simpson(f, x, 200)) / 15;

const erf = (x: number): number => (2 / Math.sqrt(Math.PI)) * integral((t) => Math.exp(-t * t), x);

const unaryKinds = Object.keys(unaryRows) as UnaryKind[];
/** Whether the domain of a function is bounded below. */
const bounded = (kind: string): boolean => (unaryRows[kind]?.domain?.low ?? -2) > -1;

for (const kind of unaryKinds) {
  test(`${kind}: matches its definition for moderate numbers`, () => {
    const definition = definitionOf(unaryRows[kind]!);
    const x = numbers(400).map((v) => (bounded(kind) ? Math.abs(v) + 1e-3 : 2 * v));
    const expected = x.map((v) => definition(v));
    assertNear(float64.unary(kind, x), expected, 1e-13, kind);
    const single = Float32Array.from(x);
    const rounded = Float32Array.from(float64.unary(kind, Float64Array.from(single)));
    assertSame(float32.unary(kind, single), rounded, kind);
  });
}

test('unary: NaN gives NaN, an empty array gives an empty array, and the operand is unchanged', () => {
  for (const kind of unaryKinds) {
    const x = Float32Array.of(Number.NaN, 0.5);
    assert.ok(Number.isNaN(float32.unary(kind, x)[0]), kind);
    assertSame(x, [Number.NaN, 0.5], kind);
    assert.is(float32.unary(kind, new Float32Array(0)).length, 0, kind);
  }
});

test('unary: results have the precision of the backend', () => {
  assert.instance(float32.unary('exp', Float32Array.of(1)), Float32Array);
  assert.instance(float64.unary('exp', Float64Array.of(1)), Float64Array);
  assert.instance(float64.fill(2, 1), Float64Array);
});

const inf = Number.POSITIVE_INFINITY;
// biome-ignore format: rows of kind, x and f(x)
const limits: [UnaryKind, number, number][] = [
  ['exp', -inf, 0], ['exp', inf, inf], ['exp', 1000, inf], ['expm1', -inf, -1], ['expm1', inf, inf],
  ['log', 0, -inf], ['log', -1, Number.NaN], ['log', inf, inf], ['log1p', -1, -inf],
  ['sqrt', -1, Number.NaN], ['sqrt', -0, -0], ['rsqrt', 0, inf], ['rsqrt', inf, 0],
  ['reciprocal', 0, inf], ['reciprocal', -0, -inf], ['abs', -0, 0], ['abs', -inf, inf],
  ['sign', 0, 0], ['sign', -0, -0], ['sign', -inf, -1], ['sign', inf, 1],
  ['erf', inf, 1], ['erf', -inf, -1], ['erf', 0, 0], ['erf', -0, -0],
  ['relu', -inf, 0], ['relu', inf, inf], ['gelu', inf, inf], ['gelu', -inf, -0], ['gelu', 0, 0],
  ['sigmoid', -inf, 0], ['sigmoid', inf, 1], ['sigmoid', -1e4, 0], ['sigmoid', 1e4, 1], ['sigmoid', 0, 0.5],
  ['tanh', inf, 1], ['tanh', -inf, -1], ['tanh', 1e4, 1],
  ['softplus', -inf, 0], ['softplus', inf, inf], ['softplus', 1e4, 1e4], ['softplus', -1e4, 0],
  ['logSigmoid', -inf, -inf], ['logSigmoid', inf, -0], ['logSigmoid', -1e4, -1e4], ['logSigmoid', 1e4, -0],
];

test('unary: values and signs at infinities, zeros and large numbers', () => {
  for (const [kind, x, y] of limits) {
    assertSame(float64.unary(kind, Float64Array.of(x)), [y], `${kind}(${x})`);
    assertSame(float32.unary(kind, Float32Array.of(x)), [y], `${kind}(${x}) in float32`);
  }
});

test('unary: small results keep their relative accuracy', () => {
  const relative = (kind: UnaryKind, x: number, exact: number): void => {
    const [y] = float64.unary(kind, Float64Array.of(x)) as unknown as [number];
    assert.ok(Math.abs(y / exact - 1) < 1e-13, `${kind}(${x}) = ${y}, expected ${exact}`);
  };
  relative('expm1', 1e-12, 1e-12 + 5e-25);
  relative('log1p', 1e-12, 1e-12 - 5e-25);
  relative('tanh', 1e-9, 1e-9);
  relative('erf', 1e-9, 2e-9 / Math.sqrt(Math.PI));
  relative('sigmoid', -50, Math.exp(-50));
  relative('softplus', -50, Math.exp(-50));
  relative('logSigmoid', 50, -Math.exp(-50));
});

test('erf and gelu: accurate and smooth at the switch from the series to the continued fraction', () => {
  const x = Float64Array.from({ length: 200 }, (_, i) => 1.9 + i / 1000);
  assertNear(float64.unary('erf', x), x.map(erf), 1e-14); // the rounding of the integral's 800 terms
  // The slope across the switch would reveal a jump of 1e-15: erf′ + h²⁄6 · erf‴, erf′ = 2/√π · e^(−x²).
  const [seam, h] = [2, 1e-3];
  const [below, above] = float64.unary('erf', Float64Array.of(seam - h, seam + h)) as unknown as [
    number,
    number,
  ];
  const slope = (2 / Math.sqrt(Math.PI)) * Math.exp(-(seam ** 2));
  const expected = slope * (1 + (h ** 2 / 6) * (4 * seam ** 2 - 2));
  assert.ok(Math.abs((above - below) / (2 * h) - expected) < 5e-13);
  // The tail as the integral of φ(t) from −x on, which has no cancellation.
  const tail = (t: number): number =>
    integral((u) => Math.exp(-((t + u) ** 2) / 2), Math.min(8, 30 / t)) / Math.sqrt(2 * Math.PI);
  for (const z of [2.8, 2.9, 3.5, 6, 8, 10]) {
    const [y] = float64.unary('gelu', Float64Array.of(-z)) as unknown as [number];
    assert.ok(Math.abs(y / (-z * tail(z)) - 1) < 1e-10, `gelu(${-z}) = ${y}, expected ${-z * tail(z)}`);
  }
});

const binaryKinds = Object.keys(binaryRows) as BinaryKind[];

const shapePairs: [number[], number[], number[]][] = [
  [[], [], []],
  [[4], [4], [4]],
  [[3, 4], [], [3, 4]],
  [[1], [3, 4], [3, 4]],
  [[3, 4], [4], [3, 4]],
  [
    [3, 1],
    [3, 4],
    [3, 4],
  ],
  [
    [3, 1],
    [1, 4],
    [3, 4],
  ],
  [
    [2, 1, 4],
    [3, 1],
    [2, 3, 4],
  ],
  [
    [2, 3, 4],
    [2, 1, 4],
    [2, 3, 4],
  ],
  [
    [5, 1],
    [1, 0],
    [5, 0],
  ],
  [[0], [1], [0]],
];

for (const kind of binaryKinds) {
  test(`${kind}: matches its definition for every kind of broadcasting`, () => {
    const definition = definitionOf(binaryRows[kind]!);
    for (const [left, right, out] of shapePairs) {
      const round = (x: number): number =>
        kind === 'pow' ? Math.abs(x) + 0.1 : Math.round(4 * x) / 4 + 1e-3;
      const a = operand(left, numbers(count(left), 2).map(round));
      const b = operand(right, numbers(count(right), 3).map(round));
      const expected = indices(out).map((index) => definition(at(a, index), at(b, index)));
      const what = `${kind} [${left}] [${right}]`;
      assertNear(float64.binary(kind, a, b, out), expected, 1e-13, what);
      const single = [a, b].map((x) => ({ ...x, values: Float32Array.from(x.values) }));
      const y = float32.binary(kind, single[0] as typeof a, single[1] as typeof b, out);
      assert.instance(y, Float32Array);
      if (['eq', 'ne', 'lt', 'le', 'gt', 'ge'].includes(kind)) assertSame(y, expected, what);
      else assertNear(y, expected, 1e-5, what);
    }
  });
}

function pair(kind: BinaryKind, a: number, b: number): number {
  return float64.binary(
    kind,
    operand([], Float64Array.of(a)),
    operand([], Float64Array.of(b)),
    [],
  )[0] as number;
}

test('binary: NaN propagates through arithmetic (1 ** NaN is 1) and compares as unequal', () => {
  for (const kind of binaryKinds) {
    for (const [a, b] of [
      [Number.NaN, 1],
      [1, Number.NaN],
      [Number.NaN, Number.NaN],
    ] as [number, number][]) {
      const y = pair(kind, a, b);
      if (kind === 'ne') assert.is(y, 1);
      else if (['eq', 'lt', 'le', 'gt', 'ge'].includes(kind)) assert.is(y, 0, kind);
      else if (kind === 'leakyRelu' || kind === 'elu')
        assert.is(Number.isNaN(y), Number.isNaN(a), kind); // slope unused
      else if (kind === 'pow' && a === 1) assert.is(y, 1);
      else assert.ok(Number.isNaN(y), `${kind}(${a}, ${b})`);
    }
  }
});

test('binary: ties, zeros and infinities', () => {
  assert.is(pair('div', 1, 0), inf);
  assert.is(pair('div', -1, 0), -inf);
  assert.ok(Number.isNaN(pair('div', 0, 0)));
  assert.is(pair('pow', 0, 0), 1);
  assert.is(pair('pow', -2, 3), -8);
  assert.ok(Number.isNaN(pair('pow', -2, 0.5)));
  assert.is(pair('maximum', -inf, -3), -3);
  assert.is(pair('minimum', inf, -inf), -inf);
  assert.is(pair('eq', 0, -0), 1);
  assert.is(pair('leakyRelu', -2, 0.25), -0.5);
  assert.is(pair('leakyRelu', 0, 0.25), 0);
  assert.is(pair('elu', -1e4, 3), -3);
  assert.is(pair('elu', 1e4, 3), 1e4);
});

test('sigmoidCrossEntropy: finite for logits of ±1e4', () => {
  assert.is(pair('sigmoidCrossEntropy', 1e4, 1), 0);
  assert.is(pair('sigmoidCrossEntropy', 1e4, 0), 1e4);
  assert.is(pair('sigmoidCrossEntropy', -1e4, 0), 0);
  assert.is(pair('sigmoidCrossEntropy', -1e4, 1), 1e4);
  assert.is(pair('sigmoidCrossEntropy', 0, 0.5), Math.LN2);
});

test('standardNormalKl: 0 at the prior, and never negative near it', () => {
  assert.is(pair('standardNormalKl', 0, 0), 0);
  for (let power = -1; power >= -30; power--) {
    for (const digit of [-7, -3, -1, 1, 3, 7]) {
      const logVar = digit * 10 ** power;
      assert.ok(pair('standardNormalKl', 0, logVar) >= 0, `logVar ${logVar}`);
    }
  }
  assert.is(pair('standardNormalKl', 3, 0), 4.5);
});

test('where: each of the three operands broadcasts; every number except 0 selects a, also NaN', () => {
  const condition = operand([3, 1], Float64Array.of(0, 2, Number.NaN));
  const a = operand([4], Float64Array.of(1, 2, 3, 4));
  const b = operand([], Float64Array.of(-1));
  const expected = [
    [-1, -1, -1, -1],
    [1, 2, 3, 4],
    [1, 2, 3, 4],
  ].flat();
  assertSame(float64.where(condition, a, b, [3, 4]), expected);
  assertSame(float64.where(operand([0]), operand([1]), operand([1]), [0]), []);
});

test('fill: an array of the given size and value', () => {
  assertSame(float32.fill(3, 0.1), [Math.fround(0.1), Math.fround(0.1), Math.fround(0.1)]);
  assertSame(float32.fill(0, 1), []);
});

test.run();
