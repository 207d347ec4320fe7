/** Runs a training from its configuration to the files in its folder. */
import { VarigradError } from '@varigrad/core';
import type { Group } from '@varigrad/core/mpi';
import type { Optimizer } from '@varigrad/nn';
import { STATIC_SEED } from '../data/binarize.js';
import type { Sheet } from '../figures/sheets.js';
import { removeLeftovers } from '../files/atomic.js';
import { type FolderLock, withFolder } from '../files/folder-lock.js';
import type { GenerativeModel } from '../models/model.js';
import { logEpoch } from '../tensorboard/log-epoch.js';
import { SummaryWriter } from '../tensorboard/summary-writer.js';
import { checkParts, type EpochResult, fit, type TrainState } from '../train.js';
import { TrainingError } from '../training-failure.js';
import { divergenceAdvice } from './advice.js';
import { buildModel, type ImageFacts, modelEntry } from './build-model.js';
import { tellBest, tellCollapse } from './closing-report.js';
import { loadRunData, type RunData } from './data.js';
import { digestOf } from './digest.js';
import { bestEpoch, isPatienceOver } from './early-stopping.js';
import { writePictures } from './figures.js';
import { introduction } from './introduction.js';
import { counted, createReporter, type Output, wrapped } from './progress.js';
import { RUN_OPTIONS, type RunConfig } from './run-config.js';
import type { RunFolder } from './run-folder.js';
import { betaOf, scheduleOf } from './run-schedules.js';
import { noteCodes, writeScatterAnimation } from './scatter-animation.js';
import { refusing, UsageError } from './usage-error.js';

/** The part of `AbortSignal` that a run uses. */
export interface StopSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void, options: { once: true }): void;
}

/** The inputs of a run besides its configuration. */
export interface TrainRunOptions {
  folder: RunFolder;
  config: RunConfig;
  /** Continue from the folder's checkpoint. */
  resume: boolean;
  /** Description of the backend. */
  machine: string;
  /** Whether steps may be compiled; see `FitOptions`. */
  compile: boolean;
  /** Whether to write event files for TensorBoard, too. */
  tensorboard: boolean;
  /** Stops the run after the step in progress, and saves it. */
  signal: StopSignal;
  out: Output;
  /** The processes that train together, if there are several. The first one writes the files. */
  group?: Group | undefined;
}

/** How a run ended: after all its epochs (or early, by its patience), or where the signal stopped it. */
export type RunEnd = { stopped: false } | { stopped: true; epoch: number; step: number };

/** The state of a run before its first step. */
interface Start {
  model: GenerativeModel;
  optimizer: Optimizer;
  /** `images` is the number of training images before the model changed them. */
  data: RunData & { images: number };
  state: TrainState | undefined;
  results: EpochResult[];
  /** The images of the losses that are not training losses. */
  heldOut: 'test' | 'validation';
  /** Event files for TensorBoard, if the run writes them. */
  events: SummaryWriter | undefined;
}

/**
 * Trains, and writes all files of the run's folder after each epoch. A run that was stopped or killed and then resumed ends with the
 * same weights, bit for bit, as an uninterrupted run. No other process can use the folder meanwhile.
 * @throws UsageError if a new run's folder already holds a run, or fewer epochs are requested than the run already has; FolderInUseError
 * if another process uses the folder; FileError if a file cannot be written; VarigradError if a loss is not finite
 */
export async function trainRun(options: TrainRunOptions): Promise<RunEnd> {
  const { folder, resume, group } = options;
  if (isFollower(group)) return trainIn(options, null);
  return withFolder(folder.path, async (lock) => {
    if (!resume && folder.holdsRun())
      throw new UsageError(
        `--out ${folder.path} already holds a run — choose another folder, or continue it with --resume`,
      );
    return trainIn(options, lock);
  });
}

/** Whether this process writes no files. */
function isFollower(group: Group | undefined): boolean {
  return group !== undefined && group.rank > 0;
}

