/** What the page shows, and how the reader's actions change it. */
import type { Graph, GraphNode } from '@varigrad/core/trace';
import { forwardStepOf, nodeOfStep, type Step, turnsOf } from './steps.js';

/** All that is needed to show the same thing again; the page's address holds it. */
export interface State {
  /** Id of a preset; `file` or `program` for a graph from elsewhere. */
  readonly preset: string;
  /** Number of the step, from 0. */
  readonly step: number;
  /** Id of the node that was chosen to look at; null: that of the step. */
  readonly focus: number | null;
  /** Paths of closed modules, sorted. */
  readonly collapsed: readonly string[];
  /** Text of the program that made the graph; '' if none did. */
  readonly program: string;
}

/** A graph and its steps: what actions refer to. */
export interface Scene {
  readonly graph: Graph;
  readonly steps: readonly Step[];
}

/** What a reader can do. */
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

/** The state after an action. Steps and nodes that do not exist are brought back into range. */
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

/** A state whose numbers fit the scene: addresses may be old, or typed. */
export function fitted(state: State, { graph, steps }: Scene): State {
  const modules = new Set(modulesOf(graph));
  return {
    ...state,
    step: within(state.step, steps.length),
    focus: state.focus !== null && graph.nodes[state.focus] ? state.focus : null,
    collapsed: state.collapsed.filter((module) => modules.has(module)),
  };
}

/** The nodes that use a value: as an operand, or detached. */
export function consumersOf({ nodes }: Graph, id: number): number[] {
  return nodes.filter((n) => n.inputs.includes(id) || n.detachedFrom === id).map((n) => n.id);
}

/** All module paths, those of the outer ones included: `encoder`, `encoder.mu`, … */
export function modulesOf({ nodes }: Graph): string[] {
  const paths = nodes.flatMap(({ module }) => {
    const names = module === '' ? [] : module.split('.');
    return names.map((_, i) => names.slice(0, i + 1).join('.'));
  });
  return [...new Set(paths)].sort();
}

function outermostModules(graph: Graph): string[] {
  return modulesOf(graph).filter((module) => !module.includes('.'));
}

/** The closed module that hides a node, if one does. */
export function hiddenBy(graph: Graph, id: number, collapsed: readonly string[]): string | undefined {
  const { module } = graph.nodes[id] as GraphNode;
  return collapsed.find((path) => module === path || module.startsWith(`${path}.`));
}

function within(number: number, count: number): number {
  return Math.max(0, Math.min(count - 1, Number.isFinite(number) ? Math.round(number) : 0));
}
