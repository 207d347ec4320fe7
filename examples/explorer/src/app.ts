/** The page's state and its display: one graph is open, at one step, with one node in focus. */
import { byId, element, refill } from './dom.js';
import type { Opened } from './opened.js';
import { type Action, fitted, focusOf, reduce, type Scene, type State } from './state.js';
import { stepsOf } from './steps.js';
import { encodeState } from './url.js';
import { about } from './views/about.js';
import { codeView } from './views/code-view.js';
import { openEditor } from './views/dialogs.js';
import { GraphView } from './views/graph-view.js';
import { moduleList } from './views/module-list.js';
import { nodeList } from './views/node-list.js';
import { nodePanel } from './views/node-panel.js';
import { showScrubber } from './views/scrubber.js';

const PLAY_MS = 900;

/** Shows the state and applies actions to it. */
export class App {
  readonly graphView: GraphView;
  readonly dispatch: (action: Action) => void = (action) => this.#act(action);
  #opened: Opened | undefined;
  #scene: Scene | undefined;
  #state: State | undefined;
  #query = '';
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor() {
    this.graphView = new GraphView(document.querySelector('#graph') as SVGSVGElement, this.dispatch);
  }

  /** The open graph; undefined before the first one. */
  get opened(): Opened | undefined {
    return this.#opened;
  }

  /** The state; undefined before the first graph. */
  get state(): State | undefined {
    return this.#state;
  }

  /** Shows a graph in a state; values of the state that do not fit the graph are corrected. */
  open(opened: Opened, state: State): void {
    this.pause();
    this.#query = '';
    byId<HTMLInputElement>('search').value = '';
    this.#opened = opened;
    this.#scene = { graph: opened.graph, steps: stepsOf(opened.graph) };
    this.#state = fitted({ ...state, preset: opened.preset }, this.#scene);
    document.title = `${opened.title} · varigrad explorer`;
    byId('about').scrollTop = 0;
    this.showChoice();
    const hash = `#${encodeState(this.#state)}`;
    if (location.hash !== '' && location.hash !== hash) history.pushState(null, '', hash);
    this.#show();
  }

  /** Selects the open graph in the menu. */
  showChoice(): void {
    byId<HTMLSelectElement>('preset').value = this.#opened?.preset ?? '';
  }

  /** Lists the nodes that a query finds. */
  search(query: string): void {
    this.#query = query;
    this.#show();
  }

  /** Starts to play the steps to the end, or stops. */
  playOrPause(): void {
    if (this.#timer !== undefined) {
      this.pause();
      return;
    }
    const { steps } = this.#scene as Scene;
    if (this.#state?.step === steps.length - 1) this.#act({ kind: 'go', to: 0 });
    this.#timer = setInterval(() => {
      this.#act({ kind: 'move', by: 1 });
      if (this.#state?.step === steps.length - 1) this.pause();
    }, PLAY_MS);
    this.#show();
  }

  /** Stops playing. */
  pause(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#show();
  }

  #act(action: Action): void {
    if (this.#state === undefined || this.#scene === undefined) return;
    this.#state = reduce(this.#state, action, this.#scene);
    this.#show();
  }

  #showCode({ code, preset }: Opened, { graph }: Scene, focus: number): void {
    if (code === undefined) {
      refill(byId('code'), element('p', { class: 'faint' }, 'The source code of this graph is unknown.'));
      return;
    }
    const edit = preset === 'program' ? () => openEditor(code.text) : undefined;
    refill(byId('code'), ...codeView(code, graph, focus, this.dispatch, edit));
  }

  #show(): void {
    const { dispatch } = this;
    const [state, scene, opened] = [this.#state, this.#scene, this.#opened];
    if (state === undefined || scene === undefined || opened === undefined) return;
    const focus = focusOf(state, scene);
    refill(byId('about'), ...about(opened, dispatch));
    refill(byId('node-list'), ...nodeList(scene, state, this.#query, dispatch));
    refill(byId('modules'), ...moduleList(scene.graph, state, dispatch));
    refill(byId('node'), nodePanel(scene, state, dispatch));
    this.#showCode(opened, scene, focus);
    for (const marked of document.querySelectorAll('#code .focus, #node-list .focus')) {
      marked.scrollIntoView({ block: 'nearest', inline: 'start' });
    }
    showScrubber(state, scene, this.#timer !== undefined);
    this.graphView.show(state, scene);
    const hash = `#${encodeState(state)}`;
    if (location.hash !== hash) history.replaceState(null, '', hash);
  }
}
