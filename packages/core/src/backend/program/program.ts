/** What the calls of a program read and write. */
import type {
  Argument,
  Call,
  Kernels,
  Program,
  SettingReference,
  SlotReference,
  Values,
} from '../backend.js';

/** For each kernel that writes in place, the places of the arguments that it changes. */
const WRITTEN: Readonly<Partial<Record<keyof Kernels, readonly number[]>>> = {
  assign: [0],
  accumulate: [0],
  scale: [0],
  adamStep: [0, 2, 3],
  sgdStep: [0, 2],
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
  return writtenPlaces(kernel).flatMap((place) => {
    const argument = args[place];
    return argument !== undefined && isSlot(argument) ? [argument.slot] : [];
  });
}

/** A call with its place in the recorded program, which passes keep. */
export interface PlacedCall extends Call {
  readonly place: number;
}

/** A program that passes change. */
export interface PlacedProgram extends Program {
  readonly calls: readonly PlacedCall[];
}

/** The program with the place of each call. */
export function withPlaces(program: Program): PlacedProgram {
  return { ...program, calls: program.calls.map((call, place) => ({ ...call, place })) };
}

/** All slots that calls change in place. */
export function writtenSlots({ calls }: Program): ReadonlySet<number> {
  return new Set(calls.flatMap(slotsWrittenBy));
}

/** Whether an argument is or contains a setting. */
export function hasSetting(argument: Argument): boolean {
  if (typeof argument !== 'object' || argument === null) return false;
  return isSetting(argument) || Object.values(argument).some(hasSetting);
}

/** The arguments with other references in place of those to slots. */
export function replaceSlots<Call extends Pick<PlacedCall, 'args'>>(
  call: Call,
  replace: (reference: SlotReference) => SlotReference,
): Call {
  const replaced = (argument: Argument): Argument =>
    Array.isArray(argument) ? argument.map(replaced) : isSlot(argument) ? replace(argument) : argument;
  return { ...call, args: call.args.map(replaced) };
}

/** The arguments of a call with values in place of references. */
export function argumentsOf(
  { args }: Pick<Call, 'args'>,
  valuesOf: (slot: number) => Values,
  settings: readonly unknown[],
): unknown[] {
  const filled = (argument: Argument): unknown => {
    if (typeof argument !== 'object' || argument === null) return argument;
    if (Array.isArray(argument)) return argument.map(filled);
    if (isSlot(argument)) {
      const values = valuesOf(argument.slot);
      return argument.shape === undefined ? values : { values, shape: argument.shape };
    }
    return isSetting(argument) ? settings[argument.setting] : argument;
  };
  return args.map(filled);
}

/** Calls a kernel by its name. */
export function callKernel<V extends Values>(kernels: Kernels<V>, kernel: keyof Kernels, args: unknown[]): V {
  return (kernels as unknown as Record<string, (...args: unknown[]) => V>)[kernel]!(...args);
}
