/** The models that can be trained. Each model is one entry of the table. */
import type { Dataset } from '../../data/dataset.js';
import { labelledSubset, partlyLabelled } from '../../data/partly-labelled.js';
import { Autoencoder, type AutoencoderOptions } from '../../models/autoencoder.js';
import { ConditionalVAE } from '../../models/conditional-vae.js';
import { DenoisingAutoencoder } from '../../models/denoising-autoencoder.js';
import { IWAE } from '../../models/iwae.js';
import { Made } from '../../models/made.js';
import type { GenerativeModel } from '../../models/model.js';
import { RelaxedCategoricalVAE } from '../../models/relaxed-categorical-vae.js';
import { SemiSupervisedVAE } from '../../models/semi-supervised-vae.js';
import { TotalCorrelationVAE } from '../../models/total-correlation-vae.js';
import { VAE, type VAEOptions } from '../../models/vae.js';
import { VQVAE } from '../../models/vq-vae.js';
import { classifierOf, gaussianNetworks, plainNetworks } from '../convolutional-parts.js';
import type { Part } from '../schema/option.js';
import { CORRUPTIONS } from './corruptions.js';
import { LIKELIHOODS } from './likelihoods.js';
import type { ModelConfig, ModelContext } from './model-config.js';
import { POSTERIORS } from './posteriors.js';
import { PRIORS } from './priors.js';

/** One entry of the table of models. */
export interface ModelEntry extends Part {
  /** Whether its recon and kl sum to −ELBO. */
  readonly hasBound?: true;
  /** Whether its loss is −log p(x) itself. */
  readonly isExact?: true;
  /** Whether the model needs each image's class. */
  readonly needsLabels?: true;
  /** Changes the training images; `note` describes the change in a sentence. */
  prepare?(train: Dataset, config: ModelConfig & { seed: number }): Prepared;
  build(context: ModelContext): GenerativeModel;
}

/** Training images that a model has changed. */
interface Prepared {
  train: Dataset;
  note: string;
}

