/**
 * Helpers for wasm-math.test.ts: float64 functions that Math lacks, distances in ulp (units in the last place of the exact
 * result; the smallest denormal is the smallest unit), and points that cover float32.
 */

/** erf by the Maclaurin series of e^(x²)·erf x, whose terms are all positive. */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-18; n++) {
    term *= (2 * a * a) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-a * a) * sum;
}

/** Φ(−a) for a ≥ 0: from erf, or from Laplace's continued fraction where 1 − erf would cancel. */
export function tail(a: number): number {
  if (a < 2) return 0.5 - 0.5 * erf(a / Math.SQRT2);
  if (a > 40) return 0;
  let fraction = a;
  for (let n = 150; n > 0; n--) fraction = a + n / fraction;
  return Math.exp((-a * a) / 2) / (Math.sqrt(2 * Math.PI) * fraction);
}

/** x·Φ(x), 0 at −∞. */
export function gelu(x: number): number {
  if (x === 0 || Number.isNaN(x)) return x;
  if (x > 0) return x < 40 ? x - x * tail(x) : x;
  return x < -40 ? -0 : x * tail(-x);
}

const bits = new Uint32Array(1);
const asFloat = new Float32Array(bits.buffer);

function fromBits(pattern: number): number {
  bits[0] = pattern;
  return asFloat[0] as number;
}

/** The unit in the last place of float32 at x. */
function ulp(x: number): number {
  asFloat[0] = Math.abs(x);
  return 2 ** (Math.min(Math.max((bits[0] as number) >>> 23, 1), 254) - 150);
}

/** Replaces ∞ with 2¹²⁸, the number after the largest one, because results near the limit may round either way. */
const finite = (x: number): number => Math.min(Math.max(x, -(2 ** 128)), 2 ** 128);

/** Distance in ulp; infinite if only one is NaN, for a zero of the wrong sign, and for missing an overflow. */
export function distance(got: number, exact: number): number {
  if (Number.isNaN(exact) || Number.isNaN(got))
    return Number.isNaN(exact) === Number.isNaN(got) ? 0 : Infinity;
  if (got === 0 && Object.is(got, -0) !== (exact < 0 || Object.is(exact, -0))) return Infinity;
  if (Math.abs(exact) > 1.000001 * 2 ** 128 && Math.abs(got) !== Infinity) return Infinity;
  return Math.abs(finite(got) - finite(exact)) / ulp(exact);
}

const special = [0, 2 ** -149, 2 ** -127, 2 ** -126, 2 ** -24, 0.5, 1, 2, 3, 2 ** 127, 3.4028234663852886e38];
const specials = [...special, Infinity].flatMap((x) => [x, -x]).concat(Number.NaN);

/** Every 4093rd bit pattern, special values, numbers around thresholds, and a denser grid over [−24, 24]. */
export function* sweep(thresholds: readonly number[]): Generator<[number, number]> {
  for (const x of specials) yield [x, 0];
  for (const threshold of [...thresholds, ...special.slice(1, -1)]) {
    asFloat[0] = threshold;
    const middle = bits[0] as number;
    for (let i = -100; i <= 100; i++) yield [fromBits(middle + i), 0];
  }
  for (let x = -24; x < 24; x += 0.000393) yield [x, 0];
  for (let pattern = 0; pattern < 2 ** 32; pattern += 4093) yield [fromBits(pattern), 0];
}

/** Pairs for pow: all special values, integers, moderate powers, and results over the whole range of float32. */
export function* sweepOfPairs(): Generator<[number, number]> {
  const exponents = [...specials, -1.5, 1.5, 4, 16777215, -16777215, 16777216, 33554434, 2 ** 31, 1e10];
  for (const x of [...specials, -1.5, 1.0000001, 0.9999999]) for (const y of exponents) yield [x, y];
  let random = 1;
  for (let pattern = 0; pattern < 2 ** 32; pattern += 4093) {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    const x = fromBits(pattern);
    const unit = (random % 2 ** 24) / 2 ** 23 - 1;
    const wide = (150 * unit) / Math.max(1e-30, Math.abs(Math.log2(Math.abs(x))));
    yield [x, random < 2 ** 30 ? Math.round(20 * unit) : random < 2 ** 31 ? 8 * unit : wide];
  }
}
