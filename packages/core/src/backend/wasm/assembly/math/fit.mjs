/**
 * Computes the constants of this folder: `node fit.mjs` prints them, with the largest relative error that
 * each polynomial adds. The sources contain them as printed here.
 *
 * The Remez exchange algorithm finds the coefficients c of Σ cⱼ·x^pⱼ that minimize the largest weighted distance
 * from a function. The weights make the error relative to the final value, and avoid sign changes at 0.
 */

const INTERVALS = 4000;

/** Solves A·x = b by Gauss–Jordan elimination with row pivoting. */
function solve(A, b) {
  const rows = A.map((row, i) => [...row, b[i]]);
  for (let column = 0; column < rows.length; column++) {
    let pivot = column;
    for (let i = column; i < rows.length; i++) {
      if (Math.abs(rows[i][column]) > Math.abs(rows[pivot][column])) pivot = i;
    }
    [rows[column], rows[pivot]] = [rows[pivot], rows[column]];
    for (let i = 0; i < rows.length; i++) {
      const factor = i === column ? 0 : rows[i][column] / rows[column][column];
      for (let j = column; j <= rows.length; j++) rows[i][j] -= factor * rows[column][j];
    }
  }
  return rows.map((row, i) => row[rows.length] / row[i]);
}

/** Point i of count on [from, to], denser towards the ends. */
const chebyshev = (from, to, i, count) =>
  (from + to) / 2 - ((to - from) / 2) * Math.cos((Math.PI * i) / count);

/** The extreme error of each interval between sign changes. */
function alternatingExtrema(error, from, to) {
  const extrema = [];
  for (let i = 0; i <= INTERVALS; i++) {
    const x = chebyshev(from, to, i, INTERVALS);
    const e = error(x);
    const last = extrema.at(-1);
    if (!last || Math.sign(last.e) !== Math.sign(e)) extrema.push({ x, e });
    else if (Math.abs(e) > Math.abs(last.e)) Object.assign(last, { x, e });
  }
  return extrema;
}

/** Drops the smallest extrema until `count` of alternating sign are left. */
function dropSmallest(extrema, count) {
  while (extrema.length > count) {
    const size = extrema.map(({ e }) => Math.abs(e));
    if (extrema.length === count + 1) extrema.splice(size[0] < size.at(-1) ? 0 : extrema.length - 1, 1);
    else {
      const pairs = size.slice(1).map((s, i) => Math.max(s, size[i]));
      extrema.splice(pairs.indexOf(Math.min(...pairs)), 2);
    }
  }
  return extrema;
}

/** Coefficients of the minimax polynomial of `target` on [from, to] in the given powers. */
function remez({ target, weight, powers, from, to }) {
  const size = Math.max(Math.abs(from), Math.abs(to)); // powers of x / size keep the system well conditioned
  let points = [...Array(powers.length + 1).keys()].map((i) =>
    chebyshev(from, to, i + 0.5, powers.length + 1),
  );
  let best = { worst: Infinity };
  for (let turn = 0; turn < 30; turn++) {
    const A = points.map((x, i) => [...powers.map((p) => (x / size) ** p * weight(x)), i % 2 === 0 ? 1 : -1]);
    const solution = solve(
      A,
      points.map((x) => target(x) * weight(x)),
    );
    const coefficients = powers.map((p, j) => solution[j] / size ** p);
    const error = (x) => (target(x) - evaluate(powers, coefficients, x)) * weight(x);
    const extrema = alternatingExtrema(error, from, to);
    const worst = Math.max(...extrema.map(({ e }) => Math.abs(e)));
    if (worst < best.worst) best = { worst, coefficients };
    if (worst < 1.001 * Math.abs(solution.at(-1)) || extrema.length < points.length) break;
    points = dropSmallest(extrema, points.length).map(({ x }) => x);
  }
  return best.coefficients;
}

const evaluate = (powers, coefficients, x) => powers.reduce((sum, p, j) => sum + coefficients[j] * x ** p, 0);

/**
 * As `remez`, with rounded coefficients. They are rounded one by one; after each, the remaining ones are fitted again.
 */
function fit(problem, round = Math.fround) {
  const { target, weight, powers, from, to } = problem;
  const coefficients = [];
  powers.forEach((_, done) => {
    const rest = (x) => target(x) - evaluate(powers.slice(0, done), coefficients, x);
    coefficients.push(round(remez({ ...problem, target: rest, powers: powers.slice(done) })[0]));
  });
  let worst = 0;
  for (let i = 0; i <= INTERVALS; i++) {
    const x = chebyshev(from, to, i, INTERVALS);
    worst = Math.max(worst, Math.abs((target(x) - evaluate(powers, coefficients, x)) * weight(x)));
  }
  return { coefficients, worst };
}

/** erf z = 2/√π·e^(−z²)·Σ 2ⁿ·z²ⁿ⁺¹ / (1·3·…·(2n + 1)), all terms positive. */
function erf(z) {
  let term = z;
  let sum = z;
  for (let n = 1; term > sum * 1e-18; n++) sum += term *= (2 * z * z) / (2 * n + 1);
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-z * z) * sum;
}

/** Φ(−a)·e^(a²/2), for large a by its continued fraction 1/√(2π) / (a + 1/(a + 2/(a + 3/(a + …)))). */
function tailFactor(a) {
  if (a < 3) return 0.5 * (1 - erf(a / Math.SQRT2)) * Math.exp((a * a) / 2);
  let fraction = a;
  for (let n = 300; n > 0; n--) fraction = a + n / fraction;
  return 1 / (Math.sqrt(2 * Math.PI) * fraction);
}

