/**
 * The IDX format of the MNIST files: two zero bytes, a type code, the number of axes, each axis length as a big-endian
 * 32-bit number, then the values, big-endian.
 */
import { ArgumentError, formatShape, VarigradError } from '@varigrad/core';
import { checkOptions, checkWhole, describeValue } from '@varigrad/core/checks';
import { kindOf } from '../files/sniff.js';

/** A typed array that IDX can hold. */
export type IdxData = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** The contents of an IDX file. */
export interface IdxArray {
  shape: number[];
  data: IdxData;
}

/** An IDX file that is damaged, or has other contents than expected; `source` names the file. */
export class IdxError extends VarigradError {
  override readonly name = 'IdxError';
  readonly source: string;
  readonly reason: string;

  constructor(source: string, reason: string) {
    super(source, reason);
    this.source = source;
    this.reason = reason;
  }
}

interface IdxType {
  code: number;
  bytes: number;
  create: (size: number) => IdxData;
  read: (view: DataView, at: number) => number;
  write: (view: DataView, at: number, value: number) => void;
}

const TYPES: readonly IdxType[] = [
  {
    code: 0x08,
    bytes: 1,
    create: (n) => new Uint8Array(n),
    read: (v, at) => v.getUint8(at),
    write: (v, at, x) => v.setUint8(at, x),
  },
  {
    code: 0x09,
    bytes: 1,
    create: (n) => new Int8Array(n),
    read: (v, at) => v.getInt8(at),
    write: (v, at, x) => v.setInt8(at, x),
  },
  {
    code: 0x0b,
    bytes: 2,
    create: (n) => new Int16Array(n),
    read: (v, at) => v.getInt16(at),
    write: (v, at, x) => v.setInt16(at, x),
  },
  {
    code: 0x0c,
    bytes: 4,
    create: (n) => new Int32Array(n),
    read: (v, at) => v.getInt32(at),
    write: (v, at, x) => v.setInt32(at, x),
  },
  {
    code: 0x0d,
    bytes: 4,
    create: (n) => new Float32Array(n),
    read: (v, at) => v.getFloat32(at),
    write: (v, at, x) => v.setFloat32(at, x),
  },
  {
    code: 0x0e,
    bytes: 8,
    create: (n) => new Float64Array(n),
    read: (v, at) => v.getFloat64(at),
    write: (v, at, x) => v.setFloat64(at, x),
  },
];

/** No typed array has more elements than this. */
const MOST_VALUES = 2 ** 32;

/** The header of an IDX file. */
interface IdxHeader {
  type: IdxType;
  shape: number[];
  /** Number of values. */
  size: number;
  /** Where the values start. */
  start: number;
  /** Length of the whole file in bytes. */
  end: number;
}

/** @throws IdxError if the bytes do not start with an IDX header */
function parseHeader(bytes: Uint8Array, source: string): IdxHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4) throw new IdxError(source, `${bytes.length} bytes are too few for an IDX header`);
  if (isGzip(bytes)) throw new IdxError(source, 'the data is gzipped — use readIdx or readIdxFile');
  if (view.getUint16(0) !== 0) {
    const kind = kindOf(bytes);
    const reason = kind === undefined ? 'the first two bytes are not zero' : `it is ${kind}`;
    throw new IdxError(source, `not an IDX file: ${reason}`);
  }
  const type = TYPES.find(({ code }) => code === view.getUint8(2));
  if (type === undefined)
    throw new IdxError(source, `type code 0x${view.getUint8(2).toString(16).padStart(2, '0')} is unknown`);
  const rank = view.getUint8(3);
  const start = 4 + 4 * rank;
  if (bytes.length < start)
    throw new IdxError(source, `cut short inside the header: ${bytes.length} of ${start} bytes`);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const size = shape.reduce((product, length) => product * length, 1);
  // Many long axes and an axis of length 0 give Infinity · 0 = NaN. The negated comparison refuses NaN, too.
  if (!(size <= MOST_VALUES))
    throw new IdxError(source, `${formatShape(shape)} would be ${size} values — more than memory holds`);
  return { type, shape, size, start, end: start + size * type.bytes };
}

/**
 * Reads an IDX array from uncompressed bytes; `readIdx` also accepts gzip.
 * @param source - the file's name, for messages
 * @throws IdxError if the bytes are cut short, too many, or not IDX
 */
export function parseIdx(bytes: Uint8Array, source = 'IDX'): IdxArray {
  checkBytes('parseIdx', bytes);
  const { type, shape, size, start, end } = parseHeader(bytes, source);
  if (bytes.length < end)
    throw new IdxError(source, `cut short: ${bytes.length} of ${end} bytes — fetch or write it again`);
  if (bytes.length > end) throw new IdxError(source, `too long: ${bytes.length} bytes instead of ${end}`);
  if (type.code === 0x08) return { shape, data: new Uint8Array(bytes.subarray(start)) };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = type.create(size);
  for (let i = 0; i < size; i++) data[i] = type.read(view, start + i * type.bytes);
  return { shape, data };
}

