/** What the commands share that look at a trained model. */
import { complete, type Fields, fromFlags, oneOf, path } from '../run/fields.js';
import { type OpenRun, openRun } from '../run/open-run.js';
import type { Weights } from '../run/run-folder.js';
import type { CommandLine } from './command.js';
import { startBackend } from './machine.js';
import { runWord } from './words.js';

/** Which weights, and which images. */
interface Trained {
  weights: Weights | null;
  data: string | null;
}

export const TRAINED_FIELDS: Fields<Trained> = {
  weights: {
    group: 'The run:',
    kind: oneOf<Weights>(['best', 'last']),
    standard: null,
    help: 'of the epoch that was best on the validation images, or of the last one',
    standardText: 'best, where there are such images',
  },
  data: {
    group: 'The run:',
    kind: path,
    standard: null,
    help: 'other images of the same size, named as for train',
    standardText: "the run's own",
  },
};

/** Starts the backend and opens the run that a command line names. */
export async function openNamedRun(line: CommandLine): Promise<OpenRun> {
  const path = runWord(line.words);
  const { weights, data } = complete(TRAINED_FIELDS, fromFlags(TRAINED_FIELDS, line.flags));
  await startBackend(line);
  return openRun({ path, weights: weights ?? undefined, data: data ?? undefined });
}
