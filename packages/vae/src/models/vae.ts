import { type Generator, randn, type Tensor } from '@varigrad/core';
import { Module } from '@varigrad/nn';
import { type Elbo, type ElboOptions, negativeElbo, type Posterior, reparameterize } from '../elbo.js';
import { Bernoulli } from '../likelihoods/bernoulli.js';
import type { Likelihood } from '../likelihoods/likelihood.js';
import type { LatentModel } from './model.js';
import { Decoder, GaussianEncoder, type NetworkOptions } from './networks.js';

/** Options of `VAE`; the defaults are the 784-400-20 network for MNIST. */
export interface VAEOptions extends NetworkOptions {
  /** Pixels of an image. Default 784. */
  inputSize?: number;
  /** Widths of the encoder's hidden layers; the decoder has them in reverse. Default [400]. */
  hidden?: readonly number[];
  /** Dimensions of z. Default 20. */
  latent?: number;
  /** p(x|z). Default Bernoulli. */
  likelihood?: Likelihood;
}

/**
 * The variational autoencoder: q(z|x) = N(mu(x), diag σ²(x)), p(z) = N(0, I), p(x|z) by the likelihood.
 * @see Kingma & Welling 2014, arXiv:1312.6114
 */
export class VAE extends Module implements LatentModel {
  readonly kind: string = 'vae';
  readonly classes: number = 0;
  readonly latent: number;
  readonly encoder: GaussianEncoder;
  readonly decoder: Decoder;
  readonly likelihood: Likelihood;

  constructor(options: VAEOptions = {}) {
    super();
    const {
      inputSize = 784,
      hidden = [400],
      latent = 20,
      likelihood = new Bernoulli(),
      ...network
    } = options;
    this.latent = latent;
    this.encoder = new GaussianEncoder(inputSize, hidden, latent, network);
    this.decoder = new Decoder(latent, hidden.toReversed(), inputSize, network);
    this.likelihood = likelihood;
  }

  /** q(z|x): `[batch, pixels]` → mu and logVar, `[batch, latent]`. */
  encode(x: Tensor): Posterior {
    return this.encoder.forward(x);
  }

  /** z = mu + exp(½ logVar)·ε; see `reparameterize`. */
  reparameterize(posterior: Posterior, options: { eps?: Tensor; generator?: Generator } = {}): Tensor {
    return reparameterize(posterior, options);
  }

  /** The likelihood's parameters (for Bernoulli: logits): `[batch, latent]` → `[batch, pixels]`. */
  decode(z: Tensor): Tensor {
    return this.decoder.forward(z);
  }

  /** { loss, recon, kl }, scalars in nats per image; see `negativeElbo`. */
  elbo(x: Tensor, options: ElboOptions = {}): Elbo {
    const posterior = this.encode(x); // 2 × [batch, latent]
    const outputs = this.decode(reparameterize(posterior, options)); // [batch, pixels]
    return negativeElbo(posterior, outputs, x, this.likelihood, options.beta);
  }

  /** Mean images of `count` draws z ~ N(0, I), `[count, pixels]`. */
  sample(count: number, options: { generator?: Generator } = {}): Tensor {
    return this.likelihood.mean(this.decode(randn([count, this.latent], options)));
  }

  /** Mean images decoded from the posterior's mean, `[batch, pixels]`. */
  reconstruct(x: Tensor): Tensor {
    return this.likelihood.mean(this.decode(this.encode(x).mu));
  }
}
