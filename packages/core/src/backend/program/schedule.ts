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
  const { calls } = program;
  const forms = calls.map((call) => elementwise(program, call));
  const queue = new Queue(program);
  const steps: Step[] = [];

  /** Takes the elementwise calls that fit to a chain, and those that can run thereafter. */
  const grow = (group: Group, joins: (form: Elementwise) => boolean): number[] => {
    const taken: number[] = [];
    const fits = (i: number): boolean => {
      const form = forms[i];
      return form !== undefined && group.accepts(form) && joins(form);
    };
    for (let i = queue.find(fits); i !== undefined; i = queue.find(fits)) {
      group.add(forms[i]!);
      queue.take(i);
      taken.push(i);
    }
    return taken;
  };

  const step = (kind: Step['kind'], call: number | undefined, chain: number[], updates: number[]): void => {
    steps.push({
      kind,
      call: call === undefined ? undefined : calls[call],
      chain: chain.map((i) => forms[i]!),
      updates: updates.map((i) => calls[i]!),
      places: [...(call === undefined ? [] : [call]), ...chain, ...updates],
    });
  };

  const isSwept = (i: number): boolean => SWEPT.includes(calls[i]!.kernel);
  while (!queue.empty) {
    const single = queue.find((i) => forms[i] === undefined && !isSwept(i));
    if (single !== undefined) {
      queue.take(single);
      const call = calls[single]!;
      const size = productSize(program, call);
      const group = new Group(size, call);
      const chain = size === 0 ? [] : grow(group, (form) => group.feeds(form));
      step(chain.length > 0 ? 'product' : 'call', single, chain, []);
      continue;
    }
    const first = queue.find((i) => forms[i] !== undefined);
    if (first !== undefined) {
      step(
        'chain',
        undefined,
        grow(new Group(forms[first]!.elements), () => true),
        [],
      );
      continue;
    }
    const { kernel } = calls[queue.find(isSwept)!]!;
    const updates = queue.all((i) => calls[i]!.kernel === kernel);
    for (const i of updates) queue.take(i);
    step('sweep', undefined, [], updates);
  }
  return steps;
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

  get empty(): boolean {
    return this.#ready.size === 0;
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

  /** Whether the call needs nothing of other blocks that the group computes. */
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
