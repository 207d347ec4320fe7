/** From which step to which step each value of a program is needed. */
import type { Program } from '../backend.js';
import { slotsOf } from './program.js';
import { type Step, slotsOfStep } from './schedule.js';

/** How long a slot's values are needed. */
export interface Span {
  /** The first and the last step, by their places in the list of steps. −1: before the first step. */
  readonly from: number;
  readonly to: number;
  /** Needed from run to run, or after a run. */
  readonly lasting: boolean;
  /** Computed and used by the chain of one step only. */
  readonly inChain: boolean;
}

/** The spans of the slots of a program in steps; undefined for slots that no step uses. */
export function slotSpans({ slots, results }: Program, steps: readonly Step[]): (Span | undefined)[] {
  const from = new Map<number, number>();
  const to = new Map<number, number>();
  const outside = new Set(results);
  steps.forEach((step, i) => {
    const { call, updates } = step;
    for (const slot of slotsOfStep(step)) {
      if (!from.has(slot)) from.set(slot, i);
      if (from.get(slot) !== i) outside.add(slot);
      to.set(slot, i);
    }
    for (const { out, args } of call === undefined ? updates : [call]) {
      for (const slot of out === null ? slotsOf({ args }) : [...slotsOf({ args }), out]) outside.add(slot);
    }
  });
  const kept = new Set(results);
  return slots.map(({ kind }, slot) => {
    if (!to.has(slot)) return undefined;
    const lasting = kind === 'state' || kind === 'constant' || kept.has(slot);
    const first = kind === 'value' ? from.get(slot)! : -1;
    return { from: first, to: to.get(slot)!, lasting, inChain: kind === 'value' && !outside.has(slot) };
  });
}
