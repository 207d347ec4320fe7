/** A training that can be paused, continued, and repeated up to any step. Every step is one of the library's `fit`. */
import { Generator } from '@varigrad/core';
import type { Optimizer, OptimizerState, StateDict } from '@varigrad/nn';
import {
  binarizeDataset,
  type Dataset,
  type EpochResult,
  fit,
  type StepResult,
  TrainingError,
  type TrainState,
} from '@varigrad/vae';
import { betaAt, buildModel, buildOptimizer, type Model } from './build.js';
import type { Settings } from './settings.js';

/** Images to learn from, and images that the training does not see. */
export interface Images {
  readonly train: Dataset;
  readonly test: Dataset;
}

/** Everything that a step needs, between two steps. */
export interface Checkpoint {
  readonly settings: Settings;
  readonly weights: StateDict;
  readonly optimizer: OptimizerState;
  /** Undefined before the first step. */
  readonly state: TrainState | undefined;
  /** Number of completed steps. */
  readonly step: number;
}

/** A training that ended with a NaN or an Infinity. */
export interface Failure {
  /** Steps that were completed before. */
  readonly step: number;
  readonly epoch: number;
  /** The operation that made the first NaN or Infinity, and its module; '' if it was no operation. */
  readonly operation: string;
  readonly module: string;
  readonly message: string;
}

/** What a training calls. */
export interface Listener {
  step?(result: StepResult): void;
  epoch?(result: EpochResult): void;
}

/** `fit` counts epochs to this one; a training ends when it is paused. */
const LAST_EPOCH = 1_000_000;

/** One training. It must not be run twice at the same time. */
export class Trainer {
  readonly model: Model;
  readonly optimizer: Optimizer;
  /** The images as they are trained on: binarized, unless each use draws anew. */
  readonly images: Images;
  #settings: Settings;
  #state: TrainState | undefined;
  #checkpoint: Checkpoint | undefined;
  #failure: Failure | undefined;
  #wanted = 0;

  constructor(
    settings: Settings,
    images: Images,
    private readonly listener: Listener = {},
  ) {
    this.#settings = settings;
    this.model = buildModel(settings, images.train);
    this.optimizer = buildOptimizer(settings, this.model);
    const { binarization, seed } = settings;
    const prepare = (data: Dataset): Dataset =>
      binarization === 'dynamic' ? data : binarizeDataset(data, binarization, new Generator(seed));
    this.images = { train: prepare(images.train), test: prepare(images.test) };
  }

  get settings(): Settings {
    return this.#settings;
  }

  /** Number of completed steps. */
  get step(): number {
    return this.optimizer.stepCount;
  }

  /** The epoch of the next step, counted from 1. */
  get epoch(): number {
    return 1 + Math.floor(this.step / this.stepsPerEpoch);
  }

  /** The last batch of an epoch may be smaller. */
  get stepsPerEpoch(): number {
    return Math.ceil(this.images.train.count / this.#settings.batchSize);
  }

  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** Takes other settings from the next step on: those that do not restart the training. */
  change(settings: Settings): void {
    this.pause(); // `fit` takes free bits as a constant
    this.#settings = settings;
  }

  /** Ends `run` after the step in progress. */
  pause(): void {
    this.#wanted = 0;
  }

  /** Runs some steps; Infinity until `pause`. A NaN or an Infinity ends it, and is then in `failure`. */
  async run(steps: number): Promise<void> {
    if (this.#failure !== undefined) return;
    this.#wanted = this.step + steps;
    this.#checkpoint = await this.#save();
    try {
      this.#state = await this.#fit();
    } catch (error) {
      if (!(error instanceof TrainingError)) throw error;
      this.#failure = this.#failureOf(error);
    }
  }

  /**
   * The same training before its last step, or before the step that failed, as a training of its own.
   * @returns null before the first step
   */
  async beforeLastStep(): Promise<Trainer | null> {
    const from = this.#checkpoint;
    const last = this.#failure === undefined ? this.step - 1 : this.#failure.step;
    if (from === undefined || last < from.step) return null;
    const twin = new Trainer(from.settings, this.images);
    twin.restore(from);
    if (last > from.step) await twin.run(last - from.step);
    return twin;
  }

  /** Continues from a checkpoint. */
  restore({ weights, optimizer, state, settings }: Checkpoint): void {
    this.model.loadStateDict(weights);
    this.optimizer.loadStateDict(optimizer);
    this.#state = state;
    this.#settings = settings;
  }

  /** The state between two steps, copied. */
  async #save(state: TrainState | undefined = this.#state): Promise<Checkpoint> {
    const { step } = this;
    const [weights, optimizer] = await Promise.all([
      this.model.stateDictAsync(),
      this.optimizer.stateDictAsync(),
    ]);
    return { settings: this.#settings, weights, optimizer, state, step };
  }

  #fit(): Promise<TrainState> {
    const { optimizer, images } = this;
    const { batchSize, binarization, seed, freeBits, model } = this.#settings;
    const rate = optimizer.initialLearningRate;
    return fit(this.model, images, {
      optimizer,
      epochs: LAST_EPOCH,
      batchSize,
      seed,
      binarization: binarization === 'dynamic' ? 'dynamic' : 'none',
      freeBits,
      ...(model !== 'ae' && { beta: (step: number) => betaAt(this.#settings, step) }),
      schedule: () => this.#settings.learningRate / rate,
      state: this.#state,
      onStep: (result) => {
        this.listener.step?.(result);
        return this.step < this.#wanted;
      },
      onEpoch: async (result, next) => {
        this.listener.epoch?.(result);
        // After the last step, the checkpoint before it is the one to repeat it from.
        if (this.step < this.#wanted) this.#checkpoint = await this.#save(next);
      },
    });
  }

  #failureOf({ epoch, step, message, cause }: TrainingError): Failure {
    const { stepsPerEpoch } = this;
    const before = (epoch - 1) * stepsPerEpoch + (step ?? stepsPerEpoch + 1) - 1;
    return { step: before, epoch, operation: cause?.op ?? '', module: cause?.module ?? '', message };
  }
}
