import { ArgumentError, Generator, noGrad, oneHot, scope, type Tensor, tensor } from '@varigrad/core';
import { batches } from '../data/batches.js';
import { type Binarization, binarizeDataset } from '../data/binarize.js';
import { type Dataset, pixelsOf } from '../data/dataset.js';
import { labelsOf } from '../evaluate.js';
import { inEvaluationMode } from '../evaluation-mode.js';
import type { GenerativeModel } from '../models/model.js';
import { type ImageClassifier, predictClasses } from './classifier.js';

/** Options of `classAccuracy`. */
export interface ClassAccuracyOptions {
  /** Take the styles from these images (their codes) and write each in every class but its own; default: draw z from the prior. */
  from?: Dataset;
  /** How grey values of `from` become what the encoder sees. Default 'none'. */
  binarization?: Binarization;
  /** Images of each class that are drawn from the prior. Default 1,000. */
  perClass?: number;
  /** Styles at a time; times the number of classes, so many images are in memory. Default 100. */
  batchSize?: number;
  /** Seed of z and of dynamic binarization. Default 0. */
  seed?: number;
}

/** How many generated images are read as the class that was asked for, as shares from 0 to 1. */
export interface ClassAccuracy {
  accuracy: number;
  /** The same for each class that was asked for, `[classes]`. */
  perClass: number[];
  /** Images that were made. */
  count: number;
}

/** Styles, each to be written in every class. */
interface Styles {
  /** One row for each style and class, the classes of one style one after the other: `[styles · classes, latent]`. */
  readonly z: Tensor;
  readonly count: number;
  /** The class that a style is not written in. */
  readonly own?: ArrayLike<number>;
}

/**
 * Lets a conditional model draw every class and a classifier read the mean images: from z of the prior, or (`from`) in the style of
 * given images.
 * @throws ArgumentError if the model is not conditional
 */
export async function classAccuracy(
  model: GenerativeModel,
  classifier: ImageClassifier,
  options: ClassAccuracyOptions = {},
): Promise<ClassAccuracy> {
  const { classes } = model;
  if (classes === 0)
    throw new ArgumentError('classAccuracy', 'the model knows no classes — use a conditional one');
  const right = new Array<number>(classes).fill(0);
  const asked = new Array<number>(classes).fill(0);
  await inEvaluationMode(model, async () => {
    for (const makeStyles of styleBatches(model, options)) {
      const { images, own } = noGrad(() =>
        scope(() => {
          const { z, count, own } = makeStyles();
          return { images: model.likelihood.mean(model.decode(z, everyClass(count, classes))), own };
        }),
      );
      const read = await predictClasses(classifier, images);
      images.dispose();
      read.forEach((found, i) => {
        const label = i % classes;
        if (own?.[Math.floor(i / classes)] === label) return;
        asked[label]!++;
        if (found === label) right[label]!++;
      });
    }
  });
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  return {
    accuracy: sum(right) / sum(asked),
    perClass: right.map((count, label) => count / asked[label]!),
    count: sum(asked),
  };
}

/** Functions that make the styles, a batch at a time. */
function* styleBatches(model: GenerativeModel, options: ClassAccuracyOptions): Iterable<() => Styles> {
  const { from, binarization = 'none', perClass = 1000, batchSize = 100, seed = 0 } = options;
  const { classes } = model;
  const generator = new Generator(seed);
  if (from === undefined) {
    for (let start = 0; start < perClass; start += batchSize) {
      const count = Math.min(batchSize, perClass - start);
      yield () => {
        const labels = everyClass(count, classes);
        return { z: model.samplePrior(count * classes, { labels, generator }), count };
      };
    }
    return;
  }
  for (const batch of batches(binarizeDataset(from, binarization, generator), { batchSize })) {
    yield () => {
      const x = tensor(batch.images, [batch.size, pixelsOf(from)]);
      const codes = model.codes(x, labelsOf(model, batch.labels).labels);
      const style = Array.from({ length: batch.size * classes }, (_, i) => Math.floor(i / classes));
      return { z: codes.indexSelect(style), count: batch.size, own: batch.labels };
    };
  }
}

/** Class 0, 1, … for one style after the other, `[styles · classes, classes]`. */
function everyClass(styles: number, classes: number): Tensor {
  return oneHot(
    Uint8Array.from({ length: styles * classes }, (_, i) => i % classes),
    classes,
  );
}
