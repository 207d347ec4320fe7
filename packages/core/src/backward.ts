/**
 * Reverse-mode differentiation of the recorded tape. The walk goes from the result y to the leaves. Each operation maps
 * dy = ∂y/∂output to ∂y/∂input for each of its inputs, by its vector-Jacobian product (`Op.vjp`).
 */
import { accumulate, addGradients } from './accumulate.js';
import { backend } from './backend/current.js';
import {
  checkArray,
  checkBoolean,
  checkTensor,
  describeValue,
  isArrayOf,
  isPlainObject,
} from './checks/arguments.js';
import { checkOptions, type OptionNames } from './checks/options.js';
import { kernelsOf } from './compile/active.js';
import { ArgumentError, formatShape, GradError } from './errors.js';
import { activeRecorder, type Recorder, withRecorder } from './recorder.js';
import { runScope } from './scope.js';
import { sameShape } from './shape.js';
import { withRecording } from './tape.js';
import { type TapeNode, type Tensor, wrap } from './tensor.js';

/** Options of `backward` and `gradients`. */
export interface BackwardOptions {
  /** Keep the graph for another backward pass (default: it is freed). */
  retainGraph?: boolean;
  /** Record the computation of the gradients, for higher-order derivatives. Implies `retainGraph`. */
  createGraph?: boolean;
}

/** Options of `gradients`. */
export interface GradientsOptions extends BackwardOptions {
  /** The vector of the vector-Jacobian product, with y's shape. Default for a scalar y: 1. */
  dy?: Tensor;
}

const BACKWARD_OPTIONS: OptionNames<BackwardOptions> = { retainGraph: true, createGraph: true };
const GRADIENTS_OPTIONS: OptionNames<GradientsOptions> = { ...BACKWARD_OPTIONS, dy: true };

/**
 * Adds ∂y/∂leaf to `leaf.grad` for every leaf that y depends on and that requires a gradient.
 * @param dy - the vector of the vector-Jacobian product, with y's shape; default for a scalar y: 1
 * @throws GradError if y does not require a gradient, if y is not a scalar and `dy` is missing, or if its graph was freed
 */
export function backward(y: Tensor, dy?: Tensor, options: BackwardOptions = {}): void {
  checkTensor('backward', y, 'the result');
  checkOptions('backward', options, BACKWARD_OPTIONS, 'dy, ');
  checkFlags('backward', options);
  const seed = seedGradient('backward', y, dy);
  const accumulateAll = (): void => {
    for (const [tensor, gradient] of propagate(y, seed, options, keepsGrad)) {
      accumulate(tensor, gradient, options.createGraph === true);
    }
  };
  if (options.createGraph === true) accumulateAll();
  else runScope(backend(), accumulateAll, () => []);
}

/** Backward stores gradients on leaves, and on tensors after `retainGrad`. */
function keepsGrad(tensor: Tensor): boolean {
  return tensor.requiresGrad && (tensor.isLeaf || tensor.retainsGrad);
}

/**
 * Computes ∂y/∂x for each x. Every `.grad` stays unchanged.
 * @returns gradients in the order of `xs`; zeros for an x that y does not depend on
 * @throws GradError as `backward` does
 */
export function gradients(y: Tensor, xs: readonly Tensor[], options: GradientsOptions = {}): Tensor[] {
  checkTensor('gradients', y, 'the result');
  checkArray('gradients', 'xs', xs, 'y, ');
  for (const x of xs) checkTensor('gradients', x, 'each of xs');
  checkOptions('gradients', options, GRADIENTS_OPTIONS, 'y, xs, ');
  checkFlags('gradients', options);
  const seed = seedGradient('gradients', y, options.dy);
  const wanted = new Set(xs);
  const compute = (): Tensor[] => {
    const found = propagate(y, seed, options, (t) => wanted.has(t));
    return xs.map((x) => found.get(x) ?? wrap(kernelsOf(backend()).fill(x.size, 0), x.shape));
  };
  if (options.createGraph === true) return compute();
  return runScope(backend(), compute, (result) => result.map((t) => t.storage));
}

function checkFlags(op: string, { retainGraph = false, createGraph = false }: BackwardOptions): void {
  checkBoolean(op, 'retainGraph', retainGraph);
  checkBoolean(op, 'createGraph', createGraph);
}

/** Refuses options passed in place of `dy`. @throws ArgumentError unless `dy` is a tensor */
function checkDy(op: string, dy: Tensor): void {
  if (isPlainObject(dy)) {
    const found = describeValue(dy);
    throw new ArgumentError(op, `options come after dy, found ${found} — write ${op}(undefined, ${found})`);
  }
  checkTensor(op, dy, 'dy');
}

function seedGradient(name: string, y: Tensor, dy: Tensor | undefined): Tensor {
  if (!y.requiresGrad) {
    throw new GradError(
      name,
      'the tensor does not require a gradient — set requiresGrad on an input, and compute it outside of noGrad',
    );
  }
  if (dy !== undefined) {
    checkDy(name, dy);
    if (!sameShape(dy.shape, y.shape)) {
      throw new GradError(
        name,
        `dy must have the tensor's shape ${formatShape(y.shape)}, found ${formatShape(dy.shape)}`,
      );
    }
    return dy;
  }
  if (y.size !== 1) {
    throw new GradError(
      name,
      `the tensor must be a scalar, found shape ${formatShape(y.shape)} — reduce it to a scalar, or pass dy`,
    );
  }
  return wrap(kernelsOf(backend()).fill(1, 1), y.shape);
}

