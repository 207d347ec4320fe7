/** The element types of safetensors, and their conversion from and to float32. */
import { BFLOAT16, FLOAT16, fromHalf, type HalfFormat, toHalf } from './half-floats.js';

/** One element type. `read` returns the exact value. */
export interface ElementType {
  readonly bytes: number;
  readonly read: (view: DataView, at: number) => number | bigint;
}

export const ELEMENT_TYPES: ReadonlyMap<string, ElementType> = new Map<string, ElementType>([
  ['F32', { bytes: 4, read: (view, at) => view.getFloat32(at, true) }],
  ['F64', { bytes: 8, read: (view, at) => view.getFloat64(at, true) }],
  ['F16', { bytes: 2, read: (view, at) => fromHalf(view.getUint16(at, true), FLOAT16) }],
  ['BF16', { bytes: 2, read: (view, at) => fromHalf(view.getUint16(at, true), BFLOAT16) }],
  ['BOOL', { bytes: 1, read: (view, at) => view.getUint8(at) }],
  ['U8', { bytes: 1, read: (view, at) => view.getUint8(at) }],
  ['I8', { bytes: 1, read: (view, at) => view.getInt8(at) }],
  ['U16', { bytes: 2, read: (view, at) => view.getUint16(at, true) }],
  ['I16', { bytes: 2, read: (view, at) => view.getInt16(at, true) }],
  ['U32', { bytes: 4, read: (view, at) => view.getUint32(at, true) }],
  ['I32', { bytes: 4, read: (view, at) => view.getInt32(at, true) }],
  ['U64', { bytes: 8, read: (view, at) => view.getBigUint64(at, true) }],
  ['I64', { bytes: 8, read: (view, at) => view.getBigInt64(at, true) }],
]);

/** The float32 values of a tensor. */
export interface Float32Values {
  readonly data: Float32Array;
  /** How many values float32 does not hold exactly; each is the nearest float32. */
  readonly rounded: number;
  /** Index of a finite value that is infinite as float32, or −1. */
  readonly overflow: number;
}

/** A float64 with the same nearest float32. The last of its bits tells whether others are lost, so that the number is rounded once. */
function toFloat64(exact: bigint): number {
  const nearest = Number(exact);
  if (Number.isSafeInteger(nearest)) return nearest;
  return Number((exact >> 11n) | ((exact & 2047n) === 0n ? 0n : 1n)) * 2048;
}

/** Converts little-endian values to float32. @param raw - `size · type.bytes` bytes */
export function toFloat32(type: ElementType, raw: Uint8Array): Float32Values {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const data = new Float32Array(raw.byteLength / type.bytes);
  let rounded = 0;
  for (let i = 0; i < data.length; i++) {
    const exact = type.read(view, i * type.bytes);
    data[i] = typeof exact === 'bigint' ? toFloat64(exact) : exact;
    const stored = data[i]!;
    if (stored < exact || stored > exact) rounded++;
    if (Math.abs(stored) === Number.POSITIVE_INFINITY && Number.isFinite(Number(exact)))
      return { data, rounded, overflow: i };
  }
  return { data, rounded, overflow: -1 };
}

/** The types that can be written. */
export type WrittenType = 'F32' | 'F16' | 'BF16';

const HALVES: Readonly<Record<'F16' | 'BF16', HalfFormat>> = { F16: FLOAT16, BF16: BFLOAT16 };

/** The little-endian bytes of float32 values. `overflow` is the index of a finite value that is infinite in this type, or −1. */
export function fromFloat32(data: Float32Array, type: WrittenType): { raw: Uint8Array; overflow: number } {
  if (type === 'F32')
    return { raw: new Uint8Array(data.buffer, data.byteOffset, data.byteLength), overflow: -1 };
  const format = HALVES[type];
  const bits = Uint16Array.from(data, (value) => toHalf(value, format));
  const infinity = toHalf(Number.POSITIVE_INFINITY, format);
  const overflow = bits.findIndex((word, i) => (word & 0x7fff) === infinity && Number.isFinite(data[i]));
  return { raw: new Uint8Array(bits.buffer), overflow };
}
