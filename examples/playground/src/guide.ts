/** The text of a preset, and its expected numbers beside those of this training. */
import { element, refill } from '../../explorer/src/dom.js';
import { EXPECTED_STEPS, type Expected, type Preset } from './presets.js';
import { short } from './views/curves.js';

/** Numbers after `EXPECTED_STEPS` steps. */
export type Found = Partial<Record<Expected['what'], number>>;

const NAMES: Readonly<Record<Expected['what'], string>> = {
  bound: 'recon + KL',
  recon: 'recon',
  kl: 'KL',
  active: 'active dimensions',
  failure: 'fails after step',
};

/**
 * @param isChanged - whether the settings are no longer those of the preset, so that its numbers do not apply
 * @param found - of each model
 */
export function showGuide(
  parent: HTMLElement,
  preset: Preset,
  isChanged: boolean,
  found: readonly [Found, Found],
): void {
  const lists = [preset.expected, preset.expectedSecond ?? []].map((expected, i) =>
    expected.map((each) =>
      expectation(each, found[i]![each.what], preset.second === undefined ? '' : ['first: ', 'second: '][i]!),
    ),
  );
  refill(
    parent,
    element('p', {}, element('strong', {}, preset.title), ' ', preset.text),
    isChanged
      ? element(
          'p',
          { class: 'faint' },
          'The settings were changed, so the numbers of this preset do not apply.',
        )
      : element(
          'ul',
          { class: 'expected', 'aria-label': `Expected on the test images after ${EXPECTED_STEPS} steps` },
          element('li', { class: 'faint' }, titleOf(preset)),
          ...lists.flat(),
        ),
  );
}

function titleOf({ expected }: Preset): string {
  const isFailure = expected.some(({ what }) => what === 'failure');
  return isFailure ? 'Of five seeds:' : `Test images after ${EXPECTED_STEPS} steps, five seeds:`;
}

function expectation({ what, from, to }: Expected, value: number | undefined, whose: string): HTMLElement {
  const range = from === to ? String(from) : `${from} to ${to}`;
  const isInside = value !== undefined && value >= from && value <= to;
  const here =
    value === undefined
      ? ''
      : ` — here ${Number.isInteger(value) ? value : short(value)} ${isInside ? '✓' : '✗'}`;
  return element(
    'li',
    { 'data-expected': what, class: value === undefined ? '' : isInside ? 'inside' : 'outside' },
    `${whose}${NAMES[what]} ${range}${here}`,
  );
}
