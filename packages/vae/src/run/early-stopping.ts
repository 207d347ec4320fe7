/** Early stopping on the validation loss. */
import type { EpochResult } from '../train.js';

/** The first epoch with the lowest held-out loss, or undefined before the first epoch has ended. NaN losses are never the best. */
export function bestEpoch(results: readonly EpochResult[]): EpochResult | undefined {
  return results.reduce<EpochResult | undefined>(
    (best, result) => (best === undefined || result.test.loss < best.test.loss ? result : best),
    undefined,
  );
}

/** Whether the last `patience` epochs brought no better loss. A patience of 0 disables early stopping. */
export function isPatienceOver(results: readonly EpochResult[], patience: number): boolean {
  const best = bestEpoch(results);
  const last = results.at(-1);
  if (patience === 0 || best === undefined || last === undefined) return false;
  return last.epoch - best.epoch >= patience;
}
