/** Reads the mutants of a target, and measures each reading. */
import { VarigradError } from '@varigrad/core';
import { GraphFileError } from '../../examples/explorer/src/graph-file.js';
import { UsageError } from '../../packages/vae/src/run/usage-error.js';
import { Dice, mutate } from './mutate.js';
import type { Target } from './target.js';

const SMALL_FILE = 2 ** 20;
const MOST_KILOBYTES = 256 * 1024;
const MOST_MILLISECONDS = 2000;
const REFUSALS = [VarigradError, UsageError, GraphFileError];

/** Which mutants are read. */
export interface Settings {
  readonly count: number;
  /** Index of the first one. */
  readonly from: number;
  readonly seed: number;
}

export interface Failure {
  readonly index: number;
  readonly file: Uint8Array;
  readonly reason: string;
}

export interface Counts {
  accepted: number;
  refused: number;
  /** The longest reading, in milliseconds of processor time. */
  slowest: number;
}

/** What is told while it runs. */
export interface Listener {
  /** @param share - of the mutants, from 0 to 1 */
  readonly onProgress?: (share: number) => void;
  readonly onFailure: (failure: Failure) => void;
}

/** The file number `index` of a target. It depends on the seed and the index only. */
export function mutantOf({ seeds }: Pick<Target, 'seeds'>, seed: number, index: number): Uint8Array {
  const dice = new Dice(seed, index);
  const { bytes, finish } = dice.of(seeds);
  const damaged = mutate(bytes, dice);
  return finish === undefined ? damaged : finish(damaged);
}

/** Reads the mutants one after the other. */
export async function fuzz(target: Target, settings: Settings, listener: Listener): Promise<Counts> {
  const counts: Counts = { accepted: 0, refused: 0, slowest: 0 };
  const { from, count, seed } = settings;
  for (let index = from; index < from + count; index++) {
    if ((index - from) % 500 === 0) listener.onProgress?.((index - from) / count);
    const file = mutantOf(target, seed, index);
    const reason = await tryFile(target, file, counts);
    if (reason !== undefined) listener.onFailure({ index, file, reason });
  }
  return counts;
}

/** The reason why a reading failed, if it did. */
async function tryFile({ read }: Target, file: Uint8Array, counts: Counts): Promise<string | undefined> {
  const rss = process.memoryUsage.rss() / 1024;
  const peak = process.resourceUsage().maxRSS;
  const start = process.cpuUsage();
  let failure: string | undefined;
  try {
    await read(file);
    counts.accepted++;
  } catch (error) {
    if (REFUSALS.some((kind) => error instanceof kind)) counts.refused++;
    else failure = (error as Error).stack ?? String(error);
  }
  const { user, system } = process.cpuUsage(start);
  const milliseconds = (user + system) / 1000;
  counts.slowest = Math.max(counts.slowest, milliseconds);
  const reached = process.resourceUsage().maxRSS;
  if (file.length >= SMALL_FILE || failure !== undefined) return failure;
  if (reached > peak && reached - rss > MOST_KILOBYTES)
    return `memory rose by ${Math.round((reached - rss) / 1024)} MiB`;
  if (milliseconds > MOST_MILLISECONDS) return `it took ${Math.round(milliseconds)} ms`;
  return undefined;
}
