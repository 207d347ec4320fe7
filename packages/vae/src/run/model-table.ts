/** The models that can be trained, by name. Each model is one entry of the table. */
import { Generator } from '@varigrad/core';
import { type Dataset, pixelsOf } from '../data/dataset.js';
import { labelledSubset, partlyLabelled } from '../data/partly-labelled.js';
import type { Losses } from '../meter.js';
import { Autoencoder, type AutoencoderOptions } from '../models/autoencoder.js';
import { ConditionalVAE } from '../models/conditional-vae.js';
import { DenoisingAutoencoder } from '../models/denoising-autoencoder.js';
import { IWAE } from '../models/iwae.js';
import type { GenerativeModel } from '../models/model.js';
import { RelaxedCategoricalVAE } from '../models/relaxed-categorical-vae.js';
import { SemiSupervisedVAE } from '../models/semi-supervised-vae.js';
import { VAE, type VAEOptions } from '../models/vae.js';
import { VQVAE } from '../models/vq-vae.js';
import { classifierOf, gaussianNetworks, plainNetworks } from './convolutional-parts.js';
import type { Field } from './fields.js';
import { CORRUPTIONS, LIKELIHOODS, type ModelContext, POSTERIORS, PRIORS } from './part-tables.js';
import { lossText } from './progress.js';
import type { ModelName, RunConfig } from './run-config.js';
import { UsageError } from './usage-error.js';

/** One entry of the table of models. */
export interface ModelEntry {
  /** A line of the help text. */
  readonly help: string;
  /** The options that this model accepts and some other models do not. */
  readonly options: readonly (keyof RunConfig)[];
  /** Defaults that differ from those of other models. */
  readonly defaults?: Partial<RunConfig>;
  /** Whether its recon and kl sum to −ELBO. Default true. */
  readonly hasBound?: boolean;
  /** Whether the model needs each image's class. */
  readonly needsLabels?: boolean;
  /** Changes the training images; `note` describes the change in a sentence. */
  prepare?(train: Dataset, config: RunConfig): { train: Dataset; note: string };
  build(context: ModelContext): GenerativeModel;
}

const NETWORK = ['hidden', 'activation', 'likelihood', 'network'] as const;
const VARIATIONAL = ['latent', 'posterior', 'prior'] as const;
const WEIGHTED_KL = ['beta', 'warmUp', 'freeBits'] as const;

export const MODELS: Readonly<Record<ModelName, ModelEntry>> = {
  ae: {
    help: 'autoencoder',
    options: [...NETWORK, 'latent', 'codeActivation'],
    hasBound: false,
    build: (context) => new Autoencoder(plain(context)),
  },
  dae: {
    help: 'denoising autoencoder; its validation or test loss is measured without noise',
    options: [...NETWORK, 'latent', 'codeActivation', 'corruption', 'samples'],
    hasBound: false,
    build: (context) =>
      new DenoisingAutoencoder({
        ...plain(context),
        corruption: CORRUPTIONS[context.config.corruption](context),
        noiseSamples: context.config.samples,
      }),
  },
  vae: {
    help: 'variational autoencoder; with --beta a β-VAE',
    options: [...NETWORK, ...VARIATIONAL, ...WEIGHTED_KL, 'samples'],
    build: (context) => new VAE({ ...variational(context), samples: context.config.samples }),
  },
  cvae: {
    help: 'conditional VAE, which also receives the class',
    options: [...NETWORK, ...VARIATIONAL, ...WEIGHTED_KL, 'samples'],
    needsLabels: true,
    build: (context) => {
      const { classes, config } = context;
      return new ConditionalVAE({ ...variational(context, classes), samples: config.samples, classes });
    },
  },
  iwae: {
    help: 'importance-weighted autoencoder',
    options: [...NETWORK, ...VARIATIONAL, 'samples', 'gradient'],
    defaults: { samples: 5 },
    build: (context) => {
      const { samples, gradient } = context.config;
      return new IWAE({ ...variational(context), samples, gradient });
    },
  },
  'categorical-vae': {
    help: 'VAE with categorical variables as z, trained by Gumbel-softmax',
    options: [...NETWORK, ...WEIGHTED_KL, 'variables'],
    build: (context) => {
      const { variables, categories, estimator } = context.config;
      const own = network(context);
      const networks = plainNetworks(context, own.likelihood, variables * categories);
      return new RelaxedCategoricalVAE({ ...own, ...networks, variables, categories, estimator });
    },
  },
  'vq-vae': {
    help: 'VAE whose code consists of vectors of a learned codebook',
    options: [...NETWORK, 'vectors'],
    build: (context) => {
      const { vectors, vectorWidth: width, codebookSize, commitment } = context.config;
      const own = network(context);
      const networks = plainNetworks(context, own.likelihood, vectors * width);
      return new VQVAE({ ...own, ...networks, vectors, width, codebookSize, commitment });
    },
  },
  m2: {
    help: 'semi-supervised VAE (M2) on pixels: only some training images have labels',
    options: [...NETWORK, 'latent', 'beta', 'warmUp', 'labelled'],
    needsLabels: true,
    prepare: (train, { labelled, labelledRepeat, seed }) => {
      const known = labelledSubset(train, { perClass: labelled, seed });
      return {
        train: partlyLabelled(train, known, labelledRepeat),
        note: `${known.count} images have labels; each of them occurs ${labelledRepeat} more times per epoch.`,
      };
    },
    build: (context) => {
      const { classes, config } = context;
      const own = network(context);
      const { networks } = gaussianNetworks(context, own.likelihood, classes);
      const classifier = classifierOf(context);
      return new SemiSupervisedVAE({
        ...own,
        ...networks,
        ...classifier,
        latent: config.latent,
        alpha: config.alpha,
        classes,
      });
    },
  },
};

