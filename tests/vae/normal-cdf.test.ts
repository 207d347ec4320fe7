/** Φ and its inverse against values to 18 digits of mpmath 1.3.0 (60 digits, arguments are the doubles written here). */
import { ArgumentError } from '@varigrad/core';
import { inverseNormalCdf, normalCdf } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const CDF: readonly [z: number, p: number][] = [
  [-37, 5.72557122252457682e-300],
  [-10, 7.61985302416052607e-24],
  [-3.0000001, 0.00134989758844532054],
  [-3, 0.00134989803163009453],
  [-2.9999999, 0.00134989847481500147],
  [-1, 0.158655253931457051],
  [-0.1, 0.460172162722971016],
  [0.25, 0.598706325682923724],
  [1.5, 0.933192798731141934],
  [3.5, 0.999767370920964475],
  [6, 0.999999999013412355],
];

const QUANTILES: readonly [p: number, z: number][] = [
  [1e-300, -37.0470962993611992],
  [1e-100, -21.2734535609653243],
  [1e-16, -8.22208221613043562],
  [1e-5, -4.26489079392282461],
  [0.001, -3.09023230616781354],
  [0.024999, -1.95998109491003638],
  [0.099999, -1.28155726362526133],
  [0.1, -1.28155156554460044],
  [0.100001, -1.28154586750554882],
  [0.25, -0.674489750196081743],
  [0.4999, -0.000250662830088007492],
  [0.5000001, 2.5066282733116483e-7],
  [0.75, 0.674489750196081743],
  [0.975, 1.95996398454005386],
  [0.999999, 4.75342430881708777],
  [0.9999999999, 6.36134088969742186],
];

const relative = (found: number, expected: number): number => Math.abs(found / expected - 1);

test('Φ agrees to 12 digits, also far out in the lower tail', () => {
  for (const [z, p] of CDF) assert.ok(relative(normalCdf(z), p) < 1e-12, `Φ(${z}) = ${normalCdf(z)}`);
  assert.equal([Number.NEGATIVE_INFINITY, 0, Number.POSITIVE_INFINITY].map(normalCdf), [0, 0.5, 1]);
  assert.ok(Number.isNaN(normalCdf(Number.NaN)));
});

test('quantiles agree to 12 digits; near ½, where p itself has lost them, to the digits of p', () => {
  for (const [p, z] of QUANTILES) {
    const found = inverseNormalCdf(p);
    const tolerance = Math.max(1e-12, 1e-15 / Math.abs(z));
    assert.ok(relative(found, z) < tolerance, `Φ⁻¹(${p}) = ${found}`);
  }
  assert.is(inverseNormalCdf(0.5), 0);
});

test('one is the inverse of the other, and both rise', () => {
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

test('refuses what is no probability between 0 and 1', () => {
  for (const p of [0, 1, -0.1, 1.1, Number.NaN]) {
    assert.throws(
      () => inverseNormalCdf(p),
      (error: Error) =>
        error instanceof ArgumentError &&
        error.message === `inverseNormalCdf: the probability ${p} is not between 0 and 1`,
    );
  }
});

test.run();
