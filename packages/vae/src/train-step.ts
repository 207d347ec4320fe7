/** One step of training: losses, gradients, clipping, the learning rate of the step, and the optimizer's update. */
import {
  ArgumentError,
  defaultGenerator,
  type Generator,
  scope,
  tensor,
  withGenerator,
} from '@varigrad/core';
import { checkOptions, checkWhole, describeValue, type OptionNames } from '@varigrad/core/checks';
import { clipGradNorm, type Optimizer, type Schedule } from '@varigrad/nn';
import { checkFields, checkModel, checkStepArguments } from './checks.js';
import type { Batch } from './data/batches.js';
import type { Elbo } from './elbo.js';
import type { GenerativeModel } from './models/model.js';
import { labelsOf } from './over-batches.js';
import type { BetaSchedule } from './schedules.js';

/** The options of a step that stay the same during a training. */
export interface StepSettings {
  optimizer: Optimizer;
  /** Weight of the KL term: a constant, or a function of the step; see `linearWarmUp` and `cyclicWarmUp`. Default 1. */
  beta?: number | BetaSchedule | undefined;
  /** Nats of KL per latent dimension that cost nothing; see `ElboOptions`. Default 0. */
  freeBits?: number | undefined;
  /** The largest joint norm of the gradients; longer ones are scaled down to it, see `clipGradNorm`. Default: no limit. */
  clipNorm?: number | undefined;
  /**
   * Sets the learning rate of each step to the optimizer's `initialLearningRate` times `schedule(step)`, such as
   * `cosineSchedule(total)` with the total number of steps. Default: the learning rate stays as it is.
   */
  schedule?: Schedule | undefined;
}

/** The options of `StepSettings`. */
export const STEP_SETTINGS: OptionNames<StepSettings> = {
  optimizer: true,
  beta: true,
  freeBits: true,
  clipNorm: true,
  schedule: true,
};

/** Options of `trainStep`. */
export interface StepOptions extends StepSettings {
  /** Source of the noise, also of layers such as Dropout. Default: the generator that `manualSeed` seeds. */
  generator?: Generator | undefined;
  /** Number of steps of the training before this one. Default: the optimizer's `stepCount`. */
  step?: number | undefined;
}

const STEP_OPTIONS: OptionNames<StepOptions> = { ...STEP_SETTINGS, generator: true, step: true };

/**
 * One step of training on a batch: −ELBO, its gradients, clipping, and the optimizer's update. `fit` repeats it. Nothing is read
 * back, so the function is synchronous on every backend. The model must be in training mode; see `Module.train`.
 * @param batch - from `batches`
 * @returns the losses before the update, scalars in nats per image
 * @throws ArgumentError if an option is out of its range
 * @example for (const batch of batches(data, { batchSize: 128 })) trainStep(model, batch, { optimizer })
 */
export function trainStep(model: GenerativeModel, batch: Batch, options: StepOptions): Elbo {
  checkModel('trainStep', model);
  checkFields('trainStep', 'batch', batch, ['images', 'labels', 'size']);
  checkOptions('trainStep', options, STEP_OPTIONS, 'model, batch, ');
  checkStepArguments('trainStep', options);
  return scope(() => {
    const losses = computeGradients(model, batch, options);
    applyGradients(options);
    return losses;
  });
}

/** The first half of a step: computes the losses, and leaves the gradients in the parameters. */
export function computeGradients(model: GenerativeModel, batch: Batch, options: StepOptions): Elbo {
  const { optimizer, generator = defaultGenerator(), beta = 1, freeBits = 0 } = options;
  const { step = optimizer.stepCount } = options;
  const { images, labels, size } = batch;
  const pixels = model.inputSize;
  checkWhole('trainStep', 'the size of the batch', size);
  if (images.length !== size * pixels)
    throw new ArgumentError(
      'trainStep',
      `a batch of ${size} images must have ${size} · ${pixels} pixels, found ${images.length} — use images of the model's inputSize`,
    );
  return withGenerator(generator, () => {
    const { loss, recon, kl } = model.elbo(tensor(images, { shape: [size, pixels] }), {
      generator,
      beta: typeof beta === 'number' ? beta : beta(step),
      freeBits,
      step,
      labels: labelsOf(model, labels),
    });
    optimizer.zeroGrad();
    loss.backward();
    return { loss: loss.detach(), recon: recon.detach(), kl: kl.detach() };
  });
}

/** The second half: clips the gradients, sets the learning rate of the step, and updates the weights. */
export function applyGradients({ optimizer, clipNorm, schedule, step }: StepOptions): void {
  if (clipNorm !== undefined) clipGradNorm(optimizer.parameters, clipNorm).dispose();
  if (schedule !== undefined)
    optimizer.learningRate = optimizer.initialLearningRate * factorOf(schedule, step ?? optimizer.stepCount);
  optimizer.step();
}

function factorOf(schedule: Schedule, step: number): number {
  const factor = schedule(step);
  if (typeof factor === 'number' && factor >= 0) return factor;
  throw new ArgumentError(
    'trainStep',
    `schedule(${step}) must be a number of at least 0, found ${describeValue(factor)}`,
  );
}
