/**
 * Records the dispatches of a program. Its calls run once on a machine that records, so that the dispatches are those of the same calls
 * made one by one: the same kernels, groups of fused operations and tiles.
 */
import { BackendError } from '../../errors.js';
import type { AdamSpec, Call, Kernels, PhiloxState, Program, SgdSpec } from '../backend.js';
import { lastUses } from '../program/lifetimes.js';
import { isSetting, slotsOf } from '../program/program.js';
import { runCall } from '../program/replay.js';
import type { Commands } from './commands.js';
import type { Dispatch } from './dispatch.js';
import type { Call as DeferredCall, GpuArray } from './handle.js';
import { GpuKernels } from './kernels.js';
import type { Machine } from './machine.js';
import { RecordingQueue } from './queue.js';
import { outerPlace, type Place, RecordingDriver } from './recording-driver.js';
import { stepsOf } from './steps.js';

/** Neighbouring calls whose arguments change from run to run, and the dispatches whose parameters they set. */
export interface ChangingCalls {
  readonly calls: readonly Call[];
  /** Their first dispatch in the program, and their number. */
  readonly first: number;
  readonly count: number;
  /** Numbers of the host that they make. */
  readonly uploads: readonly Place[];
  /** Stand for the operands of each call. */
  readonly operands: readonly ReadonlyMap<number, GpuArray>[];
}

/** The dispatches of a program, in order. */
export interface RecordedProgram {
  readonly dispatches: readonly Dispatch<Place>[];
  /** The calls of the program that each dispatch covers. */
  readonly steps: readonly (readonly number[])[];
  /** Inputs and states. */
  readonly outer: ReadonlyMap<number, Place>;
  /** The arrays of constants. */
  readonly constants: ReadonlyMap<GpuArray, Place>;
  /** The results; null for those without elements. */
  readonly results: ReadonlyMap<number, Place | null>;
  /** States whose values are somewhere else after a run. */
  readonly replaced: ReadonlyMap<number, Place>;
  readonly changing: readonly ChangingCalls[];
  /** Numbers that calls made on the host. */
  readonly uploads: readonly Place[];
  /** When all shaders are compiled; null if they are. */
  readonly building: Promise<void> | null;
}

const STREAM: PhiloxState = { key: [0, 0], counter: [0, 0] };
const ADAM: AdamSpec = {
  learningRate: 0,
  beta1: 0,
  beta2: 0,
  epsilon: 1,
  weightDecay: 0,
  decoupled: false,
  step: 1,
};
const SGD: SgdSpec = {
  learningRate: 0,
  momentum: 0,
  dampening: 0,
  nesterov: false,
  weightDecay: 0,
  first: true,
};

/** Stand for the arguments that change while a program is recorded: they choose no dispatch. */
const EXAMPLES: Readonly<Partial<Record<keyof Kernels, unknown>>> = {
  uniform: STREAM,
  normal: STREAM,
  adamStep: ADAM,
  sgdStep: SGD,
};

export class ProgramRecorder {
  readonly #program: Program;
  readonly #driver: RecordingDriver;
  readonly #queue: RecordingQueue = new RecordingQueue();
  readonly #machine: Machine;
  readonly #kernels: GpuKernels;
  readonly #arrays: Map<number, GpuArray> = new Map();
  /** The arrays that stand for constants, and the deferred operations of constants on such arrays. */
  readonly #stands: Map<GpuArray, GpuArray> = new Map();
  readonly #formulas: Map<DeferredCall, DeferredCall> = new Map();
  /** For each dispatch, the call that made it; −1 for those that compute results at the end. */
  readonly #makers: number[] = [];
  /** The dispatch that computes a slot, for results that are stored. */
  readonly #stored: Map<number, number> = new Map();

  constructor(machine: Machine, commands: Commands, program: Program) {
    this.#program = program;
    this.#driver = new RecordingDriver(machine.driver, commands);
    this.#machine = machine.recording(this.#driver, this.#queue);
    this.#kernels = new GpuKernels(this.#machine);
  }

  /** @param bound - the values of the slots of kind 'state' and 'constant' */
  record(bound: ReadonlyMap<number, GpuArray>): RecordedProgram {
    const { results } = this.#program;
    const outer = this.#begin(bound);
    const changing = this.#runAll();
    for (const slot of results) this.#store(slot);
    this.#note(-1, results);
    const { building } = this.#queue;
    return {
      dispatches: this.#driver.dispatches,
      steps: stepsOf(this.#program, this.#makers, this.#stored),
      outer,
      constants: new Map([...this.#stands].map(([array, { cell }]) => [array, cell.memory as Place])),
      results: new Map(results.map((slot) => [slot, this.#placeOf(slot)])),
      replaced: this.#replaced(outer),
      changing,
      uploads: this.#driver.uploads,
      building: building.length === 0 ? null : Promise.all(building).then(() => {}),
    };
  }

  /** Makes arrays that stand for the values from outside. */
  #begin(bound: ReadonlyMap<number, GpuArray>): Map<number, Place> {
    const outer = new Map<number, Place>();
    this.#program.slots.forEach(({ kind, length }, slot) => {
      if (kind === 'value') return;
      const array = kind === 'constant' ? this.#constant(bound.get(slot)!) : this.#array(length);
      this.#arrays.set(slot, array);
      if (kind !== 'constant' && length > 0) outer.set(slot, array.cell.memory as Place);
    });
    return outer;
  }

  /** A deferred constant stays deferred, so that the kernels that read it are those of plain calls. */
  #constant(array: GpuArray): GpuArray {
    const { pending } = array.cell;
    return pending === null
      ? this.#standFor(array)
      : this.#machine.deferCall(this.#moved(pending), array.length);
  }

  /** The same operation on the arrays that stand for its operands. */
  #moved(call: DeferredCall): DeferredCall {
    const known = this.#formulas.get(call);
    if (known !== undefined) return known;
    const operands = call.operands.map((operand) =>
      'text' in operand ? this.#moved(operand) : { ...operand, array: this.#standFor(operand.array) },
    );
    const moved = { ...call, operands };
    this.#formulas.set(call, moved);
    return moved;
  }