export const MODELS = {
  model: {
    group: 'The model:',
    default: 'vae',
    help: 'the model',
    parts: {
      ae: {
        help: 'autoencoder',
        options: ['latent', 'codeActivation'],
        build: (context: ModelContext): GenerativeModel => new Autoencoder(plain(context)),
      },
      dae: {
        help: 'denoising autoencoder; its validation or test loss is measured without noise',
        options: ['latent', 'codeActivation', 'corruption', 'samples'],
        build: (context: ModelContext): GenerativeModel =>
          new DenoisingAutoencoder({
            ...plain(context),
            corruption: CORRUPTIONS.corruption.parts[context.config.corruption].build(context),
            noiseSamples: context.config.samples,
          }),
      },
      vae: {
        help: 'variational autoencoder; with --beta a β-VAE',
        options: ['latent', 'posterior', 'prior', 'beta', 'warmUp', 'freeBits', 'samples'],
        hasBound: true,
        build: (context: ModelContext): GenerativeModel =>
          new VAE({ ...variational(context), samples: context.config.samples }),
      },
      cvae: {
        help: 'conditional VAE, which also receives the class',
        options: ['latent', 'posterior', 'prior', 'beta', 'warmUp', 'freeBits', 'samples'],
        hasBound: true,
        needsLabels: true,
        build: (context: ModelContext): GenerativeModel => {
          const { classes, config } = context;
          return new ConditionalVAE({ ...variational(context, classes), samples: config.samples, classes });
        },
      },
      'tc-vae': {
        help: 'β-TCVAE: a VAE in which beta weighs only the total correlation of z',
        options: ['latent', 'prior', 'beta', 'warmUp', 'freeBits', 'samples'],
        defaults: { beta: 6 },
        hasBound: true,
        build: (context: ModelContext): GenerativeModel => {
          const { config, count } = context;
          const size = count === undefined ? {} : { datasetSize: count };
          return new TotalCorrelationVAE({ ...variational(context), ...size, samples: config.samples });
        },
      },
      iwae: {
        help: 'importance-weighted autoencoder',
        options: ['latent', 'posterior', 'prior', 'samples', 'gradient'],
        defaults: { samples: 5 },
        hasBound: true,
        build: (context: ModelContext): GenerativeModel => {
          const { samples, gradient } = context.config;
          return new IWAE({ ...variational(context), samples, gradient });
        },
      },
      'categorical-vae': {
        help: 'VAE with categorical variables as z, trained by Gumbel-softmax',
        options: ['beta', 'warmUp', 'freeBits', 'variables', 'categories', 'estimator'],
        hasBound: true,
        build: (context: ModelContext): GenerativeModel => {
          const { variables, categories, estimator } = context.config;
          const own = shared(context);
          const networks = plainNetworks(context, own.likelihood, variables * categories);
          return new RelaxedCategoricalVAE({ ...own, ...networks, variables, categories, estimator });
        },
      },
      'vq-vae': {
        help: 'VAE whose code consists of vectors of a learned codebook',
        options: ['vectors', 'vectorWidth', 'codebookSize', 'commitment'],
        hasBound: true,
        build: (context: ModelContext): GenerativeModel => {
          const { vectors, vectorWidth: width, codebookSize, commitment } = context.config;
          const own = shared(context);
          const networks = plainNetworks(context, own.likelihood, vectors * width);
          return new VQVAE({ ...own, ...networks, vectors, width, codebookSize, commitment });
        },
      },
      made: {
        help: 'masked autoencoder: the exact density of binary images, without z',
        defaults: { binarization: 'static' },
        isExact: true,
        conflicts: [
          {
            when: { binarization: ['none'] },
            message: 'model made needs binary pixels — use binarization static, dynamic or threshold',
          },
          {
            when: { likelihood: { not: ['bernoulli'] } },
            message: 'model made needs likelihood bernoulli',
          },
          {
            when: { network: ['convolutional'] },
            message: 'model made needs network dense, whose connections it masks',
          },
        ],
        build: ({ config, inputSize, generator }: ModelContext): GenerativeModel => {
          const { hidden, activation } = config;
          return new Made({ inputSize, hidden, activation, generator });
        },
      },
      m2: {
        help: 'semi-supervised VAE (M2) on pixels: only some training images have labels',
        options: ['latent', 'beta', 'warmUp', 'labelled', 'labelledRepeat', 'alpha'],
        hasBound: true,
        needsLabels: true,
        prepare: (train: Dataset, config: ModelConfig & { seed: number }): Prepared => {
          const { labelled, labelledRepeat, seed } = config;
          const known = labelledSubset(train, { perClass: labelled, seed });
          return {
            train: partlyLabelled(train, known, labelledRepeat),
            note: `${known.count} images have labels; each of them occurs ${labelledRepeat} more times per epoch.`,
          };
        },
        build: (context: ModelContext): GenerativeModel => {
          const { classes, config } = context;
          const own = shared(context);
          const { networks } = gaussianNetworks(context, own.likelihood, classes);
          const { latent, alpha } = config;
          return new SemiSupervisedVAE({
            ...own,
            ...networks,
            ...classifierOf(context),
            latent,
            alpha,
            classes,
          });
        },
      },
    },
  },
} as const;

/** The options that all models share. The order in which the parts are created determines their initial weights. */
function shared(
  context: ModelContext,
): Required<Pick<VAEOptions, 'inputSize' | 'hidden' | 'activation' | 'likelihood' | 'generator'>> {
  const { config, inputSize, generator } = context;
  const { hidden, activation } = config;
  return {
    inputSize,
    hidden,
    activation,
    likelihood: LIKELIHOODS.likelihood.parts[config.likelihood].build(context),
    generator,
  };
}

function plain(context: ModelContext): AutoencoderOptions {
  const { latent, codeActivation } = context.config;
  const own = shared(context);
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
  const own = shared(context);
  const chosenPrior = PRIORS.prior.parts[config.prior].build(context);
  const { networks, features } = gaussianNetworks(context, own.likelihood, classes);
  const chosenPosterior = POSTERIORS.posterior.parts[config.posterior].build(context, features);
  return { ...own, ...networks, latent: config.latent, posterior: chosenPosterior, prior: chosenPrior };
}
