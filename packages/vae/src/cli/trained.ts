/** The options shared by the commands that use a trained model. */
import { complete, type Fields, fromFlags, oneOf, path } from '../run/fields.js';
import { type OpenRun, openRun } from '../run/open-run.js';
import type { Weights } from '../run/run-folder.js';
import { refuseExtraWords, UsageError } from '../run/usage-error.js';
import type { CommandLine } from './command.js';
import { startBackend } from './machine.js';

/** Which weights to load, and which images to use. */
interface Trained {
  weights: Weights | null;
  data: string | null;
}

export const TRAINED_FIELDS: Fields<Trained> = {
  weights: {
    group: 'The run:',
    kind: oneOf<Weights>(['best', 'last']),
    standard: null,
    help: 'weights of the best epoch on the validation images, or of the last epoch',
    standardText: 'best if the run has validation images, else last',
  },
  data: {
    group: 'The run:',
    kind: path,
    standard: null,
    help: 'other images of the same size; the same names as for train',
    standardText: "the run's own",
  },
};

/** The folder of a run: the only argument of such a command. */
function runFolderOf(words: readonly string[]): string {
  const [run] = words;
  if (run === undefined)
    throw new UsageError('no run given — name its folder, for example runs/mnist-vae-z20-none');
  refuseExtraWords(words, 1);
  return run;
}

/** Starts the backend and opens the run that the command line names. */
export async function openNamedRun(line: CommandLine): Promise<OpenRun> {
  const path = runFolderOf(line.words);
  const { weights, data } = complete(TRAINED_FIELDS, fromFlags(TRAINED_FIELDS, line.flags));
  await startBackend(line);
  return openRun({ path, weights: weights ?? undefined, data: data ?? undefined });
}
