/** erf and gelu, from the tail of the normal distribution: a·Φ(−a) = e^(−a²/2)·T(a), where T varies little. */
import { expBetween, expm1Polynomial, powersOfTwo, remainderOfLn2, scale } from './exponential';
import { constant, fma, ONE, polynomial5, polynomial8, SIGN } from './lanes';

/** T(a), between 0.26 and 0.4, as a polynomial in t = (a − 2) / (a + 2) for 1 ≤ a ≤ 14.5; see fit.mjs. */
const TAIL: usize = memory.data<f32>([
  0.336203992, 0.170501843, -0.151302442, 0.0327545553, 0.0181096531, -0.00353878294, -0.0043545058,
  -0.000836535008, 0.00142443902,
]);

/** 14.5·Φ(−14.5) is below half the smallest denormal, and 1 − 2Φ(−6) rounds to 1. */
const TAIL_MOST: usize = memory.data<f32>([14.5]);
const ERF_MOST: usize = memory.data<f32>([6]);

/** (Φ(−a) − ½) / a as a polynomial in a² for 0 ≤ a ≤ 1; see fit.mjs. */
const CENTRAL: usize = memory.data<f32>([
  -0.398942292, 0.0664905384, -0.00997416396, 0.00118802383, -0.000115023911, 0.00000817173532,
]);

/** (erf x − x) / x as a polynomial in x² for |x| ≤ ERF_CENTRAL; see fit.mjs. */
const ERF: usize = memory.data<f32>([
  0.128379151, -0.376125038, 0.112819217, -0.026770493, 0.00499895914, -0.000602079963,
]);
const ERF_CENTRAL: usize = memory.data<f32>([0.9]);

/** From the first on, erfc is computed from the tail; above the second, it is below half the smallest denormal. */
const ERFC_LEAST: usize = memory.data<f32>([0.75]);
const ERFC_MOST: usize = memory.data<f32>([10.2]);

const HALF: usize = memory.data<f32>([0.5]);
const MINUS_HALF: usize = memory.data<f32>([-0.5]);
const TWO: usize = memory.data<f32>([2]);
const MINUS_TWO: usize = memory.data<f32>([-2]);
const SQRT_2: usize = memory.data<f32>([1.41421354]);

/** Keeps 12 significant bits of a float32, whose square is then exact. */
const UPPER_HALF: usize = memory.data<u32>([0xfffff000]);

/** T(a) for 1 ≤ a ≤ 14.5. */
@inline
function tailPolynomial(a: v128): v128 {
  const two = constant(TWO);
  return polynomial8(f32x4.div(f32x4.sub(a, two), f32x4.add(a, two)), TAIL);
}

/**
 * erf x. Below 0.9, an odd polynomial; above, 1 − 2Φ(−√2·|x|). There the rounding of a = √2·|x| and of a²
 * does not matter, because the term that it affects is small against 1.
 */
@inline
export function erf(x: v128): v128 {
  const sign = constant(SIGN);
  const magnitude = v128.andnot(x, sign);
  const central = fma(magnitude, polynomial5(f32x4.mul(x, x), ERF), magnitude);
  const a = f32x4.pmin(f32x4.mul(magnitude, constant(SQRT_2)), constant(ERF_MOST));
  const power = expBetween(f32x4.mul(f32x4.mul(a, a), constant(MINUS_HALF)));
  const tail = f32x4.div(f32x4.mul(power, tailPolynomial(a)), a);
  const outer = fma(tail, constant(MINUS_TWO), constant(ONE));
  const result = v128.bitselect(central, outer, f32x4.lt(magnitude, constant(ERF_CENTRAL)));
  return v128.bitselect(x, result, sign);
}

/**
 * erfc x = 1 − erf x. Above ¾, where that would cancel, it is 2Φ(−a) with a = √2·x: e^(−x²)·2T(a)/a. As in `tailProduct`, x
 * is split so that −x² enters the range reduction of exp in two parts, and the scaling by 2ⁿ comes last.
 */
@inline
export function erfc(x: v128): v128 {
  const positive = f32x4.pmin(f32x4.pmax(x, constant(ERFC_LEAST)), constant(ERFC_MOST));
  const x0 = v128.and(positive, constant(UPPER_HALF));
  const high = f32x4.neg(f32x4.mul(x0, x0));
  const low = f32x4.mul(f32x4.sub(x0, positive), f32x4.add(positive, x0));
  const rounded = powersOfTwo(f32x4.add(high, low));
  const r = f32x4.add(remainderOfLn2(high, rounded), low);
  const a = f32x4.mul(positive, constant(SQRT_2));
  const factor = f32x4.div(f32x4.mul(constant(TWO), tailPolynomial(a)), a);
  const outer = scale(fma(factor, expm1Polynomial(r), factor), rounded);
  return v128.bitselect(outer, f32x4.sub(constant(ONE), erf(x)), f32x4.gt(x, constant(ERFC_LEAST)));
}

/**
 * a·Φ(−a) for a > 1.
 *
 * An error of 1 ulp in a²/2 would be 60 ulp in Φ(−a) at a = 14. So a is split into a₀ + a₁, where a₀ has 12
 * bits: a₀² is exact, and −½a² = −½a₀² − ½·a₁·(a + a₀) enters the range reduction of exp in two parts. The
 * scaling by 2ⁿ comes last, so that Φ may be denormal where a·Φ is not.
 */
@inline
function tailProduct(a: v128): v128 {
  const a0 = v128.and(a, constant(UPPER_HALF));
  const minusHalf = constant(MINUS_HALF);
  const high = f32x4.mul(f32x4.mul(a0, a0), minusHalf);
  const low = f32x4.mul(f32x4.mul(f32x4.sub(a, a0), f32x4.add(a, a0)), minusHalf);
  const rounded = powersOfTwo(f32x4.add(high, low));
  const r = f32x4.add(remainderOfLn2(high, rounded), low);
  const factor = tailPolynomial(a);
  return scale(fma(factor, expm1Polynomial(r), factor), rounded);
}

/** x·Φ(x) = max(x, 0) − |x|·Φ(−|x|), which has no cancellation and tends to −0 at −∞. */
@inline
export function gelu(x: v128): v128 {
  const sign = constant(SIGN);
  const a = f32x4.pmin(v128.andnot(x, sign), constant(TAIL_MOST));
  const central = f32x4.mul(a, fma(a, polynomial5(f32x4.mul(a, a), CENTRAL), constant(HALF)));
  const product = v128.bitselect(tailProduct(a), central, f32x4.gt(a, constant(ONE)));
  return f32x4.sub(f32x4.pmax(x, sign), product);
}
