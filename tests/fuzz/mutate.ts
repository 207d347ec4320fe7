/** Seeded damage to bytes: bits, ranges, lengths, numbers in binary and in text. */
import { Generator } from '@varigrad/core';

/** Random whole numbers from one seed. */
export class Dice {
  readonly #generator: Generator;

  /** @param stream - separates the numbers of one seed, such as the index of a mutant */
  constructor(seed: number, stream: number) {
    this.#generator = new Generator(BigInt(seed) | (BigInt(stream) << 32n));
  }

  /** A number from 0 to `count − 1`. */
  below(count: number): number {
    return Math.floor(((this.#generator.words(1)[0] as number) / 2 ** 32) * count);
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}

type Mutation = (bytes: Buffer, dice: Dice) => Buffer;

const INTEGERS = [
  0,
  1,
  2,
  7,
  8,
  255,
  256,
  65535,
  65536,
  2 ** 24,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 2,
  2 ** 32 - 1,
];
const TEXTS = [
  '0',
  '-1',
  '1e9',
  '8.5',
  '1e300',
  '9007199254740993',
  'null',
  '"5"',
  '[]',
  '{}',
  'true',
  '"',
  ',',
  ':',
  '\\u0000',
];

/** A range of at most 32 bytes. */
function range(bytes: Buffer, dice: Dice): [start: number, end: number] {
  const start = dice.below(bytes.length + 1);
  return [start, Math.min(bytes.length, start + 1 + dice.below(32))];
}

function replaced(bytes: Buffer, start: number, end: number, by: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, start), by, bytes.subarray(end)]);
}

const MUTATIONS: readonly Mutation[] = [
  (bytes, dice) => {
    const at = dice.below(bytes.length);
    bytes[at] = (bytes[at] as number) ^ (1 << dice.below(8));
    return bytes;
  },
  (bytes, dice) => bytes.fill(dice.of([0, 255, dice.below(256)]), ...range(bytes, dice)),
  (bytes, dice) => {
    bytes[dice.below(bytes.length)] = dice.of([0, 1, 127, 128, 255, dice.below(256)]);
    return bytes;
  },
  (bytes, dice) => bytes.subarray(0, dice.below(bytes.length + 1)),
  (bytes, dice) => Buffer.concat([bytes, Buffer.alloc(1 + dice.below(64), dice.below(256))]),
  (bytes, dice) => replaced(bytes, ...range(bytes, dice), Buffer.alloc(0)),
  (bytes, dice) => {
    const [start, end] = range(bytes, dice);
    return replaced(bytes, start, start, bytes.subarray(start, end));
  },
  (bytes, dice) => {
    const at = dice.below(bytes.length + 1);
    return replaced(
      bytes,
      at,
      at,
      Uint8Array.from({ length: 1 + dice.below(8) }, () => dice.below(256)),
    );
  },
  (bytes, dice) => {
    if (bytes.length < 4) return bytes;
    const at = dice.below(bytes.length - 3);
    if (dice.below(2) === 0) bytes.writeUInt32BE(dice.of(INTEGERS), at);
    else bytes.writeUInt32LE(dice.of(INTEGERS), at);
    return bytes;
  },
  (bytes, dice) => {
    const numbers = [...bytes.toString('latin1').matchAll(/-?\d+/g)];
    if (numbers.length === 0) return bytes;
    const { index, 0: digits } = dice.of(numbers);
    return replaced(bytes, index, index + digits.length, Buffer.from(dice.of(TEXTS)));
  },
  (bytes, dice) => {
    const [start, end] = range(bytes, dice);
    const to = dice.below(bytes.length + 1);
    return replaced(
      bytes,
      to,
      Math.min(bytes.length, to + end - start),
      Buffer.from(bytes.subarray(start, end)),
    );
  },
];

/** The bytes with one to four kinds of damage. */
export function mutate(original: Uint8Array, dice: Dice): Buffer {
  let bytes: Buffer = Buffer.from(original);
  for (let left = dice.of([1, 1, 1, 2, 3, 4]); left > 0; left--) {
    if (bytes.length === 0) return bytes;
    bytes = dice.of(MUTATIONS)(bytes, dice);
  }
  return bytes;
}
