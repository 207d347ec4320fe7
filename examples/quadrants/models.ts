/** The conditional VAE whose condition is part of the image, and the network without z that it is compared with. */
import type { Generator, Tensor } from '@varigrad/core';
import { type DiagonalGaussian, klNormalPerDimension, Module } from '@varigrad/nn';
import {
  Bernoulli,
  ConditionalVAE,
  GaussianEncoder,
  gaussianLogProb,
  HiddenLayers,
  PlainEncoder,
  type Prior,
  type PriorContext,
  reparameterize,
} from '@varigrad/vae';
import type { Cut } from './split.js';

/** p(z|x) = N(mu(x), diag σ²(x)), where a network computes mu and log σ² from the given pixels x. */
class NetworkPrior extends Module implements Prior {
  readonly kind = 'network';
  readonly network: GaussianEncoder;

  constructor(given: number, hidden: readonly number[], latent: number, generator: Generator) {
    super();
    this.network = new GaussianEncoder(new HiddenLayers(given, hidden, { generator }), latent, { generator });
  }

  logProb(z: Tensor, context: PriorContext): Tensor {
    const { mu, logVar } = this.#of(context);
    return gaussianLogProb(z, mu, logVar);
  }

  sample(_count: number, context: PriorContext, options: { generator?: Generator | undefined } = {}): Tensor {
    return reparameterize(this.#of(context), options);
  }

  klPerDimension(q: DiagonalGaussian, context: PriorContext): Tensor {
    return klNormalPerDimension(q, this.#of(context));
  }

  #of({ labels }: PriorContext): DiagonalGaussian {
    return this.network.forward(labels as Tensor);
  }
}

/** The widths of the networks. */
export interface Sizes {
  readonly hidden: readonly number[];
  readonly latent: number;
}

/**
 * q(z|x, y), p(z|x) and p(y|x, z) for given pixels x and the rest y. The library's conditional VAE concatenates its condition to the
 * image and to z; the condition may be any row of numbers, so here it is x in place of a one-hot class.
 */
export function conditionalModel(
  { given, rest }: Cut,
  { hidden, latent }: Sizes,
  generator: Generator,
): ConditionalVAE {
  return new ConditionalVAE({
    inputSize: rest.length,
    classes: given.length,
    hidden,
    latent,
    generator,
    prior: new NetworkPrior(given.length, hidden, latent, generator),
  });
}

/** p(y|x) = Πᵢ p(yᵢ|x): a network of the same widths without z, so that the pixels of y are independent given x. */
export class Baseline extends Module {
  readonly network: PlainEncoder;
  readonly likelihood: Bernoulli = new Bernoulli();

  constructor({ given, rest }: Cut, hidden: readonly number[], generator: Generator) {
    super();
    this.network = new PlainEncoder(new HiddenLayers(given.length, hidden, { generator }), rest.length, {
      generator,
    });
  }

  /** log p(y|x), nats per image `[batch]`. */
  logProb(x: Tensor, y: Tensor): Tensor {
    return this.likelihood.logProb(this.network.forward(x), y);
  }

  /** E[y|x] */
  mean(x: Tensor): Tensor {
    return this.likelihood.mean(this.network.forward(x));
  }
}
