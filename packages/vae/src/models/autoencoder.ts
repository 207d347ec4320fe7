import { type Activation, type Generator, randn, type Tensor, zeros } from '@varigrad/core';
import { checkOptions, type OptionNames } from '@varigrad/core/checks';
import { checkElboArguments, type Elbo, type ElboOptions, refuseKlWeights } from '../elbo.js';
import { CodeModel, type CodeModelOptions } from './code-model.js';
import { IMAGE_MODEL_OPTIONS } from './image-model.js';

/** Options of `Autoencoder`; the defaults are the 784-400-20 network for MNIST. */
export interface AutoencoderOptions extends CodeModelOptions {
  /** Length of an image's code. Default 20. */
  latent?: number;
  /** Activation of the code. Default 'none'. */
  codeActivation?: Activation;
}

/** The options of `Autoencoder`. */
export const AUTOENCODER_OPTIONS: OptionNames<AutoencoderOptions> = {
  latent: true,
  codeActivation: true,
  ...IMAGE_MODEL_OPTIONS,
};

/**
 * The autoencoder: x → code → x, trained on the reconstruction loss alone. The likelihood defines that loss: the cross-entropy with
 * `Bernoulli`, the squared error with `SquaredError`. The codes follow no particular distribution.
 * @see Hinton & Salakhutdinov 2006, "Reducing the Dimensionality of Data with Neural Networks"
 */
export class Autoencoder extends CodeModel {
  override readonly kind: string = 'ae';

  /** @param op - the class, for messages */
  constructor(options: AutoencoderOptions = {}, op = 'Autoencoder') {
    checkOptions(op, options, AUTOENCODER_OPTIONS);
    const { latent = 20, codeActivation, ...rest } = options;
    super(rest, latent, codeActivation, op);
  }

  /** null: an autoencoder is deterministic. */
  noise(_count: number, _generator?: Generator): Tensor | null {
    return null;
  }

  /**
   * The reconstruction loss, with a KL of 0. It is not a bound of log p(x).
   * @returns { loss, recon, kl }, scalars in nats per image
   * @throws ArgumentError if beta or freeBits is set
   */
  elbo(x: Tensor, options: ElboOptions = {}): Elbo {
    checkElboArguments(x, options);
    refuseKlWeights('an autoencoder', options);
    const outputs = this.decode(this.codes(options.input ?? x));
    const recon = this.likelihood.logProb(outputs, x).mean().neg();
    return { loss: recon, recon, kl: zeros([]) };
  }

  codes(x: Tensor): Tensor {
    return this.encoder.forward(x);
  }

  /** Samples of N(0, I), as for a VAE. An autoencoder has no prior, so their decoded images show the difference from a VAE. */
  samplePrior(count: number, { generator }: { generator?: Generator | undefined } = {}): Tensor {
    return randn([count, this.latent], { generator });
  }
}
