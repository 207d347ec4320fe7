/** Finds the place where a gradient stops. */

import { withBackend } from '../backend/current.js';
import { gradients } from '../backward.js';
import { checkTensor, pairsOf } from '../checks/arguments.js';
import { checkOptions, type OptionNames } from '../checks/options.js';
import { ones } from '../create.js';
import { formatShape } from '../errors.js';
import { withRecorder } from '../recorder.js';
import type { Tensor } from '../tensor.js';
import { type Cut, type ValueFlow, valueFlow } from './cuts.js';
import { operandName } from './formulas.js';
import type { ArraySummary, Graph, GraphNode } from './graph.js';
import { recordLoss } from './story.js';
import { describeSummary, short, summarize } from './summary.js';
import { GraphRecorder, type Names } from './trace.js';
import { activationOf, type Vanishing, vanishingPoints } from './vanishing.js';

/**
 * Why a tensor has no gradient, or a gradient of 0.
 *
 * - `hasGradient`: nothing is wrong
 * - `requiresGradFalse`, `intermediate` (backward keeps gradients of leaves only), `noBackward`
 * - `neverUsed`, `detached`, `noGrad`, `notDifferentiable` (comparisons, argmax, indices): no gradient reaches it
 * - `deadRelu`, `saturated`, `multipliedByZero`, `zeroDerivative`, `cancelled`: it is 0 or nearly 0
 * - `notFinite`: it has NaN or infinite elements
 * - `zero`: it is 0; the reason cannot be found without the loss
 */
export type NoGradReason =
  | 'hasGradient'
  | 'requiresGradFalse'
  | 'intermediate'
  | 'noBackward'
  | 'neverUsed'
  | Cut['reason']
  | Vanishing['reason']
  | 'notFinite'
  | 'zero';

/** The result of `whyNoGrad`, as plain data. */
export interface NoGradDiagnosis {
  readonly reason: NoGradReason;
  /** The cause, with names and values. */
  readonly message: string;
  /** The remedy; '' if nothing is wrong. */
  readonly fix: string;
  /** The operation where the gradient stops; '' without one. */
  readonly op: string;
  /** File and line of that operation, if the loss was given as a function; else ''. */
  readonly source: string;
}

/** Options of `whyNoGrad`. */
export interface WhyNoGradOptions {
  /** Names for unnamed tensors: a model's `namedParameters()`. */
  names?: Names;
}

const WHY_OPTIONS: OptionNames<WhyNoGradOptions> = { names: true };

/**
 * Finds out why a tensor has no gradient after `backward`, or a gradient of 0. Neither the tape nor any `.grad` changes.
 *
 * Without a loss only the tensor is examined. With the loss (before its graph is freed) the tape is followed. With a
 * function that computes the loss, `detach` and `noGrad`, which are not on the tape, and source lines are found too.
 * @returns the first reason that applies, with a remedy
 */
export function whyNoGrad(
  tensor: Tensor,
  loss?: Tensor | (() => Tensor),
  options: WhyNoGradOptions = {},
): NoGradDiagnosis {
  checkTensor('whyNoGrad', tensor, 'the first argument');
  checkOptions('whyNoGrad', options, WHY_OPTIONS, 'tensor, loss, ');
  const names = pairsOf('whyNoGrad', 'names', options.names ?? [], 'a tensor');
  const given = new Map(names.map(([name, t]) => [t, name]));
  const name = tensor.label || (given.get(tensor) ?? 'this tensor');
  const early = lookAtTensor(tensor, name);
  if (early !== null) return early;
  if (loss === undefined) return withoutLoss(tensor, name);
  if (typeof loss !== 'function' && loss.node?.freed === true) return afterBackward(tensor, name);

  const recorder = new GraphRecorder(names);
  const target = recorder.idOf(tensor); // first, so that tensors detached from it are recognised
  const result = recordLoss('whyNoGrad', recorder, loss);
  const gradient = gradientOf(recorder, result, tensor);
  const graph = recorder.graph(result);
  if ((graph.nodes[target] as GraphNode).gradient === undefined && target !== graph.result) {
    return fromFlow(name, graph, valueFlow(graph, target), typeof loss === 'function');
  }
  if (gradient.notFinite > 0) return notFinite(name, gradient);
  const [first] = vanishingPoints(graph, recorder.tensors, target);
  return first === undefined ? healthy(tensor, name, gradient) : fromVanishing(name, graph, first);
}

