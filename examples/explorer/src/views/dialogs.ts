/** The list of keys, the program editor, and the line for error messages. */
import { byId, element } from '../dom.js';
import { bindings } from '../keys.js';
import { ProgramError } from '../program.js';
import { programExamples } from '../program-examples.js';

/** Fills the list of keys. */
export function setUpHelp(): void {
  const rows = bindings.flatMap(({ shown, says }) => [
    element('dt', {}, element('kbd', {}, shown)),
    element('dd', {}, says),
  ]);
  byId('help')
    .querySelector('dl')
    ?.replaceChildren(...rows);
}

/** Shows a message above the page; '' removes it. */
export function notify(message: string): void {
  const notice = byId('notice');
  const text = notice.querySelector('p') as HTMLElement;
  text.textContent = message;
  notice.hidden = message === '';
}

/** Connects the editor's buttons and keys. `run` throws a ProgramError if the program does not work. */
export function setUpEditor(run: (text: string) => Promise<void>): void {
  const editor = byId<HTMLTextAreaElement>('program-text');
  const start = async (): Promise<void> => {
    showProgramError('');
    try {
      await run(editor.value);
    } catch (error) {
      if (!(error instanceof ProgramError)) throw error;
      showProgramError(error.message);
      if (error.line !== undefined) selectLine(editor, error.line);
      return;
    }
    byId<HTMLDialogElement>('program').close();
  };
  byId('run-program').addEventListener('click', start);
  byId('close-program').addEventListener('click', () => byId<HTMLDialogElement>('program').close());
  const examples = byId<HTMLSelectElement>('example-program');
  examples.append(...programExamples.map(({ title }, i) => element('option', { value: i }, title)));
  examples.addEventListener('change', () => {
    editor.value = programExamples[Number(examples.value)]?.text ?? '';
    examples.value = '';
    showProgramError('');
  });
  editor.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) start();
    if (event.key === 'Tab' && !event.shiftKey) {
      event.preventDefault();
      editor.setRangeText('  ', editor.selectionStart, editor.selectionEnd, 'end');
    }
  });
}

/** Opens the editor with a program, and a message below it if there is one. */
export function openEditor(text: string, message = ''): void {
  const editor = byId<HTMLTextAreaElement>('program-text');
  if (text !== '' || editor.value === '') editor.value = text || (programExamples[0]?.text ?? '');
  showProgramError(message);
  const dialog = byId<HTMLDialogElement>('program');
  if (!dialog.open) dialog.showModal();
  editor.focus();
}

function showProgramError(message: string): void {
  const shown = byId('program-error');
  shown.textContent = message;
  shown.hidden = message === '';
}

function selectLine(editor: HTMLTextAreaElement, line: number): void {
  const lines = editor.value.split('\n');
  const start = lines.slice(0, line - 1).reduce((sum, { length }) => sum + length + 1, 0);
  editor.focus();
  editor.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
}
