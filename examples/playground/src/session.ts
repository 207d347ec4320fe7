/** A training and what is shown of it: carries out the requests of the page. It also runs in Node. */
import { backend, createWasm, scope, setBackend, stack, type Tensor, zeros } from '@varigrad/core';
import { toJSON } from '@varigrad/core/trace';
import type { EpochResult, StepResult } from '@varigrad/vae';
import { frameOf, widestAxes } from './engine/frame.js';
import { recordLastStep } from './engine/record.js';
import { conflictOf } from './engine/setting-checks.js';
import type { Settings } from './engine/settings.js';
import { Trainer } from './engine/trainer.js';
import { NOTHING, type View } from './engine/view.js';
import { encodeTraining } from './engine/weights.js';
import type { Answer, OwnImages } from './messages.js';

/** Images with what the page shows of them. */
export interface SessionImages extends OwnImages {
  readonly factors: Readonly<Record<string, Float32Array>>;
}

/** Least milliseconds between two frames. */
const FRAME_MS = 90;
/** Frames take at most this part of the time. */
const FRAME_PART = 0.2;
/** From this speed on, steps run without waiting. */
const UNLIMITED = 1000;

/** Waits until a time of `performance.now`. */
function passed(time: number): Promise<void> {
  return new Promise((resume) => setTimeout(resume, time - performance.now()));
}

/** The training of one model, shown to `answer`. */
export class Session {
  readonly trainer: Trainer;
  #view: View = NOTHING;
  #axes: readonly [number, number] = [0, 1];
  #sums: Tensor = zeros([2]);
  #summed = 0;
  /** Of the steps before the last frame. */
  #means = { recon: Number.NaN, kl: Number.NaN, msPerStep: 0 };
  #lastFrame = 0;
  #nextFrame = 0;
  #isReading = false;
  #running: Promise<void> | null = null;
  #wanted = 0;
  #perSecond = UNLIMITED;
  readonly #pixels: number;

  constructor(
    settings: Settings,
    private readonly images: SessionImages,
    private readonly answer: (answer: Answer) => void,
  ) {
    const conflict = conflictOf(settings, images.train.classes);
    if (conflict !== undefined) throw new Error(conflict);
    this.trainer = new Trainer(settings, images, {
      step: (result) => this.#afterStep(result),
      epoch: (result) => this.#afterEpoch(result),
    });
    // Shown losses are sums over the pixels, also where the training averages.
    this.#pixels = settings.reduction === 'mean' ? this.trainer.model.inputSize : 1;
  }

  /** Tells the facts, and shows the untrained model. */
  async start(): Promise<void> {
    const { train, test, classNames, factors } = this.images;
    let parameters = 0;
    for (const [, { size }] of this.trainer.model.namedParameters()) parameters += size;
    this.answer({
      kind: 'started',
      machine: backend().description,
      parameters,
      trainCount: train.count,
      testCount: test.count,
      imageShape: train.imageShape as readonly [number, number], // all images of the page are grey
      classNames,
      factors,
    });
    await this.show();
  }

  /** Runs steps, at most `perSecond`; a call during a run changes its speed. Steps that are still to run are added to a finite number. */
  run(steps: number, perSecond: number): void {
    const left = Number.isFinite(this.#wanted) ? Math.max(0, this.#wanted - this.trainer.step) : 0;
    this.#wanted = this.trainer.step + left + steps;
    this.#perSecond = perSecond;
    this.trainer.pause();
    this.#running ??= this.#train()
      .catch((error: Error) => this.answer({ kind: 'refused', message: error.message }))
      .finally(() => {
        this.#running = null;
      });
  }

  /** Ends the run after the step in progress. */
  async pause(): Promise<void> {
    this.#wanted = 0;
    this.trainer.pause();
    await this.#running;
  }

  change(settings: Settings): void {
    this.trainer.change(settings);
  }

  /** Shows a view of the model as it is. */
  async look(view: View): Promise<void> {
    this.#view = view;
    await this.show();
  }

  /** The last step as a graph. A trace needs a host, so the step of a device is repeated on wasm, equal up to rounding. */
  async record(): Promise<void> {
    await this.pause();
    const usual = backend();
    if (usual.memory === 'device') setBackend(createWasm());
    try {
      const graph = await recordLastStep(this.trainer);
      this.answer({ kind: 'recorded', graph: graph === null ? null : toJSON(graph) });
    } finally {
      if (backend() !== usual) {
        backend().dispose();
        setBackend(usual);
      }
    }
  }

  async save(): Promise<void> {
    await this.pause();
    this.answer({ kind: 'saved', file: await encodeTraining(this.trainer) });
  }

  async #train(): Promise<void> {
    const { trainer } = this;
    const hasMore = (): boolean => trainer.step < this.#wanted && trainer.failure === undefined;
    do {
      while (hasMore()) {
        const start = performance.now();
        const left = this.#wanted - trainer.step;
        const isSlow = this.#perSecond < UNLIMITED;
        const count = isSlow ? Math.min(left, Math.ceil(this.#perSecond / 10)) : left;
        await trainer.run(count);
        if (isSlow && hasMore()) await passed(start + (1000 * count) / this.#perSecond);
      }
      await this.show();
    } while (hasMore()); // a request may come while the frame is read from a device
    if (trainer.failure !== undefined) this.answer({ kind: 'failed', failure: trainer.failure });
    this.answer({ kind: 'stopped', step: trainer.step });
  }

  #afterStep({ losses }: StepResult): void {
    const before = this.#sums;
    this.#sums = scope(() => before.add(stack([losses.recon, losses.kl])));
    before.dispose();
    this.#summed++;
    if (performance.now() > this.#nextFrame && !this.#isReading)
      this.show().catch((error: Error) => this.answer({ kind: 'refused', message: error.message }));
  }

  #afterEpoch({ test }: EpochResult): void {
    const { step } = this.trainer;
    this.answer({ kind: 'epoch', step, recon: test.recon * this.#pixels, kl: test.kl });
  }

  /** Computes and sends a frame. On a device, training continues while it is read. */
  async show(): Promise<void> {
    const { trainer } = this;
    const { step, epoch } = trainer;
    const start = performance.now();
    const [sums, count] = [this.#sums, this.#summed];
    this.#sums = zeros([2]);
    this.#summed = 0;
    this.#isReading = true;
    try {
      const [frame, [recon = 0, kl = 0]] = await Promise.all([
        frameOf(trainer.model, trainer.images.test, this.#view, this.#axes),
        sums.data(),
      ]);
      this.#axes = this.#keptAxes(widestAxes(frame, trainer.model.latent));
      if (count > 0)
        this.#means = {
          recon: (recon / count) * this.#pixels,
          kl: kl / count,
          msPerStep: (start - this.#lastFrame) / count,
        };
      this.answer({
        kind: 'frame',
        step,
        epoch,
        stepsPerEpoch: trainer.stepsPerEpoch,
        ...this.#means,
        frame,
      });
    } finally {
      sums.dispose();
      this.#isReading = false;
      this.#lastFrame = performance.now();
      this.#nextFrame = this.#lastFrame + Math.max(FRAME_MS, (this.#lastFrame - start) / FRAME_PART);
    }
  }

  /** The plane keeps its dimensions after the first epoch: a view that jumps cannot be read. */
  #keptAxes(widest: [number, number]): readonly [number, number] {
    return this.trainer.step < this.trainer.stepsPerEpoch ? widest : this.#axes;
  }
}
