/** A pass: calls are put in an order in which they can be joined, and grouped to steps. */
import type { Call, Kernels, MatmulSpec, Program } from '../backend.js';
import { dependencies } from './dependencies.js';
import { type Elementwise, elementwise, isAligned, type SlotReading } from './elementwise.js';
import { slotsOf } from './program.js';

/**
 * Calls that run together. 'chain': elementwise calls on the same number of elements; 'product': a matrix product, and a chain
 * on its elements; 'sweep': optimizer steps; 'call': one call.
 */
export interface Step {
  readonly kind: 'call' | 'chain' | 'product' | 'sweep';
  /** The product, or the call; undefined for a chain and a sweep. */
  readonly call: Call | undefined;
  readonly chain: readonly Elementwise[];
  /** The optimizer steps of a sweep. */
  readonly updates: readonly Call[];
  /** Places of all calls of the step in the program. */
  readonly places: readonly number[];
}

const SWEPT: readonly (keyof Kernels)[] = ['adamStep', 'sgdStep'];

/**
 * The steps of a program. Calls that cannot be joined come first, in their order; elementwise calls wait until nothing else can
 * run, so that more of them meet; optimizer steps come last.
 */
export function schedule(program: Program): Step[] {
  const scheduler = new Scheduler(program);
  const steps: Step[] = [];
  for (let step = scheduler.next(); step !== undefined; step = scheduler.next()) steps.push(step);
  return steps;
}

class Scheduler {
  readonly #program: Program;
  readonly #forms: readonly (Elementwise | undefined)[];
  readonly #queue: Queue;

  constructor(program: Program) {
    this.#program = program;
    this.#forms = program.calls.map((call) => elementwise(program, call));
    this.#queue = new Queue(program);
  }

  /** The next step; undefined after the last. */
  next(): Step | undefined {
    return this.#single() ?? this.#chain() ?? this.#sweep();
  }

  /** A call that is neither elementwise nor an optimizer step, with the chain that follows a product. */
  #single(): Step | undefined {
    const place = this.#queue.find((i) => this.#forms[i] === undefined && !this.#isSwept(i));
    if (place === undefined) return undefined;
    this.#queue.take(place);
    const call = this.#program.calls[place]!;
    const size = productSize(this.#program, call);
    const group = new Group(size, call);
    const chain = size === 0 ? [] : this.#grow(group, (form) => group.feeds(form));
    return this.#step(chain.length > 0 ? 'product' : 'call', { call: place, chain });
  }

  #chain(): Step | undefined {
    const first = this.#queue.find((i) => this.#forms[i] !== undefined);
    if (first === undefined) return undefined;
    const group = new Group(this.#forms[first]!.elements);
    return this.#step('chain', { chain: this.#grow(group, () => true) });
  }

  /** All optimizer steps of one kind that can run. */
  #sweep(): Step | undefined {
    const { calls } = this.#program;
    const first = this.#queue.find((i) => this.#isSwept(i));
    if (first === undefined) return undefined;
    const updates = this.#queue.all((i) => calls[i]!.kernel === calls[first]!.kernel);
    for (const i of updates) this.#queue.take(i);
    return this.#step('sweep', { updates });
  }

  #isSwept(i: number): boolean {
    return SWEPT.includes(this.#program.calls[i]!.kernel);
  }

  /** Takes the elementwise calls that fit to a group, and those that can run thereafter. */
  #grow(group: Group, joins: (form: Elementwise) => boolean): number[] {
    const taken: number[] = [];
    const fits = (i: number): boolean => {
      const form = this.#forms[i];
      return form !== undefined && group.accepts(form) && joins(form);
    };
    for (let i = this.#queue.find(fits); i !== undefined; i = this.#queue.find(fits)) {
      group.add(this.#forms[i]!);
      this.#queue.take(i);
      taken.push(i);
    }
    return taken;
  }

  /** A step of calls that are given by their places. */
  #step(
    kind: Step['kind'],
    { call, chain = [], updates = [] }: { call?: number; chain?: number[]; updates?: number[] },
  ): Step {
    const { calls } = this.#program;
    return {
      kind,
      call: call === undefined ? undefined : calls[call],
      chain: chain.map((i) => this.#forms[i]!),
      updates: updates.map((i) => calls[i]!),
      places: [...(call === undefined ? [] : [call]), ...chain, ...updates],
    };
  }
}

/** Number of elements of a matrix product that a chain can join, else 0. */
function productSize({ slots }: Program, { kernel, args, out }: Call): number {
  const joins =
    kernel === 'linear' || (kernel === 'matmul' && (args[2] as unknown as MatmulSpec).batch === 1);
  return joins ? slots[out!]!.length : 0;
}

/** The calls that can run next. */
class Queue {
  readonly #waits: number[];
  readonly #followers: number[][];
  readonly #ready: Set<number> = new Set();

  constructor(program: Program) {
    const found = dependencies(program);
    this.#waits = found.map(({ size }) => size);
    this.#followers = found.map(() => []);
    found.forEach((before, i) => {
      if (before.size === 0) this.#ready.add(i);
      for (const earlier of before) this.#followers[earlier]!.push(i);
    });
  }

  /** The ready calls that meet a condition, in the order of the program. */
  all(meets: (i: number) => boolean): number[] {
    return [...this.#ready].filter(meets).sort((a, b) => a - b);
  }

  /** The first ready call that meets a condition. */
  find(meets: (i: number) => boolean): number | undefined {
    return this.all(meets)[0];
  }

  /** Removes a call; the calls that only waited for it become ready. */
  take(i: number): void {
    this.#ready.delete(i);
    for (const next of this.#followers[i]!) if (--this.#waits[next]! === 0) this.#ready.add(next);
  }
}

/** The elementwise calls of a step. A block of elements goes through all of them before the next block. */
class Group {
  readonly #elements: number;
  /** Slots that the calls compute or change. */
  readonly #made: Set<number> = new Set();
  /** Slots of which the calls read other elements than those of the block. */
  readonly #bent: Set<number> = new Set();

  /** @param product - the product before the chain; other threads may still read its operands */
  constructor(elements: number, product?: Call) {
    this.#elements = elements;
    if (product?.out == null) return;
    this.#made.add(product.out);
    for (const slot of slotsOf(product)) this.#bent.add(slot);
  }

  /** Whether each block of the call needs only the same block of what the group computes. */
  accepts({ elements, readings, out }: Elementwise): boolean {
    if (elements !== this.#elements || this.#bent.has(out)) return false;
    const slots = readings.filter((reading): reading is SlotReading => typeof reading !== 'number');
    return slots.every(
      (reading) => isAligned(reading) || (!this.#made.has(reading.slot) && reading.slot !== out),
    );
  }

  /** Whether the call reads what the group computes. */
  feeds({ readings }: Elementwise): boolean {
    return readings.some((reading) => typeof reading !== 'number' && this.#made.has(reading.slot));
  }

  add({ readings, out }: Elementwise): void {
    this.#made.add(out);
    for (const reading of readings) {
      if (typeof reading !== 'number' && !isAligned(reading)) this.#bent.add(reading.slot);
    }
  }
}

/** The slots that a step reads or writes. */
export function slotsOfStep({ call, chain, updates }: Step): number[] {
  const calls = call === undefined ? updates : [call, ...updates];
  return [
    ...calls.flatMap((one) => (one.out === null ? slotsOf(one) : [...slotsOf(one), one.out])),
    ...chain.flatMap(({ readings, out }) => [
      out,
      ...readings.flatMap((reading) => (typeof reading === 'number' ? [] : [reading.slot])),
    ]),
  ];
}
