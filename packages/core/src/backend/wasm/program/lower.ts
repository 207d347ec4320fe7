/** Writes the steps of a program as instructions. */
import { BackendError } from '../../../errors.js';
import type {
  AdamSpec,
  Call,
  Kernels,
  PhiloxState,
  Program,
  SettingReference,
  SgdSpec,
  SlotReference,
} from '../../backend.js';
import type { Elementwise } from '../../program/elementwise.js';
import { isSetting } from '../../program/program.js';
import { runCall } from '../../program/replay.js';
import type { Step } from '../../program/schedule.js';
import type { Context } from '../kernels/context.js';
import { adamNumbers, ENTRY_BYTES, MOST_NUMBERS, NUMBERS_AT, sgdNumbers } from '../kernels/update.js';
import { type KernelExports, sweepNumber } from '../module.generated.js';
import { chainCode } from './chain.js';
import { Recorder, type Site } from './recorder.js';

const RANDOM: Readonly<Partial<Record<keyof Kernels, 'runUniform' | 'runNormal'>>> = {
  uniform: 'runUniform',
  normal: 'runNormal',
};

/** Workers are started from this many elements on. */
const MANY_ELEMENTS = 32_768;

/** The compiled kernels, the kernels that call them, and the number of threads. */
export interface Target {
  readonly wasm: KernelExports;
  readonly kernelsOn: (context: Context) => Kernels<Float32Array>;
  readonly limit: number;
}

/** A program as instructions. */
export interface Lowered {
  /** Instructions and their arguments, as 32-bit integers. */
  readonly words: readonly number[];
  /** Writes the settings of a run into the instructions, which begin at `code[0]`. */
  readonly patches: readonly Patch[];
  /** The instructions in order, cut where values are exchanged. */
  readonly pieces: readonly Piece[];
  /** Whether the program is large enough for several threads. */
  readonly large: boolean;
}

/** Instructions up to a place of `words`, and the values that are then exchanged with other processes; none after the last ones. */
export type Piece = readonly [
  end: number,
  setting?: number,
  targets?: readonly (readonly [address: number, length: number])[],
];

export interface Patch {
  readonly setting: number;
  write(setting: unknown, code: Int32Array): void;
}

/**
 * @param addressOf - the address of a slot's values; undefined if only one chain uses them
 * @param site - the memory for all else
 */
export function lower(
  target: Target,
  program: Program,
  steps: readonly Step[],
  addressOf: (slot: number) => number | undefined,
  site: Site,
): Lowered {
  return new Lowering(target, program, addressOf, site).run(steps);
}

class Lowering {
  readonly #program: Program;
  readonly #addressOf: (slot: number) => number | undefined;
  readonly #site: Site;
  readonly #recorder: Recorder;
  readonly #kernels: Kernels<Float32Array>;
  readonly #threads: number;
  readonly #patches: Patch[] = [];
  readonly #pieces: Piece[] = [];

  constructor(
    { wasm, kernelsOn, limit }: Target,
    program: Program,
    addressOf: (slot: number) => number | undefined,
    site: Site,
  ) {
    this.#program = program;
    this.#addressOf = addressOf;
    this.#site = site;
    this.#threads = limit;
    this.#recorder = new Recorder(wasm, limit, site);
    this.#kernels = kernelsOn(this.#recorder.context);
  }

  run(steps: readonly Step[]): Lowered {
    const recorder = this.#recorder;
    steps.forEach(({ kind, call, chain, updates }, i) => {
      recorder.begin(i, call?.out == null ? 0 : this.#addressOf(call.out)!);
      if (kind === 'sweep') this.#sweep(updates);
      if (call !== undefined) this.#call(call);
      if (kind === 'product') recorder.words[recorder.words.length - 1] = this.#chain(chain);
      if (kind === 'chain') {
        const { elements } = chain[0]!;
        recorder.large ||= elements >= MANY_ELEMENTS;
        recorder.add('runChain', this.#chain(chain), elements);
      }
    });
    const { words, large } = recorder;
    this.#pieces.push([words.length]);
    return { words, patches: this.#patches, pieces: this.#pieces, large };
  }

  /** Writes a chain to memory. @returns its address */
  #chain(chain: readonly Elementwise[]): number {
    const { steps, words, scratch } = chainCode(chain, {
      addressOf: this.#addressOf,
      constant: (value) => this.#recorder.floats([value]),
    });
    const base = scratch === 0 ? 0 : this.#recorder.temporary(scratch * this.#threads);
    return this.#recorder.integers([steps, base, scratch, ...words]);
  }

  #call(call: Call): void {
    if (call.kernel === 'allReduce') this.#exchange(call);
    else if (call.args.some(isSetting)) this.#random(call);
    else runCall(this.#kernels, call, (slot) => this.#token(slot), []);
  }

  #token(slot: number): Float32Array {
    return this.#recorder.token(this.#program.slots[slot]!.length, this.#addressOf(slot)!);
  }

  #exchange({ args }: Call): void {
    const [targets, { setting }] = args as unknown as readonly [readonly SlotReference[], SettingReference];
    const places = targets.map(
      ({ slot }) => [this.#addressOf(slot)!, this.#program.slots[slot]!.length] as const,
    );
    this.#pieces.push([this.#recorder.words.length, setting, places]);
  }

  /** Random numbers from a position that each run sets. */
  #random({ kernel, args, out }: Call): void {
    const [size, { setting }] = args as unknown as readonly [number, SettingReference];
    const name = RANDOM[kernel];
    if (name === undefined) throw new BackendError('wasm', `the kernel ${kernel} takes no settings`);
    this.#recorder.large ||= size >= MANY_ELEMENTS;
    const first = this.#recorder.add(name, this.#addressOf(out!)!, size, 0, 0, 0, 0);
    const write = (state: unknown, code: Int32Array): void => {
      const { key, counter } = state as PhiloxState;
      code.set([...key, ...counter], first + 2);
    };
    this.#patches.push({ setting, write });
  }

  /** Optimizer steps of one kind on all their parameters. */
  #sweep(updates: readonly Call[]): void {
    const [{ kernel }] = updates as readonly [Call];
    const kind = kernel === 'adamStep' ? 'adam' : 'sgd';
    let total = 0;
    const entries = updates.flatMap(({ args }) => {
      const slots = args.slice(0, -1).map((argument) => (argument as SlotReference | null)?.slot);
      const addresses = slots.map((slot) => (slot === undefined ? 0 : this.#addressOf(slot)!));
      const { length } = this.#program.slots[slots[0]!]!;
      total += length;
      const entry = [...addresses, ...new Array<number>(4 - addresses.length).fill(0), length];
      return [...entry, ...new Array<number>(ENTRY_BYTES / 4 - entry.length).fill(0)];
    });
    this.#recorder.large ||= total >= MANY_ELEMENTS;
    const list = this.#recorder.integers(entries);
    updates.forEach(({ args }, i) => {
      const address = list + i * ENTRY_BYTES + NUMBERS_AT;
      const spec = args.at(-1)!;
      const numbers = new Float64Array(MOST_NUMBERS); // used again in each run
      const write = (setting: unknown): void =>
        this.#site.setFloats(
          address,
          kind === 'adam'
            ? adamNumbers(setting as AdamSpec, numbers)
            : sgdNumbers(setting as SgdSpec, numbers),
        );
      if (isSetting(spec)) this.#patches.push({ setting: spec.setting, write });
      else write(spec);
    });
    this.#recorder.add('runSweep', sweepNumber[kind], list, updates.length);
  }
}
