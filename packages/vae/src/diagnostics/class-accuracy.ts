import { ArgumentError, Generator, type Tensor, tensor } from '@varigrad/core';
import { checkOptions, checkWhole, type OptionNames } from '@varigrad/core/checks';
import { checkImages, checkModel } from '../checks.js';
import { batches } from '../data/batches.js';
import { type Binarization, binarizeDataset } from '../data/binarize.js';
import { type Dataset, pixelsOf } from '../data/dataset.js';
import { everyClass } from '../elbo.js';
import type { GenerativeModel } from '../models/model.js';
import { onOneBackend } from '../one-backend.js';
import { labelsOf, overBatches } from '../over-batches.js';
import { checkClassifier, type ImageClassifier, likeliestClass } from './classifier.js';

/** Options of `classAccuracy`. */
export interface ClassAccuracyOptions {
  /** Take the styles from the codes of these images, and decode each style with every class except the image's class. Default: z from the prior. */
  from?: Dataset;
  /** Binarization of the images of `from` before they are encoded. Default 'none'. */
  binarization?: Binarization;
  /** Images to generate per class from the prior. Default 1,000. */
  perClass?: number;
  /** Styles per batch. A batch decodes styles × classes images. Default 100. */
  batchSize?: number;
  /** Seed of z and of dynamic binarization. Default 0. */
  seed?: number;
}

const CLASS_ACCURACY_OPTIONS: OptionNames<ClassAccuracyOptions> = {
  perClass: true,
  from: true,
  binarization: true,
  batchSize: true,
  seed: true,
};

/** The share of generated images that the classifier assigns to the requested class, from 0 to 1. */
export interface ClassAccuracy {
  accuracy: number;
  /** The same for each requested class, `[classes]`. */
  perClass: number[];
  /** Number of generated images. */
  count: number;
}

/** A batch of styles, to be decoded with every class. */
interface Styles {
  /** One row per style and class, all classes of a style in consecutive rows: `[styles · classes, latent]`. */
  makeZ(): Tensor;
  /** The class to leave out for each style. */
  readonly own?: ArrayLike<number>;
}

/**
 * Measures whether the images of a conditional model show the requested class: generates images of every class, and counts how many
 * the classifier assigns to that class. z comes from the prior, or with `from` from the codes of given images (style transfer).
 * @throws ArgumentError if the model is not conditional, `perClass` or `batchSize` is not a whole number above 0, or `from` has no images
 */
export function classAccuracy(
  model: GenerativeModel,
  classifier: ImageClassifier,
  options: ClassAccuracyOptions = {},
): Promise<ClassAccuracy> {
  return onOneBackend(async () => {
    checkModel('classAccuracy', model);
    checkClassifier('classAccuracy', classifier);
    checkOptions('classAccuracy', options, CLASS_ACCURACY_OPTIONS, 'model, classifier, ');
    const { perClass = 1000, batchSize = 100, from } = options;
    checkWhole('classAccuracy', 'perClass', perClass);
    checkWhole('classAccuracy', 'batchSize', batchSize);
    if (from !== undefined) checkImages('classAccuracy', from, 'from');
    const { classes } = model;
    if (classes === 0)
      throw new ArgumentError(
        'classAccuracy',
        'the model is not conditional — use a model with classes, such as ConditionalVAE',
      );
    const right = new Array<number>(classes).fill(0);
    const asked = new Array<number>(classes).fill(0);
    await overBatches(model, styleBatches(model, options), {
      inputs: ({ makeZ }) => ({ z: makeZ() }),
      compute: ({ z }) => {
        const labels = everyClass(z.shape[0]! / classes, classes);
        return [likeliestClass(classifier, model.likelihood.mean(model.decode(z, labels)))];
      },
      use: ([read], { own }) => {
        for (const [i, found] of Array.from(read!).entries()) {
          const label = i % classes;
          if (own?.[Math.floor(i / classes)] === label) continue;
          asked[label]!++;
          if (found === label) right[label]!++;
        }
      },
    });
    const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
    return {
      accuracy: sum(right) / sum(asked),
      perClass: right.map((count, label) => count / asked[label]!),
      count: sum(asked),
    };
  });
}

/** The styles, in batches. */
function* styleBatches(model: GenerativeModel, options: ClassAccuracyOptions): Iterable<Styles> {
  const { from, binarization = 'none', perClass = 1000, batchSize = 100, seed = 0 } = options;
  const { classes } = model;
  const generator = new Generator(seed);
  if (from === undefined) {
    for (let start = 0; start < perClass; start += batchSize) {
      const count = Math.min(batchSize, perClass - start);
      yield {
        makeZ: () => model.samplePrior(count * classes, { labels: everyClass(count, classes), generator }),
      };
    }
    return;
  }
  for (const { images, labels, size } of batches(binarizeDataset(from, binarization, generator), {
    batchSize,
  })) {
    const style = Array.from({ length: size * classes }, (_, i) => Math.floor(i / classes));
    const makeZ = () => {
      const x = tensor(images, { shape: [size, pixelsOf(from)] });
      return model.codes(x, labelsOf(model, labels)).indexSelect(style);
    };
    yield { makeZ, own: labels };
  }
}
