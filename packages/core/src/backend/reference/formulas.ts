/** Functions that `Math` lacks, stable over the whole range of their argument. */

/** ln(1 + eˣ) = max(x, 0) + log1p(e^−|x|) */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** 1 / (1 + e^−x), with an exponential that never overflows. */
export function sigmoid(x: number): number {
  const e = Math.exp(-Math.abs(x));
  return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

/** From here on, the continued fraction of erfc is used. Below, the series of erf, whose number of terms grows with x. */
const FAR = 2;

/** erf x = 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (2n+1)!!, a series without cancellation (Abramowitz & Stegun 7.1.6). */
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

/** 1 − erf x, without cancellation where erf is close to 1. */
export function erfc(x: number): number {
  if (x >= FAR) return erfcFraction(x);
  return 1 - erf(x);
}

/** x·Φ(x), where Φ(x) = ½·erfc(−x/√2) is the normal distribution function (Hendrycks & Gimpel 2016, arXiv:1606.08415). */
export function gelu(x: number): number {
  if (x === Number.NEGATIVE_INFINITY) return -0;
  return 0.5 * x * erfc(-x * Math.SQRT1_2);
}

/** From here on, every product of a number and eᵇ has overflowed or underflowed, also in float64. */
const MOST_EXPONENT = 1500;

/** a·eᵇ, finite wherever the product is: e^(b/4) cannot overflow. It is a for a = 0, and ±∞ for a = ±∞, whatever b is. */
export function mulExp(a: number, b: number): number {
  if (a === 0) return a;
  const quarter = Math.exp(Math.min(Math.max(b, -MOST_EXPONENT), MOST_EXPONENT) / 4);
  return a * quarter * quarter * quarter * quarter;
}

/** |x|·[1 − t, or t if x ≤ 0] + log1p(e^−|x|): both terms are positive, and a certain and right prediction costs 0. */
export function sigmoidCrossEntropy(x: number, t: number): number {
  const wrong = x > 0 ? 1 - t : t;
  return (wrong === 0 ? 0 : Math.abs(x) * wrong) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** ½(eˣ − 1 − x) = ½(x²/2! + x³/3! + …): the series where the difference would cancel. */
export function halfExcess(x: number): number {
  if (!(Math.abs(x) < 0.5)) return 0.5 * (Math.expm1(x) - Math.min(x, MOST_EXPONENT));
  let sum = 0;
  let term = (x * x) / 4;
  for (let n = 3; sum + term !== sum; n++) {
    sum += term;
    term *= x / n;
  }
  return sum;
}

/** a^b as in IEEE 754 and C99: 1^b is 1 also for b = ±∞ and NaN, and (−1)^±∞ is 1. JavaScript gives NaN there. */
export function pow(a: number, b: number): number {
  return a === 1 || (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY) ? 1 : a ** b;
}
