/** Opens what an address, the menu, a file or the editor selects. */
import { VarigradError } from '@varigrad/core';
import type { App } from './app.js';
import { GraphFileError, parseGraph } from './graph-file.js';
import { handedOver } from './handed-over.js';
import { openFile, openPreset, openProgram, openStep } from './opened.js';
import { presets } from './presets/list.js';
import { PROGRAM_FILE, ProgramError, runProgram } from './program.js';
import { rememberRun, wasRun } from './ran.js';
import type { Sources } from './sources.js';
import type { State } from './state.js';
import { notify, openEditor } from './views/dialogs.js';

/** The state after opening a graph. */
export function freshState(preset: string, program = ''): State {
  return { preset, step: 0, focus: null, collapsed: [], program };
}

/** Shows what a state describes. If that is impossible, shows the first preset and a message. */
export async function openState(app: App, state: State, sources: Sources): Promise<void> {
  notify('');
  if (state.preset === 'program' && state.program !== '') {
    openFirst(app, sources);
    await openLinkedProgram(app, state);
    return;
  }
  const preset = presets.find(({ id }) => id === state.preset);
  if (preset !== undefined) {
    app.open(openPreset(preset, sources), { ...state, program: '' });
    return;
  }
  if (state.preset === 'step') {
    const text = await handedOver();
    if (text !== null) {
      app.open(openStep(parseGraph(text)), { ...state, program: '' });
      return;
    }
  }
  openFirst(app, sources);
  notify(
    state.preset === 'step'
      ? 'This link refers to a step of the playground in another browser. Open a step there again.'
      : state.preset === 'file'
        ? 'This link refers to a local file. Open the file again.'
        : `There is no preset “${state.preset}”. Choose one from the menu.`,
  );
}

/** Runs the program in an address only if the user ran it before: links may come from untrusted sources. */
async function openLinkedProgram(app: App, state: State): Promise<void> {
  if (!wasRun(state.program)) {
    openEditor(state.program, 'This program is part of the link and was not run. Read it first.');
    return;
  }
  try {
    await run(app, state);
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    openEditor(state.program, error.message);
  }
}

function openFirst(app: App, sources: Sources): void {
  const [first] = presets;
  if (app.opened === undefined && first !== undefined)
    app.open(openPreset(first, sources), freshState(first.id));
}

/** Traces a program and shows the graph. @throws ProgramError */
export async function openText(app: App, text: string): Promise<void> {
  await run(app, freshState('program', text));
  rememberRun(text);
  notify('');
}

async function run(app: App, state: State): Promise<void> {
  const graph = await runProgram(state.program);
  app.open(openProgram({ file: PROGRAM_FILE, text: state.program }, graph), state);
}

/** Shows the graph in a file, or a message if the file is faulty. */
export async function openGraphFile(app: App, file: File): Promise<void> {
  try {
    const graph = parseGraph(await file.text());
    app.open(openFile(file.name, graph), freshState('file'));
    notify('');
  } catch (error) {
    if (!(error instanceof GraphFileError || error instanceof VarigradError)) throw error;
    notify(`${file.name}: ${error.message}`);
  }
}