export const MODEL_NAMES: readonly ModelName[] = Object.keys(MODELS) as ModelName[];

/** The options that all models share. The order in which the parts are created determines their initial weights. */
function network(
  context: ModelContext,
): Required<Pick<VAEOptions, 'inputSize' | 'hidden' | 'activation' | 'likelihood' | 'generator'>> {
  const { config, inputSize, generator } = context;
  const { hidden, activation } = config;
  return { inputSize, hidden, activation, likelihood: LIKELIHOODS[config.likelihood](context), generator };
}

function plain(context: ModelContext): AutoencoderOptions {
  const { latent, codeActivation } = context.config;
  const own = network(context);
  return {
    ...own,
    ...plainNetworks(context, own.likelihood, latent, codeActivation),
    latent,
    codeActivation,
  };
}

/** @param classes - of a conditional model */
function variational(context: ModelContext, classes = 0): VAEOptions {
  const { config } = context;
  const own = network(context);
  const prior = PRIORS[config.prior](context);
  const { networks, features } = gaussianNetworks(context, own.likelihood, classes);
  const posterior = POSTERIORS[config.posterior](context, features);
  return { ...own, ...networks, latent: config.latent, posterior, prior };
}

/** The function that formats the losses of a model. */
export function lossTextOf({ model }: Pick<RunConfig, 'model'>): (losses: Losses) => string {
  return MODELS[model].hasBound === false ? ({ loss }) => `loss ${loss.toFixed(2)}` : lossText;
}

/** Builds the model of a configuration for images of this size, with its initial weights. @throws UsageError if it needs labels and there are none */
export function buildModel(config: RunConfig, data: Dataset): GenerativeModel {
  const entry = MODELS[config.model];
  if (entry.needsLabels === true && data.classes === 0)
    throw new UsageError(
      `model ${config.model} needs the class of each image, and the images of ${config.data} have no classes — put the images of each class into a subfolder`,
    );
  const generator = new Generator(config.seed);
  return entry.build({
    config,
    inputSize: pixelsOf(data),
    imageShape: data.imageShape,
    classes: data.classes,
    generator,
  });
}

/** Condition of a field: the model accepts it, and `holds` is true, which `words` describe. */
export function takenBy(
  key: keyof RunConfig,
  words?: string,
  holds: (config: RunConfig) => boolean = () => true,
): NonNullable<Field<unknown, RunConfig>['needs']> {
  return {
    words: words ?? `--model ${takersOf(key)}`,
    holds: (config) => MODELS[config.model].options.includes(key) && holds(config),
  };
}

/** The models that accept a field, as text. */
export function takersOf(key: keyof RunConfig): string {
  return MODEL_NAMES.filter((name) => MODELS[name].options.includes(key)).join(' or ');
}
