/** The box that says where a training failed. */
import { element, refill } from '../../explorer/src/dom.js';
import type { Failure } from './engine/trainer.js';

/** @param isSecond - whether the second model failed; the explorer opens steps of the first only */
export function showFailure(
  box: HTMLElement,
  { step, operation, module, message }: Failure,
  isSecond: boolean,
): void {
  const where = module === '' ? '' : ` in ${module}`;
  const what = operation === '' ? 'The loss or a weight' : `${operation}${where}`;
  refill(
    box,
    element(
      'strong',
      {},
      `${isSecond ? 'Second model, step' : 'Step'} ${step + 1}: ${what} is NaN or Infinity. `,
    ),
    'The training stopped, and the weights are those before this step.',
    !isSecond && ' “Open this step in the explorer” shows it.',
    element('p', { class: 'small-text' }, message),
  );
  box.hidden = false;
}
