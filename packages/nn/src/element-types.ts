/** The element types of safetensors that can be read, and their conversion to float32. */

/** One element type. `read` returns the exact value. */
export interface ElementType {
  readonly bytes: number;
  readonly read: (view: DataView, at: number) => number | bigint;
}

export const ELEMENT_TYPES: ReadonlyMap<string, ElementType> = new Map<string, ElementType>([
  ['F32', { bytes: 4, read: (view, at) => view.getFloat32(at, true) }],
  ['F64', { bytes: 8, read: (view, at) => view.getFloat64(at, true) }],
  ['F16', { bytes: 2, read: (view, at) => float16(view.getUint16(at, true)) }],
  ['BF16', { bytes: 2, read: (view, at) => bfloat16(view.getUint16(at, true)) }],
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

/** IEEE 754 binary16: 1 bit of sign, 5 of exponent (bias 15), 10 of fraction. */
function float16(bits: number): number {
  const sign = bits >> 15 === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

const word = new DataView(new ArrayBuffer(4));

/** The upper half of a float32. */
function bfloat16(bits: number): number {
  word.setUint16(0, bits);
  return word.getFloat32(0);
}

/** The float32 values of a tensor. */
export interface Float32Values {
  readonly data: Float32Array;
  /** How many values float32 does not hold exactly; each is the nearest float32. */
  readonly rounded: number;
  /** Index of a finite value that is infinite as float32, or −1. */
  readonly overflow: number;
}

/** Converts little-endian values to float32. @param raw - `size · type.bytes` bytes */
export function toFloat32(type: ElementType, raw: Uint8Array): Float32Values {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const data = new Float32Array(raw.byteLength / type.bytes);
  let rounded = 0;
  for (let i = 0; i < data.length; i++) {
    const exact = type.read(view, i * type.bytes);
    data[i] = Number(exact);
    const stored = data[i]!;
    if (stored < exact || stored > exact) rounded++;
    if (Math.abs(stored) === Number.POSITIVE_INFINITY && Number.isFinite(Number(exact)))
      return { data, rounded, overflow: i };
  }
  return { data, rounded, overflow: -1 };
}
