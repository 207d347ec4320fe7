/** The form of a program that any backend can run: kernel after kernel. */
import type { Argument, Call, Kernels, Program, Replay, Values } from '../backend.js';
import { lastUses } from './lifetimes.js';
import { isSetting, isSlot } from './program.js';

/** What the replay needs of a backend. */
interface Machine<V extends Values> {
  readonly kernels: Kernels<V>;
  release(values: V): void;
}

/** Runs one call. @param valuesOf - the values of a slot */
export function runCall<V extends Values>(
  kernels: Kernels<V>,
  { kernel, args }: Call,
  valuesOf: (slot: number) => V,
  settings: readonly unknown[],
): V {
  const decode = (argument: Argument): unknown => {
    if (typeof argument !== 'object' || argument === null) return argument;
    if (Array.isArray(argument)) return argument.map(decode);
    if (isSetting(argument)) return settings[argument.setting];
    if (!isSlot(argument)) return argument;
    const values = valuesOf(argument.slot);
    return argument.shape === undefined ? values : { values, shape: argument.shape };
  };
  const table = kernels as unknown as Readonly<Record<string, (...args: unknown[]) => V>>;
  return table[kernel]!(...args.map(decode));
}

/**
 * Runs the kernels of a program one by one. Intermediate values are released after their last use.
 * @param bound - the values of the slots of kind 'state' and 'constant'
 */
export function replayCalls<V extends Values>(
  machine: Machine<V>,
  program: Program,
  bound: ReadonlyMap<number, V>,
): Replay<V> {
  const { slots, calls } = program;
  const inputs = slots.flatMap(({ kind }, slot) => (kind === 'input' ? [slot] : []));
  const values: (V | undefined)[] = slots.map((_, slot) => bound.get(slot));
  const released = lastUses(program);
  const valuesOf = (slot: number): V => values[slot]!;
  return {
    bytes: 0,
    steps: calls.map((_, i) => [i]),
    run(given, settings) {
      inputs.forEach((slot, i) => {
        values[slot] = given[i];
      });
      calls.forEach((call, i) => {
        const made = runCall(machine.kernels, call, valuesOf, settings);
        if (call.out !== null) values[call.out] = made;
        for (const slot of released[i]!) {
          machine.release(values[slot]!);
          values[slot] = undefined;
        }
      });
    },
    take: valuesOf,
    lend: valuesOf,
    dispose() {
      releaseConstants(machine, program, bound);
      values.fill(undefined);
    },
  };
}

/** Frees the constants of a program, which nothing else uses. */
export function releaseConstants<V extends Values>(
  machine: Pick<Machine<V>, 'release'>,
  { slots }: Program,
  bound: ReadonlyMap<number, V>,
): void {
  for (const [slot, values] of bound) if (slots[slot]!.kind === 'constant') machine.release(values);
}
