/** The modules as a tree of buttons that close and open them. */
import type { Graph } from '@varigrad/core/trace';
import { element } from '../dom.js';
import { type Action, modulesOf, type State } from '../state.js';

/** A row for each module, or one sentence without modules. */
export function moduleList(graph: Graph, { collapsed }: State, dispatch: (action: Action) => void): Node[] {
  const modules = modulesOf(graph);
  if (modules.length === 0) return [element('p', { class: 'faint' }, 'This graph has no modules.')];
  const rows = modules
    .filter((module) => !collapsed.some((closed) => module.startsWith(`${closed}.`)))
    .map((module) => {
      const closed = collapsed.includes(module);
      const names = module.split('.');
      const inside = graph.nodes.filter(
        (node) => node.op !== 'leaf' && (node.module === module || node.module.startsWith(`${module}.`)),
      ).length;
      return element(
        'li',
        { style: `--depth: ${names.length - 1}` },
        element(
          'button',
          {
            type: 'button',
            'data-key': `module-${module}`,
            'data-toggle-module': module,
            'aria-expanded': String(!closed),
            click: () => dispatch({ kind: 'toggle', module }),
          },
          `${closed ? '▸' : '▾'} ${names.at(-1)}`,
        ),
        ' ',
        element('span', { class: 'faint' }, inside === 1 ? '1 operation' : `${inside} operations`),
      );
    });
  const all = (kind: 'closeAll' | 'openAll', id: string, text: string): HTMLElement =>
    element('button', { type: 'button', id, 'data-key': id, click: () => dispatch({ kind }) }, text);
  return [
    element(
      'p',
      { class: 'row' },
      all('closeAll', 'close-all', 'Close all'),
      all('openAll', 'open-all', 'Open all'),
    ),
    element('ul', { class: 'tree' }, ...rows),
  ];
}
