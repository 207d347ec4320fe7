import type { Generator, Tensor } from '@varigrad/core';
import { checkOptions, checkWhole, type OptionNames } from '@varigrad/core/checks';
import { withRowsPerImage } from '@varigrad/core/compile';
import type { Description } from '@varigrad/nn';
import { checkCorruption } from '../checks.js';
import { type Corruption, masking } from '../corruptions.js';
import { checkElboArguments, type Elbo, type ElboOptions, repeatRows } from '../elbo.js';
import { AUTOENCODER_OPTIONS, Autoencoder, type AutoencoderOptions } from './autoencoder.js';

/** Options of `DenoisingAutoencoder`. */
export interface DenoisingAutoencoderOptions extends AutoencoderOptions {
  /** The noise on the encoder's input. Default `masking(0.5)` without rescaling. */
  corruption?: Corruption;
  /** Noise samples per image and step, L. Default 1. */
  noiseSamples?: number;
}

const DENOISING_OPTIONS: OptionNames<DenoisingAutoencoderOptions> = {
  corruption: true,
  noiseSamples: true,
  ...AUTOENCODER_OPTIONS,
};

/**
 * The denoising autoencoder: the encoder sees an image with noise, and the loss compares with the clean image. Noise is added in
 * training mode only. To measure any model on noisy images, call `evaluate` with a `corruption`.
 * @see Vincent et al. 2008, "Extracting and Composing Robust Features with Denoising Autoencoders"
 */
export class DenoisingAutoencoder extends Autoencoder {
  override readonly kind: string = 'dae';
  readonly corruption: Corruption;
  readonly noiseSamples: number;

  /** @throws ArgumentError if noiseSamples is not a whole number above 0 */
  constructor(options: DenoisingAutoencoderOptions = {}) {
    const op = 'DenoisingAutoencoder';
    checkOptions(op, options, DENOISING_OPTIONS);
    const { corruption = masking(0.5), noiseSamples = 1, ...rest } = options;
    super(rest, op);
    checkWhole(op, 'noiseSamples', noiseSamples);
    checkCorruption(op, corruption);
    this.corruption = corruption;
    this.noiseSamples = noiseSamples;
  }

  override describe(): Description {
    return [`${this.corruption.kind} noise`, this.noiseSamples > 1 && `${this.noiseSamples} samples`];
  }

  /** The corruption's random numbers in training mode, `[count, noiseSamples · pixels]`; null in evaluation mode. */
  override noise(count: number, generator?: Generator): Tensor | null {
    if (!this.training) return null;
    const shape = [count, this.noiseSamples * this.inputSize];
    return this.corruption.noise(shape, { generator });
  }

  /** −log p(x | code of the noisy x), averaged over L noise samples. The noise is `eps`; without it, noise is drawn in training mode only. */
  override elbo(x: Tensor, options: ElboOptions = {}): Elbo {
    checkElboArguments(x, options);
    const batch = x.shape[0]!;
    const { eps = this.noise(batch, options.generator), ...rest } = options;
    if (eps === null || options.input !== undefined) return super.elbo(x, options);
    const clean = repeatRows(x, this.noiseSamples); // [batch · L, pixels]
    const input = this.corruption.apply(clean, eps.reshape(clean.shape));
    return withRowsPerImage(this.noiseSamples, () => super.elbo(clean, { ...rest, input }));
  }
}
