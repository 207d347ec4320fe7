/** Writes protocol buffers: fields of a message, one after another. @see https://protobuf.dev/programming-guides/encoding/ */

import { littleEndian } from './little-endian.js';

const encoder = new TextEncoder();

/** How a value follows its field number. */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/** An encoded message. Its parts are joined once, by `bytes`. */
export class Message {
  readonly #parts: Uint8Array[] = [];
  length = 0;

  #push(part: Uint8Array): void {
    this.#parts.push(part);
    this.length += part.length;
  }

  #key(field: number, wire: number): void {
    this.#push(varint(field * 8 + wire));
  }

  /** A whole number; a negative one takes ten bytes, as int64. */
  int(field: number, value: number): this {
    this.#key(field, VARINT);
    this.#push(varint(value));
    return this;
  }

  float(field: number, value: number): this {
    this.#key(field, FIXED32);
    this.#push(littleEndian(Float32Array.of(value)));
    return this;
  }

  double(field: number, value: number): this {
    this.#key(field, FIXED64);
    this.#push(littleEndian(Float64Array.of(value)));
    return this;
  }

  /** A packed list. */
  doubles(field: number, values: readonly number[]): this {
    return this.bytes(field, littleEndian(Float64Array.from(values)));
  }

  bytes(field: number, value: Uint8Array): this {
    this.#key(field, LENGTH_DELIMITED);
    this.#push(varint(value.length));
    this.#push(value);
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, encoder.encode(value));
  }

  message(field: number, value: Message): this {
    this.#key(field, LENGTH_DELIMITED);
    this.#push(varint(value.length));
    for (const part of value.#parts) this.#push(part);
    return this;
  }

  /** All fields. */
  encode(): Uint8Array {
    const joined = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.#parts) {
      joined.set(part, at);
      at += part.length;
    }
    return joined;
  }
}

/** Seven bits a byte, the lowest first; the top bit says that more follow. */
function varint(value: number): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}
