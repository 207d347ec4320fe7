import { arange, type Generator, type Tensor } from '@varigrad/core';
import { checkTensor } from '@varigrad/core/checks';
import { crossEntropy } from '@varigrad/nn';
import { gumbel } from './gumbel.js';

/**
 * Σⱼ logSoftmax(logits)[categoryⱼ], summed over the last axis: the log-probability of independent categories.
 * @param logits - `[batch, categories, variables]`; @param category - whole numbers, `[batch, variables]`
 * @returns nats, `[batch]`
 * @throws ArgumentError for a category that does not exist; ShapeError if the shapes do not fit
 */
export function categoricalLogProb(logits: Tensor, category: Tensor): Tensor {
  return crossEntropy(logits, category, { reduction: 'none' }).sum({ axis: -1 }).neg();
}

/**
 * A sample of softmax(logits) along an axis, by the Gumbel-max trick: the shape of the logits without this axis.
 * @see Maddison, Tarlow & Minka 2014, arXiv:1411.0030
 */
export function drawCategories(
  logits: Tensor,
  axis: number,
  options: { generator?: Generator | undefined } = {},
): Tensor {
  return logits.add(gumbel(logits.shape, options)).argmax({ axis });
}

/**
 * E_p[v] = Σ_k p_k·v_k over the last axis; a value with probability 0 contributes 0, also if it is infinite.
 * @param p - probabilities, `[…, K]`; @param values - v, same shape
 * @returns `[…]`
 */
export function expectation(p: Tensor, values: Tensor): Tensor {
  return p.eq(0).where(0, values).mul(p).sum({ axis: -1 });
}

/**
 * The entropy −Σ_k p ln p over the last axis; an impossible category contributes 0.
 * @param logP - log-probabilities, `[…, K]`
 * @returns nats from 0 to ln K, `[…]`
 */
export function entropy(logP: Tensor): Tensor {
  return expectation(logP.exp(), logP).neg();
}

/** One-hot of the largest element along the last axis (the first if several are equal), without a gradient: `[…, K]` → `[…, K]` */
export function hardMax(scores: Tensor): Tensor {
  checkTensor('hardMax', scores, 'scores');
  const categories = scores.shape.at(-1)!;
  return scores.detach().argmax({ axis: -1, keepDims: true }).eq(arange(categories));
}