/** Walks the tape once and returns ∂y/∂t for each wanted tensor t that y depends on. */
function propagate(
  y: Tensor,
  dy: Tensor,
  options: BackwardOptions,
  wanted: (tensor: Tensor) => boolean,
): Map<Tensor, Tensor> {
  const createGraph = options.createGraph === true;
  const keepGraph = createGraph || options.retainGraph === true;
  const order = topologicalOrder(y);
  const needed = tensorsLeadingTo(order, wanted);
  const pending = new Map<Tensor, Tensor>([[y, dy]]);
  const found = new Map<Tensor, Tensor>();

  const observer = activeRecorder();
  const walk = (): void => {
    // Results come before their operands: when the walk reaches a tensor, all its consumers have contributed.
    for (const tensor of order.toReversed()) {
      const gradient = pending.get(tensor);
      pending.delete(tensor);
      if (gradient !== undefined) {
        if (wanted(tensor)) found.set(tensor, gradient);
        if (tensor.node !== null) pushToInputs(tensor, tensor.node, gradient, needed, pending, observer);
      }
    }
  };
  // The recorder receives the gradients, not the operations that compute them.
  withRecorder(null, () => withRecording(createGraph, walk));
  // Freed after the walk: an error in it leaves the graph as it was.
  if (!keepGraph) for (const { node } of order) if (node !== null) free(node);
  return found;
}

function pushToInputs(
  out: Tensor,
  node: TapeNode,
  dy: Tensor,
  needed: ReadonlySet<Tensor>,
  pending: Map<Tensor, Tensor>,
  observer: Recorder | null,
): void {
  checkVersions(node, out);
  const op = node.op.name;
  const thunks = node.op.vjp(dy, node.inputs, node.params, out);
  if (!isArrayOf(thunks, isThunk)) {
    const found = describeValue(thunks);
    throw new ArgumentError(op, `vjp must return an array with a function or null per input, found ${found}`);
  }
  node.inputs.forEach((input, i) => {
    const thunk = thunks[i];
    if (thunk === null || thunk === undefined || !node.required[i] || !needed.has(input)) return;
    const start = observer === null ? 0 : performance.now();
    const gradient = thunk();
    checkTensor(op, gradient, `vjp: the gradient of input ${i}`);
    if (!sameShape(gradient.shape, input.shape)) {
      throw new GradError(
        node.op.name,
        `vjp must return a gradient of shape ${formatShape(input.shape)} for input ${i}, found ${formatShape(gradient.shape)}`,
      );
    }
    const milliseconds = observer === null ? 0 : performance.now() - start;
    observer?.gradient({ op, out, input, index: i, dy, gradient, milliseconds });
    const sofar = pending.get(input);
    // A tensor used twice receives a gradient from each use; they add up (the multivariate chain rule).
    pending.set(input, sofar === undefined ? gradient : addGradients(sofar, gradient));
  });
}

const isThunk = (item: unknown): boolean => item === null || typeof item === 'function';

function checkVersions(node: TapeNode, out: Tensor): void {
  node.inputs.forEach((input, i) => {
    if (input.storage.version !== node.versions[i]) throw changedInPlace(node, input, `input ${i}`, 'used');
  });
  if (out.storage.version !== node.resultVersion) throw changedInPlace(node, out, 'its result', 'made');
}

function changedInPlace(node: TapeNode, tensor: Tensor, role: string, verb: 'used' | 'made'): GradError {
  const name = tensor.label === '' ? `${role} (${formatShape(tensor.shape)})` : `'${tensor.label}'`;
  return new GradError(
    node.op.name,
    `${name} was changed in place after the operation ${verb} it — call backward before updating, or clone() first`,
  );
}

function free(node: TapeNode): void {
  node.inputs = [];
  node.freed = true;
}

/**
 * Returns every tensor that y was computed from and that required a gradient at that time, operands before results. The traversal is
 * iterative, so that deep graphs do not overflow the stack.
 * @throws GradError if a part of the graph was freed
 */
export function topologicalOrder(y: Tensor): Tensor[] {
  const order: Tensor[] = [];
  const visited = new Set<Tensor>([y]);
  const stack = [{ tensor: y, next: 0 }];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const { tensor } = top;
    if (tensor.node?.freed === true) {
      throw new GradError(
        'backward',
        `the graph behind '${tensor.node.op.name}' was freed by an earlier backward — pass { retainGraph: true } to that call`,
      );
    }
    const place = top.next++;
    const input = tensor.node?.inputs[place];
    if (input === undefined) {
      order.push(tensor);
      stack.pop();
    } else if (tensor.node!.required[place] && !visited.has(input)) {
      visited.add(input);
      stack.push({ tensor: input, next: 0 });
    }
  }
  return order;
}

/** The tensors through which a gradient must pass to reach a wanted one. */
function tensorsLeadingTo(order: readonly Tensor[], wanted: (tensor: Tensor) => boolean): Set<Tensor> {
  const needed = new Set<Tensor>();
  for (const tensor of order) {
    const { node } = tensor;
    if (wanted(tensor) || node?.inputs.some((input, i) => node.required[i] && needed.has(input)))
      needed.add(tensor);
  }
  return needed;
}
