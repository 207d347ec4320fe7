/** The likelihoods p(x|z) of the command line, and their options. */
import { Bernoulli } from '../../likelihoods/bernoulli.js';
import { Categorical } from '../../likelihoods/categorical.js';
import { ContinuousBernoulli } from '../../likelihoods/continuous-bernoulli.js';
import { Gaussian } from '../../likelihoods/gaussian.js';
import { Laplace } from '../../likelihoods/laplace.js';
import type { Likelihood } from '../../likelihoods/likelihood.js';
import { PixelGaussian } from '../../likelihoods/pixel-gaussian.js';
import { SquaredError } from '../../likelihoods/squared-error.js';
import type { Part, ValuesOf } from '../schema/option.js';
import type { Context } from './context.js';

export const LIKELIHOOD_OPTIONS = {
  sigma: {
    group: 'The model:',
    type: 'number',
    exclusiveMinimum: 0,
    maximum: 100,
    default: 1,
    example: 0.5,
    help: 'width of the density: standard deviation of a Gaussian, scale of a Laplace distribution',
  },
  meanLink: {
    group: 'The model:',
    enum: ['identity', 'sigmoid'],
    default: 'sigmoid',
    help: "how the decoder's output becomes the mean",
    short: 'link-',
  },
  levels: {
    group: 'The model:',
    type: 'integer',
    minimum: 2,
    maximum: 256,
    default: 256,
    help: 'number of grey levels',
  },
} as const;

type Config = ValuesOf<typeof LIKELIHOOD_OPTIONS>;
type Build = Context<Config>;

/** One entry of the table of likelihoods. */
export interface LikelihoodEntry extends Part {
  /** The number of grey levels to which images are rounded. Default: grey values stay as they are. */
  greyLevels?(config: Config): number;
  build(context: Build): Likelihood;
}

export const LIKELIHOODS = {
  likelihood: {
    group: 'The model:',
    default: 'bernoulli',
    help: 'p(x|z)',
    short: '',
    parts: {
      bernoulli: { help: 'each pixel is 0 or 1', build: (): Likelihood => new Bernoulli() },
      'continuous-bernoulli': {
        help: 'a density on [0, 1]',
        build: (): Likelihood => new ContinuousBernoulli(),
      },
      gaussian: {
        help: 'normal distribution with one learned sigma',
        options: ['meanLink'],
        build: ({ config }: Build): Likelihood => new Gaussian({ learned: true, link: config.meanLink }),
      },
      'gaussian-fixed': {
        help: 'normal distribution with sigma as given',
        options: ['sigma', 'meanLink'],
        build: ({ config }: Build): Likelihood =>
          new Gaussian({ sigma: config.sigma, link: config.meanLink }),
      },
      'pixel-gaussian': {
        help: 'normal distribution with a sigma for each pixel, from the decoder',
        options: ['meanLink'],
        build: ({ config }: Build): Likelihood => new PixelGaussian({ link: config.meanLink }),
      },
      laplace: {
        help: 'Laplace distribution, whose tails are heavier',
        options: ['sigma', 'meanLink'],
        build: ({ config }: Build): Likelihood => new Laplace({ scale: config.sigma, link: config.meanLink }),
      },
      categorical: {
        help: 'a probability for each grey level',
        options: ['levels'],
        greyLevels: ({ levels }: Config): number => levels,
        build: ({ config }: Build): Likelihood => new Categorical({ levels: config.levels }),
      },
      'squared-error': {
        help: 'squared error, for autoencoders',
        build: (): Likelihood => new SquaredError(),
        conflicts: [
          {
            when: { model: { has: 'hasBound' } },
            message:
              'likelihood squared-error is for autoencoders, and gives no bound on log p(x) — use gaussian or gaussian-fixed',
          },
        ],
      },
    },
  },
} as const;
