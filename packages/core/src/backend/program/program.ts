/** What the calls of a program read and write. */
import type {
  Argument,
  Call,
  Kernels,
  Program,
  SettingReference,
  SlotReference,
  StridedSpec,
} from '../backend.js';

/** For each kernel that writes in place, the places of the arguments that it changes. */
const WRITTEN: Readonly<Partial<Record<keyof Kernels, readonly number[]>>> = {
  assign: [0],
  accumulate: [0],
  scale: [0],
  adamStep: [0, 2, 3],
  sgdStep: [0, 2],
  allReduce: [0],
};

/** The places of the arguments that a kernel changes in place. */
export function writtenPlaces(kernel: keyof Kernels): readonly number[] {
  return WRITTEN[kernel] ?? [];
}

/** Whether an argument stands for values. */
export function isSlot(argument: Argument): argument is SlotReference {
  return typeof argument === 'object' && argument !== null && 'slot' in argument;
}

/** Whether an argument stands for a setting. */
export function isSetting(argument: Argument): argument is SettingReference {
  return typeof argument === 'object' && argument !== null && 'setting' in argument;
}

/** The slots among the arguments of a call, in order; a list of operands counts as its members. */
export function slotsOf({ args }: Pick<Call, 'args'>): number[] {
  return args.flatMap((argument) =>
    isSlot(argument) ? [argument.slot] : Array.isArray(argument) ? slotsOf({ args: argument }) : [],
  );
}

/** The slots that a call changes in place. */
export function slotsWrittenBy({ kernel, args }: Pick<Call, 'kernel' | 'args'>): number[] {
  return writtenPlaces(kernel).flatMap((place) => slotsOf({ args: [args[place] ?? null] }));
}

/** All slots that calls change in place. */
export function writtenSlots({ calls }: Program): ReadonlySet<number> {
  return new Set(calls.flatMap(slotsWrittenBy));
}

/** The call with other references in place of those to slots. */
export function replaceSlots(call: Call, replace: (reference: SlotReference) => SlotReference): Call {
  const replaced = (argument: Argument): Argument =>
    Array.isArray(argument) ? argument.map(replaced) : isSlot(argument) ? replace(argument) : argument;
  return { ...call, args: call.args.map(replaced) };
}

/**
 * The slot of kind 'input' that has the same elements as another slot, if those were only repeated, or brought into another order; null
 * if there is none.
 */
export function inputBehind(program: Pick<Program, 'slots' | 'calls'>, slot: number): number | null {
  if (program.slots[slot]!.kind === 'input') return slot;
  const maker = program.calls.find(({ out }) => out === slot);
  if (maker?.kernel !== 'strided') return null;
  const [source, view] = maker.args as unknown as readonly [SlotReference, StridedSpec];
  const distinct = view.shape.reduce((count, n, axis) => (view.strides[axis] === 0 ? count : count * n), 1);
  return distinct === program.slots[source.slot]!.length ? inputBehind(program, source.slot) : null;
}
