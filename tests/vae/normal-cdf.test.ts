/** Φ and its inverse, compared with values of mpmath 1.3.0 at these doubles, computed with 60 digits and rounded to doubles. */
import { ArgumentError } from '@varigrad/core';
import { inverseNormalCdf, normalCdf } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const CDF: readonly [z: number, p: number][] = [
  [-37, 5.725571222524577e-300],
  [-10, 7.619853024160525e-24],
  [-3.0000001, 0.0013498975884453205],
  [-3, 0.0013498980316300946],
  [-2.9999999, 0.0013498984748150015],
  [-1, 0.15865525393145705],
  [-0.1, 0.460172162722971],
  [0.25, 0.5987063256829237],
  [1.5, 0.9331927987311419],
  [3.5, 0.9997673709209645],
  [6, 0.9999999990134123],
];

const QUANTILES: readonly [p: number, z: number][] = [
  [1e-300, -37.0470962993612],
  [1e-100, -21.273453560965326],
  [1e-16, -8.222082216130435],
  [1e-5, -4.264890793922825],
  [0.001, -3.0902323061678136],
  [0.024999, -1.9599810949100365],
  [0.099999, -1.2815572636252612],
  [0.1, -1.2815515655446004],
  [0.100001, -1.2815458675055489],
  [0.25, -0.6744897501960817],
  [0.4999, -0.00025066283008800747],
  [0.5000001, 2.506628273311648e-7],
  [0.75, 0.6744897501960817],
  [0.975, 1.9599639845400538],
  [0.999999, 4.753424308817087],
  [0.9999999999, 6.361340889697422],
];

const relative = (found: number, expected: number): number => Math.abs(found / expected - 1);

test('Φ agrees to 12 digits, also far in the lower tail', () => {
  for (const [z, p] of CDF) assert.ok(relative(normalCdf(z), p) < 1e-12, `Φ(${z}) = ${normalCdf(z)}`);
  assert.equal([Number.NEGATIVE_INFINITY, 0, Number.POSITIVE_INFINITY].map(normalCdf), [0, 0.5, 1]);
  assert.ok(Number.isNaN(normalCdf(Number.NaN)));
});

test('quantiles agree to 12 digits, or near ½ to the precision of p', () => {
  for (const [p, z] of QUANTILES) {
    const found = inverseNormalCdf(p);
    const tolerance = Math.max(1e-12, 1e-15 / Math.abs(z));
    assert.ok(relative(found, z) < tolerance, `Φ⁻¹(${p}) = ${found}`);
  }
  assert.is(inverseNormalCdf(0.5), 0);
});

test('the two functions are inverses of each other, and both increase', () => {
  let before = Number.NEGATIVE_INFINITY;
  for (let i = 1; i < 2000; i++) {
    const p = i / 2000;
    const z = inverseNormalCdf(p);
    assert.ok(relative(normalCdf(z), p) < 1e-13, `p ${p}`);
    assert.ok(z > before);
    before = z;
    assert.ok(Math.abs(z + inverseNormalCdf((2000 - i) / 2000)) < 1e-12, 'odd about ½');
  }
});

test('the smallest and the largest probabilities have finite quantiles', () => {
  for (const p of [Number.MIN_VALUE, 1e-310, 1 - 2 ** -53]) {
    const z = inverseNormalCdf(p);
    assert.ok(Number.isFinite(z) && Math.abs(z) > 8 && Math.abs(z) < 39, `${p}: ${z}`);
  }
});

test('refuses numbers that are not probabilities between 0 and 1', () => {
  for (const p of [0, 1, -0.1, 1.1, Number.NaN]) {
    assert.throws(
      () => inverseNormalCdf(p),
      (error: Error) =>
        error instanceof ArgumentError &&
        error.message === `inverseNormalCdf: p must be a number between 0 and 1, found ${p}`,
    );
  }
});

test.run();
