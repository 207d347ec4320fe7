/** The options shared by the commands that use a trained model. */
import { type LoadedRun, loadRun } from '../run/load-run.js';
import { complete } from '../run/schema/complete.js';
import { fromFlags } from '../run/schema/values.js';
import { refuseExtraWords, UsageError } from '../run/usage-error.js';
import type { CommandLine } from './command.js';
import { startBackend } from './machine.js';

/** Which weights to load, and which images to use. */
export const TRAINED_OPTIONS = {
  weights: {
    group: 'The run:',
    enum: ['best', 'last'],
    default: null,
    help: 'weights of the best epoch on the validation images, or of the last epoch',
    defaultText: 'best if the run has validation images, else last',
  },
  data: {
    group: 'The run:',
    type: 'string',
    default: null,
    help: 'other images of the same size; the same names as for train',
    defaultText: "the run's own",
  },
} as const;

/** Starts the backend and opens the run that the command line names: its only argument. */
export async function openNamedRun(line: CommandLine): Promise<LoadedRun> {
  refuseExtraWords(line.words, 1);
  const [run] = await openNamedRuns(line);
  return run!;
}

/** `openNamedRun` for commands that draw images. @throws UsageError for a run on a table */
export async function openImageRun(line: CommandLine): Promise<LoadedRun> {
  const run = await openNamedRun(line);
  refuseTable(run, 'a sheet shows images — use evaluate or sample');
  return run;
}

/** @param reason - why the run must be one on images, and what to do. @throws UsageError for a run on a table */
export function refuseTable({ standardization }: LoadedRun, reason: string): void {
  if (standardization !== undefined) throw new UsageError(`the run was trained on a table, and ${reason}`);
}

/** Starts the backend and opens all runs that the command line names, at least one. */
export async function openNamedRuns(line: CommandLine): Promise<LoadedRun[]> {
  const paths = line.words;
  if (paths.length === 0 || paths.includes(''))
    throw new UsageError('no run given — name its folder, for example runs/mnist-vae-z20-none');
  const { weights, data } = complete(TRAINED_OPTIONS, fromFlags(TRAINED_OPTIONS, line.flags));
  await startBackend(line);
  const runs: LoadedRun[] = [];
  for (const path of paths)
    runs.push(await loadRun(path, { weights: weights ?? undefined, data: data ?? undefined }));
  return runs;
}
