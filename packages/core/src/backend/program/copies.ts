/** A pass: a copy of unchanged values is the values themselves. */

import type { Program, SlotReference, StridedSpec } from '../backend.js';
import { mergeAxes } from '../strided-views.js';
import { replaceSlots, writtenSlots } from './program.js';

/** The program without strided copies that keep all elements in order. */
export function removeCopies(program: Program): Program {
  const written = writtenSlots(program);
  const original = new Map<number, number>();
  const calls = program.calls.flatMap((call) => {
    const own = replaceSlots(call, (reference) => ({
      ...reference,
      slot: original.get(reference.slot) ?? reference.slot,
    }));
    const { kernel, args, out } = own;
    if (kernel !== 'strided' || out === null || written.has(out) || program.results.includes(out))
      return [own];
    const { slot } = args[0] as SlotReference;
    if (written.has(slot)) return [own];
    if (program.slots[slot]!.length !== program.slots[out]!.length) return [own];
    const { shape, strides, offset } = mergeAxes(args[1] as unknown as StridedSpec);
    if (offset !== 0 || shape.length > 1 || (strides[0] ?? 1) !== 1) return [own];
    original.set(out, slot);
    return [];
  });
  return { ...program, calls };
}
