/** Writes an exported graph as an ONNX file. */
import { describeValue } from '../../checks/arguments.js';
import { checkOptions, type OptionNames } from '../../checks/options.js';
import { ArgumentError } from '../../errors.js';
import type { ExportGraph, ExportNode } from '../graph.js';
import { Message } from '../protobuf.js';
import { type BatchAxis, OnnxBuilder, type Operand } from './builder.js';
import type { Convert } from './convert.js';
import { BINARY_NODES, UNARY_NODES } from './elementwise.js';
import { nodeMessage, tensorMessage, valueMessage } from './messages.js';
import { PRODUCT_NODES } from './products.js';
import { STRUCTURE_NODES } from './structure.js';

/** Version 17 of the operators, and version 8 of the file format, which onnx 1.12 introduced. */
const OPSET = 17;
const IR_VERSION = 8;

/** Options of `toOnnx`. */
export interface OnnxOptions {
  /** The name of the graph. Default 'varigrad'. */
  name?: string;
  /** A description, for readers. */
  doc?: string;
  /** Texts by name, such as the kind of the model. */
  metadata?: Readonly<Record<string, string>>;
}

const ONNX_OPTIONS: OptionNames<OnnxOptions> = { name: true, doc: true, metadata: true };

const CONVERTERS: ReadonlyMap<string, Convert<never>> = new Map([
  ...Object.entries(UNARY_NODES).map(([op, nodes]): [string, Convert<never>] => [
    op,
    (b, _, [x]) => nodes(b, x!.name),
  ]),
  ...Object.entries(BINARY_NODES).map(([op, nodes]): [string, Convert<never>] => [
    op,
    (b, _, [x, y]) => nodes(b, x!.name, y!.name),
  ]),
  ...Object.entries(STRUCTURE_NODES),
  ...Object.entries(PRODUCT_NODES),
]);

/**
 * The graph as an ONNX file, opset 17. All numbers are float32, constants keep their names, and lengths that depend on the batch size
 * are symbolic. Functions that ONNX lacks are composed of several nodes.
 * @returns the bytes of the file
 * @throws ArgumentError for an operation that has no ONNX form, by name, and for arguments or results with one name or an empty one
 * @see https://onnx.ai/onnx/operators
 */
export function toOnnx(graph: ExportGraph, options: OnnxOptions = {}): Uint8Array {
  checkOptions('toOnnx', options, ONNX_OPTIONS, 'graph, ');
  const { name = 'varigrad', doc = '', metadata = {} } = options;
  if (!Array.isArray(graph?.nodes))
    throw new ArgumentError(
      'toOnnx',
      `the graph must be what exportGraph returns, found ${describeValue(graph)}`,
    );
  const { inputs, outputs } = graph;
  const reserved = [...Object.keys(inputs), ...Object.keys(outputs)];
  if (reserved.includes(''))
    throw new ArgumentError('toOnnx', 'the names of arguments and results must not be empty');
  const shared = Object.keys(outputs).find((output) => Object.hasOwn(inputs, output));
  if (shared !== undefined)
    throw new ArgumentError(
      'toOnnx',
      `arguments and results must have different names, found two '${shared}'`,
    );
  const builder = new OnnxBuilder(reserved, batchAxisOf(graph));
  const values = addNodes(builder, graph);
  for (const [output, number] of Object.entries(outputs)) builder.result(output, values[number]!);
  const body = new Message();
  for (const node of builder.nodes) body.message(1, nodeMessage(node));
  body.text(2, name);
  for (const initializer of builder.initializers) body.message(5, tensorMessage(initializer));
  const declared = ([key, number]: [string, number]): Message =>
    valueMessage(key, (graph.nodes[number] as ExportNode).shape);
  for (const input of Object.entries(inputs)) body.message(11, declared(input));
  for (const output of Object.entries(outputs)) body.message(12, declared(output));
  const file = new Message().int(1, IR_VERSION).text(2, 'varigrad').text(6, doc).message(7, body);
  file.message(8, new Message().text(1, '').int(2, OPSET));
  for (const [key, value] of Object.entries(metadata))
    file.message(14, new Message().text(1, key).text(2, value));
  return file.encode();
}

/** Adds the nodes of all operations. @returns the name of each value */
function addNodes(builder: OnnxBuilder, { nodes }: ExportGraph): string[] {
  const names: string[] = [];
  const operandOf = (number: number): Operand => ({ name: names[number]!, shape: nodes[number]!.shape });
  nodes.forEach((node, number) => {
    const { op, name, values } = node;
    builder.scope = `${op}_${number}`;
    if (op === 'constant') {
      const shape = node.shape as readonly number[]; // `full` has the shapes that are not fixed
      const numbers = Float32Array.from(values!);
      const isPlain = name === '' && shape.length === 0;
      names.push(
        isPlain ? builder.scalar(numbers[0]!) : builder.constant(name || builder.scope, shape, numbers),
      );
      return;
    }
    const convert = CONVERTERS.get(op);
    if (convert === undefined) throw new ArgumentError('toOnnx', `the operation ${op} has no ONNX form`);
    names.push(convert(builder, node as never, node.inputs.map(operandOf)));
  });
  return names;
}

/** An axis of an argument whose length is the batch size. */
function batchAxisOf({ inputs, nodes }: ExportGraph): BatchAxis | undefined {
  for (const [input, number] of Object.entries(inputs)) {
    const axis = nodes[number]!.shape.findIndex(
      (length) => typeof length !== 'number' && length.times === 1 && length.plus === 0,
    );
    if (axis >= 0) return { input, axis };
  }
  return undefined;
}
