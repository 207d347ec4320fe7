import { Generator, type Tensor } from '@varigrad/core';
import { checkOptions } from '@varigrad/core/checks';
import { checkCorruption, checkImages, checkModel } from '../checks.js';
import type { Corruption } from '../corruptions.js';
import { binarizeDataset } from '../data/binarize.js';
import { type Dataset, pixelsOf } from '../data/dataset.js';
import type { GenerativeModel } from '../models/model.js';
import { onOneBackend } from '../one-backend.js';
import { BATCHWISE_OPTIONS, type BatchwiseOptions, overImages } from '../over-batches.js';

/** Options of `reconstructionError`. */
export interface ReconstructionOptions extends BatchwiseOptions {
  /** Noise on the encoder's input; the reconstruction is compared with the clean image. Default: none. */
  corruption?: Corruption | undefined;
}

/** The difference between the images and the mean images decoded from their codes. */
export interface ReconstructionError {
  /** Σ_pixels (x − x̂)², averaged over the images. */
  squaredError: number;
  /** Share of pixels that lie on the other side of ½ than the image's pixel, from 0 to 1. */
  wrongPixels: number;
  /** The same share for the encoder's input; 0 without corruption. */
  wrongInputPixels: number;
  /** Σ_pixels (x − x̂)² of each image, `[count]`. */
  squaredErrors: Float64Array;
}

/**
 * Reconstructs every image from its code (for a posterior, its mean) and compares the two.
 * @throws ArgumentError if there are no images, or the batch size is not a whole number above 0
 */
export function reconstructionError(
  model: GenerativeModel,
  data: Dataset,
  options: ReconstructionOptions = {},
): Promise<ReconstructionError> {
  return onOneBackend(async () => {
    checkModel('reconstructionError', model);
    checkImages('reconstructionError', data);
    checkOptions('reconstructionError', options, { ...BATCHWISE_OPTIONS, corruption: true }, 'model, data, ');
    const { batchSize, binarization = 'none', corruption, seed = 0, compile } = options;
    if (corruption !== undefined) checkCorruption('reconstructionError', corruption);
    const generator = new Generator(seed);
    const noise = corruption?.noise([data.count, pixelsOf(data)], { generator });
    const squaredErrors = new Float64Array(data.count);
    let [wrong, wrongInput] = [0, 0];
    await overImages(
      model,
      binarizeDataset(data, binarization, generator),
      { batchSize, compile },
      {
        rows: { noise },
        compute: (inputs) => {
          const { x, labels } = inputs;
          const seen = (inputs.noise && corruption?.apply(x, inputs.noise)) ?? x;
          const mean = model.likelihood.mean(model.decode(model.codes(seen, labels), labels));
          const isOn = x.gt(0.5);
          const misses = (image: Tensor): Tensor => image.gt(0.5).ne(isOn).sum({ axis: 1 });
          return [x.sub(mean).square().sum({ axis: 1 }), misses(mean), misses(seen)];
        },
        use: ([squares, missed, missedInput], { start }) => {
          squaredErrors.set(squares as ArrayLike<number>, start);
          wrong += total(missed);
          wrongInput += total(missedInput);
        },
      },
    );
    noise?.dispose();
    const pixels = data.count * pixelsOf(data);
    return {
      squaredError: total(squaredErrors) / data.count,
      wrongPixels: wrong / pixels,
      wrongInputPixels: wrongInput / pixels,
      squaredErrors,
    };
  });
}

function total(values: ArrayLike<number> = []): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0);
}
