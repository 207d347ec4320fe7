/**
 * The tape: reverse-mode automatic differentiation.
 *
 * Every operation goes through `apply`. It computes the result and, if any operand wants a gradient, leaves a node on
 * the result that says which operation made it from which operands. The nodes reachable from a loss are the tape.
 * `backward` walks it from the loss to the leaves and asks each node for its vector-Jacobian products (vjp):
 * given dy = ∂loss/∂output, the operation's `vjp` says what ∂loss/∂input is, for each input.
 */

import type { Backend, Kernels, Operand, Values } from './backend/backend.js';
import { backend } from './backend/current.js';
import {
  checkArray,
  checkFunction,
  checkTensor,
  describeValue,
  isPlainObject,
  refusePromise,
} from './checks/arguments.js';
import { checkOptions, type OptionNames } from './checks/options.js';
import { ArgumentError, BackendError, formatShape, GradError, type Shape } from './errors.js';
import { activeRecorder, type Recorder, withRecorder } from './recorder.js';
import { adopt, runScope } from './scope.js';
import { sameShape } from './shape.js';
import { Storage } from './storage.js';
import { namingOperands, Tensor, wrap } from './tensor.js';

type Tensors = readonly Tensor[];
type ShapesOf<Inputs extends Tensors> = { readonly [I in keyof Inputs]: Shape };
type OperandsOf<Inputs extends Tensors> = { readonly [I in keyof Inputs]: Operand };

/** Computes the gradient of one input; called only if that input wants one. `null`: not differentiable. */
export type Thunk = (() => Tensor) | null;

/** Marks a kernel's result for release when the operation has been computed, and returns it. */
export type Temporary = (values: Values) => Values;

/**
 * All there is to know about an operation.
 * @typeParam Inputs - a tuple of tensors, or an array for operations of any number of operands
 * @typeParam Params - what else the operation needs (axes, slopes …), plain data
 */
export interface Op<Inputs extends Tensors = Tensors, Params = undefined> {
  readonly name: string;
  /** The result's shape. Throws if the operands do not fit, before any kernel runs. */
  shape(shapes: ShapesOf<Inputs>, params: Params): Shape;
  /**
   * Computes the values. Returning an operand's own values makes the result share its storage.
   * Results of kernels that are needed on the way only are passed through `temporary`, which gives their memory back.
   */
  forward(
    kernels: Kernels,
    inputs: OperandsOf<Inputs>,
    params: Params,
    out: Shape,
    temporary: Temporary,
  ): Values;
  /** One thunk per input, written with public operations, so that gradients can be differentiated again. */
  vjp(dy: Tensor, inputs: Inputs, params: Params, out: Tensor): readonly Thunk[];
}

/** What the tape remembers of one operation. */
export interface TapeNode {
  readonly op: Op<Tensors, unknown>;
  readonly params: unknown;
  /** Emptied when the graph is freed. */
  inputs: readonly Tensor[];
  /** Storage versions of the inputs when the operation ran. */
  readonly versions: readonly number[];
  /** Storage version of the result when the operation had made it. */
  readonly resultVersion: number;
  freed: boolean;
}

let recording = true;

/** Whether operations are being recorded: false inside `noGrad`. */
export function isGradEnabled(): boolean {
  return recording;
}

/**
 * Runs `f` without recording, so that its results need no gradient and keep no history.
 * @throws ArgumentError if `f` is asynchronous
 */
export function noGrad<T>(f: () => T): T {
  checkFunction('noGrad', f);
  return refusePromise('noGrad', withRecording(false, f));
}

function withRecording<T>(on: boolean, f: () => T): T {
  const before = recording;
  recording = on;
  try {
    return f();
  } finally {
    recording = before;
  }
}

/** Runs an operation and records it if a gradient can be asked for later. */
export function apply<Inputs extends Tensors, Params>(
  op: Op<Inputs, Params>,
  inputs: Inputs,
  params: Params,
): Tensor {
  const observer = activeRecorder();
  const start = observer === null ? 0 : performance.now();
  const machine = backend();
  for (const input of inputs) {
    checkTensor(op.name, input, 'an operand', 'a tensor or a number');
    checkMemory(op.name, input, machine);
  }
  const shapes = inputs.map((t) => t.shape) as unknown as ShapesOf<Inputs>;
  const shape = namingOperands(inputs, () => op.shape(shapes, params));
  const temporaries: Values[] = [];
  const temporary: Temporary = (values) => {
    temporaries.push(values);
    return values;
  };
  const operands = inputs as unknown as OperandsOf<Inputs>;
  const values = op.forward(machine.kernels, operands, params, shape, temporary);
  for (const used of temporaries) machine.release(used);
  const shared = inputs.find((t) => t.values === values);
  const out = shared === undefined ? wrap(values, shape, machine) : new Tensor(shared.storage, shape);
  if (recording && inputs.some((t) => t.requiresGrad)) {
    out.requiresGrad = true;
    out.node = {
      op: op as unknown as Op<Tensors, unknown>,
      params,
      inputs,
      versions: inputs.map((t) => t.storage.version),
      resultVersion: out.storage.version,
      freed: false,
    };
  }
  observer?.operation({ op: op.name, params, inputs, out, milliseconds: performance.now() - start });
  return out;
}

