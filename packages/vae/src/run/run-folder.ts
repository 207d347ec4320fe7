import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Module, Optimizer } from '@varigrad/nn';
import { writeFileAtomic } from '../files/atomic.js';
import { withFileErrors } from '../files/file-error.js';
import { readText } from '../files/read-text.js';
import { metricsCsv } from '../metrics-csv.js';
import type { EpochResult, TrainState } from '../train.js';
import type { ImageFacts } from './build-model.js';
import { decodeCheckpoint, encodeCheckpoint, restore } from './checkpoint.js';
import { encodeMetrics, parseMetrics } from './metrics.js';
import { RUN_OPTIONS, type RunConfig, readConfigFile } from './run-config.js';
import { complete, effective } from './schema/complete.js';
import { shorten, suggest, UsageError } from './usage-error.js';
import { encodeWeights, type ModelFacts, parseImageFacts } from './weights-file.js';

/** Which weights of a run: those after its last epoch, or of the epoch with the lowest validation loss. */
export type Weights = 'last' | 'best';

/** The file of weights of each kind. A model's folder, which `savePretrained` writes, has one of its own. */
const WEIGHT_FILES: Readonly<Record<Weights | 'model', string>> = {
  last: 'weights.safetensors',
  best: 'best.safetensors',
  model: 'model.safetensors',
};

/**
 * The folder of one run:
 * `config.json` (the configuration, which can start another run), `run.json` (other facts about the run), `metrics.jsonl` (one
 * object per epoch), `metrics.csv` (the same losses as a table), `weights.safetensors` (the model), `best.safetensors` (the model of the best epoch, if there are validation
 * images), `checkpoint.safetensors` (everything that `--resume` needs), and pictures. Every file is replaced as a whole.
 */
export class RunFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path.replace(/(?<=[^/])\/+$/, '');
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** Replaces a file. The folder itself is not created: if it was deleted, a file alone would be no run. */
  async write(name: string, contents: string | Uint8Array): Promise<void> {
    await writeFileAtomic(this.file(name), contents, { createFolder: false });
  }

  /** Whether the folder already holds a run. */
  holdsRun(): boolean {
    return existsSync(this.file('config.json'));
  }

  /** @param facts - the contents of run.json, for readers */
  async writeConfig(config: RunConfig, facts: Readonly<Record<string, unknown>>): Promise<void> {
    await this.write('run.json', `${JSON.stringify(facts, null, 2)}\n`);
    const own = effective(RUN_OPTIONS, config);
    await this.write('config.json', `${JSON.stringify(own, null, 2)}\n`);
  }

  /** @param flag - the option that named the folder, for messages; @throws UsageError if the folder holds no run */
  readConfig(flag: string): RunConfig {
    const path = this.file('config.json');
    const absent = (): string => {
      const parent = dirname(resolve(this.path));
      const advice = suggest(basename(resolve(this.path)), runsIn(parent), (name) => join(parent, name));
      return `${`${flag} ${shorten(this.path)}`.trim()}: there is no config.json${advice || ' — name the folder of a run'}`;
    };
    return complete(RUN_OPTIONS, readConfigFile(path, path, absent));
  }

  /** @param heldOut - the images of the losses that are not training losses */
  async writeMetrics(results: readonly EpochResult[], heldOut: 'test' | 'validation'): Promise<void> {
    await this.write('metrics.jsonl', encodeMetrics(results, heldOut));
    await this.write('metrics.csv', metricsCsv(results, heldOut));
  }

  /** The finished epochs before `epoch`. @throws UsageError with the line if the file is damaged */
  async readMetrics(epoch: number = Number.POSITIVE_INFINITY): Promise<EpochResult[]> {
    const path = this.file('metrics.jsonl');
    const text = readText('metrics', path);
    return text === undefined ? [] : parseMetrics(text, path).filter((result) => result.epoch < epoch);
  }

  /** The size of the images, from run.json; undefined if it is not there. @throws VarigradError if the file is damaged */
  readImageFacts(): ImageFacts | undefined {
    const path = this.file('run.json');
    const text = readText('run', path);
    return text === undefined ? undefined : parseImageFacts(text, path, ({ images }) => images);
  }

  /** The size of the images, from the config.json of a model's folder; undefined if it is not there. @throws VarigradError if it is damaged */
  readModelImages(): ImageFacts | undefined {
    const path = this.file('config.json');
    const text = readText('config', path);
    if (text === undefined || JSON.parse(text).images === undefined) return undefined;
    return parseImageFacts(text, path, ({ images }) => images);
  }

  /** The digest of the images, from run.json; undefined if it is not there. @throws UsageError if the file is damaged */
  readDigest(): string | undefined {
    const path = this.file('run.json');
    const text = readText('run', path);
    if (text === undefined) return undefined;
    try {
      const digest: unknown = JSON.parse(text).images?.digest;
      return typeof digest === 'string' ? digest : undefined;
    } catch {
      throw new UsageError(`${path}: it is not JSON — restore the file, or start a new run`);
    }
  }

  /** Whether there are weights of this kind. */
  has(which: keyof typeof WEIGHT_FILES): boolean {
    return existsSync(this.file(WEIGHT_FILES[which]));
  }

  /** The path of the weights. @throws UsageError if the run has no such weights yet */
  weightsFile(which: keyof typeof WEIGHT_FILES): string {
    if (this.has(which)) return this.file(WEIGHT_FILES[which]);
    const reason =
      which === 'best'
        ? 'the run had no --validation images, or the file was deleted'
        : 'the run has not finished its first epoch';
    throw new UsageError(`${this.path}: there is no ${WEIGHT_FILES[which]} — ${reason}`);
  }

  async writeWeights(which: Weights, model: Module, about: ModelFacts): Promise<void> {
    await this.write(WEIGHT_FILES[which], encodeWeights(await model.stateDictAsync(), about));
  }

  /** Weights, optimizer and position in one file, so that they always match. */
  async writeCheckpoint(model: Module, optimizer: Optimizer, state: TrainState): Promise<void> {
    const checkpoint = {
      model: await model.stateDictAsync(),
      optimizer: await optimizer.stateDictAsync(),
      train: state,
    };
    await this.write('checkpoint.safetensors', encodeCheckpoint(checkpoint));
  }

  /** Restores model and optimizer from the checkpoint. @returns undefined if there is no checkpoint; nothing is changed then */
  async readCheckpoint(model: Module, optimizer: Optimizer): Promise<TrainState | undefined> {
    const path = this.file('checkpoint.safetensors');
    if (!existsSync(path)) return undefined;
    const bytes = await withFileErrors('resume', path, () => readFile(path));
    const checkpoint = decodeCheckpoint(bytes, path);
    restore(checkpoint, [model, optimizer], path);
    return checkpoint.train;
  }
}

/** The names of the runs in a folder; an empty list if it cannot be read. */
function runsIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => new RunFolder(join(folder, name)).holdsRun());
  } catch {
    return [];
  }
}
