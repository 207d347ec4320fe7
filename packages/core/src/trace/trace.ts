import type { HostArray } from '../backend/backend.js';
import { withBackend } from '../backend/current.js';
import { backward } from '../backward.js';
import { checkFunction, checkIterable, checkTensor, refusePromise } from '../checks/arguments.js';
import { checkOptions, type OptionNames } from '../checks/options.js';
import { BackendError } from '../errors.js';
import { type GradientRecord, type OperationRecord, type Recorder, withRecorder } from '../recorder.js';
import type { Storage } from '../storage.js';
import type { Tensor } from '../tensor.js';
import type { ArraySummary, BackwardStep, Graph, GraphNode } from './graph.js';
import { type Modules, ModuleWatch } from './modules.js';
import { callSite } from './source.js';
import { summarize, summarizeValues } from './summary.js';

/** Names for tensors that have none of their own: a model's `namedParameters()`, or any list of pairs. */
export type Names = Iterable<readonly [name: string, tensor: Tensor]>;

/** Options of `recordGraph`. */
export interface RecordOptions {
  /** Names for tensors that have none: a model's `namedParameters()`. What uses a parameter belongs to its module. */
  names?: Names;
  /** A model's `namedModules()`: then operations without parameters, too, belong to the module whose method ran them. */
  modules?: Modules;
}

const RECORD_OPTIONS: OptionNames<RecordOptions> = { names: true, modules: true };

/** A node while it is being filled in. */
type Draft = { -readonly [K in keyof GraphNode]: GraphNode[K] } & { inputGradients: (ArraySummary | null)[] };

type DraftStep = BackwardStep & {
  inputGradients: (ArraySummary | null)[];
  sums: (ArraySummary | null)[];
};

/** A leaf with a dotted name. What it is used by belongs to its module. */
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
  /** The latest node with this memory: a leaf that shares it was detached. */
  readonly #owners: Map<Storage, number> = new Map();
  /** Sums of the gradients that arrived at each node, whole: a summary cannot be added to. */
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

  /** The turn that backward is at; a new one begins with another operation, or when an operand is served again. */
  #stepOf(node: Draft, index: number, dy: Tensor): DraftStep {
    const last = this.steps.at(-1);
    if (last?.node === node.id && last.inputGradients[index] === null) return last;
    const none = node.inputs.map(() => null);
    const step: DraftStep = { node: node.id, dy: summarize(dy), inputGradients: [...none], sums: none };
    this.steps.push(step);
    node.gradient = step.dy;
    // As in the engine: what arrived at an operation is used up by its turn. Only leaves add up over several passes.
    if (node.op !== 'leaf') this.#gradients.delete(node.id);
    return step;
  }

  /** Whether a backward pass has come by. */
  get sawGradients(): boolean {
    return this.steps.length > 0;
  }

  /** The node of a tensor; one that no operation made becomes a leaf. */
  idOf(tensor: Tensor): number {
    return this.#ids.get(tensor) ?? this.#add(tensor, { op: 'leaf' });
  }

  /** What was recorded, with the names that tensors have by now: `x.mul(y).named('z')` names z when it is made. */
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
 * Runs `f` and returns all that happened as plain data. If the result is a scalar that needs a gradient and `f` did not
 * call `backward` itself (as a whole training step does), it is called too; gradients accumulate in `.grad` as ever.
 * @throws BackendError on a device: a trace reads every value
 */
export function recordGraph(f: () => Tensor, options: RecordOptions = {}): Graph {
  checkFunction('recordGraph', f);
  checkOptions('recordGraph', options, RECORD_OPTIONS, 'f, ');
  const { names = [], modules = [] } = options;
  checkIterable('recordGraph', 'names', names);
  checkIterable('recordGraph', 'modules', modules);
  const watch = new ModuleWatch();
  const recorder = new GraphRecorder(names, watch);
  const result = watch.run(modules, () => withRecorder(recorder, () => refusePromise('recordGraph', f())));
  checkTensor('recordGraph', result, 'the value of the function');
  if (result.storage.backend.memory === 'device') {
    throw new BackendError('trace', 'values on a device cannot be read at once — trace on a host backend');
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
