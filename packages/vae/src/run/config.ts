/** What decides about a run, and the file it may be read from. */
import { existsSync, readFileSync } from 'node:fs';
import type { Binarization } from '../data/binarize.js';
import type { MeanLink } from '../likelihoods/gaussian.js';
import { complete, fromJson, type Given } from './fields.js';
import { MODELS, type ModelName } from './models.js';
import type { CorruptionName, LikelihoodName, PosteriorName, PriorName } from './parts.js';
import { RUN_FIELDS } from './run-fields.js';
import { UsageError } from './usage-error.js';

/** All that decides what a run computes; kept in its config.json. */
export interface RunConfig {
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

/** Reads a configuration file. @throws UsageError with the path if it is absent, no JSON, or says what cannot be */
export function readConfigFile(path: string): Given {
  if (!existsSync(path)) throw new UsageError(`--config ${path}: there is no such file`);
  let contents: unknown;
  try {
    contents = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`${path}: it is not JSON: ${(error as Error).message}`);
  }
  return fromJson(RUN_FIELDS, contents, path);
}

/** Choices that each work, but not together. */
const CONFLICTS: readonly { clash(config: RunConfig): boolean; message: string }[] = [
  {
    clash: ({ likelihood, model }) => likelihood === 'squared-error' && MODELS[model].hasBound !== false,
    message:
      'likelihood squared-error is for autoencoders, and bounds nothing — use gaussian or gaussian-fixed',
  },
  {
    clash: ({ corruption, noiseLevel }) => corruption !== 'gaussian' && noiseLevel > 1,
    message: 'noise-level is a probability, at most 1 — or use corruption gaussian, of which it is the sigma',
  },
  {
    clash: ({ prior, model }) => prior === 'conditional' && MODELS[model].needsLabels !== true,
    message: 'prior conditional needs the labels — use model cvae',
  },
  {
    clash: ({ prior, model }) => prior === 'vamp' && MODELS[model].needsLabels === true,
    message: 'prior vamp has pseudo-images without labels — use another prior, or model vae',
  },
  {
    clash: ({ gradient, posterior }) => gradient === 'dreg' && posterior !== 'gaussian',
    message: 'gradient dreg needs posterior gaussian',
  },
];

/**
 * The whole configuration: what was given, and the defaults, some of which depend on the model.
 * @param defaults - that depend on anything else
 * @throws UsageError if a value has no effect, or two cannot go together
 */
export function completeConfig(given: Given, defaults: Partial<RunConfig> = {}): RunConfig {
  const model = (given.get('model')?.value ?? RUN_FIELDS.model.standard) as ModelName;
  const config = complete(RUN_FIELDS, given, { ...defaults, ...MODELS[model].defaults });
  const conflict = CONFLICTS.find(({ clash }) => clash(config));
  if (conflict !== undefined) throw new UsageError(conflict.message);
  return config;
}
