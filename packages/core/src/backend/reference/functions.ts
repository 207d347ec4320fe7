/** The formula of every elementwise function, safe over the whole range of its argument. */
import type { BinaryKind, UnaryKind } from '../backend.js';

/** ln(1 + eˣ) = max(x, 0) + log1p(e^−|x|) */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** 1 / (1 + e^−x), with an exponential that never overflows. */
function sigmoid(x: number): number {
  const e = Math.exp(-Math.abs(x));
  return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

/** From here on the continued fraction of erfc; below, the series of erf, which needs ever more terms. */
const FAR = 2;

/** erf x = 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (2n+1)!!, terms that never cancel (Abramowitz & Stegun 7.1.6). */
function erfSeries(x: number): number {
  let term = x;
  let total = x;
  for (let n = 1; Math.abs(term) > Math.abs(total) * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    total += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
}

/** erfc x = e^(−x²)/√π · 1/(x + ½/(x + 1/(x + 3⁄2/(x + …)))) for x ≥ FAR (Abramowitz & Stegun 7.1.14). */
function erfcFraction(x: number): number {
  let fraction = x;
  for (let n = 60; n >= 1; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
}

/** 2/√π ∫₀ˣ e^(−t²) dt, to float64 accuracy. */
export function erf(x: number): number {
  if (Math.abs(x) >= FAR) return Math.sign(x) * (1 - erfcFraction(Math.abs(x)));
  return erfSeries(x);
}

/** 1 − erf x, without the cancellation where erf is close to 1. */
function erfc(x: number): number {
  if (x >= FAR) return erfcFraction(x);
  return 1 - erf(x);
}

/** x·Φ(x), where Φ(x) = ½·erfc(−x/√2) is the normal distribution's (Hendrycks & Gimpel 2016, arXiv:1606.08415). */
function gelu(x: number): number {
  if (x === Number.NEGATIVE_INFINITY) return -0;
  return 0.5 * x * erfc(-x * Math.SQRT1_2);
}

/** f(x) of each unary kind. */
export const unaryFunctions: Readonly<Record<UnaryKind, (x: number) => number>> = {
  neg: (x) => -x,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  square: (x) => x * x,
  abs: Math.abs,
  sign: Math.sign,
  reciprocal: (x) => 1 / x,
  sin: Math.sin,
  cos: Math.cos,
  erf,
  relu: (x) => (x < 0 ? 0 : x), // NaN stays NaN
  gelu,
  sigmoid,
  tanh: Math.tanh,
  softplus,
  logSigmoid: (x) => -softplus(-x),
};

/** f(a, b) of each binary kind; comparisons give 1 or 0. */
export const binaryFunctions: Readonly<Record<BinaryKind, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow: (a, b) => a ** b,
  maximum: Math.max, // NaN if either is
  minimum: Math.min,
  eq: (a, b) => Number(a === b),
  ne: (a, b) => Number(a !== b),
  lt: (a, b) => Number(a < b),
  le: (a, b) => Number(a <= b),
  gt: (a, b) => Number(a > b),
  ge: (a, b) => Number(a >= b),
  leakyRelu: (x, slope) => (x > 0 ? x : slope * x),
  elu: (x, alpha) => (x > 0 ? x : alpha * Math.expm1(x)),
  bceWithLogits: (x, t) => Math.max(x, 0) - x * t + Math.log1p(Math.exp(-Math.abs(x))),
  // −½(1 + logVar − mu² − exp logVar), arranged so that rounding cannot make it negative near its zero
  klStandardNormal: (mu, logVar) => 0.5 * (mu * mu + (Math.expm1(logVar) - logVar)),
};
