/** Lists of labelled bars: KL of each dimension, and the norm of each parameter's gradient. */
import { element, refill } from '../../../explorer/src/dom.js';
import { short } from './curves.js';

/** A bar. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly isFaint?: boolean;
}

/** Bars from 0 to the largest value. With `isLogarithmic`, from 1e-4 times the largest. */
export function showBars(parent: HTMLElement, bars: readonly Bar[], isLogarithmic = false): void {
  const most = Math.max(1e-30, ...bars.map(({ value }) => (Number.isFinite(value) ? value : 0)));
  const part = (value: number): number => {
    if (!Number.isFinite(value)) return 1;
    const fraction = isLogarithmic ? 1 + Math.log10(Math.max(value, 1e-30) / most) / 4 : value / most;
    return Math.max(0, Math.min(1, fraction));
  };
  refill(
    parent,
    ...bars.map(({ name, value, isFaint = false }) => {
      const bar = element('span', { class: 'bar' });
      bar.style.width = `${(100 * part(value)).toFixed(1)}%`;
      return element(
        'li',
        { class: isFaint ? 'faint' : '' },
        element('span', { class: 'name' }, name),
        element('span', { class: 'track' }, bar),
        element('span', { class: 'value' }, short(value)),
      );
    }),
  );
}
