/** A recorded computation as a sequence of steps, one forward or backward operation each. */
import type { ArraySummary, BackwardStep, Graph, GraphNode } from '@varigrad/core/trace';

/** One step. */
export type Step =
  /** Only the leaves have values. */
  | { readonly kind: 'start' }
  /** An operation computes its value. */
  | { readonly kind: 'forward'; readonly node: number }
  /** An operation receives ∂loss/∂(its value) and sends a gradient to each operand. */
  | { readonly kind: 'backward'; readonly node: number; readonly turn: BackwardStep };

/** A gradient sent along one edge of the graph. */
export interface Part {
  /** The operation that sent it, and the operand that received it. */
  readonly from: number;
  readonly operand: number;
  readonly gradient: ArraySummary;
}

/** The start, all operations in order, and all backward operations in order. */
export function stepsOf({ nodes, backward = [] }: Graph): readonly Step[] {
  const forward = nodes.filter(({ op }) => op !== 'leaf');
  return [
    { kind: 'start' },
    ...forward.map(({ id }): Step => ({ kind: 'forward', node: id })),
    ...backward.map((turn): Step => ({ kind: 'backward', node: turn.node, turn })),
  ];
}

/** The node of a step; at the start, the first node. */
export function nodeOfStep(step: Step): number {
  return step.kind === 'start' ? 0 : step.node;
}

/** The number of the first backward step; the number of steps if there is none. */
export function firstBackward(steps: readonly Step[]): number {
  const found = steps.findIndex(({ kind }) => kind === 'backward');
  return found < 0 ? steps.length : found;
}

/** The step in which a node's value is computed: 0 for a leaf, unless it was detached from a computed value. */
export function forwardStepOf(graph: Graph, steps: readonly Step[], id: number): number {
  const { op, detachedFrom } = graph.nodes[id] as GraphNode;
  if (op === 'leaf' && detachedFrom !== undefined) return forwardStepOf(graph, steps, detachedFrom);
  return op === 'leaf' ? 0 : steps.findIndex((step) => step.kind === 'forward' && step.node === id);
}

/** The backward steps of a node. */
export function turnsOf(steps: readonly Step[], id: number): readonly number[] {
  return steps.flatMap((step, i) => (step.kind === 'backward' && step.node === id ? [i] : []));
}

/** The current or latest backward step of a node; undefined before the first one. */
export function latestTurn(steps: readonly Step[], at: number, id: number): BackwardStep | undefined {
  const step = steps[turnsOf(steps, id).findLast((number) => number <= at) ?? -1];
  return step?.kind === 'backward' ? step.turn : undefined;
}

/**
 * The gradients that a node has received by step `at`, in the order of arrival, and their sum. The sum of an operation
 * starts anew after its backward step; a leaf keeps accumulating.
 */
export function received(
  graph: Graph,
  steps: readonly Step[],
  at: number,
  id: number,
): { readonly parts: readonly Part[]; readonly sum: ArraySummary | undefined } {
  const isLeaf = graph.nodes[id]?.op === 'leaf';
  let parts: Part[] = [];
  let sum: ArraySummary | undefined;
  let served = false;
  for (const step of steps.slice(0, at + 1)) {
    if (step.kind !== 'backward') continue;
    if (step.node === id) {
      sum = step.turn.dy;
      served = true;
    }
    graph.nodes[step.node]?.inputs.forEach((input, operand) => {
      const gradient = step.turn.inputGradients[operand];
      if (input !== id || gradient === null || gradient === undefined) return;
      if (served && !isLeaf) parts = [];
      served = false;
      parts.push({ from: step.node, operand, gradient });
      sum = step.turn.sums[operand] ?? undefined;
    });
  }
  return { parts, sum };
}
