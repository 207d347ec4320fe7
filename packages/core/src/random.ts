/** Streams of random numbers with a serialisable state; `philox.ts` has the numbers. */

import { allocate } from './backend/allocate.js';
import type { PhiloxState } from './backend/backend.js';
import { checkFunction, checkWhole, describeValue, isArrayOf, refusePromise } from './checks/arguments.js';
import { dependsOn, onEachCall, onRollback, refuseInside, setsItself } from './compile/active.js';
import { ArgumentError } from './errors.js';
import { fillUniform, forEachBlock } from './philox.js';
import { checkShape, MOST_ELEMENTS } from './shape.js';
import { placeOf, rowsPerImage } from './share.js';

/** The state of a generator, as plain data for a file. */
export interface GeneratorState {
  readonly key: readonly [number, number];
  readonly counter: readonly [number, number];
}

/** A stream of random numbers with a serialisable state. Same seed, same numbers, on every backend. */
export class Generator {
  #key: readonly [number, number];
  #counter: readonly [number, number] = [0, 0];

  /** @param seed - a whole number from 0 to 2⁶⁴ − 1. @throws ArgumentError for any other value */
  constructor(seed: number | bigint = 0) {
    checkSeed('Generator', seed);
    const wide = BigInt(seed);
    this.#key = [Number(wide & 0xffffffffn), Number(wide >> 32n)];
  }

  /** The seed of the stream: the constructor's, or the seed of the last state that was set. */
  get seed(): bigint {
    return (BigInt(this.#key[1]) << 32n) | BigInt(this.#key[0]);
  }

  /** Reserves `size` numbers, in blocks of four, and returns where they begin in the stream. */
  take(size: number): PhiloxState {
    return this.takeRows(size, undefined)[0];
  }

  /**
   * Reserves the numbers of an array with `rows` rows. In a share of a batch with as many images, they are those of the whole batch.
   * @returns the block with the first number of the share, and how many numbers of that block are before it
   */
  takeRows(size: number, rows: number | undefined): readonly [state: PhiloxState, skip: number] {
    checkWhole('Generator', 'the number of samples', size, 0);
    const perImage = rowsPerImage(); // of this scope, also if the call is repeated outside of it
    const skip = dependsOn(() => placeOf(size, rows, perImage)[0] % 4);
    onRollback(() => {
      const before = this.state;
      return () => {
        this.state = before;
      };
    });
    const state = onEachCall(() => {
      const [before, total] = placeOf(size, rows, perImage);
      const first = this.#counter;
      this.#counter = later(first, Math.ceil(total / 4));
      return { key: this.#key, counter: later(first, before / 4) };
    });
    return [state, skip];
  }

  /**
   * The position in the stream, as a copy. Setting it continues from there.
   * @throws ArgumentError if the value set is not a state
   */
  get state(): GeneratorState {
    return { key: [...this.#key], counter: [...this.#counter] };
  }

  set state(state: GeneratorState) {
    refuseInside('the state of a generator is set', 'set it before the call');
    if (!isPairOfWords(state?.key) || !isPairOfWords(state.counter)) {
      const got = JSON.stringify(state);
      throw new ArgumentError(
        'Generator',
        `the state must be { key, counter } with two 32-bit words each, found ${got}`,
      );
    }
    this.#key = [...state.key];
    this.#counter = [...state.counter];
  }

  /** `size` uniform samples in [0, 1), in host memory: the numbers that `rand` returns with this generator. */
  uniform(size: number): Float32Array {
    checkShape('Generator', [size]);
    const out = allocate('Generator', 4 * size, () => new Float32Array(size));
    fillUniform(out, this.take(size));
    return out;
  }

  /** `size` raw 32-bit words, uniform from 0 to 2³² − 1. */
  words(size: number): Uint32Array {
    checkShape('Generator', [size]);
    const out = allocate('Generator', 4 * size, () => new Uint32Array(size));
    forEachBlock(size, this.take(size), (words, at) => {
      for (let i = 0; i < 4; i++) out[at + i] = words[i]!;
    });
    return out;
  }

  /**
   * 0 … n − 1 in random order, every order equally likely (Fisher–Yates).
   * @throws ArgumentError unless n is a whole number from 0 to 2³⁰
   */
  permutation(n: number): Uint32Array {
    if (!(Number.isInteger(n) && n >= 0 && n <= MOST_ELEMENTS)) {
      throw new ArgumentError(
        'permutation',
        `the count must be a whole number from 0 to 2³⁰, found ${describeValue(n)}`,
      );
    }
    const order = allocate('permutation', 4 * n, () => new Uint32Array(n));
    for (let i = 0; i < n; i++) order[i] = i;
    const below = this.#bounded(n);
    for (let i = n - 1; i > 0; i--) {
      const j = below(i + 1);
      const chosen = order[j]!;
      order[j] = order[i]!;
      order[i] = chosen;
    }
    return order;
  }

  /** A sampler of whole numbers from 0 to bound − 1, each equally likely. `count` is the expected number of samples. */
  #bounded(count: number): (bound: number) => number {
    let pool = this.words(count);
    let used = 0;
    return (bound) => {
      const limit = 2 ** 32 - (2 ** 32 % bound); // words from here on would favour small remainders
      for (;;) {
        if (used === pool.length) [pool, used] = [this.words(64), 0];
        const word = pool[used++]!;
        if (word < limit) return word % bound;
      }
    };
  }
}

/** A 64-bit counter, as two words, after `blocks` more blocks; a part of a block does not count. */
function later([low, high]: readonly [number, number], blocks: number): readonly [number, number] {
  const sum = low + blocks;
  return [sum >>> 0, (high + sum / 2 ** 32) >>> 0];
}

function checkSeed(op: string, seed: number | bigint): void {
  const whole = typeof seed === 'bigint' || Number.isSafeInteger(seed);
  if (whole && seed >= 0 && BigInt(seed) >> 64n === 0n) return;
  const fix = typeof seed === 'number' && seed >= 2 ** 53 ? ' — write a large one as a bigint' : '';
  throw new ArgumentError(
    op,
    `the seed must be a whole number from 0 to 2⁶⁴ − 1, found ${describeValue(seed)}${fix}`,
  );
}

function isPairOfWords(pair: unknown): boolean {
  const isWord = (word: unknown): boolean => Number.isInteger(word) && word === (word as number) >>> 0;
  return isArrayOf(pair, isWord) && pair.length === 2;
}

let current = new Generator(0);

/** The generator that random functions use by default. */
export function defaultGenerator(): Generator {
  return dependsOn(currentGenerator);
}

function currentGenerator(): Generator {
  return current;
}

/**
 * Runs `f` with another default generator, and restores the current one. Inside, layers such as Dropout draw from it, too.
 * @throws ArgumentError if `f` is asynchronous
 */
export function withGenerator<T>(generator: Generator, f: () => T): T {
  if (!(generator instanceof Generator))
    throw new ArgumentError(
      'withGenerator',
      `the generator must be a Generator, found ${describeValue(generator)} — write new Generator(seed)`,
    );
  checkFunction('withGenerator', f, 'the second argument');
  const before = current;
  setsItself(currentGenerator);
  current = generator;
  try {
    return refusePromise('withGenerator', f());
  } finally {
    current = before;
  }
}

/** Restarts the default generator. @param seed - as for `Generator`. @throws ArgumentError for any other value */
export function manualSeed(seed: number | bigint): void {
  checkSeed('manualSeed', seed);
  current.state = new Generator(seed).state;
}
