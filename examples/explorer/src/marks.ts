/** The state of boxes and arrows at a step, as CSS class names. */
import type { Graph, GraphNode, LayoutBox, LayoutEdge } from '@varigrad/core/trace';
import { focusOf, type Scene, type State } from './state.js';
import { forwardStepOf, received, type Step } from './steps.js';

/** State of a box. */
export type BoxMark = 'future' | 'current' | 'focus' | 'graded';

/** State of an arrow: a value passes, a gradient passes, or gradients are blocked. */
export type EdgeMark = 'future' | 'carries' | 'returns' | 'returned' | 'blocked';

export function boxMarks(box: LayoutBox, state: State, scene: Scene): BoxMark[] {
  const { graph, steps } = scene;
  const step = steps[state.step] as Step;
  const at = state.step;
  const marks: [BoxMark, boolean][] = [
    ['future', box.nodes.every((id) => forwardStepOf(graph, steps, id) > at)],
    ['current', step.kind !== 'start' && box.nodes.includes(step.node)],
    ['focus', box.nodes.includes(focusOf(state, scene))],
    ['graded', box.nodes.some((id) => received(graph, steps, at, id).sum !== undefined)],
  ];
  return marks.flatMap(([mark, applies]) => (applies ? [mark] : []));
}

export function edgeMarks(
  edge: LayoutEdge,
  to: LayoutBox,
  state: State,
  { graph, steps }: Scene,
): EdgeMark[] {
  const step = steps[state.step] as Step;
  const consumers = to.nodes.filter((id) => uses(graph.nodes[id] as GraphNode, edge.source));
  const now = step.kind !== 'start' && consumers.includes(step.node);
  const sent = (step: Step): boolean =>
    step.kind === 'backward' &&
    consumers.includes(step.node) &&
    (graph.nodes[step.node] as GraphNode).inputs.some(
      (input, i) => input === edge.source && step.turn.inputGradients[i] !== null,
    );
  const marks: [EdgeMark, boolean][] = [
    ['future', consumers.every((id) => forwardStepOf(graph, steps, id) > state.step)],
    ['carries', now && step.kind === 'forward'],
    ['returns', now && sent(step)],
    ['returned', steps.slice(0, state.step + 1).some(sent)],
    ['blocked', consumers.every((id) => isBlocked(graph, edge.source, id))],
  ];
  return marks.flatMap(([mark, applies]) => (applies ? [mark] : []));
}

/** Whether a node has the other one as operand, or was detached from it. */
function uses({ inputs, detachedFrom }: GraphNode, source: number): boolean {
  return inputs.includes(source) || detachedFrom === source;
}

/** Whether a value that requires a gradient is used by an operation that is not on the tape. */
function isBlocked({ nodes }: Graph, source: number, consumer: number): boolean {
  return nodes[source]?.requiresGrad === true && nodes[consumer]?.requiresGrad === false;
}
