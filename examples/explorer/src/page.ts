/** The page: connects the elements of index.html with the state. */
import { App } from './app.js';
import { byId, element } from './dom.js';
import { listenToDrops } from './dropped-files.js';
import { type Command, commandOf } from './keys.js';
import { freshState, openGraphFile, openState, openText } from './loading.js';
import { presets } from './presets/list.js';
import { markedTitle } from './presets/preset.js';
import { noSources, type Sources } from './sources.js';
import { firstBackward, stepsOf } from './steps.js';
import { nextTheme, restoreTheme } from './theme.js';
import { decodeState, encodeState } from './url.js';
import { openEditor, setUpEditor, setUpHelp } from './views/dialogs.js';
import { listedNodes } from './views/node-list.js';

const FIRST = presets[0]?.id ?? '';

const app = new App();

const commands: Readonly<Record<Command, () => void>> = {
  forward: () => app.dispatch({ kind: 'move', by: 1 }),
  back: () => app.dispatch({ kind: 'move', by: -1 }),
  first: () => app.dispatch({ kind: 'go', to: 0 }),
  last: () => app.dispatch({ kind: 'go', to: Number.MAX_SAFE_INTEGER }),
  firstBackward: () => {
    if (app.opened) app.dispatch({ kind: 'go', to: firstBackward(stepsOf(app.opened.graph)) });
  },
  play: () => app.playOrPause(),
  operand: () => app.dispatch({ kind: 'operand' }),
  consumer: () => app.dispatch({ kind: 'consumer' }),
  follow: () => app.dispatch({ kind: 'focus', node: null }),
  computed: () => app.dispatch({ kind: 'computed' }),
  turn: () => app.dispatch({ kind: 'turn' }),
  toggleModule: () => app.dispatch({ kind: 'toggleFocused' }),
  search: () => {
    showTab('nodes');
    byId('search').focus();
  },
  fit: () => app.graphView.fit(),
  zoomIn: () => app.graphView.panZoom.zoom(1.25),
  zoomOut: () => app.graphView.panZoom.zoom(0.8),
  theme: nextTheme,
  program: () => openEditor(app.state?.program ?? ''),
  help: () => byId<HTMLDialogElement>('help').showModal(),
};

/** Commands of the buttons, by id. */
const buttons: Readonly<Record<string, Command>> = {
  first: 'first',
  back: 'back',
  play: 'play',
  forward: 'forward',
  last: 'last',
  'first-backward': 'firstBackward',
  'zoom-in': 'zoomIn',
  'zoom-out': 'zoomOut',
  fit: 'fit',
  theme: 'theme',
  'open-program': 'program',
  'open-help': 'help',
};

function carryOut(command: Command): void {
  if (command !== 'play') app.pause();
  commands[command]();
}

function showTab(tab: string): void {
  document.body.dataset.tab = tab;
  for (const button of byId('tabs').querySelectorAll<HTMLElement>('[role=tab]')) {
    button.setAttribute('aria-selected', String(button.dataset.tab === tab));
  }
}

/** Sources written by the build. Without them, traces name lines of the bundle. */
async function fetchSources(): Promise<Sources> {
  try {
    const response = await fetch(new URL('sources.json', import.meta.url));
    return response.ok ? await response.json() : noSources;
  } catch {
    return noSources;
  }
}

function fillMenu(): void {
  const groups = [...new Set(presets.map(({ group }) => group))].map((group) => {
    const options = presets
      .filter((preset) => preset.group === group)
      .map((preset) => element('option', { value: preset.id }, markedTitle(preset)));
    return element('optgroup', { label: group }, ...options);
  });
  const others = element(
    'optgroup',
    { label: 'Your own' },
    element('option', { value: 'program' }, 'A program …'),
    element('option', { value: 'file' }, 'A file …'),
    element('option', { value: 'step' }, 'The step of the playground'),
  );
  byId('preset').append(...groups, others);
}

function listenToMenu(): void {
  const menu = byId<HTMLSelectElement>('preset');
  menu.addEventListener('change', () => {
    const { value } = menu;
    menu.blur();
    app.showChoice();
    if (value === 'program') openEditor(app.state?.program ?? '');
    else if (value === 'file') byId('file').click();
    else location.hash = encodeState(freshState(value));
  });
}

function listenToFiles(): void {
  const picker = byId<HTMLInputElement>('file');
  byId('open-file').addEventListener('click', () => picker.click());
  picker.addEventListener('change', () => {
    const [file] = picker.files ?? [];
    if (file !== undefined) openGraphFile(app, file);
    picker.value = '';
  });
  listenToDrops(({ files: [file] }) => {
    if (file !== undefined) openGraphFile(app, file);
  });
}

function listenToSearch(): void {
  const field = byId<HTMLInputElement>('search');
  field.addEventListener('input', () => app.search(field.value));
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      field.value = '';
      app.search('');
      field.blur();
    }
    if (event.key !== 'Enter' || app.opened === undefined) return;
    const [first] = listedNodes(app.opened.graph, field.value);
    if (first !== undefined) app.dispatch({ kind: 'focus', node: first });
    field.blur();
  });
}

function listenToKeys(): void {
  document.addEventListener('keydown', (event) => {
    if (document.querySelector('dialog[open]') !== null) return;
    const active = document.activeElement;
    // A slider ignores letters, and its arrow keys do the same as the page's.
    const isSlider = active instanceof HTMLInputElement && active.type === 'range';
    const command = commandOf(event, isSlider ? '' : (active?.tagName.toLowerCase() ?? ''));
    if (command === undefined) return;
    event.preventDefault();
    carryOut(command);
  });
}

function listenToButtons(): void {
  for (const [id, command] of Object.entries(buttons)) {
    byId(id).addEventListener('click', () => carryOut(command));
  }
  for (const tab of byId('tabs').querySelectorAll<HTMLElement>('[role=tab]')) {
    tab.addEventListener('click', () => showTab(tab.dataset.tab ?? 'about'));
  }
  const slider = byId<HTMLInputElement>('step');
  slider.addEventListener('input', () => {
    app.pause();
    app.dispatch({ kind: 'go', to: Number(slider.value) });
  });
  byId('notice')
    .querySelector('button')
    ?.addEventListener('click', () => {
      byId('notice').hidden = true;
    });
  byId('graph').addEventListener('click', () =>
    showTab(NARROW.matches ? 'node' : (document.body.dataset.tab ?? '')),
  );
}

/** Narrow windows, where the node in focus is a tab and not a column, as in styles/phone.css. */
const NARROW = window.matchMedia('(max-width: 860px)');

restoreTheme();
setUpHelp();
setUpEditor(async (text) => {
  await openText(app, text);
  showTab('code');
});
fillMenu();
listenToMenu();
listenToFiles();
listenToSearch();
listenToKeys();
listenToButtons();
showTab('about');
new ResizeObserver(() => app.graphView.resized()).observe(byId('graph-pane'));

const sources = await fetchSources();
const openAddress = (): Promise<void> => openState(app, decodeState(location.hash, FIRST), sources);
window.addEventListener('hashchange', openAddress);
await openAddress();
document.body.dataset.ready = '';
