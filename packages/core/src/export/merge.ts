/** Joins the recordings of one function at three batch sizes: numbers that differ become lengths that depend on the batch size. */
import type { HostArray } from '../backend/backend.js';
import { isPlainObject } from '../checks/arguments.js';
import { ArgumentError } from '../errors.js';
import type { Tensor } from '../tensor.js';
import type { ExportGraph, ExportNode } from './graph.js';
import { type Length, lengthFrom } from './length.js';
import type { RecordedNode, Recording } from './record.js';

/** One value for each batch size. */
type Three<T> = readonly [T, T, T];

/** What the recordings have in common. */
export interface MergeOptions {
  readonly sizes: Three<number>;
  /** Names of the arguments, which are the first nodes of each recording. */
  readonly inputs: readonly string[];
  /** Names of constants. */
  readonly names: ReadonlyMap<Tensor, string>;
}

/** @throws ArgumentError if the recordings differ in more than lengths */
export function mergeRecordings(recordings: Three<Recording>, options: MergeOptions): ExportGraph {
  const three = recordings.map((recording) => withoutUnused(recording, options.inputs.length));
  const [{ nodes, outputs }, ...others] = three as unknown as Three<Recording>;
  const results = JSON.stringify(outputs);
  for (const other of others)
    if (other.nodes.length !== nodes.length || JSON.stringify(other.outputs) !== results)
      throw differ('the operations', options);
  return {
    nodes: nodes.map((node, i) => mergeNode([node, others[0].nodes[i]!, others[1].nodes[i]!], i, options)),
    inputs: Object.fromEntries(options.inputs.map((name, i) => [name, i])),
    outputs,
  };
}

/** The recording without the operations that no result depends on. The arguments stay. */
function withoutUnused({ nodes, outputs }: Recording, inputs: number): Recording {
  const used = new Set(Object.values(outputs));
  for (let i = nodes.length - 1; i >= 0; i--)
    if (used.has(i)) for (const input of nodes[i]!.inputs) used.add(input);
  const kept = nodes.flatMap((_, i) => (i < inputs || used.has(i) ? [i] : []));
  const place = new Map(kept.map((number, i) => [number, i]));
  const placeOf = (number: number): number => place.get(number)!;
  return {
    nodes: kept.map((number) => ({ ...nodes[number]!, inputs: nodes[number]!.inputs.map(placeOf) })),
    outputs: Object.fromEntries(Object.entries(outputs).map(([name, number]) => [name, placeOf(number)])),
  };
}

function mergeNode(nodes: Three<RecordedNode>, number: number, options: MergeOptions): ExportNode {
  const [{ op, inputs, tensor }, ...others] = nodes;
  for (const other of others)
    if (other.op !== op || String(other.inputs) !== String(inputs))
      throw differ(`the operation ${op}`, options);
  const merge = (what: string, values: Three<unknown>): unknown =>
    mergeValues(values, `${what} of ${op}`, options);
  const shape = merge('the shape', [
    tensor.shape,
    others[0].tensor.shape,
    others[1].tensor.shape,
  ]) as Length[];
  if (number < options.inputs.length)
    return { op: 'input', params: undefined, inputs: [], shape, name: options.inputs[number]! };
  const name = options.names.get(tensor) ?? '';
  if (op === 'leaf')
    return { ...mergeLeaf(nodes, shape, options), params: undefined, inputs: [], shape, name };
  const params = merge('an option', [nodes[0].params, nodes[1].params, nodes[2].params]);
  return { op, params, inputs, shape, name };
}

/** A constant, or one number repeated to a shape that depends on the batch size. */
function mergeLeaf(
  nodes: Three<RecordedNode>,
  shape: readonly Length[],
  options: MergeOptions,
): Pick<ExportNode, 'op'> & { values: HostArray } {
  const [first, ...others] = nodes.map(({ tensor }) => tensor) as unknown as Three<Tensor>;
  const values = first.dataSync();
  if (shape.every((length) => typeof length === 'number')) {
    for (const other of others)
      if (other !== first && !other.dataSync().every((value, i) => Object.is(value, values[i])))
        throw differ('a constant', options);
    return { op: 'constant', values };
  }
  const [value] = values;
  const isRepeated = [first, ...others].every((t) => t.dataSync().every((x) => Object.is(x, value)));
  if (!isRepeated) throw differ('the number of elements of a constant', options);
  return { op: 'full', values: values.slice(0, 1) };
}

/** The same plain data three times, in which only lengths may differ. */
function mergeValues(values: Three<unknown>, what: string, options: MergeOptions): unknown {
  const [a, b, c] = values;
  if (Object.is(a, b) && Object.is(b, c)) return a;
  const again = (parts: Three<unknown>): unknown => mergeValues(parts, what, options);
  if (values.every((value) => typeof value === 'number')) {
    const length = lengthFrom(values as unknown as Three<number>, options.sizes);
    if (length !== undefined) return length;
  } else if (Array.isArray(a) && Array.isArray(b) && Array.isArray(c)) {
    if (a.length === b.length && b.length === c.length) return a.map((item, i) => again([item, b[i], c[i]]));
  } else if (values.every(isPlainObject)) {
    const [p, q, r] = values as unknown as Three<Readonly<Record<string, unknown>>>;
    return Object.fromEntries(Object.keys(p).map((key) => [key, again([p[key], q[key], r[key]])]));
  }
  throw differ(`${what}, ${values.map((value) => JSON.stringify(value)).join(', ')},`, options);
}

function differ(what: string, { sizes }: MergeOptions): ArgumentError {
  return new ArgumentError(
    'exportGraph',
    `${what} must be the same for every batch size and every argument, or a length times·batch + plus, and differs for batches of ${sizes.join(', ')} — pass random numbers as arguments, and leave out means over the batch`,
  );
}
