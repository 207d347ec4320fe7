/** The distribution of random samples. Bounds are quantiles at 1e-4 or four standard errors; the seeds are fixed. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fillNormal, fillUniform } from '../../packages/core/src/philox.js';
import { Generator } from '../../packages/core/src/random.js';

/** Kolmogorov–Smirnov statistic: √n times the largest distance between the distribution of the samples and the given one. */
function kolmogorov(draws: Float64Array, distribution: (x: number) => number): number {
  let distance = 0;
  const n = draws.length;
  draws.toSorted().forEach((x, i) => {
    const p = distribution(x);
    distance = Math.max(distance, p - i / n, (i + 1) / n - p);
  });
  return Math.sqrt(n) * distance;
}

/** P(√n·D > 2.23) = 2·exp(−2·2.23²) = 1e-4: correct samples fail for one of 10⁴ seeds, and the seeds are fixed. */
const KOLMOGOROV_BOUND = 2.23;
/** Means of n terms stay within four standard errors, except for one of 16,000 seeds. */
const SIGMAS = 4;

function average(draws: Float64Array, f: (x: number, i: number) => number): number {
  return draws.reduce((sum, x, i) => sum + f(x, i), 0) / draws.length;
}

function within(actual: number, expected: number, deviation: number, n: number, what: string): void {
  const bound = (SIGMAS * deviation) / Math.sqrt(n);
  assert.ok(Math.abs(actual - expected) < bound, `${what}: ${actual}, expected ${expected} ± ${bound}`);
}

const n = 100_000;

test('fillUniform: distribution, moments and independence of neighbours', () => {
  for (const seed of [1, 2, 3]) {
    const draws = new Float64Array(n);
    fillUniform(draws, new Generator(seed).take(n));
    assert.ok(draws.every((x) => x >= 0 && x < 1));
    const ks = kolmogorov(draws, (x) => x);
    assert.ok(ks < KOLMOGOROV_BOUND, `seed ${seed}: √n·D = ${ks}`);
    within(
      average(draws, (x) => x),
      1 / 2,
      Math.sqrt(1 / 12),
      n,
      'mean',
    );
    within(
      average(draws, (x) => (x - 0.5) ** 2),
      1 / 12,
      Math.sqrt(1 / 180),
      n,
      'variance',
    );
    for (const lag of [1, 2, 3, 4]) {
      const next = (i: number): number => draws[(i + lag) % n] as number;
      within(
        average(draws, (x, i) => (x - 0.5) * (next(i) - 0.5)),
        0,
        1 / 12,
        n,
        `covariance, lag ${lag}`,
      );
    }
  }
});

/** Φ by its series φ(x)·(x + x³/3 + x⁵/15 + …). */
function normalDistribution(x: number): number {
  let term = x;
  let sum = x;
  for (let odd = 3; Math.abs(term) > 1e-17 * Math.abs(sum); odd += 2) {
    term *= (x * x) / odd;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

test('fillNormal: distribution, four moments, tails and independence of neighbours', () => {
  for (const seed of [1, 2, 3]) {
    const draws = new Float64Array(n);
    fillNormal(draws, new Generator(seed).take(n));
    assert.ok(draws.every((x) => Math.abs(x) < 5.77));
    const ks = kolmogorov(draws, normalDistribution);
    assert.ok(ks < KOLMOGOROV_BOUND, `seed ${seed}: √n·D = ${ks}`);
    // The variance of xᵖ is E x²ᵖ − (E xᵖ)², with E x² = 1, E x⁴ = 3, E x⁶ = 15, E x⁸ = 105.
    within(
      average(draws, (x) => x),
      0,
      1,
      n,
      'mean',
    );
    within(
      average(draws, (x) => x ** 2),
      1,
      Math.sqrt(2),
      n,
      'second moment',
    );
    within(
      average(draws, (x) => x ** 3),
      0,
      Math.sqrt(15),
      n,
      'third moment',
    );
    within(
      average(draws, (x) => x ** 4),
      3,
      Math.sqrt(96),
      n,
      'fourth moment',
    );
    const tail = 2 * (1 - normalDistribution(3));
    within(
      average(draws, (x) => Number(Math.abs(x) > 3)),
      tail,
      Math.sqrt(tail),
      n,
      'beyond 3σ',
    );
    for (const lag of [1, 2, 3, 4]) {
      const next = (i: number): number => draws[(i + lag) % n] as number;
      within(
        average(draws, (x, i) => x * next(i)),
        0,
        1,
        n,
        `covariance, lag ${lag}`,
      );
      within(
        average(draws, (x, i) => (x ** 2 - 1) * (next(i) ** 2 - 1)),
        0,
        2,
        n,
        `of squares, lag ${lag}`,
      );
    }
  }
});

/** The value that chi-square exceeds with probability 1e-4 (Wilson–Hilferty approximation). */
function chiSquareBound(freedom: number): number {
  const spread = 2 / (9 * freedom);
  return freedom * (1 - spread + 3.719 * Math.sqrt(spread)) ** 3;
}

function chiSquare(counts: Iterable<number>, expected: number): number {
  let sum = 0;
  for (const seen of counts) sum += (seen - expected) ** 2 / expected;
  return sum;
}

test('permutation: all 24 orders of four are equally likely', () => {
  const generator = new Generator(7);
  const rounds = 48_000;
  const seen = new Map<string, number>();
  for (let i = 0; i < rounds; i++) {
    const order = generator.permutation(4).join('');
    seen.set(order, (seen.get(order) ?? 0) + 1);
  }
  assert.is(seen.size, 24);
  const statistic = chiSquare(seen.values(), rounds / 24);
  assert.ok(statistic < chiSquareBound(23), `χ² = ${statistic}, bound ${chiSquareBound(23)}`);
});

test('permutation: every number is equally likely at every position', () => {
  const generator = new Generator(8);
  const size = 30;
  const rounds = 20_000;
  const counts = new Float64Array(size * size);
  for (let i = 0; i < rounds; i++) {
    generator.permutation(size).forEach((value, place) => {
      counts[place * size + value] = (counts[place * size + value] as number) + 1;
    });
  }
  // Rows and columns of the table have fixed sums, so (n − 1)/n of the sum has (n − 1)² degrees of freedom.
  const statistic = (chiSquare(counts, rounds / size) * (size - 1)) / size;
  const bound = chiSquareBound((size - 1) ** 2);
  assert.ok(statistic < bound, `χ² = ${statistic}, bound ${bound}`);
});

test.run();
