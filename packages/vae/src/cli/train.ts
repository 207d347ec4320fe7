/** `varigrad train`. */
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { completeConfig, readConfigFile } from '../run/complete-config.js';
import { complete, type Fields, fromFlags, type Given, path } from '../run/fields.js';
import { FIGURES } from '../run/figures.js';
import { MODELS } from '../run/model-table.js';
import { type Paint, painter } from '../run/progress.js';
import type { RunConfig } from '../run/run-config.js';
import { freshFolder, RunFolder } from '../run/run-folder.js';
import { RUN_FIELDS } from '../run/run-options.js';
import { trainRun } from '../run/train-run.js';
import { refuseExtraWords, UsageError } from '../run/usage-error.js';
import { type Command, type CommandLine, flagsOf, type Terminal } from './command.js';
import { MACHINE_FIELDS, startBackend } from './machine.js';

/** The options that choose the run. */
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
    help: 'JSON file with options, such as {"learningRate": 0.001}; the command line overrides it',
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
    help: 'folder of a run to continue; --epochs may be raised',
  },
};

/** A new run, or the continuation of one. */
export type TrainRequest =
  | { kind: 'start'; given: Given; out: string | null }
  | { kind: 'resume'; folder: string; epochs: number | null };

/** @throws UsageError if an option is unknown, has no effect, or cannot change in a resumed run */
export function readTrainRequest({ words, flags }: CommandLine): TrainRequest {
  refuseExtraWords(words, 0);
  const { config, out, resume } = complete(WHERE_FIELDS, fromFlags(WHERE_FIELDS, flags));
  const given = fromFlags(RUN_FIELDS, flags);
  if (resume === null) {
    const all = new Map([...(config === null ? [] : readConfigFile(config)), ...given]);
    completeConfig(all);
    return { kind: 'start', given: all, out };
  }
  for (const name of flags.keys()) {
    if (!['resume', 'epochs', ...Object.keys(MACHINE_FIELDS)].includes(name))
      throw new UsageError(`--${name} cannot change in a resumed run — leave it out, or start a new run`);
  }
  return {
    kind: 'resume',
    folder: resume,
    epochs: (given.get('epochs')?.value as number | undefined) ?? null,
  };
}

/** The default of `--epochs`, which depends on the backend. */
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
    throw new UsageError(
      `--out ${folder.path} already holds a run — choose another folder, or continue it with --resume`,
    );
  return { folder, config, resume: false };
}

/** The visible files of a run's folder, each with a description. Of numbered pictures, only the last one is listed. */
function filesIn(folder: string): [name: string, description: string][] {
  const names = readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const byKind = new Map(names.map((name) => [name.replace(/-\d+(\.\w+)$/, '$1'), name]));
  return Array.from(byKind, ([kind, name]) => {
    const stem = kind.replace(/\.\w+$/, '');
    return [name, FIGURES[stem]?.help ?? DESCRIPTIONS[stem] ?? ''];
  });
}

/** Files of a run that are not figures, by name without extension. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  best: 'weights of the best epoch on the validation images',
  checkpoint: 'weights and optimizer state, for --resume',
  codes: 'codes of test images after each epoch',
  config: 'options of the run; a --config file for another one',
  metrics: 'losses of every epoch as JSON lines',
  run: 'backend, units and numbers of images',
  'scatter-animation': 'codes of test images, epoch by epoch',
  weights: 'weights after the last epoch',
};

/** Commands to try on a finished run. */
function nextCommands(
  folder: string,
  { epochs, patience }: RunConfig,
  calledAs: Terminal['calledAs'],
): (readonly [command: string, description: string])[] {
  const longer = [`${calledAs('train')} --resume ${folder} --epochs ${2 * epochs}`, 'train longer'] as const;
  return [
    [`${calledAs('evaluate')} ${folder}`, 'test losses'],
    [`${calledAs('sample')} ${folder}`, 'new images'],
    [`${calledAs('figures')} ${folder}`, 'all figures'],
    ...(patience === 0 ? [longer] : []),
  ];
}

/** Rows of two columns. */
function list(rows: readonly (readonly [string, string])[], paint: Paint): string {
  const width = Math.max(...rows.map(([term]) => term.length));
  return rows
    .map(([term, text]) => `  ${paint('cyan', term.padEnd(width))}  ${text}`.trimEnd())
    .map((line) => `${line}\n`)
    .join('');
}

async function run(line: CommandLine, { out, stopSignal, stopped, calledAs }: Terminal): Promise<void> {
  const request = readTrainRequest(line);
  const { name, description } = await startBackend(line);
  const prepared = prepare(request, name);
  const paint = painter(out);
  const end = await trainRun({ ...prepared, machine: description, signal: stopSignal(), out });
  const { path } = prepared.folder;
  if (end.stopped) {
    stopped(
      `\nStopped in epoch ${end.epoch} after step ${end.step}. The run is saved. To continue:\n` +
        `  ${paint('cyan', `${calledAs('train')} --resume ${path}`)}\n`,
    );
    return;
  }
  out.write(`\n${paint('green', 'Done.')} Files in ${path}/:\n${list(filesIn(path), paint)}`);
  out.write(`\nNext:\n${list(nextCommands(path, prepared.config, calledAs), paint)}`);
}

export const train: Command = {
  summary: 'train a model and write pictures, curves and weights into a folder',
  usage: '',
  flags: { ...flagsOf(WHERE_FIELDS), ...flagsOf(RUN_FIELDS), ...flagsOf(MACHINE_FIELDS) },
  notes: [
    'Models:',
    ...Object.entries(MODELS).map(([name, { help }]) => `  ${name.padEnd(17)}${help}`),
    '',
    'Losses are in nats per image: sum over pixels and latent dimensions, mean over images.',
    'Ctrl-C saves the run. --resume continues it with the same result as without the stop.',
  ].join('\n'),
  run,
};
