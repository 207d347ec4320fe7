/** Operations that receive a gradient and send (nearly) zero. */
import type { Tensor } from '../tensor.js';
import { formulas } from './formulas.js';
import type { ArraySummary, Graph, GraphNode } from './graph.js';
import { usesOf } from './story.js';

/** An operation that receives a gradient and sends (nearly) zero to an operand, or a sum of gradients that is 0. */
export interface Vanishing {
  readonly reason: 'deadRelu' | 'saturated' | 'multipliedByZero' | 'zeroDerivative' | 'cancelled';
  /** Id of the node: the operation, or for 'cancelled' the value whose contributions add up to 0. */
  readonly node: number;
  /** Index of the operand that receives zero, from 0. */
  readonly operand: number;
  /** The largest |f′| of a saturated function. */
  readonly slope?: number;
}

/** Below this, the derivative of a squashing function counts as 0. */
const FLAT = 1e-4;

/** Derivatives of functions that saturate, as functions of their results. */
const SLOPES: Readonly<Record<string, (y: number) => number>> = {
  sigmoid: (y) => y * (1 - y),
  tanh: (y) => 1 - y * y,
};

/**
 * The operations that stop the gradient on every path from the result to the target, nearest to the result first; none if
 * some path is free of them.
 */
export function vanishingPoints(graph: Graph, tensors: readonly Tensor[], target: number): Vanishing[] {
  const found: Vanishing[] = [];
  const stack = [graph.result];
  const seen = new Set<number>();
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const node = graph.nodes[id] as GraphNode;
    if (node.gradient?.norm === 0 && id !== graph.result) {
      found.push({ reason: 'cancelled', node: id, operand: 0 });
      continue;
    }
    if (id === target) return [];
    for (const { operand } of usesOf(node)) {
      const vanishing = vanishingAt(graph, tensors, node, operand);
      if (vanishing === null) stack.push(node.inputs[operand]!);
      else found.push(vanishing);
    }
  }
  return found.sort((a, b) => b.node - a.node);
}

function vanishingAt(
  graph: Graph,
  tensors: readonly Tensor[],
  node: GraphNode,
  operand: number,
): Vanishing | null {
  const at = { node: node.id, operand };
  const activation = activationOf(node);
  const slopeOf = SLOPES[activation];
  if (slopeOf !== undefined) {
    const slope = Array.from((tensors[node.id] as Tensor).dataSync()).reduce(
      (most, y) => Math.max(most, slopeOf(y)),
      0,
    );
    if (slope < FLAT) return { reason: 'saturated', ...at, slope };
  }
  if ((node.inputGradients[operand] as ArraySummary).norm !== 0) return null;
  if (activation === 'relu' && node.output.max <= 0) return { reason: 'deadRelu', ...at };
  const isProduct = ['mul', 'matmul', 'linear'].includes(node.op);
  const others = node.inputs.filter((_, i) => i !== operand && i < 2);
  if (isProduct && others.some((id) => isZero(graph, id))) return { reason: 'multipliedByZero', ...at };
  if (activation === 'relu') return { reason: 'deadRelu', ...at };
  return { reason: node.op === 'mul' ? 'multipliedByZero' : 'zeroDerivative', ...at };
}

function isZero(graph: Graph, id: number): boolean {
  return (graph.nodes[id] as GraphNode).output.norm === 0;
}

/** The activation function that an operation is or contains. */
export function activationOf({ op, params }: GraphNode): string {
  return op === 'linear' ? (params as { activation: string }).activation : op in formulas ? op : '';
}
