/** The header of an npy file: a Python dictionary as text. */
import { type Shape, VarigradError } from '@varigrad/core';
import { describeValue } from '@varigrad/core/checks';
import { type NpyType, NUMBER_TYPES } from './types.js';

/** What a header says, and where the values start. */
export interface NpyHeader {
  readonly dtype: NpyType;
  readonly little: boolean;
  /** Whether the first axis varies fastest. */
  readonly fortran: boolean;
  readonly shape: number[];
  readonly start: number;
}

const MAGIC = [0x93, ...new TextEncoder().encode('NUMPY')];

/** The values start at a multiple of this. */
const ALIGNMENT = 64;

export function fault(source: string, message: string): VarigradError {
  return new VarigradError(source, message);
}

/** @throws VarigradError if the file is not npy, is cut short, or has elements that are not numbers */
export function parseHeader(bytes: Uint8Array, source: string): NpyHeader {
  if (MAGIC.some((byte, i) => bytes[i] !== byte))
    throw fault(source, 'the file does not start with \\x93NUMPY — it is not an npy file');
  const [major, minor] = [bytes[6], bytes[7]];
  if (major === undefined || minor !== 0 || major < 1 || major > 3)
    throw fault(source, `version ${major}.${minor} of the format is unknown — supported: 1.0, 2.0, 3.0`);
  const lengthEnd = major === 1 ? 10 : 12;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < lengthEnd) throw fault(source, 'the file is truncated in its header');
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = lengthEnd + length;
  if (start > bytes.length)
    throw fault(
      source,
      `a header of ${length} bytes does not fit into ${bytes.length} bytes — it is truncated`,
    );
  const text = new TextDecoder(major === 3 ? 'utf-8' : 'latin1').decode(bytes.slice(lengthEnd, start));
  return { ...readFields(text, source), start };
}

function readFields(text: string, source: string): Omit<NpyHeader, 'start'> {
  const {
    descr,
    fortran_order: fortran,
    shape,
    ...more
  } = Object(parseLiteral(text)) as Readonly<Record<string, unknown>>;
  const isShape = Array.isArray(shape) && shape.every((n) => Number.isSafeInteger(n) && n >= 0);
  if (descr === undefined || typeof fortran !== 'boolean' || !isShape || Object.keys(more).length > 0)
    throw fault(
      source,
      `the header must be {'descr': …, 'fortran_order': …, 'shape': …}, found ${describeValue(text.trim())}`,
    );
  return { ...readType(descr, source), fortran, shape };
}

/** The value of a Python literal without escapes and comments, by way of JSON; undefined if it is anything else. */
function parseLiteral(text: string): unknown {
  const json = text.replace(
    /'([^'"\\]*)'|\bTrue\b|\bFalse\b|\(|\)|,(?=\s*[)}\]])|(?<=\d)L\b/g,
    (token, name) => (name === undefined ? (TOKENS[token] ?? '') : `"${name}"`),
  );
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** Commas before a bracket, and the L of Python 2's long integers, become nothing. */
const TOKENS: Readonly<Record<string, string>> = { True: 'true', False: 'false', '(': '[', ')': ']' };

/** What the other kinds of elements are. */
const OTHER_KINDS: Readonly<Record<string, string>> = {
  O: 'Python objects, which are programs',
  U: 'text',
  S: 'text',
  V: 'raw bytes',
  M: 'dates',
  m: 'times',
};

function readType(descr: unknown, source: string): Pick<NpyHeader, 'dtype' | 'little'> {
  const [, order = '', code = ''] = typeof descr === 'string' ? (/^([<>|]?)(.*)$/.exec(descr) ?? []) : [];
  const names = Object.keys(NUMBER_TYPES) as NpyType[];
  const dtype = names.find((name) => NUMBER_TYPES[name].code === code);
  const isOrdered = dtype !== undefined && (NUMBER_TYPES[dtype].bytes === 1 || '<>'.includes(order || '|'));
  if (dtype !== undefined && isOrdered) return { dtype, little: order !== '>' };
  const kind = Array.isArray(descr) ? 'records of several fields' : OTHER_KINDS[code[0] ?? ''];
  throw fault(
    source,
    `the type ${describeValue(descr)} ${kind === undefined ? 'is unknown' : `is ${kind}`} — supported: ${names.join(', ')}; convert the array with astype() in NumPy`,
  );
}

/** The bytes before the values: version 1.0, or 2.0 if the header is longer than 65,535 bytes. */
export function encodeHeader(dtype: NpyType, shape: Shape, little: boolean, fortran: boolean): Uint8Array {
  const { code, bytes } = NUMBER_TYPES[dtype];
  const descr = `${bytes === 1 ? '|' : little ? '<' : '>'}${code}`;
  const axes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${axes}), }`;
  const lengthEnd = text.length + ALIGNMENT < 2 ** 16 ? 10 : 12;
  const start = ALIGNMENT * Math.ceil((lengthEnd + text.length + 1) / ALIGNMENT);
  const head = new Uint8Array(start).fill(0x20);
  head.set(MAGIC);
  head.set([lengthEnd === 10 ? 1 : 2, 0], MAGIC.length);
  const view = new DataView(head.buffer);
  if (lengthEnd === 10) view.setUint16(8, start - lengthEnd, true);
  else view.setUint32(8, start - lengthEnd, true);
  head.set(new TextEncoder().encode(text), lengthEnd);
  head[start - 1] = 0x0a;
  return head;
}
