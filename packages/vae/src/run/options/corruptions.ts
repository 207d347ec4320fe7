/** The noise of denoising autoencoders on the command line. */
import { type Corruption, gaussianNoise, masking, saltAndPepper } from '../../corruptions.js';
import type { ValuesOf } from '../schema/option.js';
import type { Context } from './context.js';

export const CORRUPTION_OPTIONS = {
  noiseLevel: {
    group: 'Of some models:',
    type: 'number',
    minimum: 0,
    maximum: 100,
    default: 0.5,
    example: 0.3,
    help: 'probability of noise per pixel; for gaussian its standard deviation',
    short: 'level',
  },
} as const;

type Build = Context<ValuesOf<typeof CORRUPTION_OPTIONS>>;

export const CORRUPTIONS = {
  corruption: {
    group: 'Of some models:',
    default: 'masking',
    help: 'noise on the images',
    short: 'noise-',
    parts: {
      masking: {
        help: 'some pixels become 0',
        options: ['noiseLevel'],
        build: ({ config }: Build): Corruption => masking(config.noiseLevel),
        conflicts: [
          {
            when: { noiseLevel: { exclusiveMinimum: 1 } },
            message:
              'noise-level is a probability, at most 1 — or use corruption gaussian, where it is sigma',
          },
        ],
      },
      'masking-rescaled': {
        help: 'masking; the other pixels are divided by the share that is kept',
        options: ['noiseLevel'],
        build: ({ config }: Build): Corruption => masking(config.noiseLevel, { rescale: true }),
        conflicts: [
          {
            when: { noiseLevel: { minimum: 1 } },
            message: 'corruption masking-rescaled needs a noise-level below 1 — 1 leaves no pixel to rescale',
          },
        ],
      },
      'salt-and-pepper': {
        help: 'some pixels become 0 or 1',
        options: ['noiseLevel'],
        build: ({ config }: Build): Corruption => saltAndPepper(config.noiseLevel),
        conflicts: [
          {
            when: { noiseLevel: { exclusiveMinimum: 1 } },
            message:
              'noise-level is a probability, at most 1 — or use corruption gaussian, where it is sigma',
          },
        ],
      },
      gaussian: {
        help: 'normally distributed noise is added',
        options: ['noiseLevel'],
        build: ({ config }: Build): Corruption => gaussianNoise(config.noiseLevel),
      },
    },
  },
} as const;
