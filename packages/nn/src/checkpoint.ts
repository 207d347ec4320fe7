/**
 * The safetensors format: 8 bytes with the length of the header (little-endian), a JSON header with the name, type, shape and
 * position of each tensor, then the raw data. Only float32 is supported. These functions convert to and from bytes; they do not
 * access files.
 */
import { ArgumentError, type Shape, sizeOf, VarigradError } from '@varigrad/core';
import { describeValue } from '@varigrad/core/checks';
import { checkStateDict, type StateDict } from './state-dict.js';

interface Entry {
  dtype: string;
  shape: Shape;
  data_offsets: [number, number];
}

/**
 * The bytes of a safetensors file.
 * @param metadata - strings by name, stored in the header
 * @throws ArgumentError if the tensors are not a state dict
 */
export function encodeSafetensors(
  tensors: StateDict,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  checkStateDict('encodeSafetensors', tensors, 'a state dict');
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  let end = 0;
  for (const [name, { shape }] of Object.entries(tensors)) {
    const start = end;
    end += 4 * sizeOf(shape);
    header[name] = { dtype: 'F32', shape, data_offsets: [start, end] } satisfies Entry;
  }
  let json = JSON.stringify(header);
  const encoder = new TextEncoder();
  json += ' '.repeat((8 - (encoder.encode(json).length % 8)) % 8); // the data start at a multiple of 8
  const head = encoder.encode(json);
  const bytes = new Uint8Array(8 + head.length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(head.length), true);
  bytes.set(head, 8);
  let at = 8 + head.length;
  for (const { data } of Object.values(tensors)) {
    const raw = Float32Array.from(data);
    bytes.set(new Uint8Array(raw.buffer), at);
    at += raw.byteLength;
  }
  return bytes;
}

/**
 * Reads the bytes of a safetensors file of float32 tensors.
 * @param source - the name of the file, for messages
 * @throws VarigradError if the file is truncated, too long, or not in the format; ArgumentError if `bytes` is not a Uint8Array
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  source = 'safetensors',
): { tensors: StateDict; metadata: Record<string, string> } {
  if (!(bytes instanceof Uint8Array))
    throw new ArgumentError('decodeSafetensors', `bytes must be a Uint8Array, found ${describeValue(bytes)}`);
  const { header, data } = splitFile(bytes, source);
  const { __metadata__: metadata = {}, ...entries } = header as Record<string, Entry> & {
    __metadata__?: Record<string, string>;
  };
  const tensors: StateDict = {};
  let expected = 0;
  const inOrder = Object.entries(entries).sort(
    ([, a], [, b]) => (a.data_offsets?.[0] ?? 0) - (b.data_offsets?.[0] ?? 0),
  );
  for (const [name, entry] of inOrder) {
    checkEntry(source, name, entry, expected);
    const [start, end] = entry.data_offsets;
    if (end > data.length)
      throw fault(source, `'${name}' ends at byte ${end} of ${data.length} — the file is truncated`);
    tensors[name] = {
      shape: entry.shape,
      data: new Float32Array(new Uint8Array(data.subarray(start, end)).buffer),
    };
    expected = end;
  }
  if (expected !== data.length) throw fault(source, `${data.length - expected} bytes follow the last tensor`);
  return { tensors, metadata };
}

function splitFile(bytes: Uint8Array, source: string): { header: Record<string, unknown>; data: Uint8Array } {
  if (bytes.length < 8)
    throw fault(
      source,
      `${bytes.length} bytes are too few for a header — the file is truncated, or not a safetensors file`,
    );
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > bytes.length - 8) {
    throw fault(
      source,
      `a header of ${length} bytes does not fit into ${bytes.length} bytes — the file is truncated, or not a safetensors file`,
    );
  }
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.slice(8, 8 + length)));
  } catch {
    throw fault(source, 'the header is not JSON — not a safetensors file');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw fault(source, 'the header is not an object — not a safetensors file');
  }
  return { header: header as Record<string, unknown>, data: bytes.subarray(8 + length) };
}

function checkEntry(source: string, name: string, entry: Entry, expected: number): void {
  const { dtype, shape, data_offsets: offsets } = entry;
  if (dtype !== 'F32') throw fault(source, `'${name}' has type ${dtype} — only F32 is supported`);
  const numbers =
    Array.isArray(shape) &&
    Array.isArray(offsets) &&
    [...shape, ...offsets].every((n) => Number.isInteger(n) && n >= 0);
  if (!numbers || offsets.length !== 2) throw fault(source, `'${name}' has no valid shape and data_offsets`);
  if (offsets[0] !== expected)
    throw fault(source, `'${name}' starts at byte ${offsets[0]} instead of ${expected}`);
  if (offsets[1] - offsets[0] !== 4 * sizeOf(shape)) {
    throw fault(source, `'${name}' has ${offsets[1] - offsets[0]} bytes for the shape [${shape.join(', ')}]`);
  }
}

function fault(source: string, message: string): VarigradError {
  return new VarigradError(source, message);
}