  #standFor(array: GpuArray): GpuArray {
    const known = this.#stands.get(array);
    if (known !== undefined) return known;
    const stand = this.#array(array.length);
    this.#stands.set(array, stand);
    return stand;
  }

  #runAll(): ChangingCalls[] {
    const { calls } = this.#program;
    const changing: ChangingCalls[] = [];
    const released = lastUses(this.#program);
    for (let i = 0; i < calls.length; ) {
      let end = i;
      while (end < calls.length && calls[end]!.args.some(isSetting)) end++;
      if (end > i) changing.push(this.#changing(calls.slice(i, end), i));
      else this.#run(calls[end++]!, []);
      for (; i < end; i++) {
        this.#note(i, released[i]!);
        for (const slot of released[i]!) this.#machine.release(this.#arrays.get(slot)!);
      }
    }
    return changing;
  }

  /** Notes which call made the latest dispatches, and where slots are stored. */
  #note(call: number, slots: readonly number[]): void {
    while (this.#makers.length < this.#driver.dispatches.length) this.#makers.push(call);
    for (const slot of slots) {
      const place = this.#placeOf(slot);
      if (place !== null && place.from >= 0) this.#stored.set(slot, place.from);
    }
  }

  /**
   * The dispatches of changing calls with the arguments of a run, and the numbers that they make.
   * @throws BackendError if they are not those that were recorded, with other parameters
   */
  repeat({ calls, operands, count, uploads }: ChangingCalls, settings: readonly unknown[]): RecordingDriver {
    this.#driver.clear();
    const made = calls.flatMap((call, i) => {
      const array = runCall(this.#kernels, call, (slot) => operands[i]!.get(slot)!, settings);
      if (call.out !== null) this.#machine.compute(array);
      return call.out === null ? [] : [array];
    });
    this.#queue.release();
    for (const array of made) this.#machine.release(array);
    const { dispatches, uploads: found } = this.#driver;
    if (dispatches.length !== count || found.length !== uploads.length)
      throw new BackendError(
        'gpu',
        `${calls[0]!.kernel}: arguments that change from run to run may not change the kernels, expected ${count}, found ${dispatches.length} — report this error`,
      );
    return this.#driver;
  }

  #run(call: Call, settings: readonly unknown[]): void {
    const made = runCall(this.#kernels, call, (slot) => this.#arrays.get(slot)!, settings);
    if (call.out !== null) this.#arrays.set(call.out, made);
  }

  /**
   * Records changing calls apart from their operands and from the kernels that read their results.
   * @param place - the place of the first one among the calls
   */
  #changing(calls: readonly Call[], place: number): ChangingCalls {
    const slots = calls.map(slotsOf);
    for (const slot of slots.flat()) {
      const array = this.#arrays.get(slot);
      if (array !== undefined) this.#machine.compute(array);
    }
    this.#queue.release();
    const [first, uploaded] = [this.#driver.dispatches.length, this.#driver.uploads.length];
    for (const [i, call] of calls.entries()) {
      const settings: unknown[] = [];
      for (const argument of call.args)
        if (isSetting(argument)) settings[argument.setting] = EXAMPLES[call.kernel];
      this.#run(call, settings);
      if (call.out !== null) this.#machine.compute(this.#arrays.get(call.out)!);
      this.#note(place + i, []);
    }
    this.#queue.release();
    return {
      calls,
      first,
      count: this.#driver.dispatches.length - first,
      uploads: this.#driver.uploads.slice(uploaded),
      operands: slots.map((list) => new Map(list.map((slot) => [slot, this.#stand(slot)]))),
    };
  }

  #stand(slot: number): GpuArray {
    return this.#array(this.#program.slots[slot]!.length);
  }

  /** Computes a result. Numbers of the host are copied, so that the result has memory of its own. */
  #store(slot: number): void {
    const array = this.#arrays.get(slot)!;
    this.#machine.compute(array);
    const place = this.#placeOf(slot);
    if (place === null || place.from >= 0) return;
    const copy = this.#kernels.strided(array, { shape: [array.length], strides: [1], offset: 0 });
    this.#machine.compute(copy);
    this.#arrays.set(slot, copy);
  }

  #array(length: number): GpuArray {
    const array = this.#machine.store.allocate('program', length);
    if (length > 0) this.#machine.store.put(array.cell, outerPlace(length));
    return array;
  }

  #placeOf(slot: number): Place | null {
    return (this.#arrays.get(slot)?.cell.memory ?? null) as Place | null;
  }

  #replaced(outer: ReadonlyMap<number, Place>): Map<number, Place> {
    const found = new Map<number, Place>();
    for (const [slot, place] of outer) {
      const last = this.#placeOf(slot);
      if (last !== null && last !== place) found.set(slot, last);
    }
    return found;
  }
}
