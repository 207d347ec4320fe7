/** Removes the calls whose results nothing uses. */
import type { Program } from '../backend.js';
import { slotsOf, slotsWrittenBy } from './program.js';

/**
 * The program without calls that nothing needs: a call stays if it changes values from outside, or if a later call that stays, or the
 * caller, uses what it computes or changes.
 */
export function removeUnused({ slots, calls, results }: Program): Program {
  const needed = new Set(results);
  const kept = calls.toReversed().filter((call) => {
    const changes = slotsWrittenBy(call);
    const isNeeded =
      (call.out !== null && needed.has(call.out)) ||
      changes.some((slot) => slots[slot]!.kind !== 'value' || needed.has(slot));
    if (isNeeded) for (const slot of slotsOf(call)) needed.add(slot);
    return isNeeded;
  });
  return { slots, calls: kept.reverse(), results };
}
