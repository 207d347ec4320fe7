import { Generator, type Tensor, withGenerator } from '@varigrad/core';
import { checkOptions, checkWhole, type OptionNames } from '@varigrad/core/checks';
import type { Group } from '@varigrad/core/mpi';
import { checkCorruption, checkImages, checkModel } from './checks.js';
import type { Corruption } from './corruptions.js';
import { binarizeDataset } from './data/binarize.js';
import { type Dataset, pixelsOf } from './data/dataset.js';
import { type Losses, Meter, packElbo } from './meter.js';
import type { GenerativeModel } from './models/model.js';
import { onOneBackend } from './one-backend.js';
import {
  BATCHWISE_OPTIONS,
  type BatchwiseOptions,
  inEvaluationMode,
  overImages,
  rowsThatFit,
  type Span,
} from './over-batches.js';

/** Options of `evaluate`. */
export interface EvaluateOptions extends BatchwiseOptions {
  /** Noise on the encoder's input; the loss compares with the clean image. Default: none. */
  corruption?: Corruption | undefined;
  /** Processes that share the batches, from `mpi` of `@varigrad/core/mpi`. All get the same losses, the same as one process. */
  group?: Group | undefined;
}

const EVALUATE_OPTIONS: OptionNames<EvaluateOptions> = {
  ...BATCHWISE_OPTIONS,
  corruption: true,
  group: true,
};

/**
 * The mean loss over a whole data set (for a VAE, −ELBO), with one noise sample per image, in nats per image.
 * The noise depends on the image and not on its batch, so every batch size gives the same number.
 * @throws ArgumentError if the data set has no images
 */
export function evaluate(
  model: GenerativeModel,
  data: Dataset,
  options: EvaluateOptions = {},
): Promise<Losses> {
  return onOneBackend(async () => {
    checkModel('evaluate', model);
    checkImages('evaluate', data);
    checkOptions('evaluate', options, EVALUATE_OPTIONS, 'model, data, ');
    const { corruption } = options;
    if (corruption !== undefined) checkCorruption('evaluate', corruption);
    const { batchSize = rowsThatFit(model, 500), group } = options;
    checkWhole('evaluate', 'batchSize', batchSize);
    const batches = Math.ceil(data.count / batchSize);
    const found = new Float64Array(3 * batches); // zeros for the batches of other processes
    await overLosses(
      model,
      data,
      { ...options, batchSize },
      (losses) => [losses()],
      ([losses], { start }) => found.set(losses!, (3 * start) / batchSize),
    );
    group?.sum([found]);
    const meter = new Meter();
    for (let i = 0; i < batches; i++)
      meter.include(found.subarray(3 * i, 3 * i + 3), Math.min(batchSize, data.count - i * batchSize));
    return meter.mean();
  });
}

/**
 * Runs an evaluation batch by batch.
 * @param compute - receives a function that computes the packed losses of a batch, `[3]`
 */
export function overLosses(
  model: GenerativeModel,
  data: Dataset,
  { batchSize, binarization = 'none', corruption, seed = 0, compile, group }: EvaluateOptions,
  compute: (losses: () => Tensor) => readonly Tensor[],
  use: (values: readonly ArrayLike<number>[], batch: Span) => void,
): Promise<void> {
  return onOneBackend(async () => {
    const generator = new Generator(seed);
    const eps = inEvaluationMode(model, () => model.noise(data.count, generator)) ?? undefined;
    const targets = binarizeDataset(data, binarization, generator);
    const spoiling = corruption?.noise([data.count, pixelsOf(data)], { generator });
    await overImages(
      model,
      targets,
      { batchSize, compile, group },
      {
        rows: { eps, spoiling },
        compute: (inputs) => {
          const { x, labels } = inputs;
          const input = inputs.spoiling && corruption?.apply(x, inputs.spoiling);
          const losses = (): Tensor => packElbo(model.elbo(x, { labels, input, eps: inputs.eps }));
          return withGenerator(generator, () => compute(losses));
        },
        use,
      },
    );
    eps?.dispose();
    spoiling?.dispose();
  });
}
