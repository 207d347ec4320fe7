/**
 * Arrays of NumPy as npy files, versions 1 to 3. These functions convert to and from bytes; they do not access files.
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import { ArgumentError, formatShape, type Shape, sizeOf } from '@varigrad/core';
import {
  checkBoolean,
  checkChoice,
  checkOptions,
  describeValue,
  isArrayOf,
  type OptionNames,
} from '@varigrad/core/checks';
import { encodeHeader, fault, parseHeader } from './header.js';
import { type NpyData, type NpyType, NUMBER_TYPES, ownType } from './types.js';

/** An array as it was read. */
export interface NpyArray {
  shape: number[];
  /** The last axis varies fastest. 0 and 1 for bool; float32 numbers for float16; two numbers per complex element. */
  data: NpyData;
  dtype: NpyType;
}

/** An array to write. */
export interface NpyInput {
  readonly shape: Shape;
  readonly data: NpyData;
  /** Default: the type of `data`. 'bool' needs a Uint8Array, 'float16' and the complex types an array of floats. */
  readonly dtype?: NpyType;
}

/** Options of `encodeNpy`. */
export interface EncodeNpyOptions {
  /** Default 'little'. */
  byteOrder?: 'little' | 'big';
  /** Stores the first axis as the one that varies fastest. Default false. */
  fortranOrder?: boolean;
}

const NPY_OPTIONS: OptionNames<EncodeNpyOptions> = { byteOrder: true, fortranOrder: true };
const BYTE_ORDERS = { little: true, big: true } as const;

/**
 * Reads the bytes of an npy file: booleans, integers, floats of 16 to 64 bits and complex numbers, in both byte orders and both orders of axes.
 * @param source - the name of the file, for messages
 * @throws VarigradError if the file is not npy, is truncated or too long, or has other elements, such as text, objects or records
 */
export function decodeNpy(bytes: Uint8Array, source = 'npy'): NpyArray {
  if (!(bytes instanceof Uint8Array))
    throw new ArgumentError('decodeNpy', `bytes must be a Uint8Array, found ${describeValue(bytes)}`);
  const { dtype, little, fortran, shape, start } = parseHeader(bytes, source);
  const { bytes: width, numbers, create, read } = NUMBER_TYPES[dtype];
  const size = shape.reduce((product, length) => product * length, 1);
  if (size * numbers * width !== bytes.length - start)
    throw fault(
      source,
      `${describeValue(shape)} of ${dtype} needs ${size * numbers * width} bytes, found ${bytes.length - start} — the file is ${size * numbers * width > bytes.length - start ? 'truncated' : 'too long'}`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset + start);
  const data = create(size * numbers);
  const put = (i: number, at: number): void => {
    data[i] = read(view, at * width, little);
  };
  eachNumber(shape, numbers, fortran, put);
  if (dtype === 'bool' && data.some((value) => value > 1))
    throw fault(source, 'a bool must be stored as 0 or 1 — the file is damaged');
  return { shape, data, dtype };
}

/**
 * The bytes of an npy file.
 * @throws ArgumentError if the data do not fill the shape or do not fit the type, or a finite value is infinite in float16
 */
export function encodeNpy(array: NpyInput, options: EncodeNpyOptions = {}): Uint8Array {
  const dtype = checkArray(array);
  checkOptions('encodeNpy', options, NPY_OPTIONS, 'array, ');
  const { byteOrder = 'little', fortranOrder = false } = options;
  checkChoice('encodeNpy', 'byteOrder', byteOrder, BYTE_ORDERS);
  checkBoolean('encodeNpy', 'fortranOrder', fortranOrder);
  const { shape, data } = array;
  const { bytes: width, numbers, write } = NUMBER_TYPES[dtype];
  const head = encodeHeader(dtype, shape, byteOrder === 'little', fortranOrder);
  const bytes = new Uint8Array(head.length + data.length * width);
  bytes.set(head);
  const view = new DataView(bytes.buffer, head.length);
  eachNumber(shape, numbers, fortranOrder, (i, at) => {
    write(view, at * width, data[i] as never, byteOrder === 'little');
  });
  return bytes;
}

/** @returns its type */
function checkArray(array: NpyInput): NpyType {
  const own = ownType(array?.data);
  if (own === undefined || !isArrayOf(array.shape, (n) => Number.isInteger(n) && (n as number) >= 0))
    throw new ArgumentError(
      'encodeNpy',
      `the array must be { shape, data } with a typed array as data, found ${describeValue(array)}`,
    );
  const { shape, data, dtype = own } = array;
  checkChoice('encodeNpy', 'dtype', dtype, NAMES);
  const { create, numbers } = NUMBER_TYPES[dtype];
  const fits = dtype === 'float16' ? own.startsWith('float') : create(0).constructor === data.constructor;
  if (!fits)
    throw new ArgumentError(
      'encodeNpy',
      `${dtype} needs a ${create(0).constructor.name}, found a ${data.constructor.name}`,
    );
  if (data.length !== sizeOf(shape) * numbers)
    throw new ArgumentError(
      'encodeNpy',
      `${data.length} numbers do not fill ${formatShape(shape)} of ${dtype}, which has ${sizeOf(shape) * numbers}`,
    );
  checkRange(dtype, data);
  return dtype;
}

const NAMES = Object.fromEntries(Object.keys(NUMBER_TYPES).map((name) => [name, true])) as Record<
  NpyType,
  true
>;

/** From here on, values round to infinity in float16. */
const BEYOND_FLOAT16 = 65520;

function checkRange(dtype: NpyType, data: NpyData): void {
  const isBad = (value: number | bigint): boolean =>
    dtype === 'bool' ? value > 1 : Math.abs(Number(value)) >= BEYOND_FLOAT16 && Number.isFinite(value);
  if (dtype !== 'bool' && dtype !== 'float16') return;
  const index = (data as Float64Array).findIndex(isBad);
  if (index >= 0)
    throw new ArgumentError(
      'encodeNpy',
      dtype === 'bool'
        ? `a bool must be 0 or 1, found ${data[index]} at index ${index}`
        : `${data[index]} at index ${index} is infinite in float16 — write float32`,
    );
}

/**
 * Calls `visit` for each number of an array.
 * @param numbers - per element
 * @param visit - `i` is the position with the last axis fastest, `at` the position in the file
 */
function eachNumber(
  shape: Shape,
  numbers: number,
  fortran: boolean,
  visit: (i: number, at: number) => void,
): void {
  const size = shape.reduce((product, length) => product * length, numbers);
  if (!fortran || shape.length < 2) {
    for (let i = 0; i < size; i++) visit(i, i);
    return;
  }
  const index = shape.map(() => 0);
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((a, b) => a * b, numbers));
  let at = 0;
  for (let i = 0; i < size; i += numbers) {
    for (let part = 0; part < numbers; part++) visit(i + part, at + part);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      at -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
}
