import { Generator } from '@varigrad/core';
import { type Dataset, pixelsOf } from '../data/dataset.js';
import type { GenerativeModel } from '../models/model.js';
import { MODELS } from './models.js';
import type { RunConfig } from './run-config.js';
import { UsageError } from './usage-error.js';

/** Builds the model of a configuration for images of this size, with its initial weights. @throws UsageError if it needs labels and there are none */
export function buildModel(config: RunConfig, data: Dataset): GenerativeModel {
  const entry = MODELS[config.model];
  if (entry.needsLabels === true && data.classes === 0)
    throw new UsageError(
      `model ${config.model} needs the class of each image, and the images of ${config.data} have no classes — put the images of each class into a subfolder`,
    );
  const generator = new Generator(config.seed);
  return entry.build({
    config,
    inputSize: pixelsOf(data),
    imageShape: data.imageShape,
    classes: data.classes,
    generator,
  });
}
