/** A pass: calls on constants run once, when the program is prepared. */
import type { Kernels, Values } from '../backend.js';
import { argumentsOf, callKernel, hasSetting, type PlacedProgram, slotsOf, writtenSlots } from './program.js';

/** A program with the values of its constants and states. */
export interface BoundProgram<V extends Values> {
  readonly program: PlacedProgram;
  readonly bound: ReadonlyMap<number, V>;
}

/** The program without calls whose operands are constants. Their results are constants of the new program. */
export function foldConstants<V extends Values>(
  { program, bound }: BoundProgram<V>,
  kernels: Kernels<V>,
): BoundProgram<V> {
  const fixed = new Set([...writtenSlots(program), ...program.results]);
  const slots = [...program.slots];
  const values = new Map(bound);
  const calls = program.calls.filter((call) => {
    const { kernel, args, out } = call;
    if (out === null || fixed.has(out) || args.some(hasSetting)) return true;
    if (slotsOf(call).some((slot) => slots[slot]!.kind !== 'constant' || fixed.has(slot))) return true;
    values.set(out, callKernel(kernels, kernel, argumentsOf(call, (slot) => values.get(slot)!, [])));
    slots[out] = { ...slots[out]!, kind: 'constant' };
    return false;
  });
  return { program: { ...program, slots, calls }, bound: values };
}
