/**
 * Learning-rate schedules: functions from the number of finished epochs (or steps) to a factor on the initial rate.
 * Use: `optimizer.learningRate = initial * schedule(epoch)`.
 */
import { checkAmount, checkFunction, checkNumber } from '@varigrad/core/checks';

/**
 * A learning-rate schedule.
 * @param t - epochs or steps done, from 0
 * @returns the factor on the initial learning rate
 */
export type Schedule = (t: number) => number;

/** gamma^⌊t / size⌋: one drop every `size`. @throws ArgumentError unless size is above 0 and gamma at least 0 */
export function stepSchedule(size: number, gamma = 0.1): Schedule {
  checkNumber('stepSchedule', 'size', size, size > 0, 'above 0');
  checkAmount('stepSchedule', 'gamma', gamma);
  return (t) => gamma ** Math.floor(t / size);
}

/** gamma^t. @throws ArgumentError unless gamma is at least 0 */
export function exponentialSchedule(gamma: number): Schedule {
  checkAmount('exponentialSchedule', 'gamma', gamma);
  return (t) => gamma ** t;
}

/**
 * floor + (1 − floor)·½(1 + cos(π t / total)), and `floor` after that.
 * @throws ArgumentError unless total is above 0 and floor at least 0
 * @see Loshchilov & Hutter 2017, arXiv:1608.03983
 */
export function cosineSchedule(total: number, floor = 0): Schedule {
  checkNumber('cosineSchedule', 'total', total, total > 0 && total < Infinity, 'above 0');
  checkAmount('cosineSchedule', 'floor', floor);
  return (t) => floor + ((1 - floor) * (1 + Math.cos(Math.PI * Math.min(1, t / total)))) / 2;
}

/**
 * Rises linearly from `start` to 1 over the first `length`, then follows `next`, which counts from 0 again.
 * @throws ArgumentError unless length is above 0 and start at least 0
 */
export function warmupSchedule(length: number, next: Schedule = () => 1, start = 0): Schedule {
  checkNumber('warmupSchedule', 'length', length, length > 0, 'above 0');
  checkFunction('warmupSchedule', next, 'next');
  checkAmount('warmupSchedule', 'start', start);
  return (t) => (t < length ? start + (1 - start) * (t / length) : next(t - length));
}
