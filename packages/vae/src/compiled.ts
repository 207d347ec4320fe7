/** Functions of named tensors that are compiled if possible, and run as they are otherwise. */
import { compile, type ProgramListing, type Tensor, VarigradError } from '@varigrad/core';

/** Tensors by name; those that a use does without are undefined. */
export type NamedTensors = Readonly<Record<string, Tensor | undefined>>;

/** What a compiled function returns. */
type Results = readonly Tensor[] | Readonly<Record<string, Tensor>>;

/** How the calls of a function ran. */
export type Execution =
  | {
      readonly compiled: true;
      /** Kernel calls of the program, of the first shapes. */
      readonly kernels: number;
      /** Instructions of the program; kernels that run together are one. */
      readonly instructions: number;
      /** Memory for intermediate values. */
      readonly bytes: number;
    }
  | {
      readonly compiled: false;
      readonly reason: string;
    };

/** `compiled, 62 kernels in 41 instructions, 3.1 MB`, or `not compiled: ` and the reason. */
export function describeExecution(execution: Execution): string {
  if (!execution.compiled) return `not compiled: ${execution.reason}`;
  const { kernels, instructions, bytes } = execution;
  return `compiled, ${kernels} kernels in ${instructions} instructions, ${(bytes / 1e6).toFixed(1)} MB`;
}

/** A function that is compiled if possible. */
export interface Step<Inputs extends NamedTensors, Result extends Results> {
  /** Takes the same names at each call. */
  run(inputs: Inputs): Result;
  readonly execution: Execution;
  /** Frees the memory of the program. */
  dispose(): void;
}

/** Replays between two comparisons with the function itself. */
const CHECK_EVERY = 1000;

/**
 * Compiles a function of named tensors. If one of its first calls cannot be compiled, the function itself runs, then and later.
 * @param obstacle - why it is not compiled; null to compile it
 * @throws ArgumentError from `run` if a number of the function has changed since it was compiled
 */
export function compileStep<Inputs extends NamedTensors, Result extends Results>(
  f: (inputs: Inputs) => Result,
  obstacle: string | null,
): Step<Inputs, Result> {
  let names: string[] = [];
  let reason = obstacle;
  let calls = 0;
  let program: ProgramListing | null = null; // of the first shapes
  const compiled = compile(
    (...tensors: Tensor[]) => f(Object.fromEntries(names.map((name, i) => [name, tensors[i]])) as Inputs),
    { check: CHECK_EVERY },
  );
  return {
    run(inputs) {
      if (reason !== null) return f(inputs);
      const given = Object.entries(inputs).filter(
        (entry): entry is [string, Tensor] => entry[1] !== undefined,
      );
      names = given.map(([name]) => name);
      calls++;
      try {
        const result = compiled(...given.map(([, tensor]) => tensor));
        program ??= compiled.program;
        return result;
      } catch (error) {
        // After a replay, it would be too late: the replay may have used a number that had changed.
        const isEarly = calls === compiled.recordings;
        if (!(isEarly && error instanceof VarigradError && error.op === 'compile')) throw error;
        reason = error.message;
        return f(inputs);
      }
    },
    get execution(): Execution {
      if (reason !== null) return { compiled: false, reason };
      if (program === null) return { compiled: false, reason: 'no step has run twice yet' };
      const { kernels, steps: instructions, bytes } = program;
      return { compiled: true, kernels, instructions, bytes };
    },
    dispose: () => compiled.dispose(),
  };
}
