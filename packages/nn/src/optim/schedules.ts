/**
 * Learning-rate schedules: functions from the number of finished epochs (or steps) to a factor on the initial rate.
 * Use: `optimizer.learningRate = initial * schedule(epoch)`.
 */
import { ArgumentError } from '@varigrad/core';

/**
 * A learning-rate schedule.
 * @param t - epochs or steps done, from 0
 * @returns the factor on the initial learning rate
 */
export type Schedule = (t: number) => number;

/** gamma^⌊t / size⌋: a drop every `size`. */
export function stepSchedule(size: number, gamma = 0.1): Schedule {
  checkPositive('stepSchedule', 'size', size);
  return (t) => gamma ** Math.floor(t / size);
}

/** gamma^t */
export const exponentialSchedule =
  (gamma: number): Schedule =>
  (t) =>
    gamma ** t;

/** floor + (1 − floor)·½(1 + cos(π t / total)), and `floor` after. @see Loshchilov & Hutter 2017, arXiv:1608.03983 */
export function cosineSchedule(total: number, floor = 0): Schedule {
  checkPositive('cosineSchedule', 'total', total);
  return (t) => floor + ((1 - floor) * (1 + Math.cos(Math.PI * Math.min(1, t / total)))) / 2;
}

/** Rises linearly from `start` to 1 during the first `length`, then hands over to `next` (which counts on from 0). */
export function warmupSchedule(length: number, next: Schedule = () => 1, start = 0): Schedule {
  checkPositive('warmupSchedule', 'length', length);
  return (t) => (t < length ? start + (1 - start) * (t / length) : next(t - length));
}

function checkPositive(op: string, name: string, value: number): void {
  if (!(value > 0)) throw new ArgumentError(op, `${name} must be above 0, not ${value}`);
}