const EDGE = 1e-9; // used instead of 0, where the target would be 0/0
const HALF_LN2 = 0.3467;
const QUARTER_PI = 0.7855;
const CENTRE = 2;
const fromT = (t) => (CENTRE * (1 + t)) / (1 - t);

const problems = {
  EXPM1: {
    target: (r) => Math.expm1(r) - r,
    weight: (r) => 1 / Math.abs(Math.expm1(r) || EDGE),
    powers: [2, 3, 4, 5, 6],
    from: -HALF_LN2,
    to: HALF_LN2,
  },
  LOG1P: {
    target: (f) => Math.log1p(f) - f + (f * f) / 2,
    weight: (f) => 1 / (Math.log1p(f) || EDGE),
    powers: [3, 4, 5, 6, 7, 8, 9, 10],
    from: Math.SQRT1_2 - 1,
    to: Math.SQRT2 - 1,
  },
  LOG1P_UNIT: {
    target: (e) => Math.log1p(e) - e,
    weight: (e) => 1 / (Math.log1p(e) || EDGE),
    powers: [2, 3, 4, 5, 6, 7, 8, 9, 10],
    from: 0,
    to: 1,
  },
  TAIL: {
    target: (t) => tailFactor(fromT(t)) * fromT(t),
    weight: (t) => 1 / (tailFactor(fromT(t)) * fromT(t)),
    powers: [0, 1, 2, 3, 4, 5, 6, 7, 8],
    from: (0.99 - CENTRE) / (0.99 + CENTRE),
    to: (14.5 - CENTRE) / (14.5 + CENTRE),
  },
  CENTRAL: {
    target: (a) => -0.5 * erf(a / Math.SQRT2),
    weight: (a) => 1 / (tailFactor(a) * Math.exp((-a * a) / 2)),
    powers: [1, 3, 5, 7, 9, 11],
    from: 0,
    to: 1,
  },
  ERF: {
    target: (x) => erf(x) - x,
    weight: (x) => 1 / (erf(x) || EDGE),
    powers: [1, 3, 5, 7, 9, 11],
    from: 0,
    to: 0.9,
  },
  SIN: {
    target: (r) => Math.sin(r) - r,
    weight: (r) => 1 / (Math.sin(r) || EDGE),
    powers: [3, 5, 7],
    from: 0,
    to: QUARTER_PI,
  },
  COS: {
    target: (r) => Math.cos(r) - 1 + (r * r) / 2,
    weight: (r) => 1 / Math.cos(r),
    powers: [4, 6, 8],
    from: 0,
    to: QUARTER_PI,
  },
  ATAN: {
    target: (u) => Math.atan(u) - u,
    weight: (u) => 1 / (Math.atan(u) || EDGE),
    powers: [3, 5, 7, 9, 11],
    from: 0,
    to: Math.SQRT2 - 1,
  },
};

/** log₂((1 + s) / (1 − s)) = 2·atanh(s) / ln 2, in float64. */
const LOG2 = {
  target: (s) => (2 * Math.atanh(s)) / Math.LN2,
  weight: (s) => 1 / ((2 * Math.atanh(s)) / Math.LN2 || EDGE),
  powers: [1, 3, 5, 7, 9],
  from: 0,
  to: 3 - 2 * Math.SQRT2,
};

/** `value` truncated to `bits` significant bits, and the remainder (`tail` is the rounding error of `value` itself). */
function split(value, bits, tail = 0) {
  const unit = 2 ** (Math.floor(Math.log2(value)) + 1 - bits);
  const high = Math.round(value / unit) * unit;
  return [high, value - high + tail];
}

/** π·2^`bits` as an integer, by Machin's formula π/4 = 4·arctan(1/5) − arctan(1/239). */
function piDigits(bits) {
  const one = 1n << BigInt(bits + 32);
  const arctanOfInverse = (n) => {
    let power = one / n;
    let sum = power;
    for (let k = 1n; power > 0n; k++) {
      power /= n * n;
      sum += (k % 2n === 0n ? power : -power) / (2n * k + 1n);
    }
    return sum;
  };
  return (4n * (4n * arctanOfInverse(5n) - arctanOfInverse(239n))) >> 32n;
}

const [ln2High, ln2Low] = split(Math.LN2, 16);
console.log('LN2_HIGH', ln2High, 'LN2_LOW', Math.fround(ln2Low));
const piTail = Number(piDigits(200) - (BigInt(Math.PI * 2 ** 51) << 149n)) / 2 ** 200;
console.log('HALF_PI_HIGH, HALF_PI_LOW', split(Math.PI / 2, 33, piTail / 2).join(', '));
const twoOverPi = (1n << 625n) / piDigits(400); // 2/π·2²²⁴
const digits = twoOverPi.toString(16).padStart(64, '0');
console.log(
  'TWO_OVER_PI_DIGITS',
  digits
    .match(/.{8}/g)
    .map((word) => `0x${word}`)
    .join(', '),
);

for (const [name, problem] of Object.entries({ ...problems, LOG2 })) {
  const isDouble = problem === LOG2;
  const { coefficients, worst } = fit(problem, isDouble ? (c) => c : Math.fround);
  const text = coefficients.map((c) => (isDouble ? c : Number(c.toPrecision(9))));
  console.log(`${name} (2^${Math.log2(worst).toFixed(1)})`, text.join(', '));
}
