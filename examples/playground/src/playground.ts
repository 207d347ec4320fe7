/** The state of the page, and what its controls do. */
import { byId, element, refill } from '../../explorer/src/dom.js';
import { encodeAddress, type PageState, SHARED, sharing, stateOf } from './address.js';
import { FIELDS } from './engine/fields.js';
import { differences, withSetting } from './engine/setting-checks.js';
import type { SettingName, Settings } from './engine/settings.js';
import type { Failure } from './engine/trainer.js';
import { showFailure } from './failure.js';
import { type Form, settingsForm } from './form.js';
import { type Found, showGuide } from './guide.js';
import { describeMachine } from './machine.js';
import type { OwnImages, Started } from './messages.js';
import { copyProgram, exploreStep, saveWeights } from './outputs.js';
import { Panel } from './panel.js';
import { EXPECTED_STEPS, presetOf } from './presets.js';
import type { Look } from './views/model-views.js';

/** One model or two. */
export class Playground {
  /** Called when the size of the images is known. */
  onShape: (imageShape: readonly [number, number]) => void = () => {};
  #state: PageState = stateOf('');
  #look: Look = { point: [0, 0], label: 3, probe: null, colourBy: 'class' };
  #isPlaying = true;
  #speed = 1000;
  #own: OwnImages | null = null;
  #hasServiceWorker = true;
  #found: [Found, Found] = [{}, {}];
  readonly #panels: readonly [Panel, Panel];
  readonly #forms: readonly [Form, Form];

