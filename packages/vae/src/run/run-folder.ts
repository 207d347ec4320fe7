import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { decodeSafetensors, encodeSafetensors, type Module, type Optimizer } from '@varigrad/nn';
import { writeFileAtomic } from '../files/atomic.js';
import type { EpochResult, TrainState } from '../train.js';
import { decodeCheckpoint, encodeCheckpoint, restore } from './checkpoint.js';
import { completeConfig, readConfigFile } from './complete-config.js';
import { effective } from './fields.js';
import type { RunConfig } from './run-config.js';
import { RUN_FIELDS } from './run-options.js';
import { suggest, UsageError } from './usage-error.js';

/** Which weights of a run: those after its last epoch, or of the epoch with the lowest validation loss. */
export type Weights = 'last' | 'best';

const WEIGHT_FILES: Readonly<Record<Weights, string>> = {
  last: 'weights.safetensors',
  best: 'best.safetensors',
};

/**
 * The folder of one run:
 * `config.json` (the configuration, which can start another run), `run.json` (other facts about the run), `metrics.jsonl` (one
 * object per epoch), `weights.safetensors` (the model), `best.safetensors` (the model of the best epoch, if there are validation
 * images), `checkpoint.safetensors` (everything that `--resume` needs), and pictures. Every file is replaced as a whole.
 */
export class RunFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** Whether the folder already holds a run. */
  holdsRun(): boolean {
    return existsSync(this.file('config.json'));
  }

  /** @param facts - the contents of run.json, for readers */
  async writeConfig(config: RunConfig, facts: Readonly<Record<string, unknown>>): Promise<void> {
    await writeFileAtomic(this.file('run.json'), `${JSON.stringify(facts, null, 2)}\n`);
    const own = effective(RUN_FIELDS, config);
    await writeFileAtomic(this.file('config.json'), `${JSON.stringify(own, null, 2)}\n`);
  }

  /** @param flag - the option that named the folder, for messages; @throws UsageError if the folder holds no run */
  readConfig(flag: string): RunConfig {
    if (!this.holdsRun()) {
      const advice = suggest(basename(this.path), neighbours(this.path), `${dirname(this.path)}/`);
      throw new UsageError(
        `${`${flag} ${this.path}`.trim()}: there is no config.json${advice || ' — name the folder of a run'}`,
      );
    }
    return completeConfig(readConfigFile(this.file('config.json')));
  }

  /** @param heldOut - the images of the losses that are not training losses */
  async writeMetrics(results: readonly EpochResult[], heldOut: 'test' | 'validation'): Promise<void> {
    const lines = results.map(({ epoch, train, test, seconds, msPerStep }) =>
      JSON.stringify({ epoch, train, [heldOut]: test, seconds, msPerStep }),
    );
    await writeFileAtomic(this.file('metrics.jsonl'), lines.map((line) => `${line}\n`).join(''));
  }

  /** The finished epochs before `epoch`. */
  async readMetrics(epoch: number = Number.POSITIVE_INFINITY): Promise<EpochResult[]> {
    const path = this.file('metrics.jsonl');
    if (!existsSync(path)) return [];
    const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
    const results = lines.map((line) => {
      const { test, validation, ...result } = JSON.parse(line);
      return { ...result, test: test ?? validation } as EpochResult;
    });
    return results.filter((result) => result.epoch < epoch);
  }

  /** Whether there are weights of this kind. */
  has(which: Weights): boolean {
    return existsSync(this.file(WEIGHT_FILES[which]));
  }

  async writeWeights(which: Weights, model: Module): Promise<void> {
    await writeFileAtomic(this.file(WEIGHT_FILES[which]), encodeSafetensors(model.stateDict()));
  }

  /** @throws UsageError if the run has no such weights yet */
  async readWeights(which: Weights, model: Module): Promise<void> {
    const path = this.file(WEIGHT_FILES[which]);
    if (!existsSync(path)) {
      const reason =
        which === 'best' ? 'the run had no --validation images' : 'the run has not finished its first epoch';
      throw new UsageError(`${this.path}: there is no ${WEIGHT_FILES[which]} — ${reason}`);
    }
    model.loadStateDict(decodeSafetensors(await readFile(path), path).tensors);
  }

  /** Weights, optimizer and position in one file, so that they always match. */
  async writeCheckpoint(model: Module, optimizer: Optimizer, state: TrainState): Promise<void> {
    await writeFileAtomic(this.file('checkpoint.safetensors'), encodeCheckpoint(model, optimizer, state));
  }

  /** Restores model and optimizer from the checkpoint. @returns undefined if there is no checkpoint; nothing is changed then */
  async readCheckpoint(model: Module, optimizer: Optimizer): Promise<TrainState | undefined> {
    const path = this.file('checkpoint.safetensors');
    if (!existsSync(path)) return undefined;
    const checkpoint = decodeCheckpoint(await readFile(path), path);
    restore(checkpoint, [model, optimizer], path);
    return checkpoint.train;
  }
}

/** The folders next to this one. */
function neighbours(path: string): string[] {
  const parent = dirname(path);
  return existsSync(parent) ? readdirSync(parent) : [];
}

/** `runs/<name>`, or `runs/<name>-2`, … if that is taken. */
export function freshFolder(name: string): string {
  let path = join('runs', name);
  for (let n = 2; existsSync(path); n++) path = join('runs', `${name}-${n}`);
  return path;
}
