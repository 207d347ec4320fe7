/** The node in focus: its computation, its incoming gradient, the gradients that it sends. */
import { formatShape } from '@varigrad/core';
import type { GraphNode } from '@varigrad/core/trace';
import { element } from '../dom.js';
import { type NodeFacts, nodeFacts, type OperandFacts } from '../node-facts.js';
import { titleOf } from '../search.js';
import { type Action, focusOf, type Scene, type State } from '../state.js';
import { nodeOfStep, type Part, type Step } from '../steps.js';
import { arrayView } from './array-view.js';

type Dispatch = (action: Action) => void;

/** The panel of the node in focus. */
export function nodePanel(scene: Scene, state: State, dispatch: Dispatch): HTMLElement {
  const id = focusOf(state, scene);
  const facts = nodeFacts(scene, state.step, id);
  return element(
    'article',
    { class: 'node', 'data-node': id },
    elsewhere(scene, state, id, dispatch),
    element('h2', { id: 'node-title' }, facts.title, ' ', shapeBadge(facts.node.output.shape)),
    element('p', { id: 'node-formula', class: 'formula' }, facts.formula.join('\n')),
    valueSection(facts, dispatch),
    gradientSection(scene, facts, dispatch),
    facts.operands.length > 0 &&
      element(
        'section',
        { id: 'node-operands' },
        element('h3', {}, facts.operands.length === 1 ? 'Operand' : 'Operands'),
        ...facts.operands.map((operand) => operandView(operand, dispatch)),
      ),
    detailsList(facts),
  );
}

/** A note if the step is at another node than the one in focus. */
function elsewhere(
  { graph, steps }: Scene,
  { step }: State,
  id: number,
  dispatch: Dispatch,
): HTMLElement | false {
  const current = nodeOfStep(steps[step] as Step);
  if (current === id || step === 0) return false;
  return element(
    'p',
    { class: 'elsewhere' },
    'The step is at ',
    element(
      'button',
      {
        type: 'button',
        id: 'follow',
        class: 'node-link',
        title: 'back to the node of the step (Esc)',
        click: () => dispatch({ kind: 'focus', node: null }),
      },
      titleOf(graph.nodes[current] as GraphNode),
    ),
  );
}

function shapeBadge(shape: readonly number[]): HTMLElement {
  return element('span', { class: 'shape' }, formatShape(shape));
}

function valueSection({ node, value, computedAt }: NodeFacts, dispatch: Dispatch): HTMLElement {
  return element(
    'section',
    { id: 'node-value', class: 'value' },
    element('h3', {}, node.op === 'leaf' ? 'Value' : 'Value y'),
    value === undefined
      ? waiting(`not computed yet: in step ${computedAt}`, 'go there', () =>
          dispatch({ kind: 'go', to: computedAt }),
        )
      : arrayView(value),
  );
}

function gradientSection(scene: Scene, facts: NodeFacts, dispatch: Dispatch): HTMLElement {
  const { gradient, parts, complete, turns, node } = facts;
  const name =
    node.op === 'leaf' ? `Gradient ∂L/∂${node.name || 'constant'}` : 'Incoming gradient dy = ∂L/∂y';
  const heading = gradient === undefined || complete ? name : `${name}, so far`;
  const later = turns.length > 0 && gradient === undefined;
  return element(
    'section',
    { id: 'node-gradient', class: 'gradient' },
    element('h3', {}, heading),
    gradient !== undefined
      ? arrayView(gradient)
      : waiting(facts.waiting, later ? 'go there' : '', () => dispatch({ kind: 'turn' })),
    parts.length > 0 && partsList(scene, parts, dispatch),
  );
}

function partsList(scene: Scene, parts: readonly Part[], dispatch: Dispatch): HTMLElement {
  const items = parts.map(({ from, gradient }, i) =>
    element(
      'li',
      {},
      nodeButton(from, titleOf(scene.graph.nodes[from] as GraphNode), `part-${i}`, dispatch),
      ' ',
      element('span', { class: 'faint' }, scene.graph.nodes[from]?.module ?? ''),
      parts.length > 1 && arrayView(gradient),
    ),
  );
  const heading = parts.length === 1 ? 'from' : `the sum of ${parts.length} parts, from`;
  return element(
    'div',
    { class: parts.length === 1 ? 'parts single' : 'parts' },
    element('p', { class: 'faint' }, heading),
    element('ul', {}, ...items),
  );
}

function operandView(operand: OperandFacts, dispatch: Dispatch): HTMLElement {
  const { id, letter, title, output, rule, reduction, part, sum, parts } = operand;
  const arrived = part !== null && part !== undefined;
  return element(
    'div',
    { class: 'operand', 'data-operand': letter, 'data-operand-node': id },
    element(
      'p',
      { class: 'operand-title' },
      element('var', {}, letter),
      ' = ',
      nodeButton(id, title, `operand-${letter}`, dispatch),
      ' ',
      shapeBadge(output.shape),
    ),
    element('div', { class: 'value' }, arrayView(output)),
    element('p', { class: operand.graded ? 'rule' : 'faint' }, rule),
    reduction !== '' && element('p', { class: 'faint' }, reduction),
    arrived &&
      element(
        'div',
        { class: 'gradient', 'data-part': letter },
        element('h4', {}, 'Vector–Jacobian product sent'),
        arrayView(part),
      ),
    arrived &&
      sum !== undefined &&
      parts > 1 &&
      element(
        'div',
        { class: 'gradient', 'data-sum': letter },
        element('h4', {}, `Accumulated in ${title}: ${parts} parts so far`),
        arrayView(sum),
      ),
  );
}

function nodeButton(id: number, title: string, key: string, dispatch: Dispatch): HTMLElement {
  return element(
    'button',
    {
      type: 'button',
      class: 'node-link',
      'data-key': key,
      'data-node-link': id,
      click: () => dispatch({ kind: 'focus', node: id }),
    },
    title,
  );
}

function waiting(says: string, button: string, click: () => void): HTMLElement {
  return element(
    'p',
    { class: 'waiting' },
    says,
    button !== '' && ' ',
    button !== '' && element('button', { type: 'button', class: 'node-link', click }, button),
  );
}

function detailsList({ details }: NodeFacts): HTMLElement {
  const rows = details.flatMap(([term, text]) => [element('dt', {}, term), element('dd', {}, text)]);
  return element('dl', { id: 'node-details', class: 'details' }, ...rows);
}