  constructor() {
    this.#panels = [this.#makePanel(0), this.#makePanel(1)];
    this.#forms = [
      settingsForm('', (name, text) => this.#set(0, name, text)),
      settingsForm('b-', (name, text) => this.#set(1, name, text)),
    ];
    byId('settings').append(this.#forms[0].element);
    byId('panels').append(this.#panels[0].element);
  }

  /** The part of the address after #, with #. */
  get hash(): string {
    return `#${encodeAddress(this.#state)}`;
  }

  get #models(): readonly Settings[] {
    const { first, second } = this.#state;
    return second === null ? [first] : [first, second];
  }

  /** Shows a state, and starts its training. */
  open(state: PageState): void {
    this.#state = state;
    const { point, label, colourBy } = state;
    this.#look = { ...this.#look, point, label, colourBy };
    this.#isPlaying = true;
    this.restart();
  }

  /** Starts the training of all models anew. */
  restart(): void {
    this.notify('');
    byId('failure').hidden = true;
    this.#found = [{}, {}];
    const models = this.#models;
    if (models.length === 2) byId('panels').append(this.#panels[1].element);
    else {
      this.#panels[1].stop();
      this.#panels[1].element.remove();
    }
    models.forEach((settings, i) => {
      const cores = Math.max(1, Math.floor(navigator.hardwareConcurrency / 2));
      const shared =
        models.length === 2 && settings.threads === 0 ? { ...settings, threads: cores } : settings;
      this.#panels[i]!.start(shared, this.#titleOf(i), this.#own);
    });
    this.#showState();
  }

  playOrPause(): void {
    if (this.#isPlaying) {
      this.#pause();
      return;
    }
    this.#isPlaying = true;
    this.#run(Number.POSITIVE_INFINITY);
    this.#showPlaying();
  }

  /** Pauses, and runs one step. */
  oneStep(): void {
    this.#isPlaying = false;
    this.#run(1);
    this.#showPlaying();
  }

  setSpeed(perSecond: number): void {
    this.#speed = perSecond;
    if (this.#isPlaying) this.#run(Number.POSITIVE_INFINITY);
  }

  look(change: Partial<Look>): void {
    this.#look = { ...this.#look, ...change };
    const { point, label, colourBy } = this.#look;
    this.#state = { ...this.#state, point, label, colourBy };
    this.#each((panel) => panel.look(this.#look));
    this.#showAddress();
  }

  /** Trains on own images. */
  openImages(images: OwnImages): void {
    this.#own = images;
    const first = { ...this.#state.first, data: 'own' } as const;
    this.#state = { ...this.#state, first, second: this.#secondFor(first) };
    this.restart();
  }

  toggleSecond(): void {
    const { first, second } = this.#state;
    this.#state = {
      ...this.#state,
      second: second === null ? { ...first, model: 'ae', samples: 1, freeBits: 0 } : null,
    };
    this.restart();
  }

  /** Opens the last step of the first model in the explorer. */
  explore(): Promise<void> {
    this.#pause();
    return this.#orNotify(exploreStep(this.#panels[0].ask({ kind: 'record' }, 'recorded')));
  }

  async copy(): Promise<void> {
    this.notify(await copyProgram(this.#state.first, Math.max(1, this.#panels[0].step)));
  }

  save(): Promise<void> {
    this.#pause();
    return this.#orNotify(saveWeights(this.#panels[0].ask({ kind: 'save' }, 'saved')));
  }

  /** Shows a message; '' hides it. */
  notify(message: string): void {
    const notice = byId('notice');
    notice.hidden = message === '';
    notice.querySelector('p')!.textContent = message;
  }

  /** Says in the foot of the page that there is no service worker. */
  missServiceWorker(): void {
    this.#hasServiceWorker = false;
    this.#showMachine();
  }

  /** Draws again, in other colours or another size. */
  draw(): void {
    this.#each((panel) => panel.draw());
  }

  #each(action: (panel: Panel, i: number) => void): void {
    this.#models.forEach((_, i) => {
      action(this.#panels[i]!, i);
    });
  }

  /** Shows why an action failed. */
  #orNotify(action: Promise<void>): Promise<void> {
    return action.catch((error: Error) => this.notify(error.message));
  }

  #pause(): void {
    this.#isPlaying = false;
    this.#each((panel) => panel.send({ kind: 'pause' }));
    this.#showPlaying();
  }

  #run(steps: number): void {
    this.#each((panel) => panel.send({ kind: 'run', steps, perSecond: this.#speed }));
  }

  #makePanel(i: 0 | 1): Panel {
    return new Panel(i === 0 ? 'Model' : 'Second model', this.#look, {
      started: (facts) => this.#started(facts, i),
      moved: (point) => this.look({ point }),
      epoch: ({ step, recon, kl, active }) => {
        if (step !== EXPECTED_STEPS) return;
        this.#found[i] = { ...this.#found[i], recon, kl, bound: recon + kl, active };
        this.#showGuide();
      },
      failed: (failure) => this.#failed(failure, i),
      refused: (message) => this.notify(i === 0 ? message : `Second model: ${message}`),
    });
  }

  #started(facts: Started, i: number): void {
    const panel = this.#panels[i]!;
    this.onShape(facts.imageShape); // first: a drawing of another size cannot be encoded
    panel.look(this.#look);
    if (this.#isPlaying) panel.send({ kind: 'run', steps: Number.POSITIVE_INFINITY, perSecond: this.#speed });
    if (i > 0) return;
    this.#showMachine();
    this.#fillMenu(
      'label',
      facts.classNames,
      String(Math.min(this.#look.label, facts.classNames.length - 1)),
    );
    const colours = ['class', ...Object.keys(facts.factors)];
    refill(byId('colour'), ...colours.map((name) => element('option', { value: name }, name)));
    byId<HTMLSelectElement>('colour').value = colours.includes(this.#look.colourBy)
      ? this.#look.colourBy
      : 'class';
    byId('colour-choice').hidden = colours.length === 1;
    byId('label-choice').hidden = this.#models.every(({ model }) => model !== 'cvae');
  }

  #fillMenu(id: string, names: readonly string[], chosen: string): void {
    refill(byId(id), ...names.map((name, value) => element('option', { value }, name)));
    byId<HTMLSelectElement>(id).value = chosen;
  }

  #failed(failure: Failure, i: number): void {
    this.#found[i] = { ...this.#found[i], failure: failure.step };
    showFailure(byId('failure'), failure, i > 0);
    if (this.#models.every((_, j) => this.#found[j]?.failure !== undefined)) this.#pause();
    this.#showGuide();
  }

  #set(i: 0 | 1, name: SettingName, text: string): void {
    const { first, second } = this.#state;
    if (i === 0) {
      const changed = withSetting(first, name, text);
      this.#state = { ...this.#state, first: changed, second: this.#secondFor(changed) };
    } else if (second !== null) this.#state = { ...this.#state, second: withSetting(second, name, text) };
    if (FIELDS[name].restarts) {
      this.restart();
      return;
    }
    this.#panels[i].change(this.#models[i]!, this.#titleOf(i));
    this.#showState();
  }

  #secondFor(first: Settings): Settings | null {
    const { second } = this.#state;
    return second === null ? null : sharing(first, second);
  }

  /** The settings of a model that differ from those of the other one, or the sizes of the only one. */
  #titleOf(i: number): string {
    const { first, second } = this.#state;
    const settings = this.#models[i]!;
    const kind = { vae: 'VAE', cvae: 'Conditional VAE', ae: 'Autoencoder' }[settings.model];
    if (second === null) return `${kind}, ${settings.hidden} hidden, ${settings.latent} latent`;
    const names = differences(first, second).filter((name) => name !== 'model');
    return [kind, ...names.map((name) => `${FIELDS[name].label}: ${settings[name]}`)].join(' · ');
  }

  #showState(): void {
    const { first, second } = this.#state;
    const start = stateOf(this.#state.preset);
    byId<HTMLSelectElement>('preset').value = this.#state.preset;
    this.#forms[0].show(first, start.first);
    refill(byId('second-settings'), second === null ? null : this.#forms[1].element);
    if (second !== null) this.#forms[1].show(second, first, SHARED);
    byId('second').textContent = second === null ? 'Compare with a second model' : 'Remove the second model';
    byId('panels').classList.toggle('two', second !== null);
    this.#showPlaying();
    this.#showGuide();
    this.#showAddress();
  }

  #showPlaying(): void {
    const button = byId('play');
    button.textContent = this.#isPlaying ? 'Pause' : 'Play';
    button.title = 'play or pause (Space)';
  }

  #showGuide(): void {
    const { preset, first, second } = this.#state;
    const start = stateOf(preset);
    const matters = (a: Settings, b: Settings): boolean =>
      differences(a, b).some((name) => FIELDS[name].group !== 'Machine');
    const isChanged =
      matters(start.first, first) ||
      (second === null) !== (start.second === null) ||
      (second !== null && start.second !== null && matters(start.second, second));
    showGuide(byId('guide'), presetOf(preset)!, isChanged, this.#found);
  }

  #showMachine(): void {
    const { facts } = this.#panels[0];
    if (facts !== null) byId('machine').textContent = describeMachine(facts, this.#hasServiceWorker);
  }

  #showAddress(): void {
    if (location.hash !== this.hash) history.replaceState(null, '', this.hash);
  }
}
