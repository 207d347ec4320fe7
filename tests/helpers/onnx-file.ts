/** Reads ONNX files, written from the protobuf specification and onnx.proto, without code of the library. */

/** The fields of a protobuf message: for each number, its values in order. */
type Fields = ReadonlyMap<number, readonly (bigint | Uint8Array)[]>;

function fieldsOf(bytes: Uint8Array): Fields {
  const fields = new Map<number, (bigint | Uint8Array)[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error('the message ends inside a number');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
  };
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new Error('the message ends inside a field');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const wire = key & 7;
    const value =
      wire === 0 ? varint() : wire === 2 ? take(Number(varint())) : wire === 5 ? take(4) : undefined;
    if (value === undefined) throw new Error(`wire type ${wire} is unknown`);
    fields.set(key >> 3, [...(fields.get(key >> 3) ?? []), value]);
  }
  return fields;
}

const messages = (fields: Fields, field: number): Uint8Array[] => (fields.get(field) ?? []) as Uint8Array[];
const numbers = (fields: Fields, field: number): number[] => (fields.get(field) ?? []).map(Number);
const texts = (fields: Fields, field: number): string[] =>
  messages(fields, field).map((bytes) => new TextDecoder('utf-8', { fatal: true }).decode(bytes));

/** An array of the file. */
export interface OnnxTensor {
  shape: number[];
  data: number[];
}

export interface OnnxFileNode {
  type: string;
  name: string;
  inputs: string[];
  outputs: string[];
  attributes: Record<string, number | number[] | string>;
}

export interface OnnxFile {
  irVersion: number;
  producer: string;
  doc: string;
  opset: number;
  metadata: Record<string, string>;
  name: string;
  nodes: OnnxFileNode[];
  initializers: Map<string, OnnxTensor>;
  /** Shapes by name; a text is the name of a length. */
  inputs: Record<string, (number | string)[]>;
  outputs: Record<string, (number | string)[]>;
}

function readTensor(bytes: Uint8Array): [string, OnnxTensor] {
  const fields = fieldsOf(bytes);
  const [raw] = messages(fields, 9) as [Uint8Array];
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const [type] = numbers(fields, 2);
  if (type !== 1 && type !== 7) throw new Error(`element type ${type}`);
  const width = type === 1 ? 4 : 8;
  const data = Array.from({ length: raw.byteLength / width }, (_, i) =>
    type === 1 ? view.getFloat32(4 * i, true) : Number(view.getBigInt64(8 * i, true)),
  );
  const shape = numbers(fields, 1);
  if (shape.reduce((a, b) => a * b, 1) !== data.length) throw new Error('the tensor has another size');
  return [texts(fields, 8)[0]!, { shape, data }];
}

function readAttribute(bytes: Uint8Array): [string, number | number[] | string] {
  const fields = fieldsOf(bytes);
  const [name] = texts(fields, 1);
  const [type] = numbers(fields, 20);
  if (type === 2) return [name!, numbers(fields, 3)[0] ?? 0];
  if (type === 3) return [name!, texts(fields, 4)[0]!];
  if (type === 7) return [name!, numbers(fields, 8)];
  throw new Error(`attribute type ${type}`);
}

function readNode(bytes: Uint8Array): OnnxFileNode {
  const fields = fieldsOf(bytes);
  return {
    inputs: texts(fields, 1),
    outputs: texts(fields, 2),
    name: texts(fields, 3)[0]!,
    type: texts(fields, 4)[0]!,
    attributes: Object.fromEntries(messages(fields, 5).map(readAttribute)),
  };
}

function readValue(bytes: Uint8Array): [string, (number | string)[]] {
  const fields = fieldsOf(bytes);
  const tensor = fieldsOf(messages(fieldsOf(messages(fields, 2)[0]!), 1)[0]!);
  if (numbers(tensor, 1)[0] !== 1) throw new Error('expected float32');
  const dims = messages(fieldsOf(messages(tensor, 2)[0]!), 1).map(fieldsOf);
  return [texts(fields, 1)[0]!, dims.map((dim) => texts(dim, 2)[0] ?? numbers(dim, 1)[0]!)];
}

export function readOnnx(bytes: Uint8Array): OnnxFile {
  const model = fieldsOf(bytes);
  const graph = fieldsOf(messages(model, 7)[0]!);
  const pairs = messages(model, 14).map((entry) => {
    const fields = fieldsOf(entry);
    return [texts(fields, 1)[0]!, texts(fields, 2)[0]!] as const;
  });
  return {
    irVersion: numbers(model, 1)[0]!,
    producer: texts(model, 2)[0]!,
    doc: texts(model, 6)[0]!,
    opset: numbers(fieldsOf(messages(model, 8)[0]!), 2)[0]!,
    metadata: Object.fromEntries(pairs),
    name: texts(graph, 2)[0]!,
    nodes: messages(graph, 1).map(readNode),
    initializers: new Map(messages(graph, 5).map(readTensor)),
    inputs: Object.fromEntries(messages(graph, 11).map(readValue)),
    outputs: Object.fromEntries(messages(graph, 12).map(readValue)),
  };
}
