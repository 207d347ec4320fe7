import { ArgumentError, Generator, randn, type Tensor, tensor, withGenerator } from '@varigrad/core';
import { checkBoolean, checkChoice, checkOptions, checkWhole, type OptionNames } from '@varigrad/core/checks';
import { checkDataset, checkModel, checkValues } from '../checks.js';
import { compileStep } from '../compiled.js';
import { batches } from '../data/batches.js';
import { type Dataset, pixelsOf } from '../data/dataset.js';
import { isLatentModel } from '../estimators/latent-model.js';
import { Made } from '../models/made.js';
import type { GenerativeModel } from '../models/model.js';
import { onOneBackend } from '../one-backend.js';
import { evaluated, labelsOf, rowsThatFit } from '../over-batches.js';

/** Options of `fillBlanks`. */
export interface FillBlanksOptions {
  /** Number of times that each image is encoded and decoded. Default 100. */
  steps?: number;
  /**
   * What the next step encodes in place of the blanks: a 'sample' of p(x|z), or its 'mean', which suits a model of grey values whose
   * samples would be black and white. Default 'sample'.
   */
  blanks?: 'sample' | 'mean';
  /** Images per batch. Default 500, or fewer if the decoder's outputs are many. */
  batchSize?: number;
  /** Seed of all random numbers. Default 0. */
  seed?: number;
  /** Whether steps replay the kernels of the first ones, which changes no bit of the result; see `compile`. Default true. */
  compile?: boolean;
}

const FILL_OPTIONS: OptionNames<FillBlanksOptions> = {
  steps: true,
  blanks: true,
  batchSize: true,
  seed: true,
  compile: true,
};

const KINDS_OF_BLANKS = { sample: true, mean: true } as const;

/** Completed images; the given pixels are unchanged. */
export interface FilledBlanks {
  /** One completion of each image: the blanks have the mean of p(x|z) for the last z. `[count · pixels]` */
  images: Float32Array;
  /** The average of the completions over the second half of the steps, which estimates the mean of the blanks given the rest. */
  mean: Float32Array;
}

/**
 * Fills the pixels that are not given. Each step draws z ~ q(z|x), then the blanks of x from p(x|z), and keeps the given pixels. Where
 * q(z|x) is the true posterior, the blanks converge to samples of p(blanks | given). The blanks start as those of an image from the
 * prior. A model without a distribution of codes uses the codes themselves.
 * @param known - 1 for each pixel that is given, 0 for each blank: `[pixels]`, or `[count · pixels]` if the images differ
 * @throws ArgumentError if `known` has another length, or the model has no z
 * @see Rezende, Mohamed & Wierstra 2014, on missing data, arXiv:1401.4082
 */
export function fillBlanks(
  model: GenerativeModel,
  data: Dataset,
  known: ArrayLike<number>,
  options: FillBlanksOptions = {},
): Promise<FilledBlanks> {
  return onOneBackend(async (on) => {
    checkFillArguments(model, data, known, options);
    const {
      steps = 100,
      blanks = 'sample',
      batchSize = rowsThatFit(model, 500),
      seed = 0,
      compile = true,
    } = options;
    const pixels = pixelsOf(data);
    const generator = new Generator(seed);
    const step = compileStep(
      (inputs: StepInputs) => withGenerator(generator, () => refill(model, inputs, blanks)),
      compile ? null : 'turned off',
    );
    const images = new Float32Array(data.count * pixels);
    const sums = new Float64Array(data.count * pixels);
    const firstKept = Math.floor(steps / 2);
    let start = 0;
    try {
      for (const batch of batches(data, { batchSize })) {
        const shape = [batch.size, pixels];
        const isGiven = Float32Array.from({ length: batch.size * pixels }, (_, i) =>
          known[known.length === pixels ? i % pixels : start * pixels + i] === 0 ? 0 : 1,
        );
        const given = on(() => tensor(batch.images, { shape }));
        const mask = on(() => tensor(isGiven, { shape }));
        const labels = on(() => labelsOf(model, batch.labels));
        let x = on(() => evaluated(model, () => begin(model, { given, mask, labels }, generator)));
        for (let done = 0; done < steps; done++) {
          const [next, filled] = on(() => evaluated(model, () => [...step.run({ given, mask, labels, x })]));
          x.dispose();
          x = next!;
          if (done >= firstKept) {
            const values = await filled!.data();
            for (let i = 0; i < values.length; i++) sums[start * pixels + i]! += values[i]!;
            if (done === steps - 1) images.set(values, start * pixels);
          }
          filled!.dispose();
        }
        for (const t of [given, mask, labels, x]) t?.dispose();
        start += batch.size;
      }
    } finally {
      step.dispose();
    }
    return { images, mean: Float32Array.from(sums, (sum) => sum / (steps - firstKept)) };
  });
}

/** The tensors of a batch: the images and 1 for each given pixel, `[batch, pixels]`, and one-hot classes for a conditional model. */
type BatchInputs = Readonly<{ given: Tensor; mask: Tensor; labels: Tensor | undefined }>;

/** x is the images with the blanks of the last step. */
type StepInputs = BatchInputs & Readonly<{ x: Tensor }>;

/** The images with the blanks of images from the prior. */
function begin(model: GenerativeModel, { given, mask, labels }: BatchInputs, generator: Generator): Tensor {
  const z = model.samplePrior(given.shape[0]!, { labels, generator });
  return mask.where(given, model.likelihood.mean(model.decode(z, labels)));
}

/** One step. @returns the images that the next step encodes, and the images with the mean of p(x|z) as blanks */
function refill(
  model: GenerativeModel,
  { given, mask, labels, x }: StepInputs,
  blanks: 'sample' | 'mean',
): [Tensor, Tensor] {
  const outputs = model.decode(drawCodes(model, x, labels), labels);
  const filled = mask.where(given, model.likelihood.mean(outputs));
  const next = blanks === 'mean' ? filled.clone() : mask.where(given, model.likelihood.sample(outputs));
  return [next, filled];
}

/** z ~ q(z|x), or the code. */
function drawCodes(model: GenerativeModel, x: Tensor, labels: Tensor | undefined): Tensor {
  if (!isLatentModel(model)) return model.codes(x, labels);
  const q = model.encode(x, labels);
  return model.posterior.draw(q, randn(q.mu.shape)).z;
}

function checkFillArguments(
  model: GenerativeModel,
  data: Dataset,
  known: ArrayLike<number>,
  options: FillBlanksOptions,
): void {
  const op = 'fillBlanks';
  checkModel(op, model);
  checkDataset(op, data);
  checkValues(op, 'known', known);
  checkOptions(op, options, FILL_OPTIONS, 'model, data, known, ');
  const { steps = 1, blanks = 'sample', compile = true } = options;
  checkWhole(op, 'steps', steps);
  checkChoice(op, 'blanks', blanks, KINDS_OF_BLANKS);
  checkBoolean(op, 'compile', compile);
  if (model instanceof Made)
    throw new ArgumentError(op, 'a MADE has no z to draw — use a model with a code, such as VAE');
  const pixels = pixelsOf(data);
  if (known.length === pixels || known.length === data.count * pixels) return;
  throw new ArgumentError(
    op,
    `known must have one number for each of ${pixels} pixels, or for each pixel of ${data.count} images, found ${known.length}`,
  );
}
