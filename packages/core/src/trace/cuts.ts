/** Places that values pass and gradients do not: detach, noGrad, and operands without a derivative. */
import { derivativeOf, formulas } from './formulas.js';
import type { Graph, GraphNode } from './graph.js';

/** An edge that a value passes and its gradient does not. */
export interface Cut {
  readonly reason: 'detached' | 'noGrad' | 'notDifferentiable';
  /** Id of the node before the cut. */
  readonly from: number;
  /** Id of the node after it. */
  readonly to: number;
}

/** How a value propagates through a graph. */
export interface ValueFlow {
  /** Whether the result depends on the value. */
  readonly reachesResult: boolean;
  /** Ids of the operations that use the value itself. */
  readonly users: readonly number[];
  /** The first cut on each path to the result, in the graph's order. */
  readonly cuts: readonly Cut[];
}

/** An edge of the graph: from a value to operand `operand` of an operation, or (null) to a detached tensor. */
interface Step {
  readonly to: number;
  readonly operand: number | null;
}

/** Follows a value from `start` to the graph's result. */
export function valueFlow(graph: Graph, start: number): ValueFlow {
  const steps = stepsOf(graph);
  const forward = reachable(start, (id) => (steps.get(id) ?? []).map(({ to }) => to));
  const sources = new Map<number, number[]>();
  for (const [from, list] of steps)
    for (const { to } of list) sources.set(to, [...(sources.get(to) ?? []), from]);
  const relevant = reachable(graph.result, (id) => sources.get(id) ?? []);
  const onPath = (id: number): boolean => forward.has(id) && relevant.has(id);
  const cuts: Cut[] = [];
  reachable(start, (id) =>
    (steps.get(id) ?? []).flatMap((step) => {
      if (!onPath(step.to)) return [];
      const reason = cutAt(graph, step);
      if (reason === null) return [step.to];
      cuts.push({ reason, from: id, to: step.to });
      return [];
    }),
  );
  return {
    reachesResult: forward.has(graph.result),
    users: (steps.get(start) ?? []).map(({ to }) => to),
    cuts: cuts.sort((a, b) => a.to - b.to),
  };
}

/** The outgoing edges of each node: to the operations that use it and to tensors detached from it. */
function stepsOf(graph: Graph): Map<number, Step[]> {
  const steps = new Map<number, Step[]>(graph.nodes.map(({ id }) => [id, []]));
  for (const { id, inputs, detachedFrom } of graph.nodes) {
    inputs.forEach((input, operand) => {
      steps.get(input)?.push({ to: id, operand });
    });
    if (detachedFrom !== undefined) steps.get(detachedFrom)?.push({ to: id, operand: null });
  }
  return steps;
}

/** Why a gradient cannot pass an edge backward; null if it can. */
function cutAt(graph: Graph, { to, operand }: Step): Cut['reason'] | null {
  if (operand === null) return 'detached';
  const { op, requiresGrad } = graph.nodes[to] as GraphNode;
  if (!requiresGrad) return 'noGrad';
  return op in formulas && derivativeOf(op, operand) === null ? 'notDifferentiable' : null;
}

function reachable(start: number, next: (id: number) => readonly number[]): Set<number> {
  const seen = new Set<number>();
  const stack = [start];
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    for (const following of next(id)) stack.push(following);
  }
  return seen;
}
