import type { HostArray } from '../backend/backend.js';
import { withBackend } from '../backend/current.js';
import { backward } from '../backward.js';
import { callSite } from '../call-site.js';
import { checkFunction, checkTensor, pairsOf, refusePromise } from '../checks/arguments.js';
import { checkOptions, type OptionNames } from '../checks/options.js';
import { BackendError } from '../errors.js';
import { type GradientRecord, type OperationRecord, type Recorder, withRecorder } from '../recorder.js';
import type { Storage } from '../storage.js';
import type { Tensor } from '../tensor.js';
import type { ArraySummary, BackwardStep, Graph, GraphNode } from './graph.js';
import { type Modules, ModuleWatch } from './modules.js';
import { summarize, summarizeValues } from './summary.js';

/** Names for unnamed tensors: a model's `namedParameters()`, or any list of pairs. */
export type Names = Iterable<readonly [name: string, tensor: Tensor]>;

/** Options of `recordGraph`. */
export interface RecordOptions {
  /** Names for unnamed tensors: a model's `namedParameters()`. An operation on a parameter belongs to its module. */
  names?: Names;
  /** A model's `namedModules()`: every operation then belongs to the module whose method called it. */
  modules?: Modules;
}

const RECORD_OPTIONS: OptionNames<RecordOptions> = { names: true, modules: true };

/** A node during the recording. */
type Draft = { -readonly [K in keyof GraphNode]: GraphNode[K] } & { inputGradients: (ArraySummary | null)[] };

type DraftStep = BackwardStep & {
  inputGradients: (ArraySummary | null)[];
  sums: (ArraySummary | null)[];
};

/** A leaf with a dotted name. Operations on it belong to its module. */
function isParameter({ op, module }: Draft): boolean {
  return op === 'leaf' && module !== '';
}

/**
 * Collects nodes as operations run, and gradients as they arrive.
 * @internal `recordGraph` and `trace` are the public forms
 */
export class GraphRecorder implements Recorder {
  readonly drafts: Draft[] = [];
  readonly steps: DraftStep[] = [];
  readonly #ids: Map<Tensor, number> = new Map();
  readonly #names: Map<Tensor, string>;
  /** The tensor of each node. */
  readonly tensors: Tensor[] = [];
  /** The latest node with this storage; a leaf that shares it was detached. */
  readonly #owners: Map<Storage, number> = new Map();
  /** Sums of the gradients of each node, with all values: summaries cannot be added. */
  readonly #gradients: Map<number, HostArray> = new Map();

  readonly #watch: ModuleWatch | undefined;

  constructor(names: Names, watch?: ModuleWatch) {
    this.#watch = watch;
    this.#names = new Map(Array.from(names, ([name, tensor]) => [tensor, name]));
  }

  operation({ op, params, inputs, out, milliseconds }: OperationRecord, source: string = callSite()): void {
    const ids = inputs.map((input) => this.idOf(input));
    const owner = ids.map((id) => this.drafts[id] as Draft).find(isParameter)?.module ?? '';
    const module = this.#watch?.current || owner;
    this.#add(out, { op, params, inputs: ids, milliseconds, module, source });
  }

