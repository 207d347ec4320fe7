/** One step of training: losses, gradients, clipping, the learning rate of the step, and the optimizer's update. */
import {
  ArgumentError,
  defaultGenerator,
  type Generator,
  scope,
  type Tensor,
  tensor,
  withGenerator,
} from '@varigrad/core';
import {
  checkFinite,
  checkOptions,
  checkWhole,
  describeValue,
  type OptionNames,
} from '@varigrad/core/checks';
import { clipGradNorm, type Optimizer, type Schedule } from '@varigrad/nn';
import { checkFields, checkModel } from './checks.js';
import type { NamedTensors } from './compiled.js';
import type { Batch } from './data/batch.js';
import type { Elbo } from './elbo.js';
import type { GenerativeModel } from './models/model.js';
import { labelsOf } from './over-batches.js';
import type { BetaSchedule } from './schedules.js';
import { checkStepArguments } from './train-checks.js';

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
 * @throws ArgumentError if an option is out of its range, or the optimizer has none of the model's parameters
 * @example for (const batch of batches(data, { batchSize: 128 })) trainStep(model, batch, { optimizer })
 */
export function trainStep(model: GenerativeModel, batch: Batch, options: StepOptions): Elbo {
  checkModel('trainStep', model);
  checkFields('trainStep', 'batch', batch, ['images', 'labels', 'size']);
  checkOptions('trainStep', options, STEP_OPTIONS, 'model, batch, ');
  checkStepArguments('trainStep', model, options);
  return scope(() => {
    setLearningRate(options);
    const losses = computeGradients(model, stepInputs(model, batch, options), options);
    applyGradients(options);
    return losses;
  });
}

/**
 * What changes from step to step, apart from weights, states and the learning rate. All of it is tensors, so that a step can be compiled.
 * The other names are those of the model's own `schedules`, scalars.
 */
export interface StepInputs extends NamedTensors {
  /** `[size, pixels]` */
  readonly x: Tensor;
  /** One-hot, `[size, classes]`; only for a conditional model. */
  readonly labels: Tensor | undefined;
  /** The weight of the KL term, a scalar, if it has a schedule. */
  readonly beta: Tensor | undefined;
  /** The share of the batch in these images, a scalar; undefined for a whole batch. */
  readonly weight?: Tensor | undefined;
}

/** The inputs of a step on a batch. @throws ArgumentError if the images do not fit the model, or a schedule gives no finite number */
export function stepInputs(
  model: GenerativeModel,
  { images, labels, size }: Batch,
  { optimizer, beta, step = optimizer.stepCount }: StepOptions,
): StepInputs {
  const pixels = model.inputSize;
  checkWhole('trainStep', 'the size of the batch', size);
  if (images.length !== size * pixels)
    throw new ArgumentError(
      'trainStep',
      `a batch of ${size} images must have ${size} · ${pixels} pixels, found ${images.length} — use images of the model's inputSize`,
    );
  const scalar = (name: string, value: number): Tensor => {
    checkFinite('trainStep', `${name}(${step})`, value);
    return tensor(value);
  };
  const scheduled = Object.entries(model.schedules?.(step) ?? {});
  return {
    x: tensor(images, { shape: [size, pixels] }),
    labels: labelsOf(model, labels),
    beta: typeof beta === 'function' ? scalar('beta', beta(step)) : undefined,
    ...Object.fromEntries(scheduled.map(([name, value]) => [name, scalar(name, value)])),
  };
}

/** Computes the losses, and leaves the gradients in the parameters. */
export function computeGradients(
  model: GenerativeModel,
  { x, labels, beta: changing, weight, ...scheduled }: StepInputs,
  { optimizer, generator = defaultGenerator(), freeBits = 0, ...settings }: StepOptions,
): Elbo {
  const beta = changing ?? (typeof settings.beta === 'number' ? settings.beta : 1);
  return withGenerator(generator, () => {
    const losses = model.elbo(x, { generator, labels, freeBits, beta, scheduled });
    const weighted = (t: Tensor): Tensor => (weight === undefined ? t : t.mul(weight));
    const [loss, recon, kl] = [losses.loss, losses.recon, losses.kl].map(weighted) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    optimizer.zeroGrad();
    loss.backward();
    return { loss: loss.detach(), recon: recon.detach(), kl: kl.detach() };
  });
}

/** Clips the gradients, and updates the weights. */
export function applyGradients({ optimizer, clipNorm }: StepOptions): void {
  if (clipNorm !== undefined) clipGradNorm(optimizer.parameters, clipNorm).dispose();
  optimizer.step();
}

/** Sets the learning rate of a step, if it has a schedule. @throws ArgumentError if the schedule gives a factor below 0 */
export function setLearningRate({ optimizer, schedule, step = optimizer.stepCount }: StepOptions): void {
  if (schedule === undefined) return;
  const factor = schedule(step);
  if (!(typeof factor === 'number' && factor >= 0))
    throw new ArgumentError(
      'trainStep',
      `schedule(${step}) must be a number of at least 0, found ${describeValue(factor)}`,
    );
  optimizer.learningRate = optimizer.initialLearningRate * factor;
}

/** The losses of a step before its update: all three as `[3]` and, if they are watched, each alone. */
export type StepLosses = Readonly<Record<'values', Tensor>> | Readonly<Record<'values' | keyof Elbo, Tensor>>;
