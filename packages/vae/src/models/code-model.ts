import type { Activation } from '@varigrad/core';
import type { Layer } from '@varigrad/nn';
import type { Likelihood } from '../likelihoods/likelihood.js';
import { ImageModel, type ImageModelOptions, makeParts } from './image-model.js';
import { PlainEncoder } from './networks.js';

/** Options of a model whose encoder gives one row of numbers per image. */
export type CodeModelOptions = ImageModelOptions<Layer>;

/** An encoder, a decoder and a likelihood: the base of models whose code is not a Gaussian. */
export abstract class CodeModel extends ImageModel {
  readonly inputSize: number;
  readonly latent: number;
  readonly classes = 0;
  readonly encoder: Layer;
  readonly decoder: Layer;
  readonly likelihood: Likelihood;

  /**
   * @param latent - length of a code: the width of the encoder's output and of the decoder's input
   * @param op - the class, for messages
   */
  constructor(options: CodeModelOptions, latent: number, activation?: Activation, op = 'CodeModel') {
    super();
    const { generator } = options;
    const parts = makeParts(
      op,
      options,
      latent,
      (body) => new PlainEncoder(body, latent, { activation, generator }),
    );
    this.inputSize = parts.inputSize;
    this.latent = latent;
    this.encoder = parts.encoder;
    this.decoder = parts.decoder;
    this.likelihood = parts.likelihood;
  }
}