function diagnosis(
  reason: NoGradReason,
  message: string,
  fix: string,
  at: { op: string; source: string } = { op: '', source: '' },
): NoGradDiagnosis {
  return { reason, message, fix, op: at.op, source: at.source };
}

/** Reasons that are visible on the tensor itself, without the loss. */
function lookAtTensor(tensor: Tensor, name: string): NoGradDiagnosis | null {
  if (!tensor.requiresGrad) {
    return diagnosis(
      'requiresGradFalse',
      `${name} ${formatShape(tensor.shape)} does not require a gradient: it is plain data, was detached, or was computed in noGrad`,
      'make it with parameter(…), or call requiresGrad_() on it before it is used',
    );
  }
  if (tensor.isLeaf || tensor.retainsGrad || tensor.peekGrad() !== null) return null;
  return diagnosis(
    'intermediate',
    `${name} ${formatShape(tensor.shape)} is the result of ${tensor.node?.op.name}: backward keeps the gradients of leaves only`,
    'call retainGrad() on it before backward',
    { op: tensor.node?.op.name ?? '', source: '' },
  );
}

function withoutLoss(tensor: Tensor, name: string): NoGradDiagnosis {
  const grad = tensor.peekGrad();
  if (grad === null) {
    return diagnosis(
      'noBackward',
      `${name} has no gradient yet: backward was not called, the loss does not depend on it, or zeroGrad was called since`,
      'call loss.backward(); if it was called, call whyNoGrad(tensor, () => loss)',
    );
  }
  const gradient = summarize(grad);
  if (gradient.notFinite > 0) return notFinite(name, gradient);
  if (gradient.norm > 0) return healthy(tensor, name, gradient);
  return diagnosis('zero', `the gradient of ${name} is 0`, 'call whyNoGrad(tensor, () => loss)');
}

/** The loss's graph was freed; only the gradients that backward left can be examined. */
function afterBackward(tensor: Tensor, name: string): NoGradDiagnosis {
  if (tensor.peekGrad() !== null) return withoutLoss(tensor, name);
  return diagnosis(
    'neverUsed',
    `backward of this loss left no gradient at ${name}: the loss does not depend on it along a path that gradients take`,
    'pass the loss as a function, whyNoGrad(tensor, () => loss): this distinguishes detach, noGrad and unused tensors',
  );
}

/** ∂(Σ result)/∂tensor; all gradients on the way are recorded. */
function gradientOf(recorder: GraphRecorder, result: Tensor, tensor: Tensor): ArraySummary {
  const zero = { ...summarize(tensor), norm: 0, notFinite: 0 };
  if (!result.requiresGrad) return zero;
  return withBackend(result.storage.backend, () => {
    const [found] = withRecorder(recorder, () =>
      gradients(result, [tensor], { retainGraph: true, dy: ones(result.shape) }),
    );
    return found === undefined ? zero : summarize(found);
  });
}

function notFinite(name: string, gradient: ArraySummary): NoGradDiagnosis {
  return diagnosis(
    'notFinite',
    `the gradient of ${name} is NaN or infinite: ${describeSummary(gradient)}`,
    'run the step in detectAnomaly(() => …): it names the operation that produced the first such value',
  );
}

function healthy(tensor: Tensor, name: string, gradient: ArraySummary): NoGradDiagnosis {
  if (tensor.peekGrad() === null) {
    return diagnosis(
      'noBackward',
      `the loss depends on ${name}, but backward was not called since it was created (or since zeroGrad): ∂loss/∂${name} would be ${describeSummary(gradient)}`,
      'call loss.backward()',
    );
  }
  const size = gradient.shape.reduce((product, n) => product * n, 1);
  const zeros = gradient.zeros > 0 ? `; ${gradient.zeros} of ${size} elements are 0` : '';
  return diagnosis('hasGradient', `${name} has a gradient: ${describeSummary(gradient)}${zeros}`, '');
}

/** `relu#5 at train.ts:12`, or the value's name. */
function place(node: GraphNode): string {
  const what = node.name === '' ? `${node.op}#${node.id}` : `'${node.name}' (${node.op})`;
  return node.source === '' ? what : `${what} at ${node.source}`;
}

