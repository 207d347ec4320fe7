/** Records what kernels call in WebAssembly, as the instructions of a program. */
import type { Context, KernelSpace } from '../kernels/context.js';
import {
  floatArguments,
  type Instruction,
  instructionNumber,
  type KernelExports,
} from '../module.generated.js';

/** The memory of a program. While its size is being measured, addresses are 0 and nothing is written. */
export interface Site extends Pick<KernelSpace, 'setIntegers' | 'setFloats'> {
  /** The address of memory that is needed from one step to another, both included. */
  place(bytes: number, from: number, to: number): number;
  /** The address of memory whose contents outlast the plan. */
  keep(bytes: number): number;
}

/** The first and the last step of memory that all steps need. */
export const ALWAYS: readonly [from: number, to: number] = [-1, Number.POSITIVE_INFINITY];

/** The values of a slot, for kernels that only need their length. */
export type Token = Float32Array;

/** A context in which kernels write instructions in place of running. */
export class Recorder {
  readonly words: number[] = [];
  readonly context: Context;
  readonly #site: Site;
  readonly #addresses: Map<Token, number> = new Map();
  #step = 0;
  #out = 0;
  /** Whether a kernel is large enough for several threads. */
  large = false;

  constructor(wasm: KernelExports, limit: number, site: Site) {
    this.#site = site;
    const recorded = Object.fromEntries(
      Object.keys(instructionNumber).map((name) => [
        name,
        (...args: (number | boolean)[]) => this.add(name as Instruction, ...args),
      ]),
    );
    this.context = {
      wasm: { ...wasm, ...recorded },
      memory: this.#space(),
      pool: {
        limit,
        ensureStarted: () => {
          this.large = true;
        },
      },
    };
  }

  /** Adds an instruction. @returns the place of its first argument */
  add(name: Instruction, ...args: readonly (number | boolean)[]): number {
    const floats = floatArguments[name];
    this.words.push(instructionNumber[name]);
    args.forEach((value, i) => {
      this.words.push(floats?.includes(i) === true ? bitsOf(Number(value)) : Number(value));
    });
    return this.words.length - args.length;
  }

  /** Values of `length` floats at an address. */
  token(length: number, address: number): Token {
    const token = { length } as Float32Array;
    this.#addresses.set(token, address);
    return token;
  }

  /** Begins a step of the program. @param out - the address for the result of the next kernel */
  begin(step: number, out: number): void {
    this.#step = step;
    this.#out = out;
  }

  /** Memory for the current step. */
  temporary(bytes: number): number {
    return this.#site.place(bytes, this.#step, this.#step);
  }

  /** Integers that stay in memory. */
  integers(values: readonly number[]): number {
    const address = this.#site.place(4 * values.length, ...ALWAYS);
    this.#site.setIntegers(address, values);
    return address;
  }

  /** Floats that stay in memory. */
  floats(values: readonly number[]): number {
    const address = this.#site.place(4 * values.length, ...ALWAYS);
    this.#site.setFloats(address, values);
    return address;
  }

  #space(): KernelSpace {
    return {
      addressOf: (values) => this.#addresses.get(values)!,
      temporary: (bytes) => this.temporary(bytes),
      integers: (values) => this.integers(values),
      setIntegers: (address, values) => this.#site.setIntegers(address, values),
      setFloats: (address, values) => this.#site.setFloats(address, values),
      compute: (size, kernel) => {
        kernel(this.#out);
        return this.token(size, this.#out);
      },
      update: (kernel) => kernel(),
      writeBack: () => {},
    };
  }
}

/** The bits of a float32 number as an integer. */
function bitsOf(value: number): number {
  return new Int32Array(Float32Array.of(value).buffer)[0]!;
}
