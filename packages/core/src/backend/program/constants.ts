/** Computes what is the same for every run of a program before the first run. */
import type { Argument, Call, HostArray, Kernels, Program, Slot, Values } from '../backend.js';
import { isSetting, isSlot, slotsOf, slotsWrittenBy, writtenSlots } from './program.js';
import { runCall } from './replay.js';

/** A program with the values of its slots of kind 'state' and 'constant'. */
export interface BoundProgram<V extends Values = Values> {
  readonly program: Program;
  readonly bound: ReadonlyMap<number, V>;
}

/** Constants that calls change in place become copies, which each run makes anew. */
export function copyChangedConstants<V extends Values>({ program, bound }: BoundProgram<V>): BoundProgram<V> {
  const slots: Slot[] = [...program.slots];
  const values = new Map(bound);
  const copies: Call[] = [];
  for (const slot of writtenSlots(program)) {
    const { kind, length } = slots[slot]!;
    if (kind !== 'constant') continue;
    const original = slots.push({ kind, length }) - 1;
    values.set(original, values.get(slot)!);
    values.delete(slot);
    slots[slot] = { kind: 'value', length };
    const view = { shape: [length], strides: [1], offset: 0 };
    copies.push({
      kernel: 'strided',
      args: [{ slot: original }, view],
      out: slot,
      op: 'constant',
      source: '',
    });
  }
  return { program: { ...program, slots, calls: [...copies, ...program.calls] }, bound: values };
}

/**
 * Runs the calls that read only constants, once. Their results become constants. Results of the program, and values that are changed
 * in place, stay as they are.
 */
export function foldConstants<V extends Values>(
  kernels: Kernels<V>,
  { program, bound }: BoundProgram<V>,
): BoundProgram<V> {
  const values = new Map(bound);
  const fixed = new Set(program.results);
  for (const call of program.calls) for (const slot of slotsWrittenBy(call)) fixed.add(slot);
  const slots: Slot[] = [...program.slots];
  const calls = program.calls.filter((call) => {
    if (call.out === null || fixed.has(call.out) || !isConstant(call, slots)) return true;
    values.set(
      call.out,
      runCall(kernels, call, (slot) => values.get(slot)!, []),
    );
    slots[call.out] = { kind: 'constant', length: slots[call.out]!.length };
    return false;
  });
  return { program: { slots, calls, results: program.results }, bound: values };
}

function isConstant(call: Call, slots: readonly Slot[]): boolean {
  return !call.args.some(isSetting) && slotsOf(call).every((slot) => slots[slot]!.kind === 'constant');
}

/**
 * Replaces constant operands of broadcasting kernels whose elements are all equal by one element, which is read from a register and not
 * from memory. Constants on a device stay as they are.
 */
export function shrinkConstants<V extends Values>({ program, bound }: BoundProgram<V>): BoundProgram<V> {
  const slots: Slot[] = [...program.slots];
  const values = new Map(bound);
  /** The slot of the single element of a constant; null if its elements differ. */
  const single = new Map<number, number | null>();
  const shrunk = (slot: number): number | null => {
    const known = single.get(slot);
    if (known !== undefined) return known;
    const element = slots[slot]!.kind === 'constant' ? onlyElement(values.get(slot)!) : null;
    const found = element === null ? null : slots.push({ kind: 'constant', length: 1 }) - 1;
    if (found !== null && element !== null) values.set(found, element as V);
    single.set(slot, found);
    return found;
  };
  const operand = (argument: Argument): Argument => {
    if (!isSlot(argument) || argument.shape === undefined) return argument;
    const slot = shrunk(argument.slot);
    return slot === null ? argument : { slot, shape: [] };
  };
  const calls = program.calls.map((call) =>
    call.kernel === 'binary' || call.kernel === 'where' ? { ...call, args: call.args.map(operand) } : call,
  );
  return { program: { slots, calls, results: program.results }, bound: values };
}

/** The element of an array whose elements are all equal; null for other arrays and for those on a device. */
function onlyElement(values: Values): HostArray | null {
  if (!(values instanceof Float32Array || values instanceof Float64Array) || values.length < 2) return null;
  return values.every((x) => Object.is(x, values[0])) ? values.slice(0, 1) : null;
}