function fromFlow(name: string, graph: Graph, flow: ValueFlow, complete: boolean): NoGradDiagnosis {
  const [cut] = flow.cuts;
  if (!flow.reachesResult || cut === undefined) return neverUsed(name, graph, flow, complete);
  const [before, after] = [graph.nodes[cut.from] as GraphNode, graph.nodes[cut.to] as GraphNode];
  const value = before.op === 'leaf' ? before.name || name : place(before);
  switch (cut.reason) {
    case 'detached': {
      const user = graph.nodes.find(({ inputs }) => inputs.includes(after.id));
      const where = user === undefined ? '' : `, on the way to ${place(user)}`;
      return diagnosis(
        'detached',
        `${name}: gradients do not pass detach(), which was called on ${value}${where}`,
        'remove detach() (if it is intended, expect no gradient)',
        user ?? after,
      );
    }
    case 'noGrad':
      return diagnosis(
        'noGrad',
        `${name}: ${place(after)} was computed inside noGrad and is not on the tape`,
        'compute it outside of noGrad',
        after,
      );
    case 'notDifferentiable':
      return diagnosis(
        'notDifferentiable',
        `${name}: ${place(after)} has no derivative for its operand ${operandName(after.op, after.inputs.indexOf(cut.from))}`,
        'replace it with a smooth function (sigmoid for a comparison, softmax for argmax), or expect no gradient',
        after,
      );
  }
}

function neverUsed(name: string, graph: Graph, flow: ValueFlow, complete: boolean): NoGradDiagnosis {
  const users = flow.users.map((id) => place(graph.nodes[id] as GraphNode));
  const but =
    users.length === 0
      ? 'no operation used it'
      : `it was used by ${users.join(', ')}, and the loss does not depend on the result`;
  const message = complete
    ? `the loss was computed without ${name}: ${but}`
    : `${name} is not in the loss's graph: it was not used, or detach or noGrad cut the path`;
  const fix = complete
    ? 'use the tensor in the loss, not a copy of its values (data(), itemSync())'
    : 'pass the loss as a function, whyNoGrad(tensor, () => loss): this distinguishes the cases';
  return diagnosis('neverUsed', message, fix);
}

function fromVanishing(name: string, graph: Graph, vanishing: Vanishing): NoGradDiagnosis {
  const node = graph.nodes[vanishing.node] as GraphNode;
  const stops = `the gradient for ${name} stops at ${place(node)}`;
  const [x, y] = [graph.nodes[node.inputs[0]!] as GraphNode | undefined, node.output];
  switch (vanishing.reason) {
    case 'deadRelu': {
      const given = node.op === 'relu' && x !== undefined ? `, given ${describeSummary(x.output)}` : '';
      const off = y.max <= 0 ? 'every unit is off' : 'every unit that receives a gradient is off';
      return diagnosis(
        'deadRelu',
        `${stops}: relu′ is 0 where its input is not above 0, and ${off}${given}`,
        'start with smaller weights and a bias of 0, lower the learning rate, or use leakyRelu or elu',
        node,
      );
    }
    case 'saturated':
      return diagnosis(
        'saturated',
        `${stops}: ${activationOf(node)} is saturated: its result is ${describeSummary(y)}, its largest derivative ${short(vanishing.slope ?? 0)}`,
        'scale its input down (smaller weights, normalised data), or compute the loss from logits (bceWithLogits)',
        node,
      );
    case 'multipliedByZero': {
      const others = node.inputs
        .filter((_, i) => i !== vanishing.operand && i < 2)
        .map((id) => graph.nodes[id] as GraphNode);
      const factor = others.map(
        (other) => `${other.name || `${other.op}#${other.id}`} = ${describeSummary(other.output)}`,
      );
      return diagnosis(
        'multipliedByZero',
        `${stops}, which multiplies by zero: the other factor is ${factor.join(' and ')}`,
        'find out why that factor is 0 (weights initialised with 0, a mask, a weight of the loss)',
        node,
      );
    }
    case 'cancelled':
      return diagnosis(
        'cancelled',
        `the gradients that arrive at ${node.op === 'leaf' ? name : place(node)} add up to 0`,
        'the loss does not depend on it to first order: look for x − x, or a minimum',
        node,
      );
    case 'zeroDerivative':
      return diagnosis(
        'zeroDerivative',
        `${stops}: its derivative for operand ${operandName(node.op, vanishing.operand)} is 0 at these values`,
        'check its inputs: a clamp outside its bounds, the unselected operand of where or maximum, a step function',
        node,
      );
  }
}
