/** Records the operations of a function as a graph with the tensors themselves. */
import { checkTensor, describeValue, isPlainObject, refusePromise } from '../checks/arguments.js';
import { ArgumentError } from '../errors.js';
import { type OperationRecord, type Recorder, withRecorder } from '../recorder.js';
import { sameShape } from '../shape.js';
import type { Storage } from '../storage.js';
import type { Tensor } from '../tensor.js';

/** Tensors by name. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/** One tensor of the computation. */
export interface RecordedNode {
  /** The operation's name; 'leaf' for a tensor that no operation of the function computed. */
  readonly op: string;
  readonly params: unknown;
  /** Numbers of the operands. */
  readonly inputs: readonly number[];
  readonly tensor: Tensor;
  /** The storage's version when the tensor was computed or first used. */
  readonly version: number;
}

/** The operations of one call, in order. */
export interface Recording {
  readonly nodes: readonly RecordedNode[];
  /** The numbers of the function's results, by name. */
  readonly outputs: Readonly<Record<string, number>>;
}

class OperationRecorder implements Recorder {
  readonly nodes: RecordedNode[] = [];
  readonly #numbers: Map<Tensor, number> = new Map();
  /** The latest node with this storage. */
  readonly #owners: Map<Storage, number> = new Map();

  operation({ op, params, inputs, out }: OperationRecord): void {
    const numbers = inputs.map((input) => this.numberOf(input));
    this.#add(out, { op, params, inputs: numbers });
  }

  gradient(): void {
    throw new ArgumentError(
      'exportGraph',
      'the function calls backward — return tensors, and leave gradients out',
    );
  }

  /** The node of a tensor. A tensor that shares the memory of a known one, as `detach` returns, is a reshape of it. */
  numberOf(tensor: Tensor): number {
    const known = this.#numbers.get(tensor);
    if (known !== undefined) return known;
    const owner = this.#owners.get(tensor.storage);
    if (owner === undefined) return this.#add(tensor, { op: 'leaf', params: undefined, inputs: [] });
    const { shape } = tensor;
    if (sameShape((this.nodes[owner] as RecordedNode).tensor.shape, shape)) {
      this.#numbers.set(tensor, owner);
      return owner;
    }
    return this.#add(tensor, { op: 'reshape', params: { shape }, inputs: [owner] });
  }

  #add(tensor: Tensor, made: Pick<RecordedNode, 'op' | 'params' | 'inputs'>): number {
    const number = this.nodes.push({ ...made, tensor, version: tensor.storage.version }) - 1;
    this.#numbers.set(tensor, number);
    this.#owners.set(tensor.storage, number);
    return number;
  }
}

/**
 * Runs a function on tensors and records its operations. The arguments are the first nodes.
 * @throws ArgumentError if the function returns no tensors by name, changes a tensor in place, or computes gradients
 */
export function recordOperations(f: (inputs: NamedTensors) => NamedTensors, inputs: NamedTensors): Recording {
  const recorder = new OperationRecorder();
  for (const input of Object.values(inputs)) recorder.numberOf(input);
  const results = withRecorder(recorder, () => refusePromise('exportGraph', f(inputs)));
  if (!isPlainObject(results) || Object.keys(results).length === 0)
    throw new ArgumentError(
      'exportGraph',
      `the function must return tensors by name, found ${describeValue(results)} — write ({ x }) => ({ y: x.exp() })`,
    );
  const outputs = Object.fromEntries(
    Object.entries(results).map(([name, tensor]) => {
      checkTensor('exportGraph', tensor, `the result '${name}'`);
      return [name, recorder.numberOf(tensor)];
    }),
  );
  if (recorder.nodes.some(({ tensor, version }) => tensor.storage.version !== version))
    throw new ArgumentError(
      'exportGraph',
      'the function changes a tensor in place — switch the model to evaluation mode',
    );
  return { nodes: recorder.nodes, outputs };
}
