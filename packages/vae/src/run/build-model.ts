/** Builds the model of a configuration. */
import { Generator } from '@varigrad/core';
import { type ImageShape, sizeOf } from '../data/image-shape.js';
import type { Standardization } from '../data/standardization.js';
import type { Losses } from '../meter.js';
import type { GenerativeModel } from '../models/model.js';
import { MODELS, type ModelEntry } from './options/models.js';
import { lossText } from './progress.js';
import type { RunConfig } from './run-config.js';
import { refusing, UsageError } from './usage-error.js';

/** What a model needs to know about its images. */
export interface ImageFacts {
  imageShape: ImageShape;
  /** Number of classes; 0 if the images have no labels. */
  classes: number;
  /** Only for a table: how its columns were standardised. */
  standardization?: Standardization | undefined;
  /** Number of training images; missing in files of older versions. */
  count?: number | undefined;
}

/** The entry of a model in the table of models. */
export function modelEntry({ model }: Pick<RunConfig, 'model'>): ModelEntry {
  return MODELS.model.parts[model];
}

/**
 * Builds the model of a configuration for such images, with its initial weights.
 * @throws UsageError if it needs labels and there are none, or its networks do not fit the images
 */
export function buildModel(config: RunConfig, images: ImageFacts): GenerativeModel {
  const { imageShape, classes, count } = images;
  const entry = modelEntry(config);
  if (entry.needsLabels === true && classes === 0)
    throw new UsageError(
      `model ${config.model} needs the class of each image, and the images of ${config.data} have no classes — put the images of each class into a subfolder`,
    );
  const generator = new Generator(config.seed);
  const inputSize = sizeOf(imageShape);
  return refusing(() => entry.build({ config, inputSize, imageShape, classes, count, generator }));
}

/** The function that formats the losses of a model. */
export function lossTextOf(config: Pick<RunConfig, 'model'>): (losses: Losses) => string {
  const { hasBound, isExact } = modelEntry(config);
  if (hasBound === true) return lossText;
  return ({ loss }) => `${isExact === true ? '−log p(x)' : 'loss'} ${loss.toFixed(2)}`;
}
