import { Generator } from '@varigrad/core';
import { checkOptions } from '@varigrad/core/checks';
import { checkDataset, checkModel } from '../checks.js';
import { binarizeDataset } from '../data/binarize.js';
import type { Dataset } from '../data/dataset.js';
import type { GenerativeModel } from '../models/model.js';
import { onOneBackend } from '../one-backend.js';
import { BATCHWISE_OPTIONS, type BatchwiseOptions, overImages } from '../over-batches.js';

/**
 * The data set with each image replaced by its code: for a posterior, the mean mu. A code is an "image" of one row, so all functions
 * that take a data set take the codes. A conditional model encodes an image with its class.
 * @returns `[count · latent]` numbers in `images`, and the same labels
 */
export function encodeDataset(
  model: GenerativeModel,
  data: Dataset,
  options: BatchwiseOptions = {},
): Promise<Dataset> {
  return onOneBackend(async () => {
    checkModel('encodeDataset', model);
    checkDataset('encodeDataset', data);
    checkOptions('encodeDataset', options, BATCHWISE_OPTIONS, 'model, data, ');
    const { binarization = 'none', seed = 0 } = options;
    const codes = new Float32Array(data.count * model.latent);
    const targets = binarizeDataset(data, binarization, new Generator(seed));
    await overImages(model, targets, options, {
      rows: {},
      compute: ({ x, labels }) => [model.codes(x, labels)],
      use: ([values], { start }) => codes.set(values!, start * model.latent),
    });
    return { ...data, images: codes, imageShape: [1, model.latent] };
  });
}
