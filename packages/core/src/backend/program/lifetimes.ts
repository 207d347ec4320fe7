/** From which call to which call each value of a program is needed. */
import type { Program } from '../backend.js';
import { slotsOf } from './program.js';

/** The first and the last call, by their places in the program, at which a slot's values exist. */
export interface Lifetime {
  readonly from: number;
  readonly to: number;
}

/**
 * The lifetimes of all slots. Values that a call computes begin there; all others begin before the first call, at −1. Results,
 * states and constants last beyond the last call.
 */
export function lifetimes({ slots, calls, results }: Program): Lifetime[] {
  const from = slots.map(() => -1);
  const to = slots.map(({ kind }) => (kind === 'state' || kind === 'constant' ? calls.length : -1));
  calls.forEach((call, i) => {
    for (const slot of slotsOf(call)) to[slot] = Math.max(to[slot]!, i);
    if (call.out !== null) {
      from[call.out] = i;
      to[call.out] = Math.max(to[call.out]!, i);
    }
  });
  for (const slot of results) to[slot] = calls.length;
  return slots.map((_, slot) => ({ from: from[slot]!, to: to[slot]! }));
}

/** For each call, the computed values that no later call uses and that are no results. */
export function lastUses(program: Program): number[][] {
  const found: number[][] = program.calls.map(() => []);
  lifetimes(program).forEach(({ to }, slot) => {
    if (program.slots[slot]!.kind === 'value') found[to]?.push(slot);
  });
  return found;
}
