/** Where values go on but gradients do not come back: detach, noGrad, and operands without a derivative. */
import { derivativeOf, formulas } from './formulas.js';
import type { Graph, GraphNode } from './graph.js';

/** A place that a value passes and its gradient does not. */
export interface Cut {
  readonly reason: 'detached' | 'noGrad' | 'notDifferentiable';
  /** Id of the node before the cut. */
  readonly from: number;
  /** Id of the node after it. */
  readonly to: number;
}

/** How a value goes through a graph. */
export interface ValueFlow {
  /** Whether the result depends on the value at all. */
  readonly reachesResult: boolean;
  /** Ids of the operations that use the value itself. */
  readonly users: readonly number[];
  /** Places on the way to the result that gradients do not pass, the first ones on each way, in order. */
  readonly cuts: readonly Cut[];
}

/** An edge along which a value goes: to operand `operand` of an operation, or (null) to a detached tensor. */
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
  const onTheWay = (id: number): boolean => forward.has(id) && relevant.has(id);
  const cuts: Cut[] = [];
  reachable(start, (id) =>
    (steps.get(id) ?? []).flatMap((step) => {
      if (!onTheWay(step.to)) return [];
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

/** Where each value goes: into operations, and on without its history where it was detached. */
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

/** Why a gradient cannot come back along a step from a node that needs one; null: it can. */
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
    stack.push(...next(id));
  }
  return seen;
}
