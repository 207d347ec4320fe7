import { ArgumentError, type Generator, type Tensor } from '@varigrad/core';
import { checkOptions, checkWhole, type OptionNames } from '@varigrad/core/checks';
import { Linear, Module } from '@varigrad/nn';
import { MaskedLinear } from '../models/masked-linear.js';
import { GaussianPosterior } from './gaussian.js';
import type { Draw, Posterior, PosteriorFamily } from './posterior.js';

/** Options of `InverseAutoregressiveFlow`. */
export interface InverseAutoregressiveFlowOptions {
  /** Width of the encoder's features. Default 400. */
  features?: number;
  /** Number of steps. Default 2. */
  length?: number;
  /** Width of each step's hidden layer. Default 320. */
  hidden?: number;
  /** Source of the initial weights. */
  generator?: Generator | undefined;
}

const FLOW_OPTIONS: OptionNames<InverseAutoregressiveFlowOptions> = {
  features: true,
  length: true,
  hidden: true,
  generator: true,
};

/**
 * Computes m and s of each dimension of z from the earlier dimensions and the image's features. Masks on one hidden layer, defined by
 * the degrees of its units, enforce this order.
 * @see Germain et al. 2015 (MADE), arXiv:1502.03509
 */
class AutoregressiveNetwork extends Module {
  readonly hidden: MaskedLinear;
  readonly context: Linear;
  readonly m: MaskedLinear;
  readonly s: MaskedLinear;

  constructor(
    latent: number,
    hidden: number,
    features: number,
    options: { generator?: Generator | undefined },
  ) {
    super();
    const own = Array.from({ length: latent }, (_, i) => i + 1);
    const degrees = Array.from({ length: hidden }, (_, i) => 1 + (i % Math.max(1, latent - 1)));
    this.hidden = new MaskedLinear(own, degrees, (unit, input) => unit >= input, options);
    this.context = new Linear(features, hidden, options);
    this.m = new MaskedLinear(degrees, own, (output, unit) => output > unit, options);
    this.s = new MaskedLinear(degrees, own, (output, unit) => output > unit, options);
  }

  forward(z: Tensor, context: Tensor): { m: Tensor; s: Tensor } {
    const h = this.hidden.forward(z).add(this.context.forward(context)).relu(); // [batch, hidden]
    return { m: this.m.forward(h), s: this.s.forward(h) };
  }
}

/**
 * A Gaussian followed by steps z ← σ ⊙ z + (1 − σ) ⊙ m with σ = sigmoid(s + 1.5), where m and s of each dimension depend on the earlier
 * dimensions. The order of the dimensions is reversed after each step. log |det| = Σⱼ log σⱼ.
 * @see Kingma et al. 2016, arXiv:1606.04934
 */
export class InverseAutoregressiveFlow extends Module implements PosteriorFamily {
  readonly kind = 'iaf';
  readonly isGaussian = false;
  readonly steps: AutoregressiveNetwork[];
  readonly #base = new GaussianPosterior();

  constructor(latent: number, options: InverseAutoregressiveFlowOptions = {}) {
    super();
    const op = 'InverseAutoregressiveFlow';
    checkOptions(op, options, FLOW_OPTIONS, 'latent, ');
    const { features = 400, length = 2, hidden = 320, generator } = options;
    for (const [name, value] of Object.entries({ latent, features, length, hidden }))
      checkWhole(op, name, value);
    this.steps = Array.from(
      { length },
      () => new AutoregressiveNetwork(latent, hidden, features, { generator }),
    );
  }

  /** @throws ArgumentError if the encoder provides no features */
  draw(q: Posterior, eps: Tensor): Draw {
    const { context } = q;
    if (context === undefined)
      throw new ArgumentError(
        'InverseAutoregressiveFlow',
        'the posterior has no context — use an encoder that provides it, such as GaussianEncoder',
      );
    const base = this.#base.draw(q, eps);
    let z = base.z;
    const logSigmas: Tensor[] = [];
    this.steps.forEach((step, i) => {
      if (i > 0) z = z.flip({ axis: 1 });
      const { m, s } = step.forward(z, context);
      // The shift makes an untrained flow keep most of z: sigmoid(1.5) = 0.82.
      const logits = s.add(1.5);
      z = m.add(logits.sigmoid().mul(z.sub(m)));
      logSigmas.push(logits.logSigmoid());
    });
    return {
      z,
      logProb: () => logSigmas.reduce((sum, logSigma) => sum.sub(logSigma.sum({ axis: -1 })), base.logProb()),
    };
  }
}
