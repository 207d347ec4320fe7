/** Samples of z for each image of a data set, in blocks of bounded size. */
import { ArgumentError, Generator, oneHot, randn, type Tensor, tensor, withGenerator } from '@varigrad/core';
import { checkWhole, type OptionNames } from '@varigrad/core/checks';
import type { NamedTensors } from '../compiled.js';
import { type Binarization, binarizeDataset } from '../data/binarize.js';
import { type Dataset, pixelsOf } from '../data/dataset.js';
import type { LatentModel } from '../models/model.js';
import { onOneBackend } from '../one-backend.js';
import { overBatches, type Pass, rowsThatFit } from '../over-batches.js';

/** Options of every estimator that samples z for the images of a data set. */
export interface DrawOptions {
  /** Samples of z per image. */
  samples?: number | undefined;
  /**
   * Samples of z that are decoded at once, of one image or of several. It limits the memory: about 15 kB per sample with 784 pixels.
   * The result does not depend on it. Default 2,000, or fewer if the decoder's outputs are many.
   */
  batchSize?: number | undefined;
  /** How grey values become targets. Default 'none'. */
  binarization?: Binarization | undefined;
  /** Seed of all noise and of dynamic binarization. Default 0. */
  seed?: number | undefined;
  /** Whether blocks after the first ones replay the kernels of those, which changes no bit of the result; see `compile`. Default true. */
  compile?: boolean | undefined;
}

/** The options of `DrawOptions`. */
export const DRAW_OPTIONS: OptionNames<DrawOptions> = {
  samples: true,
  batchSize: true,
  binarization: true,
  seed: true,
  compile: true,
};

/** Which images and how many samples of each belong to one block. */
export interface Cut {
  /** Index of the first image in the data set; `images` counts them. */
  readonly start: number;
  readonly images: number;
  readonly draws: number;
}

/** The tensors of a block. */
export interface DrawBlock {
  /** `[images, pixels]` */
  readonly x: Tensor;
  /** ε ~ N(0, I), `[images, draws, latent]` */
  readonly eps: Tensor;
  /** One-hot, `[images, classes]`; only for a conditional model. */
  readonly labels: Tensor | undefined;
}

/** The generator gives random numbers in groups of four. Each image's samples start at a whole group, so that the block size does not change them. */
const ALIGNMENT = 4;

/**
 * Computes a tensor for every image and sample, in evaluation mode and without a tape. The noise depends on the image and the sample
 * only, not on the block.
 * @param op - the estimator, for messages
 * @param compute - returns the tensor of a block
 * @param use - receives the values of that tensor, in the order of its elements
 * @throws ArgumentError if samples or batchSize is not a whole number above 0, or there are no images
 */
export function overDraws(
  op: string,
  model: LatentModel,
  data: Dataset,
  {
    samples = 1,
    batchSize = rowsThatFit(model, 2000),
    binarization = 'none',
    seed = 0,
    compile,
  }: DrawOptions,
  compute: (block: DrawBlock) => Tensor,
  use: (values: ArrayLike<number>, cut: Cut) => void,
): Promise<void> {
  return onOneBackend(async () => {
    checkWhole(op, 'samples', samples);
    checkWhole(op, 'batchSize', batchSize);
    if (data.count === 0) throw new ArgumentError(op, 'the data set has no images');
    const generator = new Generator(seed);
    const targets = binarizeDataset(data, binarization, generator);
    const pass: Pass<Cut, NamedTensors & DrawBlock> = {
      inputs: (cut) => makeBlock(model, targets, cut, generator),
      compute: (block) => withGenerator(generator, () => [compute(block)]),
      use: ([values], cut) => use(values!, cut),
    };
    await overBatches(model, cuts(data.count, samples, batchSize), pass, compile);
  });
}

/** The blocks: several images with all their samples, or one image with some of its samples. */
function* cuts(count: number, samples: number, batchSize: number): Iterable<Cut> {
  const images = Math.max(1, Math.floor(batchSize / samples));
  const most = samples <= batchSize ? samples : Math.max(1, Math.floor(batchSize / ALIGNMENT)) * ALIGNMENT;
  for (let start = 0; start < count; start += images) {
    for (let done = 0; done < samples; done += most) {
      yield { start, images: Math.min(images, count - start), draws: Math.min(most, samples - done) };
    }
  }
}

function makeBlock(
  model: LatentModel,
  data: Dataset,
  { start, images, draws }: Cut,
  generator: Generator,
): NamedTensors & DrawBlock {
  const pixels = pixelsOf(data);
  const aligned = Math.ceil(draws / ALIGNMENT) * ALIGNMENT;
  const noise = randn([images, aligned, model.latent], { generator });
  const labels = data.labels.subarray(start, start + images);
  return {
    x: tensor(data.images.subarray(start * pixels, (start + images) * pixels), { shape: [images, pixels] }),
    eps: aligned === draws ? noise : noise.slice(0, draws, { axis: 1 }),
    labels: model.classes > 0 ? oneHot(labels, model.classes) : undefined,
  };
}
