/** The messages of an ONNX file. The field numbers are those of onnx.proto. @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
import type { Length } from '../length.js';
import { littleEndian } from '../little-endian.js';
import { Message } from '../protobuf.js';

/** Element types of tensors. */
export const ELEMENT = { float: 1, int64: 7, bool: 9 } as const;

/** An attribute of a node: a whole number, a list of whole numbers, or a word. */
export type Attribute = number | readonly number[] | string;

/** Types of attributes. */
const ATTRIBUTE = { int: 2, string: 3, ints: 7 } as const;

const encoder = new TextEncoder();

function attribute(name: string, value: Attribute): Message {
  const message = new Message().text(1, name);
  if (typeof value === 'number') return message.int(3, value).int(20, ATTRIBUTE.int);
  if (typeof value === 'string') return message.bytes(4, encoder.encode(value)).int(20, ATTRIBUTE.string);
  for (const number of value) message.int(8, number);
  return message.int(20, ATTRIBUTE.ints);
}

/** One operation of the ONNX graph. */
export interface OnnxNode {
  readonly type: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export function nodeMessage({ type, name, inputs, output, attributes }: OnnxNode): Message {
  const message = new Message();
  for (const input of inputs) message.text(1, input);
  message.text(2, output).text(3, name).text(4, type);
  for (const [key, value] of Object.entries(attributes)) message.message(5, attribute(key, value));
  return message;
}

/** Numbers that are part of the file. */
export interface Initializer {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array | BigInt64Array;
}

export function tensorMessage({ name, shape, values }: Initializer): Message {
  const message = new Message();
  for (const length of shape) message.int(1, length);
  const type = values instanceof Float32Array ? ELEMENT.float : ELEMENT.int64;
  return message.int(2, type).text(8, name).bytes(9, littleEndian(values));
}

/** `batch`, `4·batch`, `batch + 1`: the name of a length that is not fixed. */
function lengthName({ times, plus }: Exclude<Length, number>): string {
  return `${times === 1 ? '' : `${times}*`}batch${plus === 0 ? '' : `${plus > 0 ? '+' : ''}${plus}`}`;
}

/** The declaration of an argument or a result: float32 numbers of a shape. */
export function valueMessage(name: string, shape: readonly Length[]): Message {
  const lengths = new Message();
  for (const length of shape) {
    const isFixed = typeof length === 'number';
    lengths.message(1, isFixed ? new Message().int(1, length) : new Message().text(2, lengthName(length)));
  }
  const tensor = new Message().int(1, ELEMENT.float).message(2, lengths);
  return new Message().text(1, name).message(2, new Message().message(1, tensor));
}
