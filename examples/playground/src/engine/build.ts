/** The library's model, optimizer and schedules for given settings. */
import { Generator } from '@varigrad/core';
import { Adam, AdamW, type Optimizer, SGD } from '@varigrad/nn';
import {
  Autoencoder,
  Bernoulli,
  ConditionalVAE,
  ContinuousBernoulli,
  type Dataset,
  Gaussian,
  Laplace,
  type Likelihood,
  linearWarmUp,
  pixelsOf,
  VAE,
} from '@varigrad/vae';
import { DetachedPosterior, MeanOverPixels } from './parts.js';
import { type Settings, widthsOf } from './settings.js';

export type Model = VAE | Autoencoder;

const LIKELIHOODS: Readonly<Record<Settings['likelihood'], () => Likelihood>> = {
  bernoulli: () => new Bernoulli(),
  'continuous-bernoulli': () => new ContinuousBernoulli(),
  gaussian: () => new Gaussian({ learned: true, link: 'sigmoid' }),
  laplace: () => new Laplace({ link: 'sigmoid' }),
};

/** The model with its first weights, which follow from the seed. */
export function buildModel(settings: Settings, data: Dataset): Model {
  const { latent, samples, gradient, reduction } = settings;
  const inputSize = pixelsOf(data);
  const plain = LIKELIHOODS[settings.likelihood]();
  const common = {
    inputSize,
    hidden: widthsOf(settings),
    latent,
    likelihood: reduction === 'mean' ? new MeanOverPixels(plain, inputSize) : plain,
    generator: new Generator(settings.seed),
  };
  if (settings.model === 'ae') return new Autoencoder(common);
  const options = {
    ...common,
    samples,
    ...(gradient === 'detached' && { posterior: new DetachedPosterior() }),
  };
  return settings.model === 'cvae'
    ? new ConditionalVAE({ ...options, classes: data.classes })
    : new VAE(options);
}

const OPTIMIZERS = { adam: Adam, adamw: AdamW, sgd: SGD } as const;

export function buildOptimizer({ optimizer, learningRate }: Settings, model: Model): Optimizer {
  return new OPTIMIZERS[optimizer](model.parameters(), { learningRate });
}

/** The weight of the KL term at a step, counted from 0. */
export function betaAt({ beta, warmUp }: Settings, step: number): number {
  return warmUp === 0 ? beta : linearWarmUp(warmUp, beta)(step);
}