function checkMemory(op: string, input: Tensor, machine: Backend): void {
  const owner = input.storage.backend;
  if (owner === machine || (owner.memory === 'host' && machine.memory === 'host')) return;
  throw new BackendError(
    op,
    `a tensor of backend '${owner.name}' met an operation on '${machine.name}' — make all tensors on one backend`,
  );
}

/** Options of `backward` and `gradients`. */
export interface BackwardOptions {
  /** Keep the graph for another backward pass (default: it is freed). */
  retainGraph?: boolean;
  /** Record the gradient's own computation, for derivatives of higher order. Implies `retainGraph`. */
  createGraph?: boolean;
}

/** Options of `gradients`. */
export interface GradientsOptions extends BackwardOptions {
  /** The vector of the vector-Jacobian product, y's shape; 1 for a scalar y. */
  dy?: Tensor;
}

const BACKWARD_OPTIONS: OptionNames<BackwardOptions> = { retainGraph: true, createGraph: true };
const GRADIENTS_OPTIONS: OptionNames<GradientsOptions> = { ...BACKWARD_OPTIONS, dy: true };

/**
 * Adds ∂y/∂leaf to `leaf.grad` for every leaf that y depends on and that requires a gradient.
 * @param dy - the vector of the vector-Jacobian product, y's shape; 1 for a scalar y
 * @throws GradError if y needs no gradient, is not a scalar and `dy` is missing, or its graph was freed
 */
export function backward(y: Tensor, dy?: Tensor, options: BackwardOptions = {}): void {
  checkTensor('backward', y, 'the result');
  checkOptions('backward', options, BACKWARD_OPTIONS, 'dy, ');
  const seed = seedGradient('backward', y, dy);
  const accumulateAll = (): void => {
    for (const [tensor, gradient] of propagate(y, seed, options, keepsGrad)) {
      accumulate(tensor, gradient, options.createGraph === true);
    }
  };
  if (options.createGraph === true) accumulateAll();
  else runScope(backend(), accumulateAll, () => []);
}

/** Backward stores gradients on leaves, and on tensors that asked for it by `retainGrad`. */
function keepsGrad(tensor: Tensor): boolean {
  return tensor.requiresGrad && (tensor.isLeaf || tensor.retainsGrad);
}

/**
 * ∂y/∂x for each x, without touching any `.grad`.
 * @returns gradients in the order of `xs`; zeros for an x that y does not depend on
 * @throws GradError as `backward` does
 */
export function gradients(y: Tensor, xs: readonly Tensor[], options: GradientsOptions = {}): Tensor[] {
  checkTensor('gradients', y, 'the result');
  checkArray('gradients', 'the tensors to differentiate by', xs, 'y, ');
  for (const x of xs) checkTensor('gradients', x, 'each of them');
  checkOptions('gradients', options, GRADIENTS_OPTIONS, 'y, xs, ');
  const seed = seedGradient('gradients', y, options.dy);
  const wanted = new Set(xs);
  const compute = (): Tensor[] => {
    const found = propagate(y, seed, options, (t) => wanted.has(t));
    return xs.map((x) => found.get(x) ?? wrap(backend().kernels.fill(x.size, 0), x.shape));
  };
  if (options.createGraph === true) return compute();
  return runScope(backend(), compute, (result) => result.map((t) => t.storage));
}

