import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeSafetensors, encodeSafetensors, type Module, type Optimizer } from '@varigrad/nn';
import type { EpochResult, TrainState } from '@varigrad/vae';
import { writeFileAtomic } from '@varigrad/vae/node';
import { type RunConfig, UsageError } from './options.js';

/**
 * The folder of one run:
 * `config.json` (how it was made), `metrics.jsonl` (one object an epoch), `weights.safetensors` (the model),
 * `checkpoint.safetensors` (all that `--resume` needs), and pictures. Every file is replaced as a whole.
 */
export class RunFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** Whether a run was begun here before. */
  holdsRun(): boolean {
    return existsSync(this.file('config.json'));
  }

  async writeConfig(config: RunConfig, facts: Readonly<Record<string, string | number>>): Promise<void> {
    await writeFileAtomic(this.file('config.json'), `${JSON.stringify({ ...config, ...facts }, null, 2)}\n`);
  }

  /** @throws UsageError if the folder holds no run */
  async readConfig(): Promise<RunConfig> {
    const path = this.file('config.json');
    if (!existsSync(path))
      throw new UsageError(`--resume ${this.path}: there is no config.json — name the folder of a run`);
    return JSON.parse(await readFile(path, 'utf8')) as RunConfig;
  }

  async writeMetrics(results: readonly EpochResult[]): Promise<void> {
    await writeFileAtomic(this.file('metrics.jsonl'), results.map((r) => `${JSON.stringify(r)}\n`).join(''));
  }

  /** The finished epochs before `epoch`. */
  async readMetrics(epoch: number): Promise<EpochResult[]> {
    const path = this.file('metrics.jsonl');
    if (!existsSync(path)) return [];
    const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as EpochResult).filter((r) => r.epoch < epoch);
  }

  async writeWeights(model: Module): Promise<void> {
    await writeFileAtomic(this.file('weights.safetensors'), encodeSafetensors(model.stateDict()));
  }

  /** Weights, optimizer and position in one file, so that they always belong together. */
  async writeCheckpoint(model: Module, optimizer: Optimizer, state: TrainState): Promise<void> {
    const { tensors, ...settings } = optimizer.stateDict();
    const all = { ...prefixed('model.', model.stateDict()), ...prefixed('optimizer.', tensors) };
    const metadata = { train: JSON.stringify(state), optimizer: JSON.stringify(settings) };
    await writeFileAtomic(this.file('checkpoint.safetensors'), encodeSafetensors(all, metadata));
  }

  /** Puts model and optimizer back where the checkpoint left them. @throws UsageError if there is none */
  async readCheckpoint(model: Module, optimizer: Optimizer): Promise<TrainState> {
    const path = this.file('checkpoint.safetensors');
    if (!existsSync(path)) {
      throw new UsageError(
        `--resume ${this.path}: there is no checkpoint yet — the run stopped before its first save`,
      );
    }
    const { tensors, metadata } = decodeSafetensors(await readFile(path), path);
    model.loadStateDict(unprefixed('model.', tensors));
    optimizer.loadStateDict({
      ...JSON.parse(metadata.optimizer ?? '{}'),
      tensors: unprefixed('optimizer.', tensors),
    });
    return JSON.parse(metadata.train ?? '{}') as TrainState;
  }
}

function prefixed<T>(prefix: string, entries: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(entries).map(([name, value]) => [prefix + name, value]));
}

function unprefixed<T>(prefix: string, entries: Readonly<Record<string, T>>): Record<string, T> {
  const own = Object.entries(entries).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value]));
}

/** `runs/<name>`, or `runs/<name>-2`, … if that is taken. */
export function freshFolder(name: string): string {
  let path = join('runs', name);
  for (let n = 2; existsSync(path); n++) path = join('runs', `${name}-${n}`);
  return path;
}
