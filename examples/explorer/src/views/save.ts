/** Saves the graph: as JSON, which the page can open, or as a picture. */
import { toJSON, toSVG } from '@varigrad/core/trace';
import { element } from '../dom.js';
import type { Opened } from '../opened.js';

/** Two buttons that save the graph as a file. */
export function saveLinks({ preset, title, graph }: Opened): HTMLElement {
  const saved = (suffix: string, type: string, text: () => string): HTMLElement =>
    element(
      'button',
      {
        type: 'button',
        'data-save': suffix,
        'data-key': `save-${suffix}`,
        click: () => save(`${preset}.${suffix}`, type, text()),
      },
      suffix.toUpperCase(),
    );
  return element(
    'section',
    {},
    element('h3', {}, 'Save the graph'),
    element(
      'p',
      { class: 'row' },
      saved('json', 'application/json', () => toJSON(graph)),
      saved('svg', 'image/svg+xml', () => toSVG(graph, { title })),
    ),
  );
}

function save(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  element('a', { href: address, download: name }).click();
  URL.revokeObjectURL(address);
}
