/** Programs on the wasm backend: one plan of memory, and instructions that the threads walk together. */
import { BackendError } from '../../../errors.js';
import type { ExchangeSpec, Kernels, Program, Replay } from '../../backend.js';
import { writtenSlots } from '../../program/program.js';
import { type Step, schedule } from '../../program/schedule.js';
import type { Block } from '../blocks.js';
import type { Context } from '../kernels/context.js';
import { copyOf, type ResidentMemory } from '../memory.js';
import type { KernelExports } from '../module.generated.js';
import type { ThreadPool } from '../threads.js';
import { makePlan, type Plan } from './plan.js';

type Values = Float32Array;

/** The parts of a wasm backend. */
export interface ProgramMachine {
  readonly wasm: KernelExports;
  readonly memory: ResidentMemory;
  readonly pool: ThreadPool;
  readonly kernels: Kernels<Values>;
  /** The kernels with another memory, or that record instead of running. */
  readonly kernelsOn: (context: Context) => Kernels<Values>;
}

/** Values that are copied into the plan's memory before each run, and back after it if the program changes them. */
interface Guest {
  readonly values: Values;
  readonly address: number;
  readonly view: Values;
  readonly changes: boolean;
}

export class ProgramReplay implements Replay<Values> {
  readonly steps: readonly (readonly number[])[];
  readonly #open: () => ProgramMachine;
  readonly #program: Program;
  readonly #steps: readonly Step[];
  readonly #bound: ReadonlyMap<number, Values>;
  readonly #lent: Map<number, Values> = new Map();
  readonly #memory: ResidentMemory;
  /** The blocks of the plan. */
  readonly #blocks: Block[] = [];
  #plan: Plan | undefined;
  /** The number of threads that the plan has memory for. */
  #limit = 0;
  #inputs: readonly (number | undefined)[] = [];
  #guests: readonly Guest[] = [];

  /** @param open - the machine. @throws BackendError if the backend is closed */
  constructor(open: () => ProgramMachine, program: Program, bound: ReadonlyMap<number, Values>) {
    this.#open = open;
    this.#program = program;
    this.#steps = schedule(program);
    this.#bound = bound;
    this.steps = this.#steps.map(({ places }) => places);
    const { memory, pool } = open();
    this.#memory = memory;
    this.#plan = this.#makePlan(pool.limit);
    memory.freeWith(this, this.#blocks);
    this.#bind(this.#plan);
  }

  get bytes(): number {
    return this.#blocks.reduce((sum, { size }) => sum + size, 0);
  }

  run(inputs: readonly Values[], settings: readonly unknown[]): void {
    const { memory, pool, wasm } = this.#open();
    const { code, codeAddress, patches, pieces, exchanged, large } = this.#planFor(pool.limit);
    for (let i = 0; i < inputs.length; i++) {
      const address = this.#inputs[i];
      if (address !== undefined) memory.setFloats(address, inputs[i]!);
    }
    for (const { address, values } of this.#guests) memory.setFloats(address, values);
    for (const { setting, write } of patches) write(settings[setting], code);
    let from = codeAddress;
    for (let i = 0; i < pieces.length; i++) {
      const [end, setting] = pieces[i]!;
      const to = codeAddress + 4 * end;
      if (large) {
        pool.ensureStarted();
        wasm.startProgram();
      }
      wasm.walk(from, to);
      if (large) wasm.endProgram();
      if (setting !== undefined) (settings[setting] as ExchangeSpec).sum(exchanged[i]!);
      from = to;
    }
    for (const { values, view, changes } of this.#guests) if (changes) values.set(view);
  }

  take(slot: number): Values {
    return copyOf(this.lend(slot));
  }

  lend(slot: number): Values {
    const known = this.#lent.get(slot);
    if (known !== undefined) return known;
    const address = this.#planFor(0).addresses[slot];
    if (address === undefined) throw new BackendError('wasm', `slot ${slot} is not a result of the program`);
    const values = this.#memory.lend(address, this.#program.slots[slot]!.length, this);
    this.#lent.set(slot, values);
    return values;
  }

  dispose(): void {
    this.#plan = undefined;
    for (const values of this.#lent.values()) this.#memory.withdraw(values);
    this.#lent.clear();
    for (const block of this.#blocks.splice(0)) this.#memory.free(block);
  }

  /** The plan, made anew if it has too little memory for `limit` threads. */
  #planFor(limit: number): Plan {
    if (this.#plan === undefined) {
      throw new BackendError('wasm', 'this program was disposed — prepare it again');
    }
    if (limit > this.#limit) {
      const [kept, ...others] = this.#blocks;
      this.#plan = this.#makePlan(limit, kept);
      for (const block of others) this.#memory.free(block);
    }
    return this.#plan;
  }

  #makePlan(limit: number, kept?: Block): Plan {
    const { wasm, kernelsOn, memory } = this.#open();
    const target = { wasm, kernelsOn, limit };
    const plan = makePlan(target, memory, this.#program, this.#steps, this.#bound, kept);
    this.#blocks.splice(0, this.#blocks.length, ...plan.blocks);
    this.#limit = limit;
    this.#inputs = this.#program.slots.flatMap(({ kind }, slot) =>
      kind === 'input' ? [plan.addresses[slot]] : [],
    );
    return plan;
  }

  /** Copies the constants, and lists the states that each run copies. Their addresses are the same in later plans. */
  #bind({ addresses }: Plan): void {
    const memory = this.#memory;
    const { slots } = this.#program;
    const written = writtenSlots(this.#program);
    this.#guests = [...this.#bound].flatMap(([slot, values]) => {
      const address = addresses[slot];
      if (address === undefined) return [];
      const { kind, length } = slots[slot]!;
      if (kind === 'constant') memory.setFloats(address, values);
      if (kind === 'constant' || memory.residentAddress(values) !== undefined) return [];
      const view = memory.floatsAt(address, length);
      return [{ values, address, view, changes: written.has(slot) }];
    });
  }
}
