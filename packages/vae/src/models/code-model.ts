import type { Activation, Generator, Tensor } from '@varigrad/core';
import { Module } from '@varigrad/nn';
import type { Elbo, ElboOptions } from '../elbo.js';
import { Bernoulli } from '../likelihoods/bernoulli.js';
import type { Likelihood } from '../likelihoods/likelihood.js';
import type { GenerativeModel } from './model.js';
import {
  Decoder,
  type DecoderNetwork,
  HiddenLayers,
  type NetworkOptions,
  PlainEncoder,
  type PlainNetwork,
} from './networks.js';

/** Options of a model whose encoder gives one row of numbers an image. */
export interface CodeModelOptions extends NetworkOptions {
  /** Pixels of an image. Default 784. */
  inputSize?: number;
  /** Widths of the encoder's hidden layers; the decoder has them in reverse. Default [400]; [] leaves one layer a side. */
  hidden?: readonly number[];
  /** What the decoder's outputs mean. Default Bernoulli. */
  likelihood?: Likelihood;
  /** x → code. Default: fully connected layers of `hidden` widths. */
  encoder?: PlainNetwork;
  /** z → the likelihood's parameters. Default: fully connected layers of `hidden` widths, in reverse. */
  decoder?: DecoderNetwork;
}

/** An encoder, a decoder and a likelihood: what models share whose code is no Gaussian. */
export abstract class CodeModel extends Module implements GenerativeModel {
  abstract readonly kind: string;
  readonly inputSize: number;
  readonly latent: number;
  readonly classes = 0;
  readonly encoder: PlainNetwork;
  readonly decoder: DecoderNetwork;
  readonly likelihood: Likelihood;

  /** @param latent - numbers in a code, which the encoder gives and the decoder takes */
  constructor(options: CodeModelOptions, latent: number, codeActivation?: Activation) {
    super();
    const { inputSize = 784, hidden = [400], likelihood = new Bernoulli(), activation, generator } = options;
    const init = generator === undefined ? {} : { generator };
    const network = activation === undefined ? init : { ...init, activation };
    this.inputSize = inputSize;
    this.latent = latent;
    this.encoder =
      options.encoder ??
      new PlainEncoder(
        new HiddenLayers(inputSize, hidden, network),
        latent,
        codeActivation === undefined ? init : { ...init, activation: codeActivation },
      );
    const outputs = inputSize * likelihood.outputsPerPixel;
    this.decoder = options.decoder ?? new Decoder(latent, hidden.toReversed(), outputs, network);
    this.likelihood = likelihood;
  }

  abstract noise(count: number, generator?: Generator): Tensor | null;
  abstract elbo(x: Tensor, options?: ElboOptions): Elbo;
  abstract codes(x: Tensor): Tensor;
  abstract samplePrior(count: number, options?: { generator?: Generator | undefined }): Tensor;

  /** The likelihood's parameters (for Bernoulli: logits): `[batch, latent]` → `[batch, pixels · outputsPerPixel]`. */
  decode(z: Tensor): Tensor {
    return this.decoder.forward(z);
  }

  /** Mean images decoded from the codes, `[batch, pixels]`. */
  reconstruct(x: Tensor): Tensor {
    return this.likelihood.mean(this.decode(this.codes(x)));
  }

  /** Mean images of `count` codes from `samplePrior`, `[count, pixels]`. */
  sample(count: number, options: { generator?: Generator | undefined } = {}): Tensor {
    return this.likelihood.mean(this.decode(this.samplePrior(count, options)));
  }
}
