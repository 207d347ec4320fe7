import type { Generator, Tensor } from '@varigrad/core';
import { checkMethod, checkOptions, checkWhole, type OptionNames } from '@varigrad/core/checks';
import type { Description } from '@varigrad/nn';
import { type Corruption, masking } from '../corruptions.js';
import { checkElboArguments, type Elbo, type ElboOptions, repeatRows } from '../elbo.js';
import { AUTOENCODER_OPTIONS, Autoencoder, type AutoencoderOptions } from './autoencoder.js';

/** Options of `DenoisingAutoencoder`. */
export interface DenoisingAutoencoderOptions extends AutoencoderOptions {
  /** The noise on the encoder's input. Default `masking(0.5)`, without rescaling. */
  corruption?: Corruption;
  /** Draws of the noise for each image of a step, L. Default 1. */
  noiseSamples?: number;
}

const DENOISING_OPTIONS: OptionNames<DenoisingAutoencoderOptions> = {
  corruption: true,
  noiseSamples: true,
  ...AUTOENCODER_OPTIONS,
};

/**
 * The denoising autoencoder: noise on the image that the encoder sees, loss against the clean one. The noise is drawn in training mode
 * only; `evaluate` with a `corruption` measures a model on images with noise.
 * @see Vincent et al. 2008, "Extracting and Composing Robust Features with Denoising Autoencoders"
 */
export class DenoisingAutoencoder extends Autoencoder {
  override readonly kind: string = 'dae';
  readonly corruption: Corruption;
  readonly noiseSamples: number;

  /** @throws ArgumentError unless noiseSamples is a whole number above 0 */
  constructor(options: DenoisingAutoencoderOptions = {}) {
    const op = 'DenoisingAutoencoder';
    checkOptions(op, options, DENOISING_OPTIONS);
    const { corruption = masking(0.5), noiseSamples = 1, ...rest } = options;
    super(rest, op);
    checkWhole(op, 'noiseSamples', noiseSamples);
    checkMethod(op, 'corruption', corruption, 'apply', 'a corruption, such as masking(0.5)');
    this.corruption = corruption;
    this.noiseSamples = noiseSamples;
  }

  override describe(): Description {
    return [`${this.corruption.kind} noise`, this.noiseSamples > 1 && `${this.noiseSamples} samples`];
  }

  /** The corruption's random numbers in training, `[count, noiseSamples · pixels]`; none in evaluation. */
  override noise(count: number, generator?: Generator): Tensor | null {
    if (!this.training) return null;
    const shape = [count, this.noiseSamples * this.inputSize];
    return this.corruption.noise(shape, { generator });
  }

  /** The mean over L draws of the noise of −log p(x|code of the noisy x): the noise is `eps` or, in training mode, drawn. */
  override elbo(x: Tensor, options: ElboOptions = {}): Elbo {
    checkElboArguments(x, options);
    const batch = x.shape[0]!;
    const eps = options.eps ?? this.noise(batch, options.generator);
    if (eps === null || options.input !== undefined) return super.elbo(x, options);
    const clean = repeatRows(x, this.noiseSamples); // [batch · L, pixels]
    return super.elbo(clean, { ...options, input: this.corruption.apply(clean, eps.reshape(clean.shape)) });
  }
}
