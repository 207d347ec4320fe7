/** Programs for tests: a function of kernels is run once and its calls are recorded. */
import type { Backend, Kernels } from '@varigrad/core';
import * as assert from 'uvu/assert';
import type { Argument, Call, Program, Replay, Slot } from '../../packages/core/src/backend/backend.js';
import { simplify } from '../../packages/core/src/backend/program/simplify.js';

/** A function of kernels that computes results from inputs and changes states in place. */
export interface Body {
  readonly inputs: readonly Float32Array[];
  readonly states: readonly Float32Array[];
  /** Arguments that change from run to run. */
  readonly settings?: readonly object[];
  run(
    kernels: Kernels<Float32Array>,
    inputs: readonly Float32Array[],
    states: readonly Float32Array[],
    settings: readonly object[],
  ): Float32Array[];
}

export interface Recorded {
  readonly program: Program;
  readonly bound: ReadonlyMap<number, Float32Array>;
}

/** Records the calls of a body that runs on `states`. */
export function record(kernels: Kernels<Float32Array>, body: Body, states: Float32Array[]): Recorded {
  const slots: Slot[] = [];
  const known = new Map<Float32Array, number>();
  const bound = new Map<number, Float32Array>();
  const settings = body.settings ?? [];
  const add = (values: Float32Array, kind: Slot['kind']): number => {
    known.set(values, slots.length);
    slots.push({ kind, length: values.length });
    if (kind === 'state' || kind === 'constant') bound.set(slots.length - 1, values);
    return slots.length - 1;
  };
  const slotOf = (values: Float32Array): number => known.get(values) ?? add(values, 'constant');
  const argument = (value: unknown): Argument => {
    if (value instanceof Float32Array) return { slot: slotOf(value) };
    if (typeof value !== 'object' || value === null) return value as Argument;
    if (settings.includes(value)) return { setting: settings.indexOf(value) };
    if (Array.isArray(value)) return value.map(argument);
    if ('values' in value && 'shape' in value)
      return { slot: slotOf(value.values as Float32Array), shape: value.shape as number[] };
    return value as Argument;
  };
  const inputs = body.inputs.map((values) => values.slice());
  for (const values of inputs) add(values, 'input');
  for (const values of states) add(values, 'state');
  const calls: Call[] = [];
  const recording = Object.fromEntries(
    Object.entries(kernels).map(([kernel, run]) => [
      kernel,
      (...args: unknown[]) => {
        const recorded = args.map(argument);
        const out = (run as (...args: unknown[]) => Float32Array | undefined)(...args);
        calls.push({
          kernel: kernel as keyof Kernels,
          args: recorded,
          out: out === undefined ? null : add(out, 'value'),
          op: kernel,
          source: '',
        });
        return out;
      },
    ]),
  ) as unknown as Kernels<Float32Array>;
  const results = body.run(recording, inputs, states, settings);
  return { program: { slots, calls, results: results.map((values) => known.get(values)!) }, bound };
}

/** A run of a program: inputs and settings. */
export interface Run {
  readonly inputs: readonly Float32Array[];
  readonly settings: readonly object[];
}

function assertEqualBits(found: Float32Array, expected: Float32Array, what: string): void {
  assert.is(found.length, expected.length, `${what}: length`);
  const [a, b] = [found, expected].map(
    ({ buffer, byteOffset, length }) => new Int32Array(buffer, byteOffset, length),
  );
  const different = b!.findIndex(
    (bits, i) => bits !== a![i] && !(Number.isNaN(found[i]) && Number.isNaN(expected[i])),
  );
  assert.is(different, -1, `${what}[${different}]: ${found[different]}, expected ${expected[different]}`);
}

/**
 * Runs a body on the kernels and its program on each backend: results and states have equal bits after each run.
 * @param used - receives the names of the kernels of the program
 * @param simplified - the program goes through the passes for every backend first
 */
export function checkProgram(
  eager: Backend<Float32Array>,
  backends: readonly Backend<Float32Array>[],
  body: Body,
  runs: readonly Run[],
  what: string,
  { used, simplified = false }: { used?: Set<string>; simplified?: boolean } = {},
): Replay<Float32Array>[] {
  const own = body.states.map((values) => values.slice());
  const prepared = backends.map((backend) => {
    const states = body.states.map((values, i) =>
      i % 2 === 0 ? backend.persist(values.slice()) : values.slice(),
    );
    const before = states.map((values) => values.slice());
    const recorded = record(backend.kernels, body, states);
    const { program, bound } = simplified ? simplify(backend.kernels, recorded) : recorded;
    for (const { kernel } of recorded.program.calls) used?.add(kernel);
    states.forEach((values, i) => {
      values.set(before[i]!);
    });
    return { states, program, replay: backend.prepare(program, bound) };
  });
  runs.forEach(({ inputs, settings }, i) => {
    const results = body.run(eager.kernels, inputs, own, settings);
    for (const { states, program, replay } of prepared) {
      replay.run(inputs, settings);
      results.forEach((expected, r) => {
        const name = `${what}, run ${i}, result ${r}`;
        assertEqualBits(replay.take(program.results[r]!), expected, name);
        assertEqualBits(replay.lend(program.results[r]!).slice(), expected, `${name}, lent`);
      });
      states.forEach((found, s) => {
        assertEqualBits(found.slice(), own[s]!, `${what}, run ${i}, state ${s}`);
      });
    }
  });
  return prepared.map(({ replay }) => replay);
}
