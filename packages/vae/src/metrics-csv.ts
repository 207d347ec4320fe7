import type { EpochResult } from './train.js';

/**
 * The losses of all epochs as CSV: a line of names, then one line per epoch. A loss that is not a number is empty.
 * @param heldOut - the set of `test`, for the names of its columns
 */
export function metricsCsv(results: readonly EpochResult[], heldOut: 'test' | 'validation' = 'test'): string {
  const columns = ['loss', 'recon', 'kl'] as const;
  const named = (set: string): string[] => columns.map((name) => `${set}_${name}`);
  const head = ['epoch', ...named('train'), ...named(heldOut), 'seconds', 'ms_per_step'];
  const rows = results.map(({ epoch, train, test, seconds, msPerStep }) => {
    const losses = [train, test].flatMap((set) => columns.map((name) => set[name]));
    return [epoch, ...losses, seconds, msPerStep].map((value) => (Number.isNaN(value) ? '' : value));
  });
  return [head, ...rows].map((row) => `${row.join(',')}\n`).join('');
}
