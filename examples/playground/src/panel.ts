/** One model on the page: its worker, its views, and what they show. */
import type { Settings } from './engine/settings.js';
import type { Failure } from './engine/trainer.js';
import { codeAt } from './engine/view.js';
import type { Answer, OwnImages, Progress, Request, Started } from './messages.js';
import { type Look, ModelViews } from './views/model-views.js';
import type { Point } from './views/plane.js';

/** What a panel tells the page. */
export interface PanelEvents {
  started(facts: Started): void;
  moved(point: Point): void;
  /** The test images were evaluated; losses in nats per image. */
  epoch(result: {
    readonly step: number;
    readonly recon: number;
    readonly kl: number;
    readonly active: number;
  }): void;
  failed(failure: Failure): void;
  refused(message: string): void;
}

/** A request whose answer has not come. */
interface Waiting {
  readonly answered: Promise<Answer>;
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

export class Panel {
  readonly #views: ModelViews;
  #worker: Worker | null = null;
  #settings: Settings | null = null;
  #facts: Started | null = null;
  #last: Progress | null = null;
  #look: Look;
  #isLooking = false;
  #wantsLook = false;
  readonly #waiting = new Map<Answer['kind'], Waiting>();
  constructor(
    name: string,
    look: Look,
    private readonly events: PanelEvents,
  ) {
    this.#look = look;
    this.#views = new ModelViews(name, (point) => events.moved(point));
  }

  get element(): HTMLElement {
    return this.#views.element;
  }

  get step(): number {
    return this.#last?.step ?? 0;
  }

  get facts(): Started | null {
    return this.#facts;
  }

  /** Starts a training anew, in a new worker. */
  start(settings: Settings, title: string, own: OwnImages | null): void {
    this.stop();
    this.#settings = settings;
    this.#facts = null;
    this.#last = null;
    this.#views.reset(title);
    try {
      this.#worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
    } catch (error) {
      this.events.refused(
        `The training needs a worker, which the browser refuses: ${(error as Error).message}`,
      );
      return;
    }
    const worker = this.#worker;
    worker.addEventListener('message', ({ data }: MessageEvent<Answer>) => {
      if (worker === this.#worker) this.#receive(data);
    });
    worker.addEventListener('error', ({ message }) => {
      if (worker === this.#worker) this.#refuse(message || 'The worker could not be loaded.');
    });
    this.send({ kind: 'start', settings, digits: new URL('./digits/', document.baseURI).href, own });
  }

  /** Ends the worker. */
  stop(): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#isLooking = false;
    this.#giveUp('The training ended before the request was answered.');
  }

  #giveUp(message: string): void {
    for (const { reject } of this.#waiting.values()) reject(new Error(message));
    this.#waiting.clear();
  }

  #refuse(message: string): void {
    this.#isLooking = false;
    this.#giveUp(message);
    this.events.refused(message);
  }

  send(request: Request): void {
    this.#worker?.postMessage(request);
  }

  /** Sends a request, unless an equal one has no answer yet. @returns the answer; rejected with the reason if it is refused */
  ask<Kind extends Answer['kind']>(request: Request, kind: Kind): Promise<Extract<Answer, { kind: Kind }>> {
    let waiting = this.#waiting.get(kind);
    if (waiting === undefined) {
      let [resolve, reject]: [Waiting['resolve'], Waiting['reject']] = [() => {}, () => {}];
      const answered = new Promise<Answer>((...both) => {
        [resolve, reject] = both;
      });
      waiting = { answered, resolve, reject };
      this.#waiting.set(kind, waiting);
      this.send(request);
    }
    return waiting.answered as Promise<Extract<Answer, { kind: Kind }>>;
  }

  change(settings: Settings, title: string): void {
    this.#settings = settings;
    this.#views.setTitle(title);
    this.send({ kind: 'change', settings });
  }

  /** Shows another point, class, drawing or colour. Moves that come faster than frames are combined. */
  look(look: Look): void {
    this.#look = look;
    this.draw();
    if (this.#facts === null) return;
    if (this.#isLooking) this.#wantsLook = true;
    else this.#sendLook();
  }

  #sendLook(): void {
    const { point, label, probe } = this.#look;
    const [across, up] = this.#last?.frame.axes ?? [0, 1];
    this.#isLooking = true;
    this.#wantsLook = false;
    const code = codeAt(this.#settings?.latent ?? 2, [across, up], ...point);
    this.send({ kind: 'look', view: { point: code, label, probe, axes: null } });
  }

  #receive(answer: Answer): void {
    this.#waiting.get(answer.kind)?.resolve(answer);
    this.#waiting.delete(answer.kind);
    switch (answer.kind) {
      case 'started':
        this.#facts = answer;
        this.events.started(answer);
        break;
      case 'frame':
        this.#isLooking = false;
        if (this.#wantsLook) this.#sendLook();
        this.#last = answer;
        this.#views.addTraining(answer);
        requestAnimationFrame(() => this.draw());
        break;
      case 'epoch':
        this.#views.addTest(answer);
        this.events.epoch({ ...answer, active: this.#last?.frame.active.length ?? 0 });
        break;
      case 'failed':
        this.events.failed(answer.failure);
        break;
      case 'refused':
        this.#refuse(answer.message);
    }
  }

  /** Draws the last frame. */
  draw(): void {
    const [progress, facts, settings] = [this.#last, this.#facts, this.#settings];
    if (progress !== null && facts !== null && settings !== null)
      this.#views.show({ progress, facts, settings, look: this.#look });
  }
}
