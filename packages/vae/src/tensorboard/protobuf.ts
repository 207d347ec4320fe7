/**
 * Fields of protocol buffers. A message is the concatenation of its fields.
 * @see https://protobuf.dev/programming-guides/encoding/
 */

/** The kinds of values on the wire. */
const [VARINT, FIXED_64, LENGTH, FIXED_32] = [0, 1, 2, 5];

export function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Seven bits per byte, the lowest first; the top bit says that more follow. @param value - a whole number from 0 to 2⁵³ */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}

const tag = (field: number, kind: number): number[] => varint(field * 8 + kind);

export function integer(field: number, value: number): Uint8Array {
  return Uint8Array.from([...tag(field, VARINT), ...varint(value)]);
}

export function double(field: number, value: number): Uint8Array {
  return concatenated([Uint8Array.from(tag(field, FIXED_64)), littleEndian([value])]);
}

export function float(field: number, value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value, true);
  return concatenated([Uint8Array.from(tag(field, FIXED_32)), new Uint8Array(view.buffer)]);
}

/** Bytes, or a message. */
export function bytes(field: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return concatenated([Uint8Array.from([...tag(field, LENGTH), ...varint(length)]), ...parts]);
}

export function text(field: number, value: string): Uint8Array {
  return bytes(field, new TextEncoder().encode(value));
}

export function doubles(field: number, values: readonly number[]): Uint8Array {
  return bytes(field, littleEndian(values));
}

function littleEndian(values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(8 * values.length));
  for (const [i, value] of values.entries()) view.setFloat64(8 * i, value, true);
  return new Uint8Array(view.buffer);
}
