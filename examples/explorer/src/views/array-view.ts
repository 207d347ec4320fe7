/** An array as a heat map with its statistics. */
import type { ArraySummary } from '@varigrad/core/trace';
import { element } from '../dom.js';
import { formatNumber } from '../format.js';
import { type Cell, heatMap, statistics } from '../heat-map.js';

/** The values of an array as coloured cells: blue below zero, orange above it; small arrays with numbers. */
export function arrayView(array: ArraySummary): HTMLElement {
  const map = heatMap(array);
  const numbers = statistics(array);
  const note =
    array.values === undefined && map !== null
      ? `means of blocks of ${array.shape.join(' × ')} values · `
      : '';
  const caption = numbers !== '' && element('figcaption', {}, note + numbers);
  if (map === null) {
    const size = array.shape.reduce((a, b) => a * b, 1);
    return element('figure', { class: 'array' }, element('figcaption', {}, `${size} values · ${numbers}`));
  }
  const columns = Math.max(...map.rows.map((row) => row.length));
  const cells = map.rows.flat().map((cell) => cellView(cell, map.printed));
  const grid = element(
    'div',
    {
      class: map.printed ? 'cells printed' : 'cells',
      style: `--columns: ${columns}`,
      role: 'img',
      'aria-label': `values ${map.rows.map((row) => row.map(({ text }) => text).join(' ')).join('; ')}`,
    },
    ...cells,
  );
  return element('figure', { class: 'array' }, grid, caption);
}

function cellView({ place, value, level, text }: Cell, printed: boolean): HTMLElement {
  const finite = Number.isFinite(value);
  const sign = !finite ? 'bad' : level < 0 ? 'below' : 'above';
  const title = place === '' ? formatNumber(value, 7) : `${place}  ${formatNumber(value, 7)}`;
  return element(
    'span',
    {
      class: `cell ${sign}`,
      style: `--level: ${Math.abs(level).toFixed(3)}`,
      title,
      'data-value': String(value),
    },
    printed || !finite ? text : '',
  );
}
