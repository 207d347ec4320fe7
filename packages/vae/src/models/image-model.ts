import type { Generator, Tensor } from '@varigrad/core';
import {
  checkArray,
  checkMethod,
  checkOptions,
  checkTensor,
  checkWhole,
  type OptionNames,
} from '@varigrad/core/checks';
import { type Layer, Module } from '@varigrad/nn';
import type { Elbo, ElboOptions } from '../elbo.js';
import { Bernoulli } from '../likelihoods/bernoulli.js';
import type { Likelihood } from '../likelihoods/likelihood.js';
import type { GenerativeModel } from './model.js';
import { type Body, Decoder, HiddenLayers, type NetworkOptions } from './networks.js';

/** Options of every model that consists of an encoder, a decoder and a likelihood. Each part can be replaced. */
export interface ImageModelOptions<Encoder extends Module> extends NetworkOptions {
  /** Values of an image: its pixels, times its channels. Default 784. */
  inputSize?: number;
  /** Widths of the encoder's hidden layers; the decoder uses them in reverse. Default [400]; [] leaves one layer on each side. */
  hidden?: readonly number[];
  /** p(x|z): how the decoder's outputs define a distribution. Default Bernoulli. */
  likelihood?: Likelihood;
  /** x → the parameters of the code. Default: fully connected layers of `hidden` widths. */
  encoder?: Encoder;
  /** z → the likelihood's parameters. Default: fully connected layers of `hidden` widths, in reverse. */
  decoder?: Layer;
}

/** The options that all models of images have. */
export const IMAGE_MODEL_OPTIONS: OptionNames<ImageModelOptions<Module>> = {
  inputSize: true,
  hidden: true,
  activation: true,
  likelihood: true,
  encoder: true,
  decoder: true,
  generator: true,
};

/** The parts of a model. */
export interface ImageModelParts<Encoder extends Module> {
  inputSize: number;
  encoder: Encoder;
  decoder: Layer;
  likelihood: Likelihood;
}

/**
 * The parts given in the options, and fully connected networks for those left out. The encoder's weights are initialised first.
 * @param op - the model's class, for messages
 * @param head - adds the output layers to an encoder's hidden layers; @param classes - width of the labels concatenated to x and to z
 */
export function makeParts<Encoder extends Module>(
  op: string,
  options: ImageModelOptions<Encoder>,
  latent: number,
  head: (body: Body) => Encoder,
  classes = 0,
): ImageModelParts<Encoder> {
  const { inputSize = 784, hidden = [400], likelihood = new Bernoulli(), activation, generator } = options;
  checkWhole(op, 'latent', latent);
  checkWhole(op, 'inputSize', inputSize);
  checkArray(op, 'hidden', hidden, '{ hidden: ', ' }');
  for (const width of hidden) checkWhole(op, 'a width in hidden', width);
  checkMethod(op, 'likelihood', likelihood, 'logProb', 'a likelihood, such as new Bernoulli()');
  for (const name of ['encoder', 'decoder'] as const)
    if (options[name] !== undefined)
      checkMethod(op, name, options[name], 'forward', 'a module with a forward method');
  const network = { activation, generator };
  const encoder = options.encoder ?? head(new HiddenLayers(inputSize + classes, hidden, network));
  const outputs = inputSize * likelihood.outputsPerPixel;
  const decoder = options.decoder ?? new Decoder(latent + classes, hidden.toReversed(), outputs, network);
  return { inputSize, encoder, decoder, likelihood };
}

/**
 * The base of all image models: it decodes codes to mean images. The parts are abstract because the order in which a subclass declares
 * them defines the order of its state dict.
 */
export abstract class ImageModel extends Module implements GenerativeModel {
  abstract readonly kind: string;
  abstract readonly inputSize: number;
  abstract readonly latent: number;
  abstract readonly classes: number;
  abstract readonly decoder: Layer;
  abstract readonly likelihood: Likelihood;

  abstract noise(count: number, generator?: Generator): Tensor | null;
  abstract elbo(x: Tensor, options?: ElboOptions): Elbo;
  abstract codes(x: Tensor, labels?: Tensor): Tensor;
  abstract samplePrior(
    count: number,
    options?: { labels?: Tensor | undefined; generator?: Generator | undefined },
  ): Tensor;

  /** The likelihood's parameters (for Bernoulli: logits): `[batch, latent]` → `[batch, pixels · outputsPerPixel]`. */
  decode(z: Tensor, _labels?: Tensor): Tensor {
    return this.decoder.forward(z);
  }

  /** Mean images decoded from the codes, `[batch, pixels]`. */
  reconstruct(x: Tensor, labels?: Tensor): Tensor {
    return this.likelihood.mean(this.decode(this.codes(x, labels), labels));
  }

  /**
   * Mean images decoded from codes of `samplePrior`.
   * @param which - the number of images; for a conditional model, the one-hot classes `[count, classes]`
   * @returns `[count, pixels]`
   * @throws ArgumentError unless `which` is a whole number or a tensor
   */
  sample(which: number | Tensor, options: { generator?: Generator | undefined } = {}): Tensor {
    checkOptions('sample', options, { generator: true }, 'count, ');
    if (typeof which === 'number') checkWhole('sample', 'the number of images', which, 0);
    else checkTensor('sample', which, 'the first argument', 'a number of images or one-hot classes');
    const [count, labels] = typeof which === 'number' ? [which] : [which.shape[0]!, which];
    return this.likelihood.mean(this.decode(this.samplePrior(count, { ...options, labels }), labels));
  }
}
