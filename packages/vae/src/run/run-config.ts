/** The choices that a run is made of. */
import type { Binarization } from '../data/binarize.js';
import type { MeanLink } from '../likelihoods/gaussian.js';

export type ModelName = 'ae' | 'dae' | 'vae' | 'cvae' | 'iwae' | 'categorical-vae' | 'vq-vae' | 'm2';

export type LikelihoodName =
  | 'bernoulli'
  | 'continuous-bernoulli'
  | 'gaussian'
  | 'gaussian-fixed'
  | 'pixel-gaussian'
  | 'categorical'
  | 'squared-error';

export type PosteriorName = 'gaussian' | 'planar' | 'iaf';

export type PriorName = 'standard' | 'mixture' | 'vamp' | 'conditional';

export type CorruptionName = 'masking' | 'masking-rescaled' | 'salt-and-pepper' | 'gaussian';

/** What decides about the model of a run. */
export interface ModelConfig {
  model: ModelName;
  /** Dimensions of z. */
  latent: number;
  network: 'dense' | 'convolutional';
  /** Of dense networks. */
  hidden: readonly number[];
  activation: 'relu' | 'tanh' | 'sigmoid';
  /** Of convolutional networks. */
  channels: readonly number[];
  normalization: 'none' | 'batch';
  likelihood: LikelihoodName;
  /** Of 'gaussian-fixed'. */
  sigma: number;
  meanLink: MeanLink;
  /** Of 'categorical'. */
  levels: number;
  posterior: PosteriorName;
  flowSteps: number;
  prior: PriorName;
  components: number;
  /** Draws of z, or of noise, an image. */
  samples: number;
  gradient: 'standard' | 'dreg';
  codeActivation: 'none' | 'relu' | 'tanh' | 'sigmoid';
  corruption: CorruptionName;
  /** Probability, or standard deviation of 'gaussian'. */
  noiseLevel: number;
  /** Categorical variables of z, and categories of each. */
  variables: number;
  categories: number;
  estimator: 'relaxed' | 'straight-through' | 'sum';
  /** Vectors of a code, numbers in each, and vectors to choose from. */
  vectors: number;
  vectorWidth: number;
  codebookSize: number;
  commitment: number;
  /** Images of each class whose label is known, and how often each comes up in an epoch. */
  labelled: number;
  labelledRepeat: number;
  /** Weight of the classification loss. */
  alpha: number;
}

/** What decides about the images and the training of a run. */
export interface TrainingConfig {
  /** See `loadData`. */
  data: string;
  /** 0 means all training images. */
  trainLimit: number;
  binarization: Binarization;
  /** Training images that are set aside. */
  validation: number;
  epochs: number;
  batch: number;
  learningRate: number;
  beta: number;
  warmUp: 'none' | 'linear' | 'cyclic';
  warmUpEpochs: number;
  freeBits: number;
  /** Epochs without a better validation loss before the run ends; 0 never ends it. */
  patience: number;
  seed: number;
}

/** All that decides what a run computes; kept in its config.json. */
export interface RunConfig extends ModelConfig, TrainingConfig {}
