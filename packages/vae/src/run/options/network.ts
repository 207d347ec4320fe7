/** The options of encoder and decoder. */
import type { ValuesOf } from '../schema/option.js';

export const NETWORK_OPTIONS = {
  latent: {
    group: 'The model:',
    type: 'integer',
    minimum: 1,
    maximum: 1024,
    default: 20,
    help: 'dimensions of z',
    aliases: ['latent-dim'],
    short: 'z',
  },
  network: {
    group: 'The model:',
    default: 'dense',
    help: 'encoder and decoder',
    short: '',
    parts: {
      dense: { help: 'fully connected layers', options: ['hidden', 'activation'] },
      convolutional: {
        help: 'convolutions, each of which halves the image',
        options: ['channels', 'normalization'],
      },
    },
  },
  hidden: {
    group: 'The model:',
    type: 'array',
    items: { type: 'integer', minimum: 1, maximum: 16_384 },
    minItems: 1,
    default: [400],
    unit: 'widths',
    example: '400 or 500,250',
    help: 'widths of the hidden layers, comma-separated',
  },
  activation: {
    group: 'The model:',
    enum: ['relu', 'tanh', 'sigmoid'],
    default: 'relu',
    help: 'nonlinearity of the hidden layers',
    short: '',
  },
  channels: {
    group: 'The model:',
    type: 'array',
    items: { type: 'integer', minimum: 1, maximum: 16_384 },
    minItems: 1,
    default: [32, 64],
    unit: 'widths',
    example: '32 or 32,64',
    help: 'channels after each convolution, comma-separated',
  },
  normalization: {
    group: 'The model:',
    enum: ['none', 'batch'],
    default: 'none',
    help: 'after each hidden convolution',
    short: 'norm-',
  },
} as const;

export interface NetworkConfig extends ValuesOf<typeof NETWORK_OPTIONS> {}
