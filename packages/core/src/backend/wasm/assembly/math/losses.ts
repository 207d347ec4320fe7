/** Loss terms of one element. */
import { expm1 } from './exponential';
import { log1pExpMinusAbs } from './logarithm';

/** (max(x, 0) − x·t) + log1p(e^−|x|): in this order the small second term is not lost next to a large x. */
@inline
export function sigmoidCrossEntropy(x: v128, t: v128): v128 {
  const linear = f32x4.sub(f32x4.pmax(x, f32x4.splat(0)), f32x4.mul(x, t));
  return f32x4.add(linear, log1pExpMinusAbs(x));
}

/** ½(mu² + (expm1(logVar) − logVar)), which equals −½(1 + logVar − mu² − e^logVar) without the cancellation near the prior. */
@inline
export function standardNormalKl(mu: v128, logVar: v128): v128 {
  const excess = f32x4.sub(expm1(logVar), logVar);
  return f32x4.mul(f32x4.splat(0.5), f32x4.add(f32x4.mul(mu, mu), excess));
}
