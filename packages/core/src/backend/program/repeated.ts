/** A pass: a call that repeats an earlier one is removed, and its result is that of the earlier call. */
import type { Program } from '../backend.js';
import { replaceSlots, slotsOf, writtenSlots } from './program.js';

/** The program without repeated calls. Calls on values that change in place, and calls whose results are used outside, stay. */
export function shareRepeated(program: Program): Program {
  const written = writtenSlots(program);
  const results = new Set(program.results);
  const same = new Map<number, number>();
  const seen = new Map<string, number>();
  const calls = program.calls.flatMap((original) => {
    const call = replaceSlots(original, (reference) => ({
      ...reference,
      slot: same.get(reference.slot) ?? reference.slot,
    }));
    const { kernel, args, out } = call;
    if (out === null || [out, ...slotsOf(call)].some((slot) => written.has(slot))) return [call];
    const key = JSON.stringify([kernel, args], exactNumber);
    const first = seen.get(key);
    if (first === undefined) seen.set(key, out);
    if (first === undefined || results.has(out)) return [call];
    same.set(out, first);
    return [];
  });
  return { ...program, calls };
}

/** JSON has neither −0 nor infinity nor NaN. */
function exactNumber(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? `${Object.is(value, -0) ? '-0' : value}` : value;
}
