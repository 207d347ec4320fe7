import type { Tensor } from '@varigrad/core';
import { bceWithLogits } from '@varigrad/nn';

/**
 * Σⱼ xⱼ ln σ(lⱼ) + (1 − xⱼ) ln(1 − σ(lⱼ)), summed over the last axis: the log-probability of independent bits x.
 * @param logits - l, `[…, bits]`; @param x - in [0, 1], same shape
 * @returns nats, `[…]`
 * @throws ArgumentError if x leaves [0, 1]; ShapeError if the shapes differ
 */
export function bernoulliLogProb(logits: Tensor, x: Tensor): Tensor {
  return bceWithLogits(logits, x, { reduction: 'none' }).sum({ axis: -1 }).neg();
}
