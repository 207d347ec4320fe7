import { type Activation, type Generator, randn, type Tensor, zeros } from '@varigrad/core';
import { type Elbo, type ElboOptions, refuseKlWeights } from '../elbo.js';
import { CodeModel, type CodeModelOptions } from './code-model.js';

/** Options of `Autoencoder`; the defaults are the 784-400-20 network for MNIST. */
export interface AutoencoderOptions extends CodeModelOptions {
  /** Numbers in the code of an image. Default 20. */
  latent?: number;
  /** Nonlinearity of the code itself. Default 'none'. */
  codeActivation?: Activation;
}

/**
 * The autoencoder: x → code → x, trained on the reconstruction alone. The likelihood says how it is measured: `Bernoulli` by the
 * cross-entropy, `SquaredError` by the square error. Nothing keeps the codes near any distribution.
 * @see Hinton & Salakhutdinov 2006, "Reducing the Dimensionality of Data with Neural Networks"
 */
export class Autoencoder extends CodeModel {
  override readonly kind: string = 'ae';

  constructor({ latent = 20, codeActivation, ...options }: AutoencoderOptions = {}) {
    super(options, latent, codeActivation);
  }

  /** None: an autoencoder is deterministic. */
  noise(_count: number, _generator?: Generator): Tensor | null {
    return null;
  }

  /**
   * The reconstruction loss, with a KL of 0: it bounds nothing.
   * @returns { loss, recon, kl }, scalars in nats per image
   * @throws ArgumentError for beta or free bits
   */
  elbo(x: Tensor, options: ElboOptions = {}): Elbo {
    refuseKlWeights('an autoencoder', options);
    const outputs = this.decode(this.codes(options.input ?? x));
    const recon = this.likelihood.logProb(outputs, x).mean().neg();
    return { loss: recon, recon, kl: zeros([]) };
  }

  codes(x: Tensor): Tensor {
    return this.encoder.forward(x);
  }

  /** N(0, I), as for a VAE. An autoencoder has no prior; decoding these shows what it lacks. */
  samplePrior(count: number, { generator }: { generator?: Generator | undefined } = {}): Tensor {
    return randn([count, this.latent], { generator });
  }
}
