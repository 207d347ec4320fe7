/** The source code of the graph, with the line of the node in focus marked. */
import type { Graph } from '@varigrad/core/trace';
import { element } from '../dom.js';
import type { Code } from '../opened.js';
import type { Action } from '../state.js';

/** All lines of the program; lines that computed nodes can be clicked. */
export function codeView(
  { file, text }: Code,
  { nodes }: Graph,
  focus: number,
  dispatch: (action: Action) => void,
  edit: (() => void) | undefined,
): Node[] {
  const current = nodes[focus]?.source;
  const rows = text
    .trimEnd()
    .split('\n')
    .map((line, i) => {
      const place = `${file}:${i + 1}`;
      const made = nodes.filter(({ source }) => source === place);
      const marks = [made.length > 0 && 'makes', place === current && 'focus'].filter(Boolean).join(' ');
      const [first] = made;
      return element(
        'li',
        {
          class: marks,
          ...(first !== undefined && {
            title: `makes ${made.map(({ op, id }) => `${op} #${id}`).join(', ')}`,
            click: () =>
              dispatch({
                kind: 'focus',
                node: nextOf(
                  made.map(({ id }) => id),
                  focus,
                ),
              }),
          }),
        },
        element('code', {}, line === '' ? '\u00a0' : line),
      );
    });
  const hint = 'Coloured lines computed nodes. Click one to see its nodes.';
  return [
    element('h2', {}, file),
    element('p', { class: 'faint' }, hint),
    ...(edit === undefined ? [] : [element('p', {}, editButton(edit))]),
    element('ol', { class: 'code' }, ...rows),
  ];
}

function editButton(click: () => void): HTMLElement {
  return element('button', { type: 'button', id: 'edit-program', click }, 'Edit (p)');
}

/** The id after `id` in a circular list: clicking again shows the next node of the same line. */
function nextOf(ids: readonly number[], id: number): number {
  return ids[(ids.indexOf(id) + 1) % ids.length]!;
}
