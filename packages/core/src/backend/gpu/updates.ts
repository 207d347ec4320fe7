import type { WgslProgram } from './driver.js';
import type { GpuArray } from './handle.js';
import type { Queue } from './queue.js';

/** A call of a shader that writes the first of its operands in place. */
interface Update {
  readonly program: WgslProgram;
  readonly operands: readonly GpuArray[];
  readonly run: () => void;
}

/** Holds each update until the next call, because two calls of some shaders run as one. */
export class Updates {
  readonly #queue: Queue;
  readonly #launch: (program: WgslProgram, operands: readonly GpuArray[]) => void;
  /** The latest update, if it may be held. */
  #latest: Update | null = null;

  /** @param launch - runs an update */
  constructor(queue: Queue, launch: (program: WgslProgram, operands: readonly GpuArray[]) => void) {
    this.#queue = queue;
    this.#launch = launch;
  }

  add(program: WgslProgram, operands: readonly GpuArray[]): void {
    const update: Update = { program, operands, run: () => this.#launch(program, operands) };
    const before = this.#latest;
    this.#latest = null;
    if (before !== null && arePair(before, update) && this.#queue.takeBack(before.run)) {
      const both = [before, update].map((one) => one.operands);
      const written = both.flatMap((arrays) => arrays.slice(0, program.updates));
      const read = both.flatMap((arrays) => arrays.slice(program.updates));
      this.#launch(before.program.pairedWith!(program.params), [...written, ...read]);
      return;
    }
    this.#latest = update;
    this.#queue.hold(update.run);
  }
}

/** Whether two updates can run as one: neither reads what the other writes. */
function arePair(first: Update, second: Update): boolean {
  if (first.program.name !== second.program.name || first.program.pairedWith === undefined) return false;
  return second.operands.every((array) => !first.operands.includes(array));
}
