/** The form of a program that any backend can run: kernel after kernel. */
import type { Kernels, Program, Replay, Values } from '../backend.js';
import { lastUses } from './lifetimes.js';
import { argumentsOf, callKernel } from './program.js';

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
  const valuesOf = (slot: number): V => values[slot]!;

  return {
    bytes: 0,
    steps: calls.map((_, i) => [i]),
    run(given, settings) {
      inputs.forEach((slot, i) => {
        values[slot] = given[i];
      });
      calls.forEach((call, i) => {
        const made = callKernel(machine.kernels, call.kernel, argumentsOf(call, valuesOf, settings));
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
      values.fill(undefined);
    },
  };
}
