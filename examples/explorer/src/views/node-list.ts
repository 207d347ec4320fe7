/** The tape as a list: all nodes in order, or the results of a search. */
import { formatShape } from '@varigrad/core';
import type { Graph, GraphNode } from '@varigrad/core/trace';
import { element } from '../dom.js';
import { search, titleOf } from '../search.js';
import type { Action, Scene, State } from '../state.js';
import { focusOf } from '../state.js';
import { forwardStepOf } from '../steps.js';

/** Most rows; larger graphs must be searched. */
const MOST_ROWS = 400;

/** Ids of the nodes to list. */
export function listedNodes(graph: Graph, query: string): number[] {
  return query.trim() === '' ? graph.nodes.map(({ id }) => id) : search(graph, query);
}

/** A row for each node that the query finds. */
export function nodeList(
  scene: Scene,
  state: State,
  query: string,
  dispatch: (action: Action) => void,
): Node[] {
  const { graph, steps } = scene;
  const found = listedNodes(graph, query);
  const focus = focusOf(state, scene);
  const rows = found.slice(0, MOST_ROWS).map((id) => {
    const node = graph.nodes[id] as GraphNode;
    const marks = [
      node.op === 'leaf' ? 'leaf' : 'operation',
      id === focus && 'focus',
      forwardStepOf(graph, steps, id) > state.step && 'future',
    ];
    return element(
      'li',
      {},
      element(
        'button',
        {
          type: 'button',
          class: marks.filter(Boolean).join(' '),
          'data-key': `row-${id}`,
          'data-node-link': id,
          'aria-current': id === focus && 'true',
          click: () => dispatch({ kind: 'focus', node: id }),
        },
        element('span', { class: 'number' }, String(id)),
        element('span', { class: 'title' }, titleOf(node)),
        element('span', { class: 'shape' }, formatShape(node.output.shape)),
      ),
    );
  });
  const rest = found.length - rows.length;
  return [
    element('p', { class: 'faint', role: 'status' }, summary(found.length, graph.nodes.length, query)),
    element('ol', { class: 'nodes' }, ...rows),
    ...(rest > 0 ? [element('p', { class: 'faint' }, `… and ${rest} more: search for them`)] : []),
  ];
}

function summary(found: number, all: number, query: string): string {
  return query.trim() === '' ? `${all} nodes in the order of the tape` : `${found} of ${all} nodes`;
}
