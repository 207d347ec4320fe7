/** Opens what the command line trained. */
import { existsSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { ArgumentError, sameShape } from '@varigrad/core';
import { checkChoice, checkOptions, describeValue } from '@varigrad/core/checks';
import type { GenerativeModel } from '../models/model.js';
import { type OnBackend, onOneBackend } from '../one-backend.js';
import type { EpochResult } from '../train.js';
import { buildModel, type ImageFacts } from './build-model.js';
import { inLevels, loadData, loadRunData, type RunData } from './data.js';
import type { RunConfig } from './run-config.js';
import { RunFolder, type Weights } from './run-folder.js';
import { shorten, UsageError } from './usage-error.js';
import { checkClaim, loadWeights, readWeightsFile, type SavedWeights } from './weights-file.js';

/** A trained model, and how it was trained. */
export interface LoadedRun extends Omit<ImageFacts, 'count'> {
  /** The run's folder. */
  readonly path: string;
  readonly model: GenerativeModel;
  readonly config: RunConfig;
  /** Which weights the model has: 'best', 'last', or the name of the file. */
  readonly weights: string;
  /** The losses of each epoch. */
  readonly metrics: readonly EpochResult[];
  /** The set on which each epoch was measured, beside the training set. */
  readonly heldOut: 'test' | 'validation';
  /**
   * Loads the images of the run, or those of the option `data`.
   * @throws UsageError if there are no such images, or they have another size
   */
  data(): Promise<RunData>;
}

/** Options of `loadRun`. */
export interface LoadRunOptions {
  /** Default: the best weights, if the run has them. */
  weights?: Weights | undefined;
  /** Images to use instead of those of the run, by the names of `varigrad train --data`. */
  data?: string | undefined;
}

/**
 * Opens a run of `varigrad train`. The images are loaded when `data()` is called.
 * @param path - the folder of the run, or one of its files of weights, which is enough by itself
 * @throws UsageError if there is no run or no such weights; VarigradError if a file is damaged
 */
export function loadRun(path: string, options: LoadRunOptions = {}): Promise<LoadedRun> {
  return onOneBackend((on) => open(on, path, options));
}

async function open(on: OnBackend, path: string, options: LoadRunOptions): Promise<LoadedRun> {
  if (typeof path !== 'string')
    throw new ArgumentError('loadRun', `path must be a string, found ${describeValue(path)}`);
  checkOptions('loadRun', options, { weights: true, data: true }, 'path, ');
  const { weights, data: name } = options;
  if (weights !== undefined) checkChoice('loadRun', 'weights', weights, { best: true, last: true });
  const isFile = existsSync(path) && statSync(path).isFile();
  const { folder, which, saved, config, images } = isFile
    ? await readFileOfRun(path, weights)
    : await readFolder(path, weights);
  checkClaim({ config, images }, saved);
  const model = on(() => {
    const built = buildModel(config, images);
    loadWeights(built, saved);
    return built;
  });
  return {
    path: folder.path,
    model,
    config,
    weights: which,
    imageShape: images.imageShape,
    classes: images.classes,
    metrics: await folder.readMetrics(),
    heldOut: config.validation > 0 ? 'validation' : 'test',
    data: () => loadImages(name, config, images),
  };
}

interface Read {
  folder: RunFolder;
  which: string;
  saved: SavedWeights;
  config: RunConfig;
  images: ImageFacts;
}

async function readFileOfRun(path: string, weights: Weights | undefined): Promise<Read> {
  if (weights !== undefined)
    throw new UsageError(
      `--weights ${weights}: ${path} is one file — leave --weights out, or name the folder`,
    );
  const saved = await readWeightsFile(path);
  if (saved.about === undefined)
    throw new UsageError(
      `${shorten(path)}: the file has no configuration — name the folder of its run, which has a config.json`,
    );
  return { folder: new RunFolder(dirname(path)), which: basename(path), saved, ...saved.about };
}

async function readFolder(path: string, weights: Weights | undefined): Promise<Read> {
  const folder = new RunFolder(path);
  const config = folder.readConfig('');
  const which = weights ?? (folder.has('best') ? 'best' : 'last');
  const saved = await readWeightsFile(folder.weightsFile(which));
  const images = saved.about?.images ?? folder.readImageFacts() ?? (await loadData(config.data)).train;
  return { folder, which, saved, config, images };
}

async function loadImages(
  name: string | undefined,
  config: RunConfig,
  { imageShape }: ImageFacts,
): Promise<RunData> {
  const data = name === undefined ? await loadRunData(config) : inLevels(await loadData(name), config);
  if (sameShape(data.test.imageShape, imageShape)) return data;
  const [found, expected] = [data.test.imageShape, imageShape].map((shape) => shape.join(' × '));
  throw new UsageError(
    `--data ${name ?? config.data}: expected images of ${expected} pixels, found ${found}`,
  );
}
