/** erf and gelu, by the tail of the normal distribution: Φ(−a) = e^(−a²/2)·M(a), a ≥ 0, with M smooth and slow. */
import { expm1Polynomial, powersOfTwo, remainderOfLn2, scale, expBetween } from './exponential';
import { constant, fma, ONE, polynomial8, polynomial5, SIGN } from './lanes';

/** M(a)·(a + 2.9) as a polynomial in t = (a − 2.9) / (a + 2.9), for 0 ≤ a ≤ 14.5; see fit.mjs. */
const TAIL: usize = memory.data<f32>([
  0.72527796, -0.495965481, 0.211311042, -0.0345242284, -0.0135595184, 0.00565661164, 0.00173476571,
  -0.000716442068, -0.000313728873,
]);
const TAIL_CENTRE: usize = memory.data<f32>([2.9]);

/** 14.5·Φ(−14.5) is below half the smallest denormal, and √2·4.2 is where erf is 1. */
const TAIL_MOST: usize = memory.data<f32>([14.5]);
const ERF_MOST: usize = memory.data<f32>([6]);

/** (erf x − x) / x in x² for |x| ≤ ERF_SMALL; see fit.mjs. */
const ERF: usize = memory.data<f32>([
  0.128379151, -0.376125038, 0.112819217, -0.026770493, 0.00499895914, -0.000602079963,
]);
const ERF_SMALL: usize = memory.data<f32>([0.9]);

const MINUS_HALF: usize = memory.data<f32>([-0.5]);
const MINUS_TWO: usize = memory.data<f32>([-2]);
const SQRT_2: usize = memory.data<f32>([1.41421354]);

/** Keeps 12 significant bits of a float32, whose square is then exact. */
const UPPER_HALF: usize = memory.data<u32>([0xfffff000]);

/** M(a) = Φ(−a)·e^(a²/2), half the Mills ratio of the normal distribution times √(2/π). */
@inline
function tailFactor(a: v128): v128 {
  const centre = constant(TAIL_CENTRE);
  const inverse = f32x4.div(constant(ONE), f32x4.add(a, centre));
  return f32x4.mul(polynomial8(f32x4.mul(f32x4.sub(a, centre), inverse), TAIL), inverse);
}

/**
 * erf x. Below 0.9 an odd polynomial; above, 1 − 2Φ(−√2·|x|). There the rounding of a = √2·|x| and of a² does not
 * matter, because what it spoils is subtracted from 1.
 */
@inline
export function erf(x: v128): v128 {
  const sign = constant(SIGN);
  const magnitude = v128.andnot(x, sign);
  const inner = fma(magnitude, polynomial5(f32x4.mul(x, x), ERF), magnitude);
  const a = f32x4.pmin(f32x4.mul(magnitude, constant(SQRT_2)), constant(ERF_MOST));
  const power = expBetween(f32x4.mul(f32x4.mul(a, a), constant(MINUS_HALF)));
  const outer = fma(f32x4.mul(power, tailFactor(a)), constant(MINUS_TWO), constant(ONE));
  const result = v128.bitselect(inner, outer, f32x4.lt(magnitude, constant(ERF_SMALL)));
  return v128.bitselect(x, result, sign);
}

/**
 * x·Φ(x) = max(x, 0) − |x|·Φ(−|x|), which has no cancellation and tends to −0 at −∞.
 *
 * An error of 1 ulp in a²/2 would be 60 ulp in Φ(−a) at a = 14. So a is split into a₀ + a₁, a₀ with 12 bits: a₀² is
 * exact, and −½a² = −½a₀² − ½·a₁·(a + a₀) joins the range reduction of exp in two parts. The factor |x| comes before
 * the scaling by 2ⁿ, so that Φ may be denormal where the product is not.
 */
@inline
export function gelu(x: v128): v128 {
  const sign = constant(SIGN);
  const a = f32x4.pmin(v128.andnot(x, sign), constant(TAIL_MOST));
  const a0 = v128.and(a, constant(UPPER_HALF));
  const minusHalf = constant(MINUS_HALF);
  const high = f32x4.mul(f32x4.mul(a0, a0), minusHalf);
  const low = f32x4.mul(f32x4.mul(f32x4.sub(a, a0), f32x4.add(a, a0)), minusHalf);
  const rounded = powersOfTwo(f32x4.add(high, low));
  const r = f32x4.add(remainderOfLn2(high, rounded), low);
  const product = f32x4.mul(a, tailFactor(a));
  const tail = scale(fma(product, expm1Polynomial(r), product), rounded);
  return f32x4.sub(f32x4.pmax(x, sign), tail);
}
