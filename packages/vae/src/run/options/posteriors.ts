/** The posteriors q(z|x) of the command line, and their options. */
import { GaussianPosterior } from '../../posteriors/gaussian.js';
import { InverseAutoregressiveFlow } from '../../posteriors/inverse-autoregressive-flow.js';
import { PlanarFlow } from '../../posteriors/planar-flow.js';
import type { PosteriorFamily } from '../../posteriors/posterior.js';
import type { ValuesOf } from '../schema/option.js';
import type { Context } from './context.js';
import type { NetworkConfig } from './network.js';

export const POSTERIOR_OPTIONS = {
  flowSteps: {
    group: 'The model:',
    type: 'integer',
    minimum: 1,
    maximum: 100,
    default: 4,
    help: 'number of steps of a flow',
    short: 'steps',
  },
  flowParameters: {
    group: 'The model:',
    enum: ['encoder', 'shared'],
    default: 'encoder',
    help: "where a flow's parameters come from: the encoder, for each image, or one set for all",
    short: '',
  },
} as const;

type Build = Context<NetworkConfig & ValuesOf<typeof POSTERIOR_OPTIONS>>;

export const POSTERIORS = {
  posterior: {
    group: 'The model:',
    default: 'gaussian',
    help: 'q(z|x)',
    short: '',
    parts: {
      gaussian: {
        help: 'a Gaussian with diagonal covariance',
        build: (): PosteriorFamily => new GaussianPosterior(),
      },
      planar: {
        help: 'planar flow',
        options: ['flowSteps', 'flowParameters'],
        /** @param features - number of features that the encoder computes, from which a flow's parameters are computed */
        build: ({ config, generator }: Build, features: number): PosteriorFamily => {
          const { latent, flowSteps: length, flowParameters: parameters } = config;
          const source = parameters === 'encoder' ? { features } : {};
          return new PlanarFlow(latent, { ...source, length, parameters, generator });
        },
      },
      iaf: {
        help: 'inverse autoregressive flow',
        options: ['flowSteps'],
        build: ({ config, generator }: Build, features: number): PosteriorFamily =>
          new InverseAutoregressiveFlow(config.latent, { features, length: config.flowSteps, generator }),
      },
    },
  },
} as const;
