/**
 * The safetensors format: 8 bytes with the length of the header (little-endian), a JSON header with the name, type, shape and
 * position of each tensor, then the raw data. These functions convert to and from bytes; they do not access files.
 * @see https://github.com/huggingface/safetensors#format
 */
import { ArgumentError, type HostArray, sizeOf } from '@varigrad/core';
import {
  checkChoice,
  checkOptions,
  describeValue,
  isPlainObject,
  type OptionNames,
} from '@varigrad/core/checks';
import { crc32 } from './crc32.js';
import { ELEMENT_TYPES, fromFloat32, toFloat32, type WrittenType } from './element-types.js';
import { type Entry, fault, splitFile } from './safetensors-header.js';
import { checkStateDict, type StateDict } from './state-dict.js';

/** The name of the checksum in the metadata. */
const CHECKSUM = 'varigrad.crc32';

/** A tensor whose values were stored in another type than float32. */
export interface Converted {
  name: string;
  /** Type in the file: 'F16', 'BF16', 'I64', … */
  dtype: string;
  /** How many values float32 does not hold exactly, such as integers beyond 2²⁴; each is the nearest float32. */
  rounded: number;
}

/** The contents of a safetensors file. */
export interface Safetensors {
  tensors: StateDict;
  /** Strings by name, without the checksum. */
  metadata: Record<string, string>;
  /** The tensors that were not float32 in the file. */
  converted: Converted[];
}

/** Options of `encodeSafetensors`. */
export interface EncodeSafetensorsOptions {
  /**
   * The type in the file. F16 (3 digits, up to 65504) and BF16 (2 digits, the range of float32) take half the space; each value becomes
   * the nearest one. Scalars of shape `[]`, such as `num_batches_tracked`, stay F32. Default 'F32'.
   */
  dtype?: WrittenType;
}

const ENCODE_OPTIONS: OptionNames<EncodeSafetensorsOptions> = { dtype: true };
const DTYPES: Readonly<Record<WrittenType, true>> = { F32: true, F16: true, BF16: true };

/**
 * The bytes of a safetensors file. The metadata also get a checksum of all other contents, `varigrad.crc32`.
 * @param metadata - strings by name, stored in the header
 * @throws ArgumentError if the tensors are not a state dict, the metadata not strings, or a value is finite and too large for the type
 */
export function encodeSafetensors(
  tensors: StateDict,
  metadata: Readonly<Record<string, string>> = {},
  options: EncodeSafetensorsOptions = {},
): Uint8Array {
  checkStateDict('encodeSafetensors', tensors, 'a state dict');
  checkMetadata(metadata);
  checkOptions('encodeSafetensors', options, ENCODE_OPTIONS, 'tensors, metadata, ');
  const { dtype: chosen = 'F32' } = options;
  checkChoice('encodeSafetensors', 'dtype', chosen, DTYPES);
  if ('__metadata__' in tensors)
    throw new ArgumentError('encodeSafetensors', `no tensor can have the name '__metadata__'`);
  let end = 0;
  const entries = Object.entries(tensors).map(([name, { shape }]): [string, Entry] => {
    const start = end;
    const dtype = shape.length === 0 ? 'F32' : chosen;
    end += ELEMENT_TYPES.get(dtype)!.bytes * sizeOf(shape);
    return [name, { dtype, shape, data_offsets: [start, end] }];
  });
  const body = new Uint8Array(end);
  for (const [name, { dtype, data_offsets }] of entries)
    body.set(bytesOf(name, tensors[name]!.data, dtype as WrittenType), data_offsets[0]);
  const all = { ...metadata, [CHECKSUM]: checksum(metadata, entries, body) };
  const head = paddedHeader(Object.fromEntries([['__metadata__', all], ...entries]));
  const bytes = new Uint8Array(8 + head.length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(head.length), true);
  bytes.set(head, 8);
  bytes.set(body, 8 + head.length);
  return bytes;
}

function bytesOf(name: string, data: HostArray, dtype: WrittenType): Uint8Array {
  const { raw, overflow } = fromFloat32(Float32Array.from(data), dtype);
  if (overflow < 0) return raw;
  throw new ArgumentError(
    'encodeSafetensors',
    `'${name}' has ${data[overflow]} at index ${overflow}, which is infinite in ${dtype} — write ${dtype === 'F16' ? 'BF16 or F32' : 'F32'}`,
  );
}

/** The header as JSON, padded with spaces so that the data start at a multiple of 8. */
function paddedHeader(header: object): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = new Uint8Array(8 * Math.ceil(json.length / 8)).fill(0x20);
  padded.set(json);
  return padded;
}

function checkMetadata(metadata: Readonly<Record<string, string>>): void {
  const op = 'encodeSafetensors';
  if (!isPlainObject(metadata))
    throw new ArgumentError(op, `metadata must be an object of strings, found ${describeValue(metadata)}`);
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value !== 'string')
      throw new ArgumentError(op, `metadata.${name} must be a string, found ${describeValue(value)}`);
    if (name === CHECKSUM)
      throw new ArgumentError(op, `metadata '${CHECKSUM}' is written by encodeSafetensors — leave it out`);
  }
}

/**
 * Reads the bytes of a safetensors file. Values of the types F16, BF16, F64, BOOL and of all integer types become float32, and
 * `converted` lists these tensors. A file by `encodeSafetensors` is checked against its checksum.
 * @param source - the name of the file, for messages
 * @throws VarigradError if the file is truncated, too long, damaged, not in the format, or has a value beyond float32; ArgumentError
 * if `bytes` is not a Uint8Array
 */
export function decodeSafetensors(bytes: Uint8Array, source = 'safetensors'): Safetensors {
  if (!(bytes instanceof Uint8Array))
    throw new ArgumentError('decodeSafetensors', `bytes must be a Uint8Array, found ${describeValue(bytes)}`);
  const { header, data } = splitFile(bytes, source);
  const { [CHECKSUM]: expected, ...metadata } = header.metadata;
  const entries = header.entries.map(({ name, dtype, shape, data_offsets }): [string, Entry] => [
    name,
    { dtype, shape, data_offsets },
  ]);
  if (expected !== undefined && checksum(metadata, entries, data) !== expected)
    throw fault(
      source,
      `the contents do not have the checksum ${describeValue(expected)} of the file — it is damaged, or a program changed it and kept '${CHECKSUM}' in its metadata`,
    );
  const converted: Converted[] = [];
  const tensors = header.entries.map(({ name, type, dtype, shape, data_offsets }) => {
    const { data: values, rounded, overflow } = toFloat32(type, data.subarray(...data_offsets));
    if (overflow >= 0)
      throw fault(source, `${describeValue(name)} has a value at index ${overflow} that exceeds float32`);
    if (dtype !== 'F32') converted.push({ name, dtype, rounded });
    return [name, { shape, data: values }];
  });
  return { tensors: Object.fromEntries(tensors), metadata, converted };
}

/** The CRC-32 of the metadata, the entries and the data, as 8 hexadecimal digits. */
function checksum(
  metadata: Readonly<Record<string, string>>,
  entries: readonly (readonly [string, Entry])[],
  data: Uint8Array,
): string {
  const head = new TextEncoder().encode(JSON.stringify([metadata, entries]));
  return crc32(data, crc32(head)).toString(16).padStart(8, '0');
}
