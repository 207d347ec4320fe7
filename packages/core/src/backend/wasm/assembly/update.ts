/** Optimizer steps, in place. */
import { fma } from './math';
import { real } from './control';

/**
 * Adam: m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²; p ← p·shrink − stepSize·m / (√v·rootCorrection + ε), with
 * stepSize = η / (1 − β₁ᵗ), rootCorrection = 1/√(1 − β₂ᵗ), and g = grad + decay·p.
 */
export function adam(param: usize, grad: usize, m: usize, v: usize, n: usize): void {
  const beta1 = f32x4.splat(real(6)), rest1 = f32x4.splat(real(7));
  const beta2 = f32x4.splat(real(8)), rest2 = f32x4.splat(real(9));
  const stepSize = f32x4.splat(real(10)), rootCorrection = f32x4.splat(real(11));
  const epsilon = f32x4.splat(real(12)), decay = f32x4.splat(real(13)), shrink = f32x4.splat(real(14));
  for (let i: usize = 0; i < n << 2; i += 16) {
    const p = f32x4.mul(v128.load(param + i), shrink);
    const g = fma(decay, p, v128.load(grad + i));
    const mean = fma(beta1, v128.load(m + i), f32x4.mul(rest1, g));
    const square = fma(beta2, v128.load(v + i), f32x4.mul(f32x4.mul(rest2, g), g));
    v128.store(m + i, mean);
    v128.store(v + i, square);
    const root = fma(f32x4.sqrt(square), rootCorrection, epsilon);
    v128.store(param + i, f32x4.sub(p, f32x4.div(f32x4.mul(stepSize, mean), root)));
  }
}

/** SGD; `buffer` is 0 without momentum. See sgdStep of the reference backend for the formulas. */
export function sgd(
  param: usize, grad: usize, buffer: usize, n: usize,
  learningRate: f32, momentum: f32, keep: f32, nesterov: bool, weightDecay: f32, first: bool,
): void {
  const rate = f32x4.splat(learningRate), mu = f32x4.splat(momentum);
  const kept = f32x4.splat(keep), decay = f32x4.splat(weightDecay);
  for (let i: usize = 0; i < n << 2; i += 16) {
    const p = v128.load(param + i);
    const g = fma(decay, p, v128.load(grad + i));
    let direction = g;
    if (buffer != 0) {
      const b = first ? g : fma(mu, v128.load(buffer + i), f32x4.mul(kept, g));
      v128.store(buffer + i, b);
      direction = nesterov ? fma(mu, b, g) : b;
    }
    v128.store(param + i, f32x4.sub(p, f32x4.mul(rate, direction)));
  }
}
