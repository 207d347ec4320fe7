/** The mutual information gap on codes whose gap is known. */
import { Generator, randn } from '@varigrad/core';
import { mutualInformationGap } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** Every combination of the values of three factors, five times. */
const COUNT = 3 * 4 * 6 * 5;
const factors = [
  Uint8Array.from({ length: COUNT }, (_, i) => i % 3),
  Uint8Array.from({ length: COUNT }, (_, i) => Math.floor(i / 3) % 4),
  Uint8Array.from({ length: COUNT }, (_, i) => Math.floor(i / 12) % 6),
];
const entropies = [3, 4, 6].map(Math.log);

/** Codes `[count · columns]` of columns. */
const codesOf = (...columns: readonly ((i: number) => number)[]): Float64Array =>
  Float64Array.from({ length: COUNT * columns.length }, (_, at) =>
    columns[at % columns.length]!(Math.floor(at / columns.length)),
  );

const isClose = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) < 1e-9, `${actual} is ${expected}`);

test('the gap is 1 if each factor has a dimension of its own, in any order, direction and scale', () => {
  const codes = codesOf(
    () => 7,
    (i) => -3 * factors[2]![i]!,
    (i) => 0.01 * factors[0]![i]! + 100,
    (i) => Math.exp(factors[1]![i]!),
  );
  const { mig, gaps, information } = mutualInformationGap(codes, factors);
  isClose(mig, 1);
  for (const gap of gaps) isClose(gap, 1);
  for (const [k, dimension] of [2, 3, 1].entries())
    for (const [d, nats] of information[k]!.entries()) isClose(nats, d === dimension ? entropies[k]! : 0);
});

test('the gap is 0 if two dimensions hold the same factor, and the share of the entropy if one holds a part of it', () => {
  const twice = codesOf(...[0, 0, 1, 1, 2, 2].map((k) => (i: number) => factors[k]![i]!));
  isClose(mutualInformationGap(twice, factors).mig, 0);
  const half = codesOf(
    () => 0,
    (i) => factors[1]![i]! % 2,
  );
  isClose(mutualInformationGap(half, [factors[1]!]).mig, 0.5);
});

test('the gap of noise is below 0.05', async () => {
  const generator = new Generator(5);
  const count = 5000;
  const values = [3, 6, 8].map((values) => generator.uniform(count).map((u) => Math.floor(values * u)));
  const { mig } = mutualInformationGap(await randn([6 * count], { generator }).data(), values);
  assert.ok(mig >= 0 && mig < 0.05, `${mig}`);
});

test('arguments that do not fit are refused', () => {
  assert.throws(() => mutualInformationGap(new Float64Array(7), [new Uint8Array(3)]), /expected codes/);
  assert.throws(() => mutualInformationGap(new Float64Array(6), [[0, 1, 2], [0]]), /expected codes/);
  assert.throws(() => mutualInformationGap(new Float64Array(4), [[1, 1]]), /same value for all images/);
  assert.throws(() => mutualInformationGap([0, Number.NaN, 1, 2], [[0, 1]]), /codes must be finite/);
  assert.throws(() => mutualInformationGap([0, 1, 1, 2], [[0, 1]], { bins: 1 }), /bins must be/);
});

test.run();
