/** Schedules of the KL weight and of temperatures: functions of the step, which is counted from 0 over the whole training. */
import { ArgumentError } from '@varigrad/core';
import { checkFinite, checkNumber, checkOptions, checkWhole } from '@varigrad/core/checks';

/** The weight of the KL term at a step. */
export type BetaSchedule = (step: number) => number;

/**
 * Rises linearly from 0 to `beta` over the first `steps` steps and then stays constant. The decoder can learn to use z before the
 * KL term draws the posterior towards the prior.
 * @throws ArgumentError if `steps` is not a whole number above 0, or beta is not finite
 * @see Bowman et al. 2016, arXiv:1511.06349
 */
export function linearWarmUp(steps: number, beta = 1): BetaSchedule {
  checkWhole('linearWarmUp', 'steps', steps);
  checkFinite('linearWarmUp', 'beta', beta);
  return (step) => beta * Math.min(1, step / steps);
}

/**
 * A repeated `linearWarmUp`: in each period of `period` steps, the weight rises during the first `rising` part and then stays constant.
 * @param options - `beta`: the final weight, default 1; `rising`: above 0 and at most 1, default ½
 * @throws ArgumentError if `period` is not a whole number above 0, or `rising` is out of range, or beta is not finite
 * @see Fu et al. 2019, arXiv:1903.10145
 */
export function cyclicWarmUp(period: number, options: { beta?: number; rising?: number } = {}): BetaSchedule {
  checkWhole('cyclicWarmUp', 'period', period);
  checkOptions('cyclicWarmUp', options, { beta: true, rising: true }, 'period, ');
  const { beta = 1, rising = 0.5 } = options;
  checkFinite('cyclicWarmUp', 'beta', beta);
  checkNumber('cyclicWarmUp', 'rising', rising, rising > 0 && rising <= 1, 'above 0 and at most 1');
  return (step) => beta * Math.min(1, (step % period) / (rising * period));
}

/**
 * Decays exponentially to a lower limit: max(floor, from · e^(−rate · step)). Used for the temperature of relaxed categories.
 * @throws ArgumentError unless from ≥ floor > 0 and rate ≥ 0
 * @see Jang, Gu & Poole 2017, §4.2, arXiv:1611.01144
 */
export function annealing(
  options: { from?: number; floor?: number; rate?: number } = {},
): (step: number) => number {
  checkOptions('annealing', options, { from: true, floor: true, rate: true });
  const { from = 1, floor = 0.5, rate = 3e-5 } = options;
  for (const [name, value] of Object.entries({ from, floor, rate })) checkFinite('annealing', name, value);
  if (!(floor > 0 && from >= floor && rate >= 0))
    throw new ArgumentError(
      'annealing',
      `from ≥ floor > 0 and rate ≥ 0, not from ${from}, floor ${floor}, rate ${rate}`,
    );
  return (step) => Math.max(floor, from * Math.exp(-rate * step));
}
