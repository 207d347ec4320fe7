import type { Compiler } from './compiler.js';
import type { Driver, WgslProgram } from './driver.js';
import type { Program } from './program.js';
import type { Queue } from './queue.js';

/** Values of a program's integers and numbers, and the axes of its result, for one call. */
export interface CallArguments {
  readonly output: readonly number[];
  readonly integers: readonly number[];
  readonly numbers: readonly number[];
}

/** Runs the calls of compiled programs in order. */
export class Launcher {
  readonly #compiler: Compiler;
  readonly #driver: Driver;
  readonly #queue: Queue;

  constructor(compiler: Compiler, driver: Driver, queue: Queue) {
    this.#compiler = compiler;
    this.#driver = driver;
    this.#queue = queue;
  }

  /** Queues a call of a program. `memories` and `finish` are called when it runs. */
  run(
    program: Program,
    { output, integers, numbers }: CallArguments,
    memories: () => readonly unknown[],
    finish: (result: unknown) => void,
  ): void {
    const kernel = this.#compiler.kernel(program, output);
    this.#queue.submit(kernel.building, () => {
      const args = [...memories(), ...integers, ...numbers, ...kernel.specials];
      const result = this.#driver.run(kernel.run, args, output);
      this.#compiler.verify(program, kernel.run);
      finish(result);
    });
  }

  /** As `run`, for a hand-written shader. `finish` receives null if it writes its operands in place. */
  shade(
    program: WgslProgram,
    operands: number,
    length: number,
    memories: () => readonly unknown[],
    finish: (result: unknown) => void,
  ): void {
    const { shader, building } = this.#compiler.shader(program, operands);
    this.#queue.submit(building, () => {
      finish(this.#driver.shaders!.dispatch(shader, program, memories(), length));
    });
  }
}
