/** The state of the page, and how actions change it. */
import { type Graph, type GraphNode, moduleNames } from '@varigrad/core/trace';
import { forwardStepOf, nodeOfStep, type Step, turnsOf } from './steps.js';

/** Everything needed to show the same view again; stored in the page's address. */
export interface State {
  /** Id of a preset; `file`, `program` or `step` for a graph from elsewhere. */
  readonly preset: string;
  /** Number of the step, from 0. */
  readonly step: number;
  /** Id of the selected node; null: the node of the step. */
  readonly focus: number | null;
  /** Paths of closed modules, sorted. */
  readonly collapsed: readonly string[];
  /** Text of the program that computed the graph; '' without one. */
  readonly program: string;
}

/** A graph and its steps, to which actions refer. */
export interface Scene {
  readonly graph: Graph;
  readonly steps: readonly Step[];
}

/** Actions of the user. */
export type Action =
  | { readonly kind: 'go'; readonly to: number }
  | { readonly kind: 'move'; readonly by: number }
  | { readonly kind: 'focus'; readonly node: number | null }
  | { readonly kind: 'operand' }
  | { readonly kind: 'consumer' }
  | { readonly kind: 'computed' }
  | { readonly kind: 'turn' }
  | { readonly kind: 'toggle'; readonly module: string }
  | { readonly kind: 'toggleFocused' }
  | { readonly kind: 'closeAll' }
  | { readonly kind: 'openAll' };

/** The node in focus. */
export function focusOf(state: State, { steps }: Scene): number {
  return state.focus ?? nodeOfStep(steps[state.step] as Step);
}

/** The state after an action. Steps and nodes are clamped to the valid range. */
export function reduce(state: State, action: Action, scene: Scene): State {
  const { graph, steps } = scene;
  const focus = focusOf(state, scene);
  switch (action.kind) {
    case 'go':
      return { ...state, step: within(action.to, steps.length), focus: null };
    case 'move':
      return { ...state, step: within(state.step + action.by, steps.length), focus: null };
    case 'focus':
      return { ...state, focus: action.node !== null && graph.nodes[action.node] ? action.node : null };
    case 'operand': {
      const { inputs, detachedFrom } = graph.nodes[focus] as GraphNode;
      return { ...state, focus: inputs[0] ?? detachedFrom ?? focus };
    }
    case 'consumer':
      return { ...state, focus: consumersOf(graph, focus)[0] ?? focus };
    case 'computed':
      return { ...state, step: forwardStepOf(graph, steps, focus), focus };
    case 'turn': {
      const turns = turnsOf(steps, focus);
      const next = turns.find((turn) => turn > state.step) ?? turns[0];
      return next === undefined ? state : { ...state, step: next, focus };
    }
    case 'toggle':
      return { ...state, collapsed: toggled(state.collapsed, action.module) };
    case 'toggleFocused': {
      const module = hiddenBy(graph, focus, state.collapsed) ?? graph.nodes[focus]?.module ?? '';
      return module === '' ? state : { ...state, collapsed: toggled(state.collapsed, module) };
    }
    case 'closeAll':
      return { ...state, collapsed: outermostModules(graph) };
    case 'openAll':
      return { ...state, collapsed: [] };
  }
}

function toggled(collapsed: readonly string[], module: string): readonly string[] {
  const others = collapsed.filter((path) => path !== module);
  return others.length < collapsed.length ? others : [...others, module].sort();
}

/** The state with its numbers clamped to the scene: an address may be outdated or edited. */
export function fitted(state: State, { graph, steps }: Scene): State {
  const modules = new Set(modulesOf(graph));
  return {
    ...state,
    step: within(state.step, steps.length),
    focus: state.focus !== null && graph.nodes[state.focus] ? state.focus : null,
    collapsed: state.collapsed.filter((module) => modules.has(module)),
  };
}

/** The nodes that use a value as an operand or were detached from it. */
export function consumersOf({ nodes }: Graph, id: number): number[] {
  return nodes.filter((n) => n.inputs.includes(id) || n.detachedFrom === id).map((n) => n.id);
}

/** All module paths, including outer modules: `encoder`, `encoder.mu`, … */
export function modulesOf({ nodes }: Graph): string[] {
  const paths = nodes.flatMap(({ module }) => {
    const names = moduleNames(module);
    return names.map((_, i) => names.slice(0, i + 1).join('.'));
  });
  return [...new Set(paths)].sort();
}

function outermostModules(graph: Graph): string[] {
  return modulesOf(graph).filter((module) => !module.includes('.'));
}

/** The closed module that hides a node, if any. */
export function hiddenBy(graph: Graph, id: number, collapsed: readonly string[]): string | undefined {
  const { module } = graph.nodes[id] as GraphNode;
  return collapsed.find((path) => module === path || module.startsWith(`${path}.`));
}

function within(number: number, count: number): number {
  return Math.max(0, Math.min(count - 1, Number.isFinite(number) ? Math.round(number) : 0));
}
