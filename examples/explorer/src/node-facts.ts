/** The facts about one node at one step, as plain data. */
import { formatShape } from '@varigrad/core';
import {
  type ArraySummary,
  activations,
  derivativeOf,
  formulaOf,
  formulas,
  type Graph,
  type GraphNode,
  operandName,
} from '@varigrad/core/trace';
import { formatBytes, formatNumber, formatParams } from './format.js';
import { titleOf } from './search.js';
import type { Scene } from './state.js';
import { forwardStepOf, latestTurn, type Part, received, turnsOf } from './steps.js';

/** One operand of the node in focus. */
export interface OperandFacts {
  readonly id: number;
  /** Its name in the formula. */
  readonly letter: string;
  readonly title: string;
  readonly output: ArraySummary;
  /** `∂L/∂a = dy · b`; a sentence if no gradient is sent. */
  readonly rule: string;
  /** Whether a gradient is sent. */
  readonly graded: boolean;
  /** Why the product was summed before it was sent: the operand was broadcast; '' otherwise. */
  readonly reduction: string;
  /** The vector-Jacobian product; null: not needed; undefined: not computed yet. */
  readonly part: ArraySummary | null | undefined;
  /** The gradient accumulated at the operand so far. */
  readonly sum: ArraySummary | undefined;
  /** Number of parts in that sum. */
  readonly parts: number;
}

/** One node at one step. */
export interface NodeFacts {
  readonly node: GraphNode;
  readonly title: string;
  /** `y = a · b`, and a line for the activation; for a leaf, its kind. */
  readonly formula: readonly string[];
  /** Options, module, source line, memory, time. */
  readonly details: readonly (readonly [string, string])[];
  readonly operands: readonly OperandFacts[];
  /** undefined: not computed yet. */
  readonly value: ArraySummary | undefined;
  /** ∂L/∂y accumulated so far; undefined: none yet. */
  readonly gradient: ArraySummary | undefined;
  /** The parts of that sum. */
  readonly parts: readonly Part[];
  /** Whether all parts have arrived. */
  readonly complete: boolean;
  /** Why there is no gradient yet or at all; '' if it is complete. */
  readonly waiting: string;
  readonly computedAt: number;
  readonly turns: readonly number[];
}

/** The facts of node `id` after step `at`. */
export function nodeFacts(scene: Scene, at: number, id: number): NodeFacts {
  const { graph, steps } = scene;
  const node = graph.nodes[id] as GraphNode;
  const computedAt = forwardStepOf(graph, steps, id);
  const { parts, sum } = received(graph, steps, at, id);
  const turns = turnsOf(steps, id);
  const lastPart = steps.findLastIndex(
    (step) => step.kind === 'backward' && (graph.nodes[step.node] as GraphNode).inputs.includes(id),
  );
  return {
    node,
    title: titleOf(node),
    formula: formulaLines(graph, node),
    details: detailsOf(node),
    operands: node.inputs.map((input, i) => operandFacts(scene, at, node, input, i)),
    value: at >= computedAt ? node.output : undefined,
    gradient: sum,
    parts,
    complete: node.op === 'leaf' ? at >= lastPart : turns.some((turn) => turn <= at),
    waiting: sum === undefined ? whyNone(graph, node) : '',
    computedAt,
    turns,
  };
}

function formulaLines(graph: Graph, node: GraphNode): string[] {
  const { op, params, detachedFrom } = node;
  if (op !== 'leaf') {
    const { activation } = (params ?? {}) as { activation?: string };
    const inside = activation === undefined ? undefined : activations[activation];
    return [
      equation('y', formulaOf(op, params)?.value ?? op),
      ...(inside === undefined ? [] : [inside.value]),
    ];
  }
  if (detachedFrom !== undefined) {
    return [`the values of ${titleOf(graph.nodes[detachedFrom] as GraphNode)}, detached from the tape`];
  }
  if (node.requiresGrad) return ['a leaf that requires a gradient: a parameter'];
  return [node.name === '' ? 'a constant' : 'a leaf that requires no gradient: data or noise'];
}

