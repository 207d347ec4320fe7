import { bernoulli, type Generator, type Tensor } from '@varigrad/core';
import { checkTensor } from '@varigrad/core/checks';
import { Module } from '@varigrad/nn';
import { bernoulliLogProb } from '../distributions/bernoulli.js';
import type { Likelihood } from './likelihood.js';
import { checkOutputs } from './support.js';

/**
 * Each pixel is 1 with probability σ(logit).
 * For grey targets in [0, 1] the same formula is the cross-entropy that many published VAEs report; it is a
 * likelihood of binary images only.
 */
export class Bernoulli extends Module implements Likelihood {
  readonly kind = 'bernoulli';
  readonly outputsPerPixel = 1;

  /** −Σ_pixels max(l, 0) − l·x + log1p(e^−|l|), nats per image `[batch]`. @throws ArgumentError if x leaves [0, 1] */
  logProb(logits: Tensor, x: Tensor): Tensor {
    checkOutputs('Bernoulli', logits, x, this.outputsPerPixel);
    return bernoulliLogProb(logits, x);
  }

  mean(logits: Tensor): Tensor {
    checkTensor('Bernoulli', logits, 'logits');
    return logits.sigmoid();
  }

  sample(logits: Tensor, generator?: Generator): Tensor {
    return bernoulli(this.mean(logits), { generator });
  }
}
