/** The form of a program that any backend can run: kernel after kernel. */
import type { Argument, Kernels, Program, Replay, Values } from '../backend.js';
import { lastUses } from './lifetimes.js';
import { isSetting, isSlot } from './program.js';

/** What the replay needs of a backend. */
interface Machine<V extends Values> {
  readonly kernels: Kernels<V>;
  release(values: V): void;
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
  const result = (slot: number): V => values[slot]!;

  const argumentOf = (argument: Argument, settings: readonly unknown[]): unknown => {
    if (typeof argument !== 'object' || argument === null) return argument;
    if (Array.isArray(argument)) return argument.map((item) => argumentOf(item, settings));
    if (isSlot(argument)) {
      const own = values[argument.slot]!;
      return argument.shape === undefined ? own : { values: own, shape: argument.shape };
    }
    return isSetting(argument) ? settings[argument.setting] : argument;
  };

  return {
    bytes: 0,
    steps: calls.map((_, i) => [i]),
    run(given, settings) {
      inputs.forEach((slot, i) => {
        values[slot] = given[i];
      });
      calls.forEach(({ kernel, args, out }, i) => {
        const kernels = machine.kernels as unknown as Record<string, (...args: unknown[]) => V>;
        const made = kernels[kernel]!(...args.map((argument) => argumentOf(argument, settings)));
        if (out !== null) values[out] = made;
        for (const slot of released[i]!) {
          machine.release(values[slot]!);
          values[slot] = undefined;
        }
      });
    },
    take: result,
    lend: result,
    dispose() {
      values.fill(undefined);
    },
  };
}