/** @param lock - of the folder; null for a process that writes no files */
async function trainIn(options: TrainRunOptions, lock: FolderLock | null): Promise<RunEnd> {
  const { folder, config, compile, signal, out, group } = options;
  const start = await prepare(options);
  const { model, optimizer, data, state, results, heldOut } = start;
  const facts = { ...options, folder: folder.path, model, data, state };
  out.write(`${wrapped(introduction(config, facts), out)}\n`);
  // The pictures come after the checkpoint: the process may have ended between the two.
  if (lock !== null && state?.step === 0 && results.length > 0) await drawEpoch(options, start);
  const reporter = createReporter(out, { heldOut, hasBound: modelEntry(config).hasBound === true });
  const end = new AbortController();
  if (isPatienceOver(results, config.patience)) end.abort();
  if (signal.aborted) end.abort();
  else signal.addEventListener('abort', () => end.abort(), { once: true });
  const { epochs, binarization, seed, freeBits, clip, dropLast, deterministic, shards } = config;
  const reached = await fit(
    model,
    { train: data.train, test: data.validation ?? data.test },
    {
      epochs,
      binarization,
      seed,
      freeBits,
      optimizer,
      batchSize: config.batch,
      beta: betaOf(config, data.train.count),
      schedule: scheduleOf(config, data.train.count),
      clipNorm: clip === 0 ? undefined : clip,
      dropLast,
      compile,
      group,
      deterministic,
      shards: deterministic ? shards : undefined,
      signal: end.signal,
      onProgress: reporter.step,
      state,
      async onEpoch(result, next) {
        results.push(result);
        reporter.epoch(result, config.epochs);
        if (lock !== null) await saveEpoch(options, start, { next, lock });
        if (isPatienceOver(results, config.patience)) end.abort();
      },
    },
  ).catch((error: unknown) => {
    reporter.clear();
    throw diverged(error, config, results.at(-1)?.epoch);
  });
  reporter.clear();
  const ended = reached.epoch > config.epochs || isPatienceOver(results, config.patience);
  const reachedEnd: RunEnd = ended
    ? { stopped: false }
    : { stopped: true, epoch: reached.epoch, step: reached.step };
  if (lock === null) return reachedEnd;
  checkHeld(folder, lock);
  if (!ended) {
    await folder.writeCheckpoint(model, optimizer, reached);
    return reachedEnd;
  }
  if (model.latent === 2) await writeScatterAnimation(folder, data.test);
  await tellCollapse(options, start);
  if (heldOut === 'validation') await tellBest(options, start);
  return reachedEnd;
}

/** Writes the files of an epoch: first those that the run needs to continue, then the pictures. */
async function saveEpoch(
  options: TrainRunOptions,
  start: Start,
  { next, lock }: { next: TrainState; lock: FolderLock },
): Promise<void> {
  const { folder, config } = options;
  const { model, optimizer, data, results, heldOut, events } = start;
  checkHeld(folder, lock);
  await folder.writeMetrics(results, heldOut);
  const about = { config, images: imageFactsOf(data) };
  await folder.writeWeights('last', model, about);
  if (heldOut === 'validation' && bestEpoch(results) === results.at(-1))
    await folder.writeWeights('best', model, about);
  await folder.writeCheckpoint(model, optimizer, next);
  const pictures = await drawEpoch(options, start);
  const result = results.at(-1) as EpochResult;
  for (const [name, { pixels }] of pictures) events?.addImage(name, pixels, result.epoch);
  if (events !== undefined) await logEpoch(events, result, model, heldOut);
}

/** Writes the pictures of the last epoch, and returns the sheets of images by name. */
async function drawEpoch(
  { folder, config }: TrainRunOptions,
  { model, data, results, heldOut }: Start,
): Promise<ReadonlyMap<string, Sheet>> {
  const { epoch } = results.at(-1) as EpochResult;
  const source = { model, test: data.test, seed: 0, results, heldOut, targets: config.binarization };
  const pictures = await writePictures(folder, source, epoch);
  if (model.latent === 2) await noteCodes(folder, model, data.test, epoch);
  return pictures;
}

/** @throws VarigradError if the folder was deleted or replaced: files written there now would not belong to a complete run */
function checkHeld({ path }: RunFolder, lock: FolderLock): void {
  if (lock.isHeld()) return;
  throw new VarigradError(
    'train',
    `${path} was deleted or replaced during training, so the run cannot be saved — start a new run`,
  );
}

function imageFactsOf({ train, images }: Start['data']): ImageFacts {
  const { imageShape, classes, standardization } = train;
  return { imageShape, classes, count: images, standardization };
}

