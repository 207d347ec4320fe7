/** Loss terms of one element. */
import { expMinusAbs, halfExcess, residualFrom } from './exponential';
import { log1pUnit } from './logarithm';

/**
 * |x|·w + log1p(e^−|x|) with w = 1 − t for x > 0 and w = t else. Both terms are positive, so nothing cancels. The product is
 * 0 for w = 0, also if x is infinite.
 */
@inline
export function sigmoidCrossEntropy(x: v128, t: v128): v128 {
  return crossEntropyFrom(expMinusAbs(x), x, t);
}

/** The same, given e = e^−|x|. */
@inline
function crossEntropyFrom(e: v128, x: v128, t: v128): v128 {
  const zero = f32x4.splat(0);
  const wrong = v128.bitselect(f32x4.sub(f32x4.splat(1), t), t, f32x4.gt(x, zero));
  const linear = v128.andnot(f32x4.mul(f32x4.abs(x), wrong), f32x4.eq(wrong, zero));
  return f32x4.add(linear, log1pUnit(e));
}

/** Stores `sigmoidCrossEntropy` at `loss` and its derivative `sigmoidResidual` at `residual`, which share their exponential. */
@inline
export function storeCrossEntropy(loss: usize, residual: usize, x: v128, t: v128): void {
  const e = expMinusAbs(x);
  v128.store(loss, crossEntropyFrom(e, x, t));
  v128.store(residual, residualFrom(e, x, t));
}

/** ½mu² + ½(e^logVar − 1 − logVar): both terms are positive, so nothing cancels. */
@inline
export function standardNormalKl(mu: v128, logVar: v128): v128 {
  return f32x4.add(f32x4.mul(f32x4.mul(f32x4.splat(0.5), mu), mu), halfExcess(logVar));
}