/** @throws ArgumentError unless `dy`, which stands before the options, is a tensor */
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
      'this tensor needs no gradient — no operand had requiresGrad, or it was made in noGrad',
    );
  }
  if (dy !== undefined) {
    checkDy(name, dy);
    if (!sameShape(dy.shape, y.shape)) {
      throw new GradError(name, `dy has shape ${formatShape(dy.shape)}, the tensor ${formatShape(y.shape)}`);
    }
    return dy;
  }
  if (y.size !== 1) {
    throw new GradError(
      name,
      `the tensor has shape ${formatShape(y.shape)}, so one gradient is not defined — reduce it to a scalar, or pass dy`,
    );
  }
  return wrap(backend().kernels.fill(1, 1), y.shape);
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
    // From the loss to the leaves: when a tensor's turn comes, all its consumers have contributed.
    for (let i = order.length - 1; i >= 0; i--) {
      const tensor = order[i] as Tensor;
      const gradient = pending.get(tensor);
      pending.delete(tensor);
      if (gradient !== undefined) {
        if (wanted(tensor)) found.set(tensor, gradient);
        if (tensor.node !== null) pushToInputs(tensor, tensor.node, gradient, needed, pending, observer);
      }
      if (tensor.node !== null && !keepGraph) free(tensor.node);
    }
  };
  // The operations that gradients are made of are nobody's news: a recorder is told of the gradients themselves.
  withRecorder(null, () => withRecording(createGraph, walk));
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
  node.inputs.forEach((input, i) => {
    const thunk = thunks[i];
    if (thunk === null || thunk === undefined || !needed.has(input)) return;
    const start = observer === null ? 0 : performance.now();
    const gradient = thunk();
    if (!sameShape(gradient.shape, input.shape)) {
      throw new GradError(
        node.op.name,
        `its vjp gave input ${i} a gradient of shape ${formatShape(gradient.shape)} instead of ${formatShape(input.shape)}`,
      );
    }
    const milliseconds = observer === null ? 0 : performance.now() - start;
    observer?.gradient({ op, out, input, index: i, dy, gradient, milliseconds });
    const sofar = pending.get(input);
    // A tensor used twice receives a gradient from each use; they add up (the multivariate chain rule).
    pending.set(input, sofar === undefined ? gradient : sum(sofar, gradient));
  });
}

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
 * Every tensor that y was computed from, operands before results. Iterative: a graph may be very deep.
 * @throws GradError if a part of the graph was freed
 */
export function topologicalOrder(y: Tensor): Tensor[] {
  const order: Tensor[] = [];
  const visited = new Set<Tensor>([y]);
  const stack: { tensor: Tensor; next: number }[] = [{ tensor: y, next: 0 }];
  while (stack.length > 0) {
    const top = stack[stack.length - 1] as { tensor: Tensor; next: number };
    const node = top.tensor.node;
    if (node?.freed === true) {
      throw new GradError(
        'backward',
        `the graph behind '${node.op.name}' was freed by an earlier backward — pass { retainGraph: true } to that one`,
      );
    }
    const input = node?.inputs[top.next++];
    if (input === undefined) {
      order.push(top.tensor);
      stack.pop();
    } else if (input.requiresGrad && !visited.has(input)) {
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
    if (wanted(tensor) || tensor.node?.inputs.some((input) => needed.has(input)) === true) needed.add(tensor);
  }
  return needed;
}

/** a + b for two gradients of one tensor. */
function sum(a: Tensor, b: Tensor): Tensor {
  return apply(sumOp, [a, b], undefined);
}

const sumOp: Op<readonly [Tensor, Tensor]> = {
  name: 'sumOfGradients',
  shape: ([a]) => a,
  forward: (k, [a, b], _, out) => k.binary('add', a, b, out),
  vjp: (dy) => [() => dy, () => dy],
};

/** Gradients whose memory is theirs alone, so that they can be added to in place. */
const owned = new WeakSet<Tensor>();

/** Adds to `tensor.grad`. A parameter's gradient is resident, like the parameter itself. */
function accumulate(tensor: Tensor, gradient: Tensor, differentiable: boolean): void {
  const before = tensor.peekGrad();
  if (differentiable) {
    tensor.grad = before === null ? gradient : sum(before, gradient);
  } else if (before !== null && owned.has(before)) {
    const storage = before.storage;
    storage.backend.kernels.accumulate(storage.values, gradient.values);
    storage.version++;
  } else {
    const total = before === null ? gradient : noGrad(() => sum(before, gradient));
    tensor.grad = ownGradient(tensor, total);
  }
}

/** The gradient as memory that nothing else refers to, resident if its tensor is. */
function ownGradient(tensor: Tensor, gradient: Tensor): Tensor {
  const own = adopt(gradient.storage) ? gradient.detach() : copyOf(gradient);
  if (tensor.storage.persistent) own.storage.persist();
  else own.storage.keep();
  owned.add(own);
  return own;
}

function copyOf(tensor: Tensor): Tensor {
  const machine = tensor.storage.backend;
  const values = machine.kernels.strided(tensor.values, { shape: [tensor.size], strides: [1], offset: 0 });
  return new Tensor(new Storage(machine, values), tensor.shape);
}
