/** The schedules of a run, whose configuration counts epochs, as functions of the step. */
import { type Schedule, warmupSchedule } from '@varigrad/nn';
import type { BetaSchedule } from '../schedules.js';
import { RUN_OPTIONS, type RunConfig } from './run-config.js';

/** A number of epochs as steps, at least one. */
function stepsOf(epochs: number, { batch, dropLast }: RunConfig, images: number): number {
  const perEpoch = dropLast ? Math.floor(images / batch) : Math.ceil(images / batch);
  return Math.max(1, Math.round(epochs * perEpoch));
}

/** The weight of the KL term, or how it changes. */
export function betaOf(config: RunConfig, images: number): number | BetaSchedule {
  const { beta, warmUp, warmUpEpochs } = config;
  return RUN_OPTIONS.warmUp.parts[warmUp].build(stepsOf(warmUpEpochs, config, images), beta);
}

/** The factor on the learning rate at each step; undefined if it is constant. */
export function scheduleOf(config: RunConfig, images: number): Schedule | undefined {
  const { schedule, scheduleEpochs, scheduleDecay, scheduleWarmUp } = config;
  if (schedule === 'none' && scheduleWarmUp === 0) return undefined;
  const length = stepsOf(scheduleEpochs, config, images);
  const factor = RUN_OPTIONS.schedule.parts[schedule].build(length, scheduleDecay);
  return scheduleWarmUp === 0 ? factor : warmupSchedule(stepsOf(scheduleWarmUp, config, images), factor);
}
