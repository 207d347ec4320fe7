import { backward } from '../autograd.js';
import { withBackend } from '../backend/current.js';
import { BackendError } from '../errors.js';
import { type GradientRecord, type OperationRecord, type Recorder, withRecorder } from '../recorder.js';
import type { Tensor } from '../tensor.js';
import type { ArraySummary, Graph, GraphNode } from './graph.js';
import { callSite } from './source.js';
import { summarize } from './summary.js';

/** Names for tensors that have none of their own: a model's `namedParameters()`, or any list of pairs. */
export type Names = Iterable<readonly [name: string, tensor: Tensor]>;

/** Options of `recordGraph`. */
export interface RecordOptions {
  names?: Names;
}

/** A node while it is being filled in. */
type Draft = { -readonly [K in keyof GraphNode]: GraphNode[K] } & { inputGradients: (ArraySummary | null)[] };

/** Collects nodes as operations run, and gradients as they arrive. */
class GraphRecorder implements Recorder {
  readonly drafts: Draft[] = [];
  readonly #ids: Map<Tensor, number> = new Map();
  readonly #names: Map<Tensor, string>;
  /** Sums of the gradients that arrived at each node, whole: a summary cannot be added to. */
  readonly #gradients: Map<number, Tensor> = new Map();

  constructor(names: Names) {
    this.#names = new Map(Array.from(names, ([name, tensor]) => [tensor, name]));
  }

  operation({ op, params, inputs, out, milliseconds }: OperationRecord): void {
    const ids = inputs.map((input) => this.idOf(input));
    const owner = inputs.map((input) => this.#nameOf(input)).find((name) => name.includes('.')) ?? '';
    this.#add(out, { op, params, inputs: ids, milliseconds, module: owner.replace(/\.[^.]*$/, '') });
  }

  gradient({ out, input, index, dy, gradient, milliseconds }: GradientRecord): void {
    const node = this.drafts[this.idOf(out)] as Draft;
    node.gradient ??= summarize(dy);
    node.inputGradients[index] = summarize(gradient);
    node.backwardMilliseconds += milliseconds;
    const id = this.idOf(input);
    const sofar = this.#gradients.get(id);
    const total = sofar === undefined ? gradient.clone() : sofar.add(gradient);
    this.#gradients.set(id, total.detach());
    (this.drafts[id] as Draft).gradient = summarize(total);
  }

  /** The node of a tensor; one that no operation made becomes a leaf. */
  idOf(tensor: Tensor): number {
    return this.#ids.get(tensor) ?? this.#add(tensor, { op: 'leaf' });
  }

  #nameOf(tensor: Tensor): string {
    return tensor.label || (this.#names.get(tensor) ?? '');
  }

  #add(tensor: Tensor, known: Partial<Draft>): number {
    const id = this.drafts.length;
    const inputs = known.inputs ?? [];
    this.#ids.set(tensor, id);
    this.drafts.push({
      id,
      op: 'leaf',
      name: this.#nameOf(tensor),
      module: '',
      source: known.op === 'leaf' ? '' : callSite(),
      params: undefined,
      output: summarize(tensor),
      requiresGrad: tensor.requiresGrad,
      bytes: 4 * tensor.size,
      milliseconds: 0,
      backwardMilliseconds: 0,
      ...known,
      inputs,
      inputGradients: inputs.map(() => null),
    });
    return id;
  }
}

/**
 * Runs `f` and, if its result is a scalar that needs a gradient, `backward`, and returns all that happened as plain data.
 * Gradients accumulate in `.grad` as after any backward.
 * @throws BackendError on a device: a trace reads every value
 */
export function recordGraph(f: () => Tensor, options: RecordOptions = {}): Graph {
  const recorder = new GraphRecorder(options.names ?? []);
  const result = withRecorder(recorder, f);
  if (result.storage.backend.memory === 'device') {
    throw new BackendError('trace', 'values on a device cannot be read at once — trace on a host backend');
  }
  const id = recorder.idOf(result);
  if (result.requiresGrad && result.size === 1) {
    withBackend(result.storage.backend, () =>
      withRecorder(recorder, () => backward(result, undefined, { retainGraph: true })),
    );
  }
  return { nodes: recorder.drafts, result: id };
}

/** The trace of f(…inputs): see `recordGraph`. Inputs without a name are called `input 0`, `input 1`, … */
export function trace(f: (...inputs: Tensor[]) => Tensor, ...inputs: Tensor[]): Graph {
  return recordGraph(() => f(...inputs), { names: inputs.map((t, i) => [`input ${i}`, t] as const) });
}
