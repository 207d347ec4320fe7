/** A pass: where all elements of an array are equal, such as in a broadcast gradient, elementwise calls read one of them. */
import type { Argument, Slot, SlotReference } from '../backend.js';
import { isSlot, type PlacedCall, type PlacedProgram, writtenSlots } from './program.js';

/**
 * For each array of equal elements, the program also computes one element, and elementwise calls read that. The calls for the
 * whole array stay; those that no other call needs are left to `removeUnused`.
 */
export function shrinkUniform(program: PlacedProgram): PlacedProgram {
  const slots: Slot[] = [...program.slots];
  const written = writtenSlots(program);
  /** The slot of one element of an array of equal elements. */
  const elements = new Map<number, number>();
  const elementOf = (slot: number): number | undefined =>
    written.has(slot) ? undefined : slots[slot]!.length === 1 ? slot : elements.get(slot);

  const calls = program.calls.flatMap((original): PlacedCall[] => {
    const call = READS_SCALARS.has(original.kernel) ? withScalars(original, elements) : original;
    const { kernel, args, out } = call;
    if (out === null || written.has(out) || slots[out]!.length <= 1) return [call];
    if (kernel === 'strided') {
      const element = elementOf((args[0] as SlotReference).slot);
      if (element !== undefined) elements.set(out, element);
      return [call];
    }
    const single = singleArguments(call, elementOf);
    if (single === undefined) return [call];
    slots.push({ kind: 'value', length: 1 });
    elements.set(out, slots.length - 1);
    return [{ ...call, args: single, out: slots.length - 1 }, call];
  });
  return { ...program, slots, calls };
}

/** Kernels that broadcast their operands. */
const READS_SCALARS: ReadonlySet<string> = new Set(['binary', 'where']);

/** The call with one element in place of each array of equal elements. */
function withScalars(call: PlacedCall, elements: ReadonlyMap<number, number>): PlacedCall {
  const replaced = (argument: Argument): Argument => {
    const element = isSlot(argument) ? elements.get(argument.slot) : undefined;
    return element === undefined ? argument : { slot: element, shape: [] };
  };
  return { ...call, args: call.args.map(replaced) };
}

/** The arguments that compute one element, if all elements are equal. */
function singleArguments(
  { kernel, args }: PlacedCall,
  elementOf: (slot: number) => number | undefined,
): Argument[] | undefined {
  if (kernel === 'fill') return [1, args[1]!];
  if (kernel !== 'unary' && !READS_SCALARS.has(kernel)) return undefined;
  const operands = args.filter(isSlot);
  if (operands.some(({ slot }) => elementOf(slot) === undefined)) return undefined;
  const single = args.map((argument): Argument => {
    if (!isSlot(argument)) return Array.isArray(argument) ? [] : argument;
    const slot = elementOf(argument.slot)!;
    return argument.shape === undefined ? { slot } : { slot, shape: [] };
  });
  return single;
}
