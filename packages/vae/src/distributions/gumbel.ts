import { type Generator, rand, type Shape, Tensor } from '@varigrad/core';
import { checkNumber, checkOptions, checkTensor } from '@varigrad/core/checks';
import { checkSameShape } from '../checks.js';

/**
 * Standard Gumbel noise, g = −log(−log u) with u uniform in (0, 1): argmaxₖ(logitₖ + gₖ) is a sample of softmax(logits).
 * @returns any shape, values from −2.85 to 16.7
 * @see Maddison, Tarlow & Minka 2014, arXiv:1411.0030
 */
export function gumbel(shape: Shape, options: { generator?: Generator | undefined } = {}): Tensor {
  checkOptions('gumbel', options, { generator: true }, 'shape, ');
  // Uniform numbers are multiples of 2⁻²⁴ and can be 0.
  return rand(shape, options)
    .clamp({ min: 2 ** -25 })
    .log()
    .neg()
    .log()
    .neg();
}

/** The smallest normal float32. A smaller τ would be 0 there. */
const LEAST_TEMPERATURE = 2 ** -126;

/**
 * A relaxed sample of a category, softmax((logits + g)/τ): nearly one-hot for small τ, and differentiable.
 * @param logits - `[…, K]`; @param noise - Gumbel noise of the same shape; @param temperature - τ above 0, a number or a scalar tensor
 * @returns positive numbers with sum 1 along the last axis, `[…, K]`
 * @throws ArgumentError unless a temperature that is a number is above 0; ShapeError if the shapes differ
 * @see Jang, Gu & Poole 2017, arXiv:1611.01144; Maddison, Mnih & Teh 2017, arXiv:1611.00712
 */
export function gumbelSoftmax(logits: Tensor, noise: Tensor, temperature: number | Tensor): Tensor {
  checkTensor('gumbelSoftmax', logits, 'logits');
  checkTensor('gumbelSoftmax', noise, 'noise');
  checkSameShape('gumbelSoftmax', { logits, noise });
  if (!(temperature instanceof Tensor))
    checkNumber('gumbelSoftmax', 'temperature', temperature, temperature > 0, 'above 0');
  const scores = logits.add(noise);
  // The softmax does not depend on the maximum. Subtracted first, it keeps scores / τ from overflowing at a tiny τ.
  const below = scores.sub(scores.amax({ axis: -1, keepDims: true }).detach());
  const divisor =
    temperature instanceof Tensor
      ? temperature.clamp({ min: LEAST_TEMPERATURE })
      : Math.max(temperature, LEAST_TEMPERATURE);
  return below.div(divisor).softmax({ axis: -1 });
}

/**
 * The value of one tensor with the gradient of another of the same shape: it replaces an operation that has no useful gradient.
 * @throws ShapeError if the shapes differ
 * @see Bengio, Léonard & Courville 2013, arXiv:1308.3432
 */
export function straightThrough(value: Tensor, gradient: Tensor): Tensor {
  checkTensor('straightThrough', value, 'value');
  checkTensor('straightThrough', gradient, 'gradient');
  checkSameShape('straightThrough', { value, gradient });
  // gradient − gradient is exactly 0, so the value is not rounded.
  return value.detach().add(gradient.sub(gradient.detach()));
}
