import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { ArgumentError } from '@varigrad/core';
import {
  checkFinite,
  checkOptions,
  checkText,
  checkWhole,
  describeValue,
  type OptionNames,
} from '@varigrad/core/checks';
import { checkPicture } from '../figures/checks.js';
import { encodePng } from '../figures/png.js';
import type { Raster } from '../figures/raster.js';
import { createFolder } from '../files/create-folder.js';
import { withFileErrors } from '../files/file-error.js';
import { HOST } from '../files/this-process.js';
import {
  histogram,
  image,
  restartRecord,
  type Summary,
  scalar,
  summaryRecord,
  versionRecord,
} from './events.js';

/** Options of `SummaryWriter`. */
export interface SummaryWriterOptions {
  /** The step at which a run goes on: readers drop what earlier files of the folder have from this step on. */
  purgeStep?: number | undefined;
}

const OPTIONS: OptionNames<SummaryWriterOptions> = { purgeStep: true };

/** The number of writers of this process, so that each has a file of its own. */
let writers = 0;

const now = (): number => Date.now() / 1000;

/**
 * Writes curves, pictures and histograms for TensorBoard into one new event file of a folder. What is added is kept in memory until
 * `flush`. A flush that fails, or is interrupted, can be repeated: it starts where the last complete one ended.
 * @see torch.utils.tensorboard.SummaryWriter
 * @example const writer = new SummaryWriter('runs/first'); writer.addScalar('loss', 106.2, 1); await writer.flush();
 */
export class SummaryWriter {
  /** The event file. */
  readonly path: string;
  readonly #folder: string;
  readonly #waiting: Uint8Array[];
  /** Bytes of the file that are complete. */
  #written = 0;
  /** The latest flush. The next one starts after it. */
  #flushed: Promise<void> = Promise.resolve();

  /** @param folder - is created with the first flush; @throws ArgumentError unless it is a path, and purgeStep a whole number */
  constructor(folder: string, options: SummaryWriterOptions = {}) {
    checkText('SummaryWriter', 'folder', folder);
    checkOptions('SummaryWriter', options, OPTIONS, 'folder, ');
    const { purgeStep } = options;
    if (purgeStep !== undefined) checkWhole('SummaryWriter', 'purgeStep', purgeStep, 0);
    const seconds = now();
    const start = String(Math.floor(seconds)).padStart(10, '0');
    this.#folder = folder;
    this.path = join(folder, `events.out.tfevents.${start}.${HOST}.${process.pid}.${writers++}`);
    this.#waiting = [
      versionRecord(seconds),
      ...(purgeStep === undefined ? [] : [restartRecord(seconds, purgeStep)]),
    ];
  }

  /** A point of a curve. TensorBoard groups curves by the part of the tag before a slash: `loss/train`. */
  addScalar(tag: string, value: number, step: number): void {
    if (typeof value !== 'number')
      throw new ArgumentError('addScalar', `value must be a number, found ${describeValue(value)}`);
    this.#add('addScalar', tag, step, scalar(tag, value));
  }

  /** A picture. */
  addImage(tag: string, picture: Raster, step: number): void {
    checkPicture('addImage', picture);
    this.#add('addImage', tag, step, image(tag, encodePng(picture), picture.height, picture.width));
  }

  /** The distribution of values, in TensorFlow's buckets. @throws ArgumentError if there is no value, or one is not finite */
  addHistogram(tag: string, values: ArrayLike<number>, step: number): void {
    if (!((values?.length as number | undefined)! > 0))
      throw new ArgumentError(
        'addHistogram',
        `values must be an array of numbers, found ${describeValue(values)}`,
      );
    for (let i = 0; i < values.length; i++) checkFinite('addHistogram', `values[${i}]`, values[i]!);
    this.#add('addHistogram', tag, step, histogram(tag, values));
  }

  #add(op: string, tag: string, step: number, summary: Summary): void {
    checkText(op, 'tag', tag);
    checkWhole(op, 'step', step, 0);
    this.#waiting.push(summaryRecord(now(), step, summary));
  }

  /** Writes what was added since the last flush. @throws FileError if the file cannot be written */
  flush(): Promise<void> {
    const write = (): Promise<void> => this.#write();
    this.#flushed = this.#flushed.then(write, write);
    return this.#flushed;
  }

  async #write(): Promise<void> {
    const added = this.#waiting.length;
    const records = Buffer.concat(this.#waiting);
    await withFileErrors('SummaryWriter', this.path, async () => {
      const isNew = this.#written === 0;
      if (isNew) await createFolder(this.#folder);
      const file = await open(this.path, isNew ? 'w' : 'r+');
      try {
        for (let at = 0; at < records.length; ) {
          const { bytesWritten } = await file.write(records, at, records.length - at, this.#written + at);
          at += bytesWritten;
        }
      } finally {
        await file.close();
      }
    });
    this.#written += records.length;
    this.#waiting.splice(0, added);
  }
}