/** `y = a + b`; a formula with its own left side (`yᵢ = …`) is unchanged. */
function equation(left: string, right: string): string {
  return /^(y|dx)\S* = /.test(right) ? right : `${left} = ${right}`;
}

function detailsOf({
  id,
  op,
  params,
  module,
  source,
  bytes,
  output,
  ...node
}: GraphNode): [string, string][] {
  // A browser's clock is coarse; times of 0 are not shown.
  const time = (ms: number): string => (ms > 0 ? `${formatNumber(ms, 2)} ms` : '');
  const details: [string, string][] = [
    ['node', `#${id}`],
    ['shape', formatShape(output.shape)],
    ['options', formatParams(params)],
    ['module', module],
    ['source', source],
    ['memory', formatBytes(bytes)],
    ['forward', time(node.milliseconds)],
    ['backward', time(node.backwardMilliseconds)],
  ];
  return details.filter(([, value]) => value !== '');
}

function operandFacts(
  { graph, steps }: Scene,
  at: number,
  node: GraphNode,
  id: number,
  i: number,
): OperandFacts {
  const operand = graph.nodes[id] as GraphNode;
  const letter = operandName(node.op, i);
  const turn = latestTurn(steps, at, node.id);
  const { parts, sum } = received(graph, steps, at, id);
  const derivative = derivativeOf(node.op, i, node.params);
  const { activation } = (node.params ?? {}) as { activation?: string };
  const inside = activation === undefined ? undefined : activations[activation];
  const product =
    derivative === null
      ? ''
      : [equation(`∂L/∂${letter}`, derivative), inside?.derivative].filter(Boolean).join(',  ');
  return {
    id,
    letter,
    title: titleOf(operand),
    output: operand.output,
    rule: operand.requiresGrad
      ? product || `${node.op} has no derivative for ${letter}`
      : noGradient(operand),
    graded: operand.requiresGrad && product !== '',
    reduction: operand.requiresGrad && formulas[node.op]?.elementwise ? reductionOf(operand, node) : '',
    part: turn?.inputGradients[i],
    sum,
    parts: parts.length,
  };
}

function noGradient({ op, name, detachedFrom }: GraphNode): string {
  if (detachedFrom !== undefined) return 'detached: no gradient is sent';
  if (op !== 'leaf') return 'not on the tape: no gradient is sent';
  return name === '' ? 'a constant: no gradient is needed' : 'requires no gradient';
}

/** Names the axes along which an operand was repeated. */
function reductionOf({ output: from }: GraphNode, { output: to }: GraphNode): string {
  const shift = to.shape.length - from.shape.length;
  const axes = to.shape.flatMap((length, axis) =>
    axis < shift || (from.shape[axis - shift] === 1 && length > 1) ? [axis] : [],
  );
  if (axes.length === 0) return '';
  return `summed over ${axes.length === 1 ? 'axis' : 'axes'} ${axes.join(' and ')}, along which ${formatShape(from.shape)} was repeated to ${formatShape(to.shape)}`;
}

function whyNone(graph: Graph, node: GraphNode): string {
  if (graph.backward === undefined) return 'backward was not called in this recording';
  if (node.gradient !== undefined) return 'backward has not reached it yet';
  if (node.detachedFrom !== undefined) return 'detached: backward ends here';
  if (node.op === 'leaf') {
    if (!node.requiresGrad) return 'it requires no gradient';
    return 'no gradient reached it: every path from the loss to it is cut, or there is none';
  }
  if (node.requiresGrad)
    return 'backward does not reach it: the loss does not depend on it, or its gradient was not needed';
  const cut = node.inputs.some((input) => graph.nodes[input]?.requiresGrad === true);
  return cut
    ? 'not on the tape although an operand requires a gradient: computed in noGrad, or without a derivative. Backward ends here'
    : 'no operand requires a gradient: it is not on the tape';
}
