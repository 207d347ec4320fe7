import type { Program } from '../backend.js';
import { slotsOf } from '../program/program.js';

/**
 * The calls that each dispatch of a recorded program covers. A call whose result is not stored belongs to the dispatch of the first call
 * that reads it.
 * @param makers - for each dispatch, the call that made it; −1 for none
 * @param stored - the dispatches that compute slots
 */
export function stepsOf(
  { calls }: Program,
  makers: readonly number[],
  stored: ReadonlyMap<number, number>,
): number[][] {
  const steps: number[][] = makers.map(() => []);
  /** The step of the first call after the present one that reads a slot. */
  const readIn = new Map<number, number>();
  for (let i = calls.length - 1; i >= 0; i--) {
    const { out } = calls[i]!;
    const step = out === null ? writerOf(makers, i) : (stored.get(out) ?? readIn.get(out) ?? -1);
    if (step === -1) continue;
    steps[step]!.unshift(i);
    for (const slot of slotsOf(calls[i]!)) readIn.set(slot, step);
  }
  return steps.map((covered, step) =>
    covered.length > 0 || makers[step] === -1 ? covered : [makers[step]!],
  );
}

/** The last dispatch of a call; two updates may be one dispatch, which the second of them made. */
function writerOf(makers: readonly number[], call: number): number {
  const own = makers.lastIndexOf(call);
  return own === -1 ? makers.findIndex((maker) => maker > call) : own;
}
