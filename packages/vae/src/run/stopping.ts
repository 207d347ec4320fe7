/** When a run on validation images ends, and which of its epochs is the best. */
import type { EpochResult } from '../train.js';

/** The first epoch with the lowest held-out loss, or undefined before any has ended. Losses that are no numbers never win. */
export function bestEpoch(results: readonly EpochResult[]): EpochResult | undefined {
  return results.reduce<EpochResult | undefined>(
    (best, result) => (best === undefined || result.test.loss < best.test.loss ? result : best),
    undefined,
  );
}

/** Whether the last `patience` epochs have not been better than an epoch before them; a patience of 0 has no end. */
export function isPatienceOver(results: readonly EpochResult[], patience: number): boolean {
  const best = bestEpoch(results);
  const last = results.at(-1);
  if (patience === 0 || best === undefined || last === undefined) return false;
  return last.epoch - best.epoch >= patience;
}
