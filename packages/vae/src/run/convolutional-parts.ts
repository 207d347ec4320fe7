/** The convolutional encoder and decoder of a configuration. Without them, models create fully connected ones. */
import type { Activation } from '@varigrad/core';
import type { Layer } from '@varigrad/nn';
import type { Likelihood } from '../likelihoods/likelihood.js';
import {
  ConvolutionalBody,
  ConvolutionalDecoder,
  type ConvolutionalOptions,
} from '../models/convolutional-networks.js';
import { type Encoder, GaussianEncoder, PlainEncoder } from '../models/networks.js';
import type { ModelContext } from './options/model-config.js';

/** An encoder and a decoder, or neither for the model's default. */
type Networks<E> = { encoder: E; decoder: Layer } | Record<string, never>;

/**
 * @param classes - of a conditional model, whose encoder and decoder receive a one-hot label after x and after z
 * @returns the networks, and `features`, the number of features that the encoder computes before mu and logVar
 */
export function gaussianNetworks(
  context: ModelContext,
  likelihood: Likelihood,
  classes = 0,
): { networks: Networks<Encoder>; features: number } {
  const { config, generator } = context;
  if (config.network === 'dense') return { networks: {}, features: config.hidden.at(-1)! };
  const body = bodyOf(context, classes);
  return {
    networks: {
      encoder: new GaussianEncoder(body, config.latent, { generator }),
      decoder: decoderOf(context, likelihood, config.latent + classes),
    },
    features: body.outFeatures,
  };
}

/** @param size - length of a code: the width of the encoder's output and of the decoder's input */
export function plainNetworks(
  context: ModelContext,
  likelihood: Likelihood,
  size: number,
  activation: Activation = 'none',
): Networks<Layer> {
  const { config, generator } = context;
  if (config.network === 'dense') return {};
  return {
    encoder: new PlainEncoder(bodyOf(context), size, { activation, generator }),
    decoder: decoderOf(context, likelihood, size),
  };
}

/** x → the logits of the classes, or none for the model's default. */
export function classifierOf(context: ModelContext): { classifier?: Layer } {
  const { config, classes, generator } = context;
  if (config.network === 'dense') return {};
  return { classifier: new PlainEncoder(bodyOf(context), classes, { generator }) };
}

function bodyOf(context: ModelContext, classes = 0): ConvolutionalBody {
  return new ConvolutionalBody(context.imageShape, { ...optionsOf(context), classes });
}

function decoderOf(context: ModelContext, likelihood: Likelihood, size: number): ConvolutionalDecoder {
  return new ConvolutionalDecoder(size, context.imageShape, likelihood.outputsPerPixel, optionsOf(context));
}

function optionsOf({ config, generator }: ModelContext): ConvolutionalOptions {
  return { channels: config.channels, batchNorm: config.normalization === 'batch', generator };
}
