/** The configuration of a run, as types. */
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

/** Options that define the model of a run. */
export interface ModelConfig {
  model: ModelName;
  /** Dimensions of z. */
  latent: number;
  network: 'dense' | 'convolutional';
  /** For dense networks. */
  hidden: readonly number[];
  activation: 'relu' | 'tanh' | 'sigmoid';
  /** For convolutional networks. */
  channels: readonly number[];
  normalization: 'none' | 'batch';
  likelihood: LikelihoodName;
  /** For 'gaussian-fixed'. */
  sigma: number;
  meanLink: MeanLink;
  /** For 'categorical'. */
  levels: number;
  posterior: PosteriorName;
  flowSteps: number;
  prior: PriorName;
  components: number;
  /** Samples of z, or of the noise, per image. */
  samples: number;
  gradient: 'standard' | 'dreg';
  codeActivation: 'none' | 'relu' | 'tanh' | 'sigmoid';
  corruption: CorruptionName;
  /** Probability, or standard deviation for 'gaussian'. */
  noiseLevel: number;
  /** Number of categorical variables in z, and number of categories of each. */
  variables: number;
  categories: number;
  estimator: 'relaxed' | 'straight-through' | 'sum';
  /** Number of vectors in a code, length of each, and number of vectors in the codebook. */
  vectors: number;
  vectorWidth: number;
  codebookSize: number;
  commitment: number;
  /** Number of labelled images per class, and number of copies of each per epoch. */
  labelled: number;
  labelledRepeat: number;
  /** Weight of the classification loss. */
  alpha: number;
}

/** Options that define the images and the training of a run. */
export interface TrainingConfig {
  /** See `loadData`. */
  data: string;
  /** 0 means all training images. */
  trainLimit: number;
  binarization: Binarization;
  /** Number of training images split off for validation. */
  validation: number;
  epochs: number;
  batch: number;
  learningRate: number;
  beta: number;
  warmUp: 'none' | 'linear' | 'cyclic';
  warmUpEpochs: number;
  freeBits: number;
  /** The run ends after this many epochs without a better validation loss; 0 disables this. */
  patience: number;
  seed: number;
}

/** The complete configuration of a run, stored in its config.json. */
export interface RunConfig extends ModelConfig, TrainingConfig {}
