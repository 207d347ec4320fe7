/** The optimizers of the command line, and their options. */
import type { Tensor } from '@varigrad/core';
import { Adam, AdamW, type Optimizer, SGD } from '@varigrad/nn';
import type { ValuesOf } from '../schema/option.js';

export const OPTIMIZER_OPTIONS = {
  learningRate: {
    group: 'The optimizer:',
    type: 'number',
    exclusiveMinimum: 0,
    maximum: 1,
    default: 0.001,
    example: 0.001,
    help: 'learning rate; a schedule starts from it',
    aliases: ['lr'],
    short: 'lr',
  },
  momentum: {
    group: 'The optimizer:',
    type: 'number',
    minimum: 0,
    maximum: 1,
    default: 0,
    example: 0.9,
    help: 'share of the last step in the next one',
  },
  weightDecay: {
    group: 'The optimizer:',
    type: 'number',
    minimum: 0,
    maximum: 10,
    default: 0,
    example: 0.01,
    help: 'how strongly the weights are drawn to 0',
    short: 'wd',
  },
  clip: {
    group: 'The optimizer:',
    type: 'number',
    minimum: 0,
    maximum: 1_000_000,
    default: 0,
    example: 100,
    help: 'largest joint norm of the gradients, which are scaled down to it; 0 means no limit',
  },
} as const;

interface OptimizerConfig extends ValuesOf<typeof OPTIMIZER_OPTIONS> {}

export const OPTIMIZERS = {
  optimizer: {
    group: 'The optimizer:',
    default: 'adam',
    help: 'the method',
    short: '',
    parts: {
      adam: {
        help: 'Adam; the weight decay is added to the gradient',
        options: ['weightDecay'],
        build: (parameters: Iterable<Tensor>, { learningRate, weightDecay }: OptimizerConfig): Optimizer =>
          new Adam(parameters, { learningRate, weightDecay }),
      },
      adamw: {
        help: 'Adam with decoupled weight decay',
        options: ['weightDecay'],
        defaults: { weightDecay: 0.01 },
        build: (parameters: Iterable<Tensor>, { learningRate, weightDecay }: OptimizerConfig): Optimizer =>
          new AdamW(parameters, { learningRate, weightDecay }),
      },
      sgd: {
        help: 'stochastic gradient descent',
        options: ['momentum', 'weightDecay'],
        build: (
          parameters: Iterable<Tensor>,
          { learningRate, momentum, weightDecay }: OptimizerConfig,
        ): Optimizer => new SGD(parameters, { learningRate, momentum, weightDecay }),
      },
    },
  },
} as const;
