/** `varigrad compare`. */

import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { isLatentModel } from '../estimators/latent-model.js';
import { encodeSheet } from '../figures/png.js';
import { writeFileAtomic } from '../files/atomic.js';
import { FIGURES, obstacleOf } from '../run/figures.js';
import { loadRun } from '../run/load-run.js';
import { type MeasureOptions, measureRun } from '../run/measure.js';
import { RUN_OPTIONS, type RunConfig, readConfigFile } from '../run/run-config.js';
import { RunFolder } from '../run/run-folder.js';
import { checkPlace } from '../run/run-place.js';
import { complete, effective, fill, idleKeys } from '../run/schema/complete.js';
import { partLists } from '../run/schema/describe.js';
import { wordsOf } from '../run/schema/option.js';
import { fromFlags, type Given } from '../run/schema/values.js';
import { type TrainRunOptions, trainRun } from '../run/train-run.js';
import { UsageError } from '../run/usage-error.js';
import type { Command, CommandLine, Terminal } from './command.js';
import { COMPILE_OPTIONS, MACHINE_OPTIONS, readCompile, startBackend } from './machine.js';
import { type ReportedFigure, type ReportedRun, reportPage } from './report.js';
import { figureSource } from './sheets.js';
import { readTensorboard, TENSORBOARD_OPTIONS } from './tensorboard.js';
import { standardEpochs } from './train.js';

/** The options of all runs. The model differs between runs and has no flag here. */
const { model, ...SHARED } = RUN_OPTIONS;

const OPTIONS = {
  models: {
    group: 'The comparison:',
    type: 'array',
    items: { enum: wordsOf(model) },
    minItems: 1,
    default: null,
    help: 'models to train, from the list below; comma-separated',
  },
  out: {
    group: 'The comparison:',
    type: 'string',
    default: 'runs/compare',
    help: 'folder for the runs and the report',
  },
  importanceSamples: {
    group: 'The comparison:',
    type: 'integer',
    minimum: 0,
    maximum: 1_000_000,
    default: 0,
    help: 'importance samples per image for an estimate of −log p(x); 0: no estimate',
  },
} as const;

/** A named configuration to train. */
export interface Candidate {
  name: string;
  config: RunConfig;
}

/** The configurations of a command line: files and models, each with the shared options that apply to it. */
export function candidatesOf(
  { words: files, flags }: CommandLine,
  defaults: Partial<RunConfig> = {},
): Candidate[] {
  const { models } = complete(OPTIONS, fromFlags(OPTIONS, flags));
  const shared = fromFlags(RUN_OPTIONS, flags);
  const named: { name: string; given: Given }[] = [
    ...files.map((path) => ({ name: nameOfFile(path), given: readConfigFile(path) })),
    ...(models ?? []).map((name) => ({
      name,
      given: new Map([['model', { name: '--models', value: name }]]),
    })),
  ];
  if (named.length === 0)
    throw new UsageError('nothing to compare — name configuration files, or models as --models vae,cvae');
  const twice = named.find(({ name }, i) => named.findIndex((other) => other.name === name) !== i);
  if (twice !== undefined)
    throw new UsageError(`"${twice.name}" is named twice — give each configuration its own name`);
  const idle = named.map(({ given }) => {
    const all = new Map([...given, ...shared]);
    return idleKeys(RUN_OPTIONS, shared, { ...fill(RUN_OPTIONS, all, defaults) });
  });
  const useless = idle[0]?.find((key) => idle.every((keys) => keys.includes(key)));
  if (useless !== undefined)
    throw new UsageError(`${shared.get(useless)?.name} has no effect on any of the models`);
  return named.map(({ name, given }, i) => {
    const taken = [...shared].filter(([key]) => idle[i]?.includes(key) !== true);
    return { name, config: complete(RUN_OPTIONS, new Map([...given, ...taken]), defaults) };
  });
}

