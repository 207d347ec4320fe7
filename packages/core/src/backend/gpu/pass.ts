/** Compiled steps on webgpu: one copy of all numbers that change, one compute pass, one submit. */
import type { Program, Replay } from '../backend.js';
import { slotsWrittenBy } from '../program/program.js';
import { releaseConstants } from '../program/replay.js';
import type { Region } from './bind-groups.js';
import type { Block, BufferDriver } from './buffer-driver.js';
import { wholeRegion } from './commands.js';
import { fillOf, wholeOf } from './expression.js';
import type { GpuArray } from './handle.js';
import type { Machine } from './machine.js';
import { type Plan, planOf, type Step } from './plan.js';
import { ProgramRecorder, type RecordedProgram } from './record.js';
import type { Place } from './recording-driver.js';
import type { ComputePass } from './webgpu.js';

/** A result, and the array that holds it after the latest run. */
interface Result {
  readonly slot: number;
  readonly place: Place | null;
  readonly length: number;
  array: GpuArray | null;
  /** Whether the caller received the array after the latest run. */
  given: boolean;
}

/** An input of a run. */
interface Input {
  readonly array: GpuArray;
  /** The number that fills it; null if it has memory of its own. */
  readonly fill: number | null;
}

/** A state or a constant. */
interface Bound {
  readonly array: GpuArray;
  readonly place: Place;
  /** Where its values are after a run, if that is another place. */
  readonly next: Place | undefined;
}

/** A program whose dispatches are recorded, with pipelines, parameters and memory that stay the same from run to run. */
export class PassReplay implements Replay<GpuArray> {
  readonly bytes: number;
  readonly steps: readonly (readonly number[])[];
  readonly #machine: Machine;
  readonly #driver: BufferDriver;
  readonly #recorder: ProgramRecorder;
  readonly #recorded: RecordedProgram;
  readonly #plan: Plan;
  /** Where each place is in the present run. */
  readonly #regions: Map<Place, Region>;
  /** The places that were somewhere else in the run before. */
  readonly #moved: Set<Place> = new Set();
  /** The places of the inputs; undefined for those that no dispatch reads. */
  readonly #inputs: readonly (Place | undefined)[];
  readonly #bound: readonly Bound[];
  /** The states that are changed. */
  readonly #written: readonly GpuArray[];
  readonly #results: readonly Result[];
  readonly #releaseConstants: () => void;
  #building: Promise<void> | null;

