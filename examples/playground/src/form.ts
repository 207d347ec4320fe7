/** The form of the settings, made from their table. */
import { element } from '../../explorer/src/dom.js';
import { FIELDS, type Field } from './engine/fields.js';
import { faultOf, SETTING_NAMES } from './engine/setting-checks.js';
import type { SettingName, Settings } from './engine/settings.js';
import { explained } from './views/images.js';

const GROUPS = ['Data', 'Model', 'Loss', 'Training', 'Machine'] as const;

type Input = HTMLInputElement | HTMLSelectElement;

export interface Form {
  readonly element: HTMLFormElement;
  /** Shows the settings, marks those that differ from `from`, and disables `locked` ones. */
  show(settings: Settings, from: Settings, locked?: readonly SettingName[]): void;
}

/** @param prefix - makes the ids of two forms differ; @param changed - called with a valid text */
export function settingsForm(prefix: string, changed: (name: SettingName, text: string) => void): Form {
  const inputs = new Map<SettingName, { input: Input; showFault: (wrong: string | undefined) => void }>();
  const rows = new Map<SettingName, HTMLElement>();
  const row = (name: SettingName): HTMLElement => {
    const field = FIELDS[name];
    const id = `${prefix}${name}`;
    const input = inputOf(field, id);
    const fault = element('p', { class: 'fault', id: `${id}-fault`, role: 'alert' });
    const showFault = (wrong: string | undefined): void => {
      fault.textContent = wrong ?? '';
      input.setAttribute('aria-invalid', String(wrong !== undefined));
    };
    input.addEventListener('change', () => {
      const wrong = faultOf(name, input.value);
      showFault(wrong);
      if (wrong === undefined) changed(name, input.value);
    });
    inputs.set(name, { input, showFault });
    const made = element(
      'div',
      { class: 'setting', 'data-setting': name },
      element(
        'label',
        { for: id },
        explained(field.label, field.help),
        field.restarts &&
          element('span', { class: 'restarts', title: 'A change starts the training anew.' }, ' ↻'),
      ),
      input,
      fault,
    );
    rows.set(name, made);
    return made;
  };
  const groups = GROUPS.map((group) =>
    element(
      'details',
      { open: group !== 'Machine' },
      element('summary', {}, group),
      ...SETTING_NAMES.filter((name) => FIELDS[name].group === group).map(row),
    ),
  );
  const form = element('form', { submit: (event) => event.preventDefault() }, ...groups);
  return {
    element: form,
    show(settings, from, locked = []) {
      for (const [name, { input, showFault }] of inputs) {
        if (document.activeElement !== input || faultOf(name, input.value) === undefined) {
          input.value = String(settings[name]);
          showFault(undefined);
        }
        input.disabled = locked.includes(name);
        rows.get(name)?.classList.toggle('differs', settings[name] !== from[name]);
      }
    },
  };
}

function inputOf(field: Field, id: string): Input {
  if (field.kind === 'choice')
    return element(
      'select',
      { id },
      ...Object.entries(field.choices).map(([value, text]) => element('option', { value }, text)),
    );
  const isNumber = field.kind === 'number';
  return element('input', {
    id,
    type: 'text',
    inputmode: isNumber ? 'decimal' : 'text',
    autocomplete: 'off',
    spellcheck: 'false',
  });
}
