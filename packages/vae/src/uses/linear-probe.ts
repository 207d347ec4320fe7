import { ArgumentError } from '@varigrad/core';
import { checkOptions, type OptionNames } from '@varigrad/core/checks';
import type { Dataset } from '../data/dataset.js';
import { classifierAccuracy, trainClassifier } from '../diagnostics/classifier.js';
import { onOneBackend } from '../one-backend.js';
import { checkRows, columnMeans, rescaled } from './rows.js';

/** Options of `linearProbe`. */
export interface LinearProbeOptions {
  /** Passes over the training rows. Default 20, or more for few rows, so that there are at least 1,000 steps. */
  epochs?: number;
  /** Rows per step. Default 500. */
  batchSize?: number;
  /** Adam's learning rate. Default 0.01. */
  learningRate?: number;
  /** Seed of the initial weights and of the order of the rows. Default 0. */
  seed?: number;
}

const PROBE_OPTIONS: OptionNames<LinearProbeOptions> = {
  epochs: true,
  batchSize: true,
  learningRate: true,
  seed: true,
};

/** What a linear probe finds. */
export interface LinearProbe {
  /** Share of the test rows that are assigned their class, from 0 to 1. */
  accuracy: number;
  /** The same share of the training rows. */
  trainAccuracy: number;
  /** Mean cross-entropy of the last epoch in nats per row. */
  trainLoss: number;
}

/**
 * Multinomial logistic regression, log p(y|c) = logSoftmax(c·Wᵀ + b): tells how well a linear function of the rows, such as the codes
 * of `encodeDataset`, separates the classes. The training rows are centred and scaled to a mean square of 1, and the test rows alike.
 * @throws ArgumentError if a set has no rows or a number that is not finite, the sets differ in the length of a row, or there are no classes
 */
export function linearProbe(
  train: Dataset,
  test: Dataset,
  options: LinearProbeOptions = {},
): Promise<LinearProbe> {
  return onOneBackend(async (on) => {
    checkRows('linearProbe', train, test);
    if (train.classes === 0)
      throw new ArgumentError('linearProbe', 'train has no classes — give the rows their labels');
    checkOptions('linearProbe', options, PROBE_OPTIONS, 'train, test, ');
    const { batchSize = 500, learningRate = 0.01, seed = 0 } = options;
    const perEpoch = Math.ceil(train.count / batchSize);
    const { epochs = Math.max(20, Math.ceil(1000 / perEpoch)) } = options;
    const means = columnMeans(train);
    const scale = rootMeanSquare(rescaled(train, means, 1).images);
    const [trainRows, testRows] = [rescaled(train, means, scale), rescaled(test, means, scale)];
    let trainLoss = Number.NaN;
    const probe = await trainClassifier(trainRows, {
      hidden: [],
      epochs,
      batchSize,
      learningRate,
      seed,
      onEpoch: ({ loss }) => {
        trainLoss = loss;
      },
    });
    const accuracy = await on(() => classifierAccuracy(probe, testRows));
    return { accuracy, trainAccuracy: await on(() => classifierAccuracy(probe, trainRows)), trainLoss };
  });
}

/** The root of the mean square of all numbers; 1 if they are all 0. */
function rootMeanSquare(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length) || 1;
}
