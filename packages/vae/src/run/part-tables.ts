/** The parts of models, by name. Each part is one line of a table. */
import type { Generator } from '@varigrad/core';
import { type Corruption, gaussianNoise, masking, saltAndPepper } from '../corruptions.js';
import { Bernoulli } from '../likelihoods/bernoulli.js';
import { Categorical } from '../likelihoods/categorical.js';
import { ContinuousBernoulli } from '../likelihoods/continuous-bernoulli.js';
import { Gaussian } from '../likelihoods/gaussian.js';
import type { Likelihood } from '../likelihoods/likelihood.js';
import { PixelGaussian } from '../likelihoods/pixel-gaussian.js';
import { SquaredError } from '../likelihoods/squared-error.js';
import { GaussianPosterior } from '../posteriors/gaussian.js';
import { InverseAutoregressiveFlow } from '../posteriors/inverse-autoregressive-flow.js';
import { PlanarFlow } from '../posteriors/planar-flow.js';
import type { PosteriorFamily } from '../posteriors/posterior.js';
import { ConditionalNormal } from '../priors/conditional-normal.js';
import { MixtureOfGaussians } from '../priors/mixture.js';
import type { Prior } from '../priors/prior.js';
import { StandardNormal } from '../priors/standard-normal.js';
import { VampPrior } from '../priors/vamp.js';
import type { CorruptionName, LikelihoodName, PosteriorName, PriorName, RunConfig } from './run-config.js';

/** The arguments for building a model. */
export interface ModelContext {
  config: RunConfig;
  /** Number of pixels of an image. */
  inputSize: number;
  imageShape: readonly [height: number, width: number];
  /** Number of classes of the images. */
  classes: number;
  /** Source of the initial weights. */
  generator: Generator;
}

type Table<Name extends string, Part> = Readonly<Record<Name, (context: ModelContext) => Part>>;

export const LIKELIHOODS: Table<LikelihoodName, Likelihood> = {
  bernoulli: () => new Bernoulli(),
  'continuous-bernoulli': () => new ContinuousBernoulli(),
  gaussian: ({ config }) => new Gaussian({ learned: true, link: config.meanLink }),
  'gaussian-fixed': ({ config }) => new Gaussian({ sigma: config.sigma, link: config.meanLink }),
  'pixel-gaussian': ({ config }) => new PixelGaussian({ link: config.meanLink }),
  categorical: ({ config }) => new Categorical({ levels: config.levels }),
  'squared-error': () => new SquaredError(),
};

/** @param features - number of features that the encoder computes, from which a flow's parameters are computed */
type MakePosterior = (context: ModelContext, features: number) => PosteriorFamily;

export const POSTERIORS: Readonly<Record<PosteriorName, MakePosterior>> = {
  gaussian: () => new GaussianPosterior(),
  planar: ({ config, generator }, features) =>
    new PlanarFlow(config.latent, { features, length: config.flowSteps, generator }),
  iaf: ({ config, generator }, features) =>
    new InverseAutoregressiveFlow(config.latent, { features, length: config.flowSteps, generator }),
};

export const PRIORS: Table<PriorName, Prior> = {
  standard: ({ config }) => new StandardNormal(config.latent),
  mixture: ({ config, generator }) =>
    new MixtureOfGaussians(config.latent, { components: config.components, generator }),
  vamp: ({ config, inputSize, generator }) =>
    new VampPrior(inputSize, { components: config.components, generator }),
  conditional: ({ config, classes }) => new ConditionalNormal(classes, config.latent),
};

export const CORRUPTIONS: Table<CorruptionName, Corruption> = {
  masking: ({ config }) => masking(config.noiseLevel),
  'masking-rescaled': ({ config }) => masking(config.noiseLevel, { rescale: true }),
  'salt-and-pepper': ({ config }) => saltAndPepper(config.noiseLevel),
  gaussian: ({ config }) => gaussianNoise(config.noiseLevel),
};
