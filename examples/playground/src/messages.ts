/** The messages between the page and the worker that trains. */
import type { Dataset } from '@varigrad/vae';
import type { Frame } from './engine/frame.js';
import type { Settings } from './engine/settings.js';
import type { Failure } from './engine/trainer.js';
import type { View } from './engine/view.js';

/** Images that the page read, with the names of their classes. */
export interface OwnImages {
  readonly train: Dataset;
  readonly test: Dataset;
  /** Names for the legend, one per class. */
  readonly classNames: readonly string[];
}

/** Builds the model. */
export interface Start {
  readonly kind: 'start';
  readonly settings: Settings;
  /** The address of the folder of the digits. */
  readonly digits: string;
  readonly own: OwnImages | null;
}

/** From the page. */
export type Request =
  | Start
  /** Runs steps. @see Speed */
  | { readonly kind: 'run'; readonly steps: number; readonly perSecond: number }
  | { readonly kind: 'pause' }
  /** Takes settings that do not restart the training. */
  | { readonly kind: 'change'; readonly settings: Settings }
  | { readonly kind: 'look'; readonly view: View }
  | { readonly kind: 'record' }
  | { readonly kind: 'save' };

/** The facts of a training that stay the same. */
export interface Started {
  readonly kind: 'started';
  /** What computes: backend, vector instructions and threads. */
  readonly machine: string;
  readonly parameters: number;
  readonly trainCount: number;
  readonly testCount: number;
  readonly imageShape: readonly [number, number];
  readonly classNames: readonly string[];
  /** For generated images: the factors of the test images. */
  readonly factors: Readonly<Record<string, Float32Array>>;
}

/** A frame with the losses of the last steps, in nats per image. */
export interface Progress {
  readonly kind: 'frame';
  readonly step: number;
  readonly epoch: number;
  readonly stepsPerEpoch: number;
  /** Means over the steps between the last two frames; NaN before the first step. */
  readonly recon: number;
  readonly kl: number;
  readonly msPerStep: number;
  readonly frame: Frame;
}

/** From the worker. */
export type Answer =
  | Started
  | Progress
  | { readonly kind: 'epoch'; readonly step: number; readonly recon: number; readonly kl: number }
  | { readonly kind: 'stopped'; readonly step: number }
  | { readonly kind: 'failed'; readonly failure: Failure }
  /** The graph of the last step as JSON; null before the first step. */
  | { readonly kind: 'recorded'; readonly graph: string | null }
  | { readonly kind: 'saved'; readonly file: Uint8Array }
  /** The request could not be carried out. */
  | { readonly kind: 'refused'; readonly message: string };