/** Options of `readIdx`. */
export interface ReadIdxOptions {
  /**
   * The most bytes that gzip data may inflate to. Default: 64 times the length of the gzip data, but at least 64 MiB and at most 1 GiB.
   * The files of MNIST inflate to 5 times their length.
   */
  maxBytes?: number | undefined;
}

/**
 * Reads an IDX array from plain or gzipped bytes; the first two bytes identify gzip.
 * @param source - the file's name, for messages
 * @throws IdxError if the data are damaged, not IDX, or inflate to more than `maxBytes`. The limit is checked before and while inflating
 */
export async function readIdx(
  bytes: Uint8Array,
  source = 'IDX',
  options: ReadIdxOptions = {},
): Promise<IdxArray> {
  checkBytes('readIdx', bytes);
  checkOptions('readIdx', options, { maxBytes: true }, 'bytes, source, ');
  const { maxBytes = Math.min(2 ** 30, Math.max(2 ** 26, 64 * bytes.length)) } = options;
  checkWhole('readIdx', 'maxBytes', maxBytes);
  if (!isGzip(bytes)) return parseIdx(bytes, source);
  const unpacked = await gunzip(bytes, source, maxBytes);
  if (isGzip(unpacked)) throw new IdxError(source, 'it is gzipped twice — unpack it once');
  return parseIdx(unpacked, source);
}

function checkBytes(op: string, bytes: Uint8Array): void {
  if (bytes instanceof Uint8Array) return;
  throw new ArgumentError(op, `bytes must be a Uint8Array, found ${describeValue(bytes)}`);
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** No IDX header is longer. */
const MOST_HEADER_BYTES = 4 + 4 * 255;

/** Inflates an IDX file. Stops at a wrong header, and when there is more data than the header implies. */
async function gunzip(bytes: Uint8Array, source: string, maxBytes: number): Promise<Uint8Array> {
  const reader = inflated(bytes).getReader();
  let parts: Uint8Array[] = [];
  let length = 0;
  let end: number | undefined;
  try {
    for (let part = await next(reader, source); part !== undefined; part = await next(reader, source)) {
      parts.push(part);
      length += part.length;
      if (end === undefined && length >= MOST_HEADER_BYTES) {
        parts = [joined(parts, length)];
        end = inflatedLength(parts[0]!, source, bytes.length, maxBytes);
      }
      if (end !== undefined && length > end)
        throw new IdxError(source, `too long: more than the ${end} bytes of its header`);
    }
  } finally {
    await reader.cancel().catch(() => {}); // the reason is thrown already
  }
  return joined(parts, length);
}

function inflated(bytes: Uint8Array): ReadableStream<Uint8Array> {
  const packed = new ReadableStream<BufferSource>({
    start(controller) {
      controller.enqueue(bytes as Uint8Array<ArrayBuffer>);
      controller.close();
    },
  });
  return packed.pipeThrough(new DecompressionStream('gzip'));
}

async function next(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  source: string,
): Promise<Uint8Array | undefined> {
  try {
    return (await reader.read()).value;
  } catch {
    throw new IdxError(source, 'the gzip data is damaged or cut short');
  }
}

/** The length that the header implies. @throws IdxError if it exceeds the limit */
function inflatedLength(head: Uint8Array, source: string, packed: number, maxBytes: number): number {
  const { shape, end } = parseHeader(head, source);
  if (end <= maxBytes) return end;
  throw new IdxError(
    source,
    `${packed} bytes of gzip claim to hold ${formatShape(shape)}, ${end} bytes, and the limit is ${maxBytes} — unpack the file first, or set maxBytes`,
  );
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Encodes an array as the bytes of an IDX file. @throws IdxError if IDX does not support the type or shape, or the shape does not fit the data */
export function encodeIdx(array: IdxArray): Uint8Array {
  if (!Array.isArray(array?.shape) || !ArrayBuffer.isView(array.data))
    throw new ArgumentError('encodeIdx', `the array must be { shape, data }, found ${describeValue(array)}`);
  const { shape, data } = array;
  const type = TYPES.find(({ create }) => data instanceof create(0).constructor);
  if (type === undefined) throw new IdxError('encodeIdx', `IDX has no type for a ${data.constructor.name}`);
  const isLength = (length: number): boolean => Number.isInteger(length) && length >= 0 && length < 2 ** 32;
  if (shape.length > 255 || !shape.every(isLength))
    throw new IdxError(
      'encodeIdx',
      `shape ${formatShape(shape)} does not fit IDX — use at most 255 axes, of length 0 to 2³² − 1`,
    );
  const size = shape.reduce((product, length) => product * length, 1);
  if (size !== data.length)
    throw new IdxError('encodeIdx', `${data.length} values do not fill ${formatShape(shape)}`);
  const start = 4 + 4 * shape.length;
  const bytes = new Uint8Array(start + size * type.bytes);
  const view = new DataView(bytes.buffer);
  view.setUint8(2, type.code);
  view.setUint8(3, shape.length);
  for (const [axis, length] of shape.entries()) view.setUint32(4 + 4 * axis, length);
  for (let i = 0; i < size; i++) type.write(view, start + i * type.bytes, data[i]!);
  return bytes;
}
