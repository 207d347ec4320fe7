/** The description of a preset: its text, the expected numbers, and the reports of the library's tools. */
import type { ArraySummary, Graph } from '@varigrad/core/trace';
import { type Child, element } from '../dom.js';
import { formatNumber } from '../format.js';
import type { Opened } from '../opened.js';
import { type Expected, markedTitle, type Preset } from '../presets/preset.js';
import type { Action } from '../state.js';
import { saveLinks } from './save.js';

type Dispatch = (action: Action) => void;

/** The title, the prose, the table of numbers, the findings. */
export function about(opened: Opened, dispatch: Dispatch): Node[] {
  const { title, verdict, prose, graph, expected, findings, related } = opened;
  return [
    element(
      'h2',
      { id: 'about-title' },
      title,
      verdict !== undefined && ' ',
      verdict !== undefined && element('span', { class: `verdict ${verdict.replace(' ', '-')}` }, verdict),
    ),
    ...prose.map((paragraph) => element('p', { class: 'prose' }, ...withCode(paragraph))),
    ...(expected.length > 0 ? [numbersList(graph, expected, dispatch)] : []),
    ...findings.map(({ tool, says }) =>
      element('div', { class: 'finding' }, element('h3', {}, `${tool} says`), element('p', {}, says)),
    ),
    ...(related.length > 0 ? [comparisons(related)] : []),
    saveLinks(opened),
  ];
}

function comparisons(related: readonly Preset[]): HTMLElement {
  const links = related.map((preset) => {
    const { id } = preset;
    return element('a', { href: `#preset=${id}`, 'data-related': id }, markedTitle(preset));
  });
  return element(
    'nav',
    { class: 'related', 'aria-label': 'Compare with' },
    element('h3', {}, 'Compare with'),
    ...links,
  );
}

function numbersList(graph: Graph, expected: readonly Expected[], dispatch: Dispatch): HTMLElement {
  const rows = expected.map(({ node: name, of, numbers, because }, i) => {
    const node = graph.nodes.find((candidate) => candidate.name === name);
    const shown = numbers === 'none' ? 'none' : listed(numbers);
    const click = (): void => dispatch({ kind: 'focus', node: node?.id ?? null });
    const what = of === 'value' ? name : `∂L/∂${name}`;
    const link = element(
      'button',
      { type: 'button', class: `node-link ${of}`, 'data-key': `row-${i}`, click },
      what,
    );
    const seen = node !== undefined && agrees(of === 'value' ? node.output : node.gradient, numbers);
    return element(
      'li',
      { 'data-expected': name, 'data-of': of },
      link,
      ' ',
      element('span', { class: 'numbers' }, shown),
      ' ',
      element('span', { class: seen ? 'seen' : 'not-seen' }, seen ? '✓' : '✗ not in this graph'),
      element('p', { class: 'faint' }, because),
    );
  });
  return element(
    'section',
    { id: 'expected', class: 'expected' },
    element('h3', {}, 'Expected numbers'),
    element('ul', {}, ...rows),
  );
}

/** Text with code between backticks. */
function withCode(text: string): Child[] {
  return text.split('`').map((piece, i) => (i % 2 === 1 ? element('code', {}, piece) : piece));
}

/** Whether an array has the expected numbers, to float32's precision. */
function agrees(array: ArraySummary | undefined, numbers: Expected['numbers']): boolean {
  if (numbers === 'none') return array === undefined;
  const values = array?.values ?? [];
  return (
    values.length === numbers.length &&
    numbers.every((wanted, i) => {
      const found = values[i]!;
      return Object.is(found, wanted) || Math.abs(found - wanted) <= 1e-6 * Math.max(1, Math.abs(wanted));
    })
  );
}

const MOST_LISTED = 12;

function listed(numbers: readonly number[]): string {
  const shown = numbers.slice(0, MOST_LISTED).map((number) => formatNumber(number));
  return shown.join(', ') + (numbers.length > MOST_LISTED ? `, … (${numbers.length})` : '');
}