/** Reads and checks everything before it writes anything. */
async function prepare({
  folder,
  config,
  resume,
  machine,
  tensorboard,
  group,
}: TrainRunOptions): Promise<Start> {
  const loaded = await loadRunData(config);
  const digest = digestOf(loaded);
  if (resume && (folder.readDigest() ?? digest) !== digest)
    throw new UsageError(
      `--data ${config.data}: these are not the images of the run — name their folder with --data, or start a new run`,
    );
  const model = buildModel(config, loaded.train);
  const prepared = refusing(() => modelEntry(config).prepare?.(loaded.train, config));
  const notes = prepared === undefined ? loaded.notes : [...loaded.notes, prepared.note];
  const data = { ...loaded, train: prepared?.train ?? loaded.train, notes, images: loaded.train.count };
  if (config.dropLast && data.train.count < config.batch)
    throw new UsageError(
      `--drop-last leaves no step: there are ${counted(data.train.count, 'training image')}, and a step has ${config.batch} — choose a smaller --batch`,
    );
  const { batch: batchSize, dropLast, deterministic } = config;
  const shards = deterministic ? config.shards : undefined;
  refusing(() => checkParts(data.train.count, { batchSize, dropLast, group, deterministic, shards }));
  const optimizer = RUN_OPTIONS.optimizer.parts[config.optimizer].build(model.parameters(), config);
  const state = resume ? await folder.readCheckpoint(model, optimizer) : undefined;
  if (state !== undefined) checkLength(config.epochs, state);
  const results = resume ? await readResults(folder, state) : [];
  const heldOut = data.validation === undefined ? 'test' : 'validation';
  const start: Start = { model, optimizer, data, state, results, heldOut, events: undefined };
  if (isFollower(group)) return start;
  await removeLeftovers(folder.path);
  await folder.writeConfig(config, {
    units: 'nats per image',
    backend: machine,
    ...(config.binarization === 'static' && { staticSeed: STATIC_SEED }),
    images: {
      train: data.images,
      ...(data.validation !== undefined && { validation: data.validation.count }),
      test: data.test.count,
      shape: data.train.imageShape,
      classes: data.train.classes,
      standardization: data.train.standardization,
      digest,
    },
  });
  const events = tensorboard ? new SummaryWriter(folder.path, { purgeStep: state?.epoch }) : undefined;
  return { ...start, events };
}

/** The results of the finished epochs. @throws UsageError if they do not fit the checkpoint */
async function readResults(folder: RunFolder, state: TrainState | undefined): Promise<EpochResult[]> {
  const results = await folder.readMetrics(state?.epoch);
  if (state === undefined && folder.has('model'))
    throw new UsageError(
      `--resume ${folder.path}: it is a saved model, which has no checkpoint to continue from — start a new run with --config ${folder.file('config.json')}`,
    );
  // The results of the first epoch are written before the first checkpoint.
  if (state === undefined && results.length <= 1) return [];
  if (state === undefined)
    throw new UsageError(
      `${folder.file('checkpoint.safetensors')}: the file is missing, and ${results.length} epochs are finished — restore the file, or start a new run`,
    );
  if (results.length === state.epoch - 1) return results;
  throw new UsageError(
    `${folder.file('metrics.jsonl')}: expected ${counted(state.epoch - 1, 'epoch')}, found ${results.length} — restore the file, or start a new run`,
  );
}

/** A run cannot become shorter than it is. */
function checkLength(epochs: number, { epoch, step }: TrainState): void {
  const least = step > 0 ? epoch : epoch - 1;
  if (epochs >= least) return;
  const reached =
    step > 0 ? `is already in epoch ${epoch}` : `has already finished ${counted(least, 'epoch')}`;
  throw new UsageError(
    `--epochs ${epochs}: the run ${reached} — choose ${least} or more, counted from the start of the run`,
  );
}

/** A training error as the error of the command: the reason, what is saved, and an option that may help. */
function diverged(error: unknown, config: RunConfig, saved = 0): unknown {
  if (!(error instanceof TrainingError)) return error;
  const kept = saved === 0 ? 'nothing was saved yet' : `the checkpoint after epoch ${saved} is kept`;
  const advice = error.advice === '' ? '' : ` — try a new run with ${divergenceAdvice(config)}`;
  return new VarigradError('train', `${error.reason}; ${kept}${advice}`);
}
