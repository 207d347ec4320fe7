/** The element types of npy files that are numbers. */
import { FLOAT16, fromHalf, toHalf } from '../half-floats.js';

/** The values of an array. A complex array has two numbers per element: the real and the imaginary part. */
export type NpyData =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

/** NumPy's names of the types. */
export type NpyType =
  | 'bool'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'float16'
  | 'float32'
  | 'float64'
  | 'complex64'
  | 'complex128';

/** How one type is stored. */
export interface NumberType {
  /** The type without its byte order, as in a header: `f4`. */
  readonly code: string;
  /** Bytes of one number; a complex element has two. */
  readonly bytes: number;
  /** Numbers per element. */
  readonly numbers: 1 | 2;
  readonly create: (size: number) => NpyData;
  readonly read: (view: DataView, at: number, little: boolean) => number | bigint;
  readonly write: (view: DataView, at: number, value: never, little: boolean) => void;
}

const unsigned8 = {
  bytes: 1,
  numbers: 1,
  create: (size: number) => new Uint8Array(size),
  read: (v: DataView, at: number) => v.getUint8(at),
  write: (v: DataView, at: number, x: number) => v.setUint8(at, x),
} as const;

const float32 = {
  code: 'f4',
  bytes: 4,
  numbers: 1,
  create: (size: number) => new Float32Array(size),
  read: (v: DataView, at: number, little: boolean) => v.getFloat32(at, little),
  write: (v: DataView, at: number, x: number, little: boolean) => v.setFloat32(at, x, little),
} as const;

const float64 = {
  code: 'f8',
  bytes: 8,
  numbers: 1,
  create: (size: number) => new Float64Array(size),
  read: (v: DataView, at: number, little: boolean) => v.getFloat64(at, little),
  write: (v: DataView, at: number, x: number, little: boolean) => v.setFloat64(at, x, little),
} as const;

/** All types. Of the types of one class of arrays, the first one is its own: a Uint8Array is uint8. */
export const NUMBER_TYPES: Readonly<Record<NpyType, NumberType>> = {
  uint8: { code: 'u1', ...unsigned8 },
  bool: { code: 'b1', ...unsigned8 },
  uint16: {
    code: 'u2',
    bytes: 2,
    numbers: 1,
    create: (size) => new Uint16Array(size),
    read: (v, at, little) => v.getUint16(at, little),
    write: (v, at, x, little) => v.setUint16(at, x, little),
  },
  uint32: {
    code: 'u4',
    bytes: 4,
    numbers: 1,
    create: (size) => new Uint32Array(size),
    read: (v, at, little) => v.getUint32(at, little),
    write: (v, at, x, little) => v.setUint32(at, x, little),
  },
  uint64: {
    code: 'u8',
    bytes: 8,
    numbers: 1,
    create: (size) => new BigUint64Array(size),
    read: (v, at, little) => v.getBigUint64(at, little),
    write: (v, at, x, little) => v.setBigUint64(at, x, little),
  },
  int8: {
    code: 'i1',
    bytes: 1,
    numbers: 1,
    create: (size) => new Int8Array(size),
    read: (v, at) => v.getInt8(at),
    write: (v, at, x) => v.setInt8(at, x),
  },
  int16: {
    code: 'i2',
    bytes: 2,
    numbers: 1,
    create: (size) => new Int16Array(size),
    read: (v, at, little) => v.getInt16(at, little),
    write: (v, at, x, little) => v.setInt16(at, x, little),
  },
  int32: {
    code: 'i4',
    bytes: 4,
    numbers: 1,
    create: (size) => new Int32Array(size),
    read: (v, at, little) => v.getInt32(at, little),
    write: (v, at, x, little) => v.setInt32(at, x, little),
  },
  int64: {
    code: 'i8',
    bytes: 8,
    numbers: 1,
    create: (size) => new BigInt64Array(size),
    read: (v, at, little) => v.getBigInt64(at, little),
    write: (v, at, x, little) => v.setBigInt64(at, x, little),
  },
  float32,
  float64,
  float16: {
    code: 'f2',
    bytes: 2,
    numbers: 1,
    create: (size) => new Float32Array(size),
    read: (v, at, little) => fromHalf(v.getUint16(at, little), FLOAT16),
    write: (v, at, x, little) => v.setUint16(at, toHalf(x, FLOAT16), little),
  },
  complex64: { ...float32, code: 'c8', numbers: 2 },
  complex128: { ...float64, code: 'c16', numbers: 2 },
};

/** The type of a class of arrays: float32 for a Float32Array. */
export function ownType(data: unknown): NpyType | undefined {
  if (!ArrayBuffer.isView(data)) return undefined;
  const names = Object.keys(NUMBER_TYPES) as NpyType[];
  return names.find((name) => NUMBER_TYPES[name].create(0).constructor === data.constructor);
}