  /** @param bound - the values of the slots of kind 'state' and 'constant' */
  constructor(
    machine: Machine,
    driver: BufferDriver,
    program: Program,
    bound: ReadonlyMap<number, GpuArray>,
  ) {
    this.#machine = machine;
    this.#driver = driver;
    this.#recorder = new ProgramRecorder(machine, driver.commands, program);
    const recorded = this.#recorder.record(bound);
    const read = new Set(recorded.dispatches.flatMap(({ memories }) => memories));
    const placeOf = (slot: number): Place | undefined => {
      const place = recorded.outer.get(slot);
      return place !== undefined && read.has(place) ? place : undefined;
    };
    this.#recorded = recorded;
    this.#inputs = program.slots.flatMap(({ kind }, slot) => (kind === 'input' ? [placeOf(slot)] : []));
    this.#plan = planOf(
      driver.commands,
      recorded,
      this.#inputs.filter((place) => place !== undefined),
    );
    this.#regions = new Map(this.#plan.regions);
    const states = [...recorded.outer].flatMap(([slot, place]) => {
      const array = bound.get(slot);
      return array === undefined ? [] : [{ array, place, next: recorded.replaced.get(slot) }];
    });
    const constants = [...recorded.constants].map(([array, place]) => ({ array, place, next: undefined }));
    this.#bound = [...states, ...constants].filter(
      ({ place, next }) => read.has(place) || next !== undefined,
    );
    const written = new Set(program.calls.flatMap(slotsWrittenBy));
    this.#written = [...written].flatMap((slot) => bound.get(slot) ?? []);
    this.#results = program.results.map((slot) => {
      const [place, length] = [recorded.results.get(slot)!, program.slots[slot]!.length];
      return { slot, place, length, array: null, given: false };
    });
    this.#releaseConstants = () => releaseConstants(machine, program, bound);
    this.steps = recorded.steps;
    this.bytes = this.#plan.bytes;
    this.#building = recorded.building;
    this.#building?.then(
      () => {
        this.#building = null;
      },
      () => {}, // reported by the first run, which waits for it
    );
  }

  run(inputs: readonly GpuArray[], settings: readonly unknown[]): void {
    const machine = this.#machine;
    machine.check();
    // Before the task runs, the caller may release the inputs.
    const given = inputs.map((array, i): Input => {
      const place = this.#inputs[i];
      const fill = place === undefined || this.#plan.staged.has(place) ? fillOf(array) : null;
      if (fill === null) machine.compute(array);
      return { array, fill };
    });
    for (const { array } of this.#bound) machine.compute(array);
    for (const { cell } of this.#written) machine.computeReaders(cell);
    const arrays = this.#results.map((result) => this.#arrayFor(result));
    const numbers = [...settings]; // the caller may use the list again before the task runs
    machine.queue.submit(this.#building, () => this.#send(given, numbers, arrays));
  }

  take(slot: number): GpuArray {
    const array = this.lend(slot);
    array.cell.lent = false;
    return array;
  }

  lend(slot: number): GpuArray {
    const result = this.#results.find((candidate) => candidate.slot === slot)!;
    const array = result.array!;
    if (result.given)
      return this.#machine.defer({ name: 'copy', text: 'x', reads: [wholeOf(array)] }, array.length);
    result.given = true;
    return array;
  }

  dispose(): void {
    const { buffers } = this.#plan;
    this.#machine.queue.submit(null, () => {
      for (const buffer of buffers) this.#driver.commands.destroyBuffer(buffer);
    });
    for (const result of this.#results) result.array = null;
    this.#releaseConstants();
  }

  /** The array of a result for the next run: the latest one, if its holder expects that. */
  #arrayFor(result: Result): GpuArray {
    const { array } = result;
    result.given = false;
    if (array?.cell.lent && !array.cell.released) {
      this.#machine.computeReaders(array.cell);
      return array;
    }
    result.array = this.#machine.store.allocate('a compiled step', result.length);
    result.array.cell.lent = true;
    return result.array;
  }

  #send(inputs: readonly Input[], settings: readonly unknown[], arrays: readonly GpuArray[]): void {
    this.#moved.clear();
    for (const [i, input] of inputs.entries()) this.#placeInput(input, this.#inputs[i]);
    for (const { array, place } of this.#bound) this.#place(place, array.cell.memory as Block);
    this.#results.forEach(({ place }, i) => {
      if (place === null) return;
      const { cell } = arrays[i]!;
      if (cell.memory === null) this.#machine.store.put(cell, this.#driver.take(cell.length));
      this.#place(place, cell.memory as Block);
    });
    const moved = this.#bound.flatMap(({ array, next }) => {
      if (next === undefined) return [];
      const block = this.#driver.take(next.length);
      this.#place(next, block);
      return [{ array, block }];
    });
    this.#setNumbers(settings);
    this.#plan.sheet.write();
    this.#driver.commands.runPass((pass) => {
      for (const step of this.#plan.steps) this.#dispatch(pass, step);
    });
    this.#driver.activity.launches += this.#plan.steps.length;
    for (const { array, block } of moved) this.#machine.store.put(array.cell, block);
  }

  /** Numbers that are still on the host become a part of the sheet. If they come again, they get a buffer of their own. */
  #placeInput({ array, fill }: Input, place: Place | undefined): void {
    if (place === undefined) return;
    const { sheet, staged } = this.#plan;
    const region = staged.get(place);
    const block = array.cell.memory as Block | null;
    if (region !== undefined && fill !== null) sheet.fill(region, fill);
    else if (region !== undefined && block!.host !== null && !block!.staged) {
      sheet.setNumbers(region, block!.host);
      block!.staged = true;
    } else {
      this.#place(place, block!);
      return;
    }
    if (this.#regions.get(place) !== region) this.#move(place, region);
  }

  #place(place: Place, block: Block): void {
    const buffer = this.#driver.bufferOf(block);
    if (this.#regions.get(place)?.buffer !== buffer) this.#move(place, wholeRegion(buffer));
  }

  #move(place: Place, region: Region): void {
    this.#regions.set(place, region);
    this.#moved.add(place);
  }

  /** Computes the parameters that change, by the code that makes them for a single call. */
  #setNumbers(settings: readonly unknown[]): void {
    const { sheet, steps, regions } = this.#plan;
    for (const change of this.#recorded.changing) {
      const { dispatches, uploads } = this.#recorder.repeat(change, settings);
      dispatches.forEach(({ params }, i) => {
        sheet.setWords(steps[change.first + i]!.params, params);
      });
      uploads.forEach(({ host }, i) => {
        sheet.setNumbers(regions.get(change.uploads[i]!)!, host!);
      });
    }
  }

  #dispatch(pass: ComputePass, step: Step): void {
    if (step.group === null || this.#hasMoved(step)) {
      const regions = [step.params, ...step.places.map((place) => this.#regions.get(place)!)];
      step.group = this.#driver.commands.groups.get(step.shader, regions);
    }
    pass.setPipeline(step.shader.computePipeline);
    pass.setBindGroup(0, step.group);
    pass.dispatchWorkgroups(...step.groups);
  }

  #hasMoved({ places }: Step): boolean {
    if (this.#moved.size === 0) return false;
    for (const place of places) if (this.#moved.has(place)) return true;
    return false;
  }
}
