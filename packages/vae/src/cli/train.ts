/** `varigrad train`. */
import { readdirSync } from 'node:fs';
import { mpi } from '@varigrad/core/mpi';
import { FIGURES } from '../run/figures.js';
import { makeRunFolder, nameOf, RUNS } from '../run/folder-name.js';
import { argumentOf, type Paint, painter } from '../run/progress.js';
import { RUN_OPTIONS, type RunConfig, readConfigFile } from '../run/run-config.js';
import { RunFolder } from '../run/run-folder.js';
import { checkPlace } from '../run/run-place.js';
import { complete } from '../run/schema/complete.js';
import { partLists } from '../run/schema/describe.js';
import { flagOf } from '../run/schema/option.js';
import { fromFlags, type Given } from '../run/schema/values.js';
import { trainRun } from '../run/train-run.js';
import { refuseExtraWords, UsageError } from '../run/usage-error.js';
import { type Command, type CommandLine, JSON_OPTIONS, type Terminal } from './command.js';
import { COMPILE_OPTIONS, MACHINE_OPTIONS, readCompile, startBackend } from './machine.js';
import { readTensorboard, TENSORBOARD_OPTIONS } from './tensorboard.js';

/** The options that choose the run. */
const WHERE_OPTIONS = {
  config: {
    group: 'The run:',
    type: 'string',
    default: null,
    help: 'JSON file with options, such as {"learningRate": 0.001}; the command line overrides it, and --no-grey turns off its "grey"',
  },
  out: {
    group: 'The run:',
    type: 'string',
    default: null,
    help: 'folder for the results',
    defaultText: 'runs/<name>',
  },
  resume: {
    group: 'The run:',
    type: 'string',
    default: null,
    help: 'folder of a run to continue; --epochs may be raised, and --data name a new place of the same images',
  },
} as const;

/** A new run, or the continuation of one. */
export type TrainRequest =
  | { kind: 'start'; given: Given; out: string | null }
  | { kind: 'resume'; folder: string; changes: Partial<RunConfig> };

/** What may change in a resumed run: its length, and the place of the same images. */
const CHANGEABLE = ['epochs', 'data'] as const;

/** @throws UsageError if an option is unknown, has no effect, or cannot change in a resumed run */
export function readTrainRequest({ words, flags }: CommandLine): TrainRequest {
  refuseExtraWords(words, 0);
  const { config, out, resume } = complete(WHERE_OPTIONS, fromFlags(WHERE_OPTIONS, flags));
  const given = fromFlags(RUN_OPTIONS, flags);
  if (resume === null) {
    const all = new Map([...(config === null ? [] : readConfigFile(config, `--config ${config}`)), ...given]);
    complete(RUN_OPTIONS, all);
    return { kind: 'start', given: all, out };
  }
  for (const name of flags.keys()) {
    if (
      ![
        'resume',
        ...CHANGEABLE,
        ...Object.keys({
          ...MACHINE_OPTIONS,
          ...COMPILE_OPTIONS,
          ...TENSORBOARD_OPTIONS,
          ...JSON_OPTIONS,
        }).map(flagOf),
      ].includes(name)
    )
      throw new UsageError(`--${name} cannot change in a resumed run — leave it out, or start a new run`);
  }
  const changes = CHANGEABLE.flatMap((key) => {
    const value = given.get(key)?.value;
    return value === undefined ? [] : [[key, value]];
  });
  return { kind: 'resume', folder: resume, changes: Object.fromEntries(changes) };
}

/** The default of `--epochs`, which depends on the backend. */
export function standardEpochs(backend: string): Pick<RunConfig, 'epochs'> {
  return { epochs: backend === 'reference' ? 2 : RUN_OPTIONS.epochs.default };
}

