/** Reads graphs that `toJSON` wrote. */
import { formatShape } from '@varigrad/core';
import { describeValue } from '@varigrad/core/checks';
import {
  type ArrayOverview,
  type ArraySummary,
  type BackwardStep,
  checkDrawable,
  type Graph,
  type GraphNode,
} from '@varigrad/core/trace';

/** The file is not a graph; the message names the faulty place. */
export class GraphFileError extends Error {
  override readonly name = 'GraphFileError';

  constructor(place: string, what: string) {
    super(`${place}: ${what} — load a file that toJSON(graph) wrote`);
  }
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * The graph in a text that `toJSON` wrote; 'NaN', 'Infinity' and '-Infinity' become numbers again.
 * @throws GraphFileError if the text is not JSON, is incomplete, or refers to nodes that do not exist
 * @throws ArgumentError if the graph is too large for a picture
 */
export function parseGraph(text: string): Graph {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new GraphFileError('the file', `not JSON (${(error as Error).message})`);
  }
  const { nodes, result, backward } = fieldsOf(parsed, 'the file');
  const list = listOf(nodes, 'nodes');
  if (list.length === 0) throw new GraphFileError('nodes', 'the list is empty');
  checkDrawable('explorer', { nodes: list });
  const count = list.length;
  const graph: Graph = {
    nodes: list.map((node, i) => nodeFrom(node, `nodes[${i}]`, i)),
    result: idFrom(result, 'result', count),
  };
  if (backward === undefined) return graph;
  const steps = listOf(backward, 'backward').map((step, i) => stepFrom(step, `backward[${i}]`, graph));
  return { ...graph, backward: steps };
}

function fieldsOf(value: unknown, place: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new GraphFileError(place, 'expected an object');
}

function listOf(value: unknown, place: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new GraphFileError(place, 'expected a list');
}

function idFrom(value: unknown, place: string, count: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < count) return value;
  throw new GraphFileError(place, `${describeValue(value)} is not the id of a node (0 … ${count - 1})`);
}

const NAMED_NUMBERS: Fields = { NaN: Number.NaN, Infinity: Number.POSITIVE_INFINITY, '-Infinity': -Infinity };

function numberFrom(value: unknown, place: string): number {
  const number = typeof value === 'string' ? NAMED_NUMBERS[value] : value;
  if (typeof number === 'number') return number;
  throw new GraphFileError(place, `${describeValue(value)} is not a number`);
}

function textFrom(value: unknown, place: string): string {
  if (typeof value === 'string') return value;
  throw new GraphFileError(place, 'expected a string');
}

function summaryFrom(value: unknown, place: string): ArraySummary {
  const fields = fieldsOf(value, place);
  const number = (key: string): number => numberFrom(fields[key], `${place}.${key}`);
  const numbers = (key: string): number[] =>
    listOf(fields[key], `${place}.${key}`).map((n, i) => numberFrom(n, `${place}.${key}[${i}]`));
  const shape = numbers('shape');
  const values = fields.values === undefined ? undefined : numbers('values');
  const size = shape.reduce((a, b) => a * b, 1);
  if (values !== undefined && values.length !== size) {
    throw new GraphFileError(
      `${place}.values`,
      `${values.length} values for the shape ${formatShape(shape)}`,
    );
  }
  return {
    shape,
    min: number('min'),
    max: number('max'),
    mean: number('mean'),
    std: number('std'),
    norm: number('norm'),
    zeros: number('zeros'),
    notFinite: number('notFinite'),
    ...(values !== undefined && { values }),
    ...(fields.overview !== undefined && { overview: overviewFrom(fields.overview, `${place}.overview`) }),
  };
}

function overviewFrom(value: unknown, place: string): ArrayOverview {
  const fields = fieldsOf(value, place);
  const [rows, columns] = [fields.rows, fields.columns].map((n) => numberFrom(n, place)) as [number, number];
  const values = listOf(fields.values, `${place}.values`).map((n, i) =>
    numberFrom(n, `${place}.values[${i}]`),
  );
  if (values.length !== rows * columns)
    throw new GraphFileError(`${place}.values`, `${values.length} values for ${rows} × ${columns} blocks`);
  return { rows, columns, values };
}

function summaries(value: unknown, place: string): (ArraySummary | null)[] {
  return listOf(value, place).map((item, i) => (item === null ? null : summaryFrom(item, `${place}[${i}]`)));
}

function nodeFrom(value: unknown, place: string, id: number): GraphNode {
  const fields = fieldsOf(value, place);
  const text = (key: string): string => textFrom(fields[key], `${place}.${key}`);
  const number = (key: string): number => numberFrom(fields[key], `${place}.${key}`);
  if (fields.id !== id)
    throw new GraphFileError(`${place}.id`, `${describeValue(fields.id)} instead of ${id}`);
  // Operands come before results: an operand's id is below the node's.
  const inputs = listOf(fields.inputs, `${place}.inputs`);
  const inputGradients = summaries(fields.inputGradients, `${place}.inputGradients`);
  return {
    id,
    op: text('op'),
    name: text('name'),
    module: text('module'),
    source: text('source'),
    inputs: inputs.map((input, i) => idFrom(input, `${place}.inputs[${i}]`, id)),
    params: fields.params,
    output: summaryFrom(fields.output, `${place}.output`),
    requiresGrad: fields.requiresGrad === true,
    ...(fields.gradient !== undefined && { gradient: summaryFrom(fields.gradient, `${place}.gradient`) }),
    ...(fields.detachedFrom !== undefined && {
      detachedFrom: idFrom(fields.detachedFrom, `${place}.detachedFrom`, id),
    }),
    inputGradients,
    bytes: number('bytes'),
    milliseconds: number('milliseconds'),
    backwardMilliseconds: number('backwardMilliseconds'),
  };
}

function stepFrom(value: unknown, place: string, { nodes }: Graph): BackwardStep {
  const fields = fieldsOf(value, place);
  return {
    node: idFrom(fields.node, `${place}.node`, nodes.length),
    dy: summaryFrom(fields.dy, `${place}.dy`),
    inputGradients: summaries(fields.inputGradients, `${place}.inputGradients`),
    sums: summaries(fields.sums, `${place}.sums`),
  };
}