/** The name of the run of a configuration file, and of its folder. */
function nameOfFile(path: string): string {
  const name = basename(path).replace(/\.json$/, '');
  if (!['', '.', '..'].includes(name)) return name;
  throw new UsageError(`${path}: the file has no name before .json, and its run is called by it — rename it`);
}

/** The folder of a candidate, and whether it holds its run already. @throws UsageError if it holds another run */
function folderOf({ name, config }: Candidate, out: string): Pick<TrainRunOptions, 'folder' | 'resume'> {
  const folder = new RunFolder(join(out, name));
  const resume = folder.holdsRun();
  if (resume && !differInLengthOnly(folder.readConfig('--out'), config))
    throw new UsageError(`--out ${folder.path} holds a run with other options — take another folder`);
  if (!resume) checkPlace(folder.path, config);
  return { folder, resume };
}

function differInLengthOnly(a: RunConfig, b: RunConfig): boolean {
  const [one, other] = [a, b].map((config) => effective(RUN_OPTIONS, { ...config, epochs: 0 }));
  return isDeepStrictEqual(one, other);
}

async function reportRun(
  { name }: Candidate,
  out: string,
  { importanceSamples, compile }: MeasureOptions,
): Promise<ReportedRun> {
  const run = await loadRun(join(out, name));
  const source = await figureSource(run);
  const figures: ReportedFigure[] = [];
  for (const entry of Object.values(FIGURES)) {
    const { help, eachEpoch, isCompared, draw } = entry;
    if (eachEpoch === undefined && isCompared !== true) continue;
    if (obstacleOf(entry, source) !== undefined) continue;
    const drawing = await draw(source, ''); // the section has a heading
    figures.push(
      typeof drawing === 'string'
        ? { caption: help, kind: 'chart', svg: drawing }
        : { caption: help, kind: 'sheet', svg: encodeSheet(drawing) },
    );
  }
  return {
    name,
    config: run.config,
    parameters: run.model.parameters().reduce((sum, { size }) => sum + size, 0),
    results: source.results,
    heldOut: source.heldOut,
    measured: await measureRun(run, source.test, {
      compile,
      ...(isLatentModel(run.model) && { importanceSamples }),
    }),
    figures,
  };
}

async function runCompare(line: CommandLine, terminal: Terminal): Promise<object> {
  const { out, importanceSamples } = complete(OPTIONS, fromFlags(OPTIONS, line.flags));
  candidatesOf(line);
  const { name: backend, description } = await startBackend(line);
  const candidates = candidatesOf(line, standardEpochs(backend));
  const places = candidates.map((candidate) => ({ ...candidate, ...folderOf(candidate, out) }));
  const compile = readCompile(line);
  const run = {
    machine: description,
    signal: terminal.stopSignal(),
    out: terminal.out,
    compile,
    tensorboard: readTensorboard(line),
  };
  for (const { name, ...place } of places) {
    terminal.out.write(`\n── ${name} ──\n`);
    if ((await trainRun({ ...place, ...run })).stopped) {
      terminal.stopped('\nStopped; all results are saved. The same command continues.\n');
      return { stopped: true, out };
    }
  }
  const runs: ReportedRun[] = [];
  for (const candidate of candidates)
    runs.push(await reportRun(candidate, out, { importanceSamples, compile }));
  const path = join(out, 'report.html');
  await writeFileAtomic(path, reportPage(runs, description));
  terminal.out.write(`\nDone. The report is ${path}\n`);
  return {
    stopped: false,
    report: path,
    runs: runs.map(({ name, parameters, measured }) => ({ name, parameters, ...measured })),
  };
}

export const compare: Command = {
  summary: 'train several models, and write one HTML page about them',
  usage: '[config.json …]',
  options: { ...OPTIONS, ...TENSORBOARD_OPTIONS, ...SHARED, ...MACHINE_OPTIONS, ...COMPILE_OPTIONS },
  notes: [
    partLists({ models: model, ...SHARED }),
    '',
    'Each configuration file and each of --models is trained in its own folder. All other options apply',
    'to every model that accepts them. Finished epochs are kept: the same command continues.',
  ].join('\n'),
  run: runCompare,
};
