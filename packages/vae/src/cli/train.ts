/** `varigrad train`. */
import { basename } from 'node:path';
import { completeConfig, readConfigFile } from '../run/complete-config.js';
import { complete, type Fields, fromFlags, type Given, path } from '../run/fields.js';
import { MODELS } from '../run/model-table.js';
import type { RunConfig } from '../run/run-config.js';
import { freshFolder, RunFolder } from '../run/run-folder.js';
import { RUN_FIELDS } from '../run/run-options.js';
import { trainRun } from '../run/train-run.js';
import { UsageError } from '../run/usage-error.js';
import { type Command, type CommandLine, flagsOf, type Terminal } from './command.js';
import { MACHINE_FIELDS, startBackend } from './machine.js';
import { refuseWords } from './words.js';

/** Which run it is. */
interface Where {
  config: string | null;
  out: string | null;
  resume: string | null;
}

const WHERE_FIELDS: Fields<Where> = {
  config: {
    group: 'The run:',
    kind: path,
    standard: null,
    help: 'a JSON file of these options, as {"learningRate": 0.001}; options on the command line come first',
  },
  out: {
    group: 'The run:',
    kind: path,
    standard: null,
    help: 'folder for the results',
    standardText: 'runs/<name>',
  },
  resume: {
    group: 'The run:',
    kind: path,
    standard: null,
    help: 'folder of a run to go on with; --epochs may be raised',
  },
};

/** What a command line asks for: a new run, or the continuation of one. */
export type TrainRequest =
  | { kind: 'start'; given: Given; out: string | null }
  | { kind: 'resume'; folder: string; epochs: number | null };

/** @throws UsageError if an option is none, has no effect, or cannot change in a resumed run */
export function readTrainRequest({ words, flags }: CommandLine): TrainRequest {
  refuseWords(words, 0);
  const { config, out, resume } = complete(WHERE_FIELDS, fromFlags(WHERE_FIELDS, flags));
  const given = fromFlags(RUN_FIELDS, flags);
  if (resume === null) {
    const all = new Map([...(config === null ? [] : readConfigFile(config)), ...given]);
    completeConfig(all);
    return { kind: 'start', given: all, out };
  }
  for (const name of flags.keys()) {
    if (!['resume', 'epochs', ...Object.keys(MACHINE_FIELDS)].includes(name))
      throw new UsageError(`--${name} cannot change in a resumed run — start a new one, or leave it out`);
  }
  return {
    kind: 'resume',
    folder: resume,
    epochs: (given.get('epochs')?.value as number | undefined) ?? null,
  };
}

/** Epochs where none are asked for. */
export function standardEpochs(backend: string): Pick<RunConfig, 'epochs'> {
  return { epochs: backend === 'reference' ? 2 : RUN_FIELDS.epochs.standard };
}

/** `mnist-vae-z20-none` */
export function nameOf({ data, model, latent, binarization }: RunConfig): string {
  const size = MODELS[model].options.includes('latent') ? `-z${latent}` : '';
  return `${basename(data.split(',')[0] as string)}-${model}${size}-${binarization}`;
}

function prepare(
  request: TrainRequest,
  backend: string,
): { folder: RunFolder; config: RunConfig; resume: boolean } {
  if (request.kind === 'resume') {
    const folder = new RunFolder(request.folder);
    const saved = folder.readConfig('--resume');
    return { folder, config: { ...saved, epochs: request.epochs ?? saved.epochs }, resume: true };
  }
  const config = completeConfig(request.given, standardEpochs(backend));
  const folder = new RunFolder(request.out ?? freshFolder(nameOf(config)));
  if (folder.holdsRun())
    throw new UsageError(`--out ${folder.path} holds a run already — take another folder, or --resume it`);
  return { folder, config, resume: false };
}

async function run(line: CommandLine, { out, stopSignal, calledAs }: Terminal): Promise<void> {
  const request = readTrainRequest(line);
  const { name, description } = await startBackend(line);
  const prepared = prepare(request, name);
  const end = await trainRun({ ...prepared, machine: description, signal: stopSignal(), out });
  const { path } = prepared.folder;
  if (end.stopped) {
    out.write(`\nStopped in epoch ${end.epoch} after step ${end.step}; all is saved. To go on:\n`);
    out.write(`  ${calledAs} --resume ${path}\n`);
  } else {
    out.write(`\nDone. Pictures, curves and weights are in ${path}/\n`);
  }
}

export const train: Command = {
  summary: 'train a model, and leave pictures, curves and weights in a folder',
  usage: '',
  flags: { ...flagsOf(WHERE_FIELDS), ...flagsOf(RUN_FIELDS), ...flagsOf(MACHINE_FIELDS) },
  notes: [
    'Models:',
    ...Object.entries(MODELS).map(([name, { help }]) => `  ${name.padEnd(17)}${help}`),
    '',
    'Losses are in nats per image: summed over pixels and latent dimensions, averaged over images.',
    'Ctrl-C saves the run; --resume continues it exactly where it stopped.',
  ].join('\n'),
  run,
};
