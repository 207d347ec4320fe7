/** The priors p(z) of the command line, and their options. */
import { ConditionalNormal } from '../../priors/conditional-normal.js';
import { MixtureOfGaussians } from '../../priors/mixture.js';
import type { Prior } from '../../priors/prior.js';
import { StandardNormal } from '../../priors/standard-normal.js';
import { VampPrior } from '../../priors/vamp.js';
import type { ValuesOf } from '../schema/option.js';
import type { Context } from './context.js';
import type { NetworkConfig } from './network.js';

export const PRIOR_OPTIONS = {
  components: {
    group: 'The model:',
    type: 'integer',
    minimum: 1,
    maximum: 10_000,
    default: 100,
    help: 'components of mixture, or pseudo-images of vamp',
  },
} as const;

type Build = Context<NetworkConfig & ValuesOf<typeof PRIOR_OPTIONS>>;

export const PRIORS = {
  prior: {
    group: 'The model:',
    default: 'standard',
    help: 'p(z)',
    short: '',
    parts: {
      standard: {
        help: 'standard normal distribution',
        build: ({ config }: Build): Prior => new StandardNormal(config.latent),
      },
      mixture: {
        help: 'learned mixture of Gaussians',
        options: ['components'],
        build: ({ config, generator }: Build): Prior =>
          new MixtureOfGaussians(config.latent, { components: config.components, generator }),
      },
      vamp: {
        help: 'mixture of the posteriors of learned pseudo-images',
        options: ['components'],
        build: ({ config, inputSize, generator }: Build): Prior =>
          new VampPrior(inputSize, { components: config.components, generator }),
        conflicts: [
          {
            when: { model: { has: 'needsLabels' } },
            message: 'prior vamp has no labels for its pseudo-images — use another prior, or model vae',
          },
        ],
      },
      conditional: {
        help: 'a normal distribution for each class, p(z|y)',
        build: ({ config, classes }: Build): Prior => new ConditionalNormal(classes, config.latent),
        conflicts: [
          {
            when: { model: { lacks: 'needsLabels' } },
            message: 'prior conditional needs labels — use model cvae',
          },
        ],
      },
    },
  },
} as const;
