import { ArgumentError, arange, type Generator, type Tensor } from '@varigrad/core';
import { checkOptions, checkTensor, checkValues, checkWhole } from '@varigrad/core/checks';
import { type Description, Module } from '@varigrad/nn';
import { categoricalLogProb, drawCategories } from '../distributions/categorical.js';
import type { Likelihood } from './likelihood.js';
import { checkOutputs, checkRange } from './support.js';

/** Options of the categorical decoder. */
export interface CategoricalOptions {
  /** Number of grey levels of a pixel: 0, 1/(levels − 1), …, 1. Default 256. */
  levels?: number;
}

/** Each pixel has one of a fixed number of grey levels, with its own probabilities softmax(logits). */
export class Categorical extends Module implements Likelihood {
  readonly kind = 'categorical';
  readonly outputsPerPixel: number;

  /** @throws ArgumentError if levels is below 2 or not a whole number */
  constructor(options: CategoricalOptions = {}) {
    super();
    checkOptions('Categorical', options, { levels: true });
    const { levels = 256 } = options;
    checkWhole('Categorical', 'levels', levels, 2);
    this.outputsPerPixel = levels;
  }

  /** Σ_pixels logSoftmax(logits)[level of x], nats per image `[batch]`. @throws ArgumentError if a pixel is not one of the levels */
  logProb(logits: Tensor, x: Tensor): Tensor {
    this.#checkLevels(x);
    checkOutputs('Categorical', logits, x, this.outputsPerPixel);
    return categoricalLogProb(this.#perLevel(logits), x.mul(this.outputsPerPixel - 1).round());
  }

  /** Σ_levels probability · level, `[batch, pixels]`. */
  mean(logits: Tensor): Tensor {
    return this.#perLevel(logits).softmax({ axis: 1 }).mul(this.#levels()).sum({ axis: 1 });
  }

  /** Sampled with the Gumbel-max trick. */
  sample(logits: Tensor, generator?: Generator): Tensor {
    return drawCategories(this.#perLevel(logits), 1, { generator }).div(this.outputsPerPixel - 1);
  }

  override describe(): Description {
    return [`${this.outputsPerPixel} levels`];
  }

  /** `[batch, levels · pixels]` → `[batch, levels, pixels]` */
  #perLevel(logits: Tensor): Tensor {
    checkTensor('Categorical', logits, 'logits');
    const [batch, outputs] = logits.shape as [number, number];
    const levels = this.outputsPerPixel;
    return logits.reshape([batch, levels, outputs / levels]);
  }

  /** The grey values of the levels, `[levels, 1]`. */
  #levels(): Tensor {
    const levels = this.outputsPerPixel;
    return arange(levels)
      .div(levels - 1)
      .reshape([levels, 1]);
  }

  #checkLevels(x: Tensor): void {
    const advice = `round grey values to multiples of 1/${this.outputsPerPixel - 1}`;
    checkRange('Categorical', x, 0, 1, advice);
    checkValues(x, (values) => {
      for (const value of values) {
        const place = value * (this.outputsPerPixel - 1);
        if (Math.abs(place - Math.round(place)) > 1e-3)
          throw new ArgumentError(
            'Categorical',
            `images contain ${value}, which is not one of the ${this.outputsPerPixel} levels — ${advice}`,
          );
      }
    });
  }
}