  gradient({ out, input, index, dy, gradient, milliseconds }: GradientRecord): void {
    const node = this.drafts[this.idOf(out)] as Draft;
    const step = this.#stepOf(node, index, dy);
    step.inputGradients[index] = summarize(gradient);
    node.inputGradients[index] = step.inputGradients[index];
    node.backwardMilliseconds += milliseconds;
    const id = this.idOf(input);
    const total = gradient.dataSync();
    this.#gradients.get(id)?.forEach((sofar, i) => {
      total[i] = sofar + total[i]!;
    });
    this.#gradients.set(id, total);
    step.sums[index] = summarizeValues(total, input.shape);
    (this.drafts[id] as Draft).gradient = step.sums[index];
  }

  /** The current step of backward. A new step begins with another operation, or with a second gradient for an operand. */
  #stepOf(node: Draft, index: number, dy: Tensor): DraftStep {
    const last = this.steps.at(-1);
    if (last?.node === node.id && last.inputGradients[index] === null) return last;
    const none = node.inputs.map(() => null);
    const step: DraftStep = { node: node.id, dy: summarize(dy), inputGradients: [...none], sums: none };
    this.steps.push(step);
    node.gradient = step.dy;
    // As on the tape: the gradient of an operation is dropped after use; only leaves accumulate over several passes.
    if (node.op !== 'leaf') this.#gradients.delete(node.id);
    return step;
  }

  /** Whether a backward pass was recorded. */
  get sawGradients(): boolean {
    return this.steps.length > 0;
  }

  /** The node of a tensor; a tensor without a recorded operation becomes a leaf. */
  idOf(tensor: Tensor): number {
    return this.#ids.get(tensor) ?? this.#add(tensor, { op: 'leaf' });
  }

  /** The recorded graph. Names are read last: `x.mul(y).named('z')` names z after the operation was recorded. */
  graph(result: Tensor): Graph {
    const id = this.idOf(result);
    for (const draft of this.drafts) draft.name = this.#nameOf(this.tensors[draft.id] as Tensor);
    return { nodes: this.drafts, result: id, ...(this.sawGradients && { backward: this.steps }) };
  }

  #nameOf(tensor: Tensor): string {
    return tensor.label || (this.#names.get(tensor) ?? '');
  }

  #add(tensor: Tensor, known: Partial<Draft>): number {
    const id = this.drafts.length;
    const inputs = known.inputs ?? [];
    const origin = this.#owners.get(tensor.storage);
    this.#owners.set(tensor.storage, id);
    const name = this.#nameOf(tensor);
    this.#ids.set(tensor, id);
    this.tensors.push(tensor);
    this.drafts.push({
      id,
      op: 'leaf',
      name,
      module: name.includes('.') ? name.replace(/\.[^.]*$/, '') : '',
      source: '',
      params: undefined,
      output: summarize(tensor),
      requiresGrad: tensor.requiresGrad,
      bytes: 4 * tensor.size,
      milliseconds: 0,
      backwardMilliseconds: 0,
      ...known,
      ...(known.inputs === undefined && origin !== undefined && { detachedFrom: origin }),
      inputs,
      inputGradients: inputs.map(() => null),
    });
    return id;
  }
}

/**
 * Runs `f` and returns the recorded computation as plain data. If the result is a scalar that requires a gradient and `f`
 * did not call `backward` itself (a training step does), `backward` is called; gradients accumulate in `.grad` as usual.
 * @throws BackendError on a device: a trace reads every value synchronously
 */
export function recordGraph(f: () => Tensor, options: RecordOptions = {}): Graph {
  checkFunction('recordGraph', f);
  checkOptions('recordGraph', options, RECORD_OPTIONS, 'f, ');
  const names = pairsOf('recordGraph', 'names', options.names ?? [], 'a tensor');
  const modules = pairsOf('recordGraph', 'modules', options.modules ?? [], 'a module');
  const watch = new ModuleWatch();
  const recorder = new GraphRecorder(names, watch);
  const result = watch.run(modules, () => withRecorder(recorder, () => refusePromise('recordGraph', f())));
  checkTensor('recordGraph', result, 'the value of the function');
  if (result.storage.backend.memory === 'device') {
    throw new BackendError(
      'trace',
      'values on a device cannot be read synchronously — trace on a host backend',
    );
  }
  if (!recorder.sawGradients && result.requiresGrad && result.size === 1) {
    withBackend(result.storage.backend, () =>
      withRecorder(recorder, () => backward(result, undefined, { retainGraph: true })),
    );
  }
  return recorder.graph(result);
}

/** The trace of f(…inputs): see `recordGraph`. Inputs without a name are called `input 0`, `input 1`, … */
export function trace(f: (...inputs: Tensor[]) => Tensor, ...inputs: Tensor[]): Graph {
  checkFunction('trace', f);
  for (const x of inputs) checkTensor('trace', x, 'an input');
  return recordGraph(() => f(...inputs), { names: inputs.map((t, i) => [`input ${i}`, t] as const) });
}
