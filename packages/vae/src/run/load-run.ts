/** Opens what the command line trained. */
import { sameShape } from '@varigrad/core';
import { checkChoice, checkOptions, checkText } from '@varigrad/core/checks';
import { type OnBackend, onOneBackend } from '../one-backend.js';
import type { EpochResult } from '../train.js';
import { inLevels, loadData, loadRunData, type RunData } from './data.js';
import { type LoadedModel, readModel } from './read-model.js';
import type { Weights } from './run-folder.js';
import { UsageError } from './usage-error.js';

/** A trained model, and how it was trained. */
export interface LoadedRun extends LoadedModel {
  /** The losses of each epoch. */
  readonly metrics: readonly EpochResult[];
  /** The set on which each epoch was measured, beside the training set. */
  readonly heldOut: 'test' | 'validation';
  /**
   * Loads the images of the run, or those of the option `data`.
   * @throws UsageError if there are no such images, or they have another size or do not have the classes of a conditional model
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
 * @param path - the folder of the run, or one of its files of weights, which is enough by itself; or a folder by `savePretrained`
 * @throws UsageError if there is no run or no such weights; VarigradError if a file is damaged
 */
export function loadRun(path: string, options: LoadRunOptions = {}): Promise<LoadedRun> {
  return onOneBackend((on) => open(on, path, options));
}

async function open(on: OnBackend, path: string, options: LoadRunOptions): Promise<LoadedRun> {
  checkText('loadRun', 'path', path);
  checkOptions('loadRun', options, { weights: true, data: true }, 'path, ');
  const { weights, data: name } = options;
  if (weights !== undefined) checkChoice('loadRun', 'weights', weights, { best: true, last: true });
  const { folder, loaded } = await readModel(on, path, weights);
  const { config } = loaded;
  return {
    ...loaded,
    metrics: await folder.readMetrics(),
    heldOut: config.validation > 0 ? 'validation' : 'test',
    data: () => loadImages(name, loaded),
  };
}

async function loadImages(
  name: string | undefined,
  { model, config, imageShape, standardization }: LoadedModel,
): Promise<RunData> {
  const data =
    name === undefined
      ? await loadRunData(config, standardization)
      : inLevels(await loadData(name, config, standardization), config);
  const source = `--data ${name ?? config.data}`;
  if (!sameShape(data.test.imageShape, imageShape)) {
    const [found, expected] = [data.test.imageShape, imageShape].map((shape) => shape.join(' × '));
    throw new UsageError(`${source}: expected images of ${expected} pixels, found ${found}`);
  }
  const { classes } = data.test;
  if (model.classes > 0 && (classes === 0 || classes > model.classes))
    throw new UsageError(
      `${source}: model ${config.model} needs the class of each image, one of ${model.classes}, and the images have ${classes === 0 ? 'no classes' : `${classes} classes`}`,
    );
  return data;
}
