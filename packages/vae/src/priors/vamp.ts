import { type Generator, parameter, randn, type Tensor, zeros } from '@varigrad/core';
import { Module } from '@varigrad/nn';
import { drawComponents, mixtureLogProb } from './mixture.js';
import type { Prior, PriorContext } from './prior.js';

/** Options of `VampPrior`. */
export interface VampPriorOptions {
  /** Number of pseudo-inputs. Default 500. */
  components?: number;
  /** Mean and standard deviation of the initial pseudo-inputs' logits. Default −1.5 and 1. */
  mean?: number;
  spread?: number;
  /** Source of the initial pseudo-inputs. */
  generator?: Generator;
}

/**
 * p(z) = 1/K Σₖ q(z|uₖ): the posterior of K learned pseudo-images, mixed in equal parts.
 * @see Tomczak & Welling 2018, arXiv:1705.07120
 */
export class VampPrior extends Module implements Prior {
  readonly kind = 'vamp';
  /** Logits of the pseudo-images, `[components, pixels]`. */
  readonly pseudoLogits: Tensor;

  constructor(
    inputSize: number,
    { components = 500, mean = -1.5, spread = 1, ...options }: VampPriorOptions = {},
  ) {
    super();
    this.pseudoLogits = parameter(randn([components, inputSize], options).mul(spread).add(mean));
  }

  /** The pseudo-images uₖ, `[components, pixels]` in [0, 1]. */
  pseudoInputs(): Tensor {
    return this.pseudoLogits.sigmoid();
  }

  logProb(z: Tensor, context: PriorContext): Tensor {
    const { mu, logVar } = context.encode(this.pseudoInputs());
    return mixtureLogProb(z, this.#logWeights(), mu, logVar);
  }

  sample(count: number, context: PriorContext, options: { generator?: Generator } = {}): Tensor {
    const component = drawComponents(this.#logWeights(), count, options);
    const q = context.encode(this.pseudoInputs().indexSelect(component));
    return q.mu.add(q.logVar.mul(0.5).exp().mul(randn(q.mu.shape, options)));
  }

  #logWeights(): Tensor {
    const [components] = this.pseudoLogits.shape as [number, number];
    return zeros([components]).sub(Math.log(components));
  }
}
