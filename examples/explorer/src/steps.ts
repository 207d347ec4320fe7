/** A recorded computation as a sequence of steps: one operation forward, or one backward, at a time. */
import type { ArraySummary, BackwardStep, Graph, GraphNode } from '@varigrad/core/trace';

/** What happens in one step. */
export type Step =
  /** Nothing has been computed; the leaves are there. */
  | { readonly kind: 'start' }
  /** An operation computes its value. */
  | { readonly kind: 'forward'; readonly node: number }
  /** An operation receives ∂loss/∂(its value) and sends to each operand its part. */
  | { readonly kind: 'backward'; readonly node: number; readonly turn: BackwardStep };

/** A gradient that came along one edge of the graph. */
export interface Part {
  /** The operation that sent it, and which of its operands the receiver is. */
  readonly from: number;
  readonly operand: number;
  readonly gradient: ArraySummary;
}

/** The start, all operations in order, and then backward's turns in theirs. */
export function stepsOf({ nodes, backward = [] }: Graph): readonly Step[] {
  const forward = nodes.filter(({ op }) => op !== 'leaf');
  return [
    { kind: 'start' },
    ...forward.map(({ id }): Step => ({ kind: 'forward', node: id })),
    ...backward.map((turn): Step => ({ kind: 'backward', node: turn.node, turn })),
  ];
}

/** The node that a step is about; at the start, the first one. */
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

/** The steps in which backward comes by a node. */
export function turnsOf(steps: readonly Step[], id: number): readonly number[] {
  return steps.flatMap((step, i) => (step.kind === 'backward' && step.node === id ? [i] : []));
}

/** The turn of a node that is under way, or the last one before; undefined if none has come yet. */
export function latestTurn(steps: readonly Step[], at: number, id: number): BackwardStep | undefined {
  const step = steps[turnsOf(steps, id).findLast((number) => number <= at) ?? -1];
  return step?.kind === 'backward' ? step.turn : undefined;
}

/**
 * The gradients that a node has received by step `at`, in the order of their arrival, and their sum. An operation uses up
 * in its turn what it has received; a leaf keeps adding.
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