/** @param isFirst - whether this process makes the folder; the others write no files */
async function prepare(
  request: TrainRequest,
  backend: string,
  isFirst: boolean,
): Promise<{ folder: RunFolder; config: RunConfig; resume: boolean }> {
  if (request.kind === 'resume') {
    const folder = new RunFolder(request.folder);
    const saved = folder.readConfig('--resume');
    return { folder, config: { ...saved, ...request.changes }, resume: true };
  }
  const config = complete(RUN_OPTIONS, request.given, standardEpochs(backend));
  checkPlace(request.out ?? RUNS, config);
  const folder = new RunFolder(
    request.out ?? (isFirst ? await makeRunFolder(nameOf(config)) : nameOf(config)),
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
    return [name, FIGURES[stem]?.help ?? DESCRIPTIONS[kind] ?? DESCRIPTIONS[stem] ?? ''];
  });
}

/** Files of a run that are not figures, by name, or by name without extension. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  best: 'weights of the best epoch on the validation images',
  checkpoint: 'weights and optimizer state, for --resume',
  codes: 'codes of test images after each epoch',
  config: 'options of the run; a --config file for another one',
  'metrics.csv': 'losses of every epoch as a table',
  'metrics.jsonl': 'losses of every epoch as JSON lines',
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
  const path = argumentOf(folder);
  const longer = [`${calledAs('train')} --resume ${path} --epochs ${2 * epochs}`, 'train longer'] as const;
  return [
    [`${calledAs('evaluate')} ${path}`, 'test losses'],
    [`${calledAs('sample')} ${path}`, 'new images'],
    [`${calledAs('figures')} ${path}`, 'all figures'],
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

async function run(line: CommandLine, { out, stopSignal, stopped, calledAs }: Terminal): Promise<object> {
  const request = readTrainRequest(line);
  const group = await mpi();
  const { name, description } = await startBackend(line, group.size === 1 ? undefined : group.threads);
  const prepared = await prepare(request, name, group.rank === 0);
  const paint = painter(out);
  const together = group.size === 1 ? '' : `, ${group.size} processes by ${group.description}`;
  const end = await trainRun({
    ...prepared,
    machine: `${description}${together}`,
    compile: readCompile(line),
    tensorboard: readTensorboard(line),
    signal: stopSignal(),
    out,
    group,
  });
  group.end();
  const { path } = prepared.folder;
  if (end.stopped) {
    stopped(
      `\nStopped in epoch ${end.epoch} after step ${end.step}. The run is saved. To continue:\n` +
        `  ${paint('cyan', `${calledAs('train')} --resume ${argumentOf(path)}`)}\n`,
    );
    return { run: path, ...end };
  }
  if (group.rank > 0) return { run: path, ...end };
  const files = filesIn(path);
  out.write(`\n${paint('green', 'Done.')} Files in ${path}/:\n${list(files, paint)}`);
  out.write(`\nNext:\n${list(nextCommands(path, prepared.config, calledAs), paint)}`);
  const epochs = await prepared.folder.readMetrics();
  return {
    run: path,
    ...end,
    epochs: epochs.length,
    last: epochs.at(-1),
    files: files.map(([name]) => name),
  };
}

export const train: Command = {
  summary: 'train a model and write pictures, curves and weights into a folder',
  usage: '',
  options: {
    ...WHERE_OPTIONS,
    ...TENSORBOARD_OPTIONS,
    ...RUN_OPTIONS,
    ...MACHINE_OPTIONS,
    ...COMPILE_OPTIONS,
  },
  notes: [
    partLists(RUN_OPTIONS),
    '',
    'Losses are in nats per image: sum over pixels and latent dimensions, mean over images.',
    'mpirun -n 4 before the command trains on four processes: each computes a share of every step.',
    'Ctrl-C saves the run. --resume continues it with the same result as without the stop.',
    'Exit codes: 0 done or stopped by Ctrl-C, 1 failed, 2 refused, 3 stopped by another signal or a closed output.',
  ].join('\n'),
  run,
};
