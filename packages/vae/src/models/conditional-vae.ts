import {
  ArgumentError,
  concat,
  formatShape,
  type Generator,
  randn,
  ShapeError,
  type Tensor,
} from '@varigrad/core';
import { Module } from '@varigrad/nn';
import { type Elbo, type ElboOptions, negativeElbo, type Posterior, reparameterize } from '../elbo.js';
import { Bernoulli } from '../likelihoods/bernoulli.js';
import type { Likelihood } from '../likelihoods/likelihood.js';
import type { LatentModel } from './model.js';
import { Decoder, GaussianEncoder } from './networks.js';
import type { VAEOptions } from './vae.js';

/** Options of `ConditionalVAE`. */
export interface ConditionalVAEOptions extends VAEOptions {
  /** Number of classes. Default 10. */
  classes?: number;
}

/**
 * The conditional VAE: a VAE that is told each image's class y. The one-hot label is concatenated to the encoder's
 * input and to z, so z need only hold what the label does not say: the style.
 * @see Sohn, Lee & Yan 2015, "Learning Structured Output Representation using Deep Conditional Generative Models"
 */
export class ConditionalVAE extends Module implements LatentModel {
  readonly kind: string = 'cvae';
  readonly classes: number;
  readonly latent: number;
  readonly encoder: GaussianEncoder;
  readonly decoder: Decoder;
  readonly likelihood: Likelihood;

  constructor(options: ConditionalVAEOptions = {}) {
    super();
    const {
      inputSize = 784,
      hidden = [400],
      latent = 20,
      classes = 10,
      likelihood = new Bernoulli(),
      ...network
    } = options;
    this.latent = latent;
    this.classes = classes;
    this.encoder = new GaussianEncoder(inputSize + classes, hidden, latent, network);
    this.decoder = new Decoder(latent + classes, hidden.toReversed(), inputSize, network);
    this.likelihood = likelihood;
  }

  /** q(z|x, y): `[batch, pixels]` and one-hot `[batch, classes]` → mu and logVar, `[batch, latent]`. */
  encode(x: Tensor, labels?: Tensor): Posterior {
    return this.encoder.forward(this.#withLabels('encode', x, labels));
  }

  /** z = mu + exp(½ logVar)·ε; see `reparameterize`. */
  reparameterize(posterior: Posterior, options: { eps?: Tensor; generator?: Generator } = {}): Tensor {
    return reparameterize(posterior, options);
  }

  /** Parameters of p(x|z, y): `[batch, latent]` and one-hot `[batch, classes]` → `[batch, pixels]`. */
  decode(z: Tensor, labels?: Tensor): Tensor {
    return this.decoder.forward(this.#withLabels('decode', z, labels));
  }

  /** { loss, recon, kl } of log p(x|y), scalars in nats per image. @throws ArgumentError without `labels` */
  elbo(x: Tensor, options: ElboOptions = {}): Elbo {
    const posterior = this.encode(x, options.labels);
    const outputs = this.decode(reparameterize(posterior, options), options.labels);
    return negativeElbo(posterior, outputs, x, this.likelihood, options.beta);
  }

  /** Mean images of the given classes with random style z ~ N(0, I): one-hot `[count, classes]` → `[count, pixels]`. */
  sample(labels: Tensor, options: { generator?: Generator } = {}): Tensor {
    const z = randn([labels.shape[0] as number, this.latent], options);
    return this.likelihood.mean(this.decode(z, labels));
  }

  /** Mean images decoded from the posterior's mean and the image's own class, `[batch, pixels]`. */
  reconstruct(x: Tensor, labels: Tensor): Tensor {
    return this.likelihood.mean(this.decode(this.encode(x, labels).mu, labels));
  }

  #withLabels(op: string, t: Tensor, labels: Tensor | undefined): Tensor {
    if (labels === undefined) {
      throw new ArgumentError(op, 'a conditional VAE needs the labels — pass oneHot(labels, classes)');
    }
    if (labels.rank !== 2 || labels.shape[0] !== t.shape[0] || labels.shape[1] !== this.classes) {
      throw new ShapeError(
        op,
        [t.shape, labels.shape],
        `labels ${formatShape(labels.shape)} for a batch ${formatShape(t.shape)} and ${this.classes} classes` +
          ' — they are one-hot rows [batch, classes]',
      );
    }
    return concat([t, labels], 1); // [batch, features + classes]
  }
}
