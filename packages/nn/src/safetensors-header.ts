/** The header of a safetensors file, checked against every rule of the format. */
import { type Shape, VarigradError } from '@varigrad/core';
import { describeValue, isPlainObject, repeatedKey } from '@varigrad/core/checks';
import { ELEMENT_TYPES, type ElementType } from './element-types.js';

/** A tensor's entry in the header. */
export interface Entry {
  readonly dtype: string;
  readonly shape: Shape;
  /** First byte and end in the data section. */
  readonly data_offsets: readonly [number, number];
}

/** A checked entry. */
export interface TensorEntry extends Entry {
  readonly name: string;
  readonly type: ElementType;
}

/** A checked header. */
export interface Header {
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of the data. */
  readonly entries: readonly TensorEntry[];
}

/** The format's limit on the length of a header. */
const MOST_HEADER_BYTES = 100_000_000;

/**
 * Splits a file into its checked header and its data section.
 * @param source - the name of the file, for messages
 * @throws VarigradError if the header breaks a rule of the format
 */
export function splitFile(bytes: Uint8Array, source: string): { header: Header; data: Uint8Array } {
  const length = headerLength(bytes, source);
  const data = bytes.subarray(8 + length);
  const fields = parseHeader(bytes.subarray(8, 8 + length), source);
  const { __metadata__: metadata = {}, ...tensors } = fields;
  checkMetadata(source, metadata);
  const entries = Object.entries(tensors).map(([name, entry]) => readEntry(source, name, entry));
  const start = ({ data_offsets: [first] }: Entry): number => first;
  const end = ({ data_offsets: [, last] }: Entry): number => last;
  entries.sort((a, b) => start(a) - start(b) || end(a) - end(b));
  checkLayout(source, entries, data.length);
  return { header: { metadata, entries }, data };
}

/** Advice on a file by `torch.save`, whose pickled objects are programs. */
const TORCH_FILE = `it is a PyTorch file (.pt, .pth) — convert it in Python:
  import torch; from safetensors.torch import save_file
  state = torch.load('model.pt', map_location='cpu', weights_only=True)  # name → tensor
  save_file({name: t.contiguous() for name, t in state.items()}, 'model.safetensors')`;

/** Whether a file is a ZIP archive with a pickle, or starts with the magic number of PyTorch before 1.6. */
function isTorchFile(bytes: Uint8Array): boolean {
  const start = String.fromCharCode(...bytes.subarray(0, 512));
  return (
    (start.startsWith('PK\x03\x04') && start.includes('/data.pkl')) ||
    start.startsWith('\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19')
  );
}

function headerLength(bytes: Uint8Array, source: string): number {
  if (bytes.length < 8)
    throw fault(
      source,
      `${bytes.length} bytes are too few for a header — the file is truncated, or not a safetensors file`,
    );
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > bytes.length - 8 && isTorchFile(bytes)) throw fault(source, TORCH_FILE);
  if (length > bytes.length - 8)
    throw fault(
      source,
      `a header of ${length} bytes does not fit into ${bytes.length} bytes — the file is truncated, or not a safetensors file`,
    );
  if (length > MOST_HEADER_BYTES)
    throw fault(
      source,
      `a header of ${length} bytes is longer than the format allows (${MOST_HEADER_BYTES})`,
    );
  return length;
}

/** The fields of the JSON object, without a prototype: any name can be a tensor. */
function parseHeader(json: Uint8Array, source: string): Record<string, unknown> {
  let parsed: unknown;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(json.slice());
    parsed = JSON.parse(text);
  } catch {
    throw fault(source, 'the header is not JSON — not a safetensors file');
  }
  if (!isPlainObject(parsed)) throw fault(source, 'the header is not an object — not a safetensors file');
  if (!text.startsWith('{')) throw fault(source, "the header must start with '{', and starts with a space");
  const twice = repeatedKey(text);
  if (twice !== undefined) throw fault(source, `the header has the key ${describeValue(twice)} twice`);
  return Object.assign(Object.create(null), parsed);
}

function checkMetadata(source: string, metadata: unknown): asserts metadata is Record<string, string> {
  if (!isPlainObject(metadata))
    throw fault(source, `__metadata__ must be an object of strings, found ${describeValue(metadata)}`);
  for (const [name, value] of Object.entries(metadata as object))
    if (typeof value !== 'string')
      throw fault(
        source,
        `__metadata__: ${describeValue(name)} must be a string, found ${describeValue(value)}`,
      );
}

function readEntry(source: string, key: string, entry: unknown): TensorEntry {
  const name = describeValue(key);
  if (!isPlainObject(entry))
    throw fault(source, `${name} must be { dtype, shape, data_offsets }, found ${describeValue(entry)}`);
  const { dtype, shape, data_offsets: offsets } = entry as Readonly<Record<string, unknown>>;
  const type = typeof dtype === 'string' ? ELEMENT_TYPES.get(dtype) : undefined;
  if (typeof dtype !== 'string' || type === undefined)
    throw fault(
      source,
      `${name} has type ${typeof dtype === 'string' ? dtype.slice(0, 20) : describeValue(dtype)} — supported: ${[...ELEMENT_TYPES.keys()].join(', ')}`,
    );
  if (!isListOfLengths(shape) || !isListOfLengths(offsets) || offsets.length !== 2)
    throw fault(
      source,
      `${name} has no valid shape and data_offsets: ${describeValue(shape)}, ${describeValue(offsets)}`,
    );
  const [start, end] = offsets as [number, number];
  const size = shape.reduce((product, length) => product * length, type.bytes);
  if (end - start !== size)
    throw fault(source, `${name} has ${end - start} bytes for the shape ${describeValue(shape)} of ${dtype}`);
  return { name: key, type, dtype, shape, data_offsets: [start, end] };
}

function isListOfLengths(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

/** The tensors must fill the data section without holes and overlaps. */
function checkLayout(source: string, entries: readonly TensorEntry[], length: number): void {
  let expected = 0;
  for (const { name, data_offsets } of entries) {
    const [start, end] = data_offsets;
    if (start !== expected)
      throw fault(
        source,
        `${describeValue(name)} starts at byte ${start} instead of ${expected} — tensors must follow each other without gaps and overlaps`,
      );
    if (end > length)
      throw fault(source, `${describeValue(name)} ends at byte ${end} of ${length} — the file is truncated`);
    expected = end;
  }
  if (expected !== length) throw fault(source, `${length - expected} bytes follow the last tensor`);
}

export function fault(source: string, message: string): VarigradError {
  return new VarigradError(source, message);
}
