/** The formula of every elementwise function, safe over the whole range of its argument. */
import type { BinaryKind, UnaryKind } from '../backend.js';

/** ln(1 + eˣ) = max(x, 0) + log1p(e^−|x|) */
function softplus(x: number): number {
  return (x > 0 ? x : x < 0 ? 0 : x) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** 1 / (1 + e^−x), with an exponential that never overflows. */
function sigmoid(x: number): number {
  const e = Math.exp(-Math.abs(x));
  return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

/**
 * Error function to float64 accuracy: the series 2/√π e^(−x²) Σ 2ⁿ x^(2n+1) / (2n+1)!! for small |x|, and the continued
 * fraction of erfc (Abramowitz & Stegun 7.1.14) beyond.
 */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (Number.isNaN(x)) return x;
  if (a > 6) return Math.sign(x);
  const scale = Math.exp(-a * a) / Math.sqrt(Math.PI);
  if (a < 2.5) {
    let term = a;
    let total = a;
    for (let n = 1; term > total * 1e-17; n++) {
      term *= (2 * a * a) / (2 * n + 1);
      total += term;
    }
    return Math.sign(x) * 2 * scale * total;
  }
  let fraction = 0;
  for (let n = 60; n >= 1; n--) fraction = n / 2 / (a + fraction);
  return Math.sign(x) * (1 - scale / (a + fraction));
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
  gelu: (x) => (x === Number.NEGATIVE_INFINITY ? 0 : 0.5 * x * (1 + erf(x * Math.SQRT1_2))),
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
  klStandardNormal: (mu, logVar) => -0.5 * (1 + logVar - mu * mu - Math.exp(logVar)),
};
