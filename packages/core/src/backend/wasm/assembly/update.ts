/** Optimizer steps, in place. */
import { SWEEP_ADAM } from './functions.generated';
import { fma } from './math';

@inline
function number(numbers: usize, i: usize): v128 {
  return v128.load32_splat(numbers + (i << 2));
}

/**
 * Adam: m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²; p ← p·shrink − stepSize·m / (√v·rootCorrection + ε), with
 * stepSize = η / (1 − β₁ᵗ), rootCorrection = 1/√(1 − β₂ᵗ), and g = grad + decay·p.
 * @param numbers - address of β₁, 1 − β₁, β₂, 1 − β₂, stepSize, rootCorrection, ε, decay and shrink
 */
function adam(param: usize, grad: usize, m: usize, v: usize, n: usize, numbers: usize): void {
  const beta1 = number(numbers, 0), rest1 = number(numbers, 1), beta2 = number(numbers, 2), rest2 = number(numbers, 3);
  const stepSize = number(numbers, 4), rootCorrection = number(numbers, 5);
  const epsilon = number(numbers, 6), decay = number(numbers, 7), shrink = number(numbers, 8);
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

/**
 * SGD; `buffer` is 0 without momentum. See sgdStep of the reference backend for the formulas.
 * @param numbers - address of η, momentum, 1 − dampening, weightDecay, and 1 or 0 for nesterov and for the first step
 */
function sgd(param: usize, grad: usize, buffer: usize, n: usize, numbers: usize): void {
  const rate = number(numbers, 0), mu = number(numbers, 1), kept = number(numbers, 2), decay = number(numbers, 3);
  const nesterov = load<f32>(numbers, 16) != 0, first = load<f32>(numbers, 20) != 0;
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

/** Bytes of an entry of a sweep's list. */
const ENTRY: usize = 64;

/** Elements of a parameter, rounded up so that no vector belongs to two chunks. */
@inline
function spanOf(entry: usize): usize {
  return (<usize>load<u32>(entry, 16) + 15) & ~15;
}

/** Elements of all `count` parameters of a list. */
export function sweepLength(list: usize, count: i32): usize {
  let length: usize = 0;
  for (let i = 0; i < count; i++) length += spanOf(list + <usize>i * ENTRY);
  return length;
}

/**
 * One optimizer step on elements `from` to `to` of all parameters, counted through; both are multiples of 16.
 * @param list - 16 words for each parameter: the addresses of parameter, gradient and the two arrays of the optimizer's state, the
 * length, and the numbers of the step
 */
export function sweep(kind: i32, list: usize, from: usize, to: usize): void {
  let start: usize = 0;
  for (let entry = list; start < to; entry += ENTRY) {
    const next = start + spanOf(entry);
    if (next > from) {
      const first = max(from, start) - start;
      const n = min(min(to, next) - start, <usize>load<u32>(entry, 16)) - first;
      const at = first << 2;
      const param = <usize>load<u32>(entry) + at, grad = <usize>load<u32>(entry, 4) + at;
      const one = <usize>load<u32>(entry, 8), other = <usize>load<u32>(entry, 12) + at;
      if (kind == SWEEP_ADAM) adam(param, grad, one + at, other, n, entry + 20);
      else sgd(param, grad, one == 0 ? 0 : one + at, n, entry + 20);
    }
    start = next;
  }
}
