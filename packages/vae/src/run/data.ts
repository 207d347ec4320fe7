/** Loads the images of a run. */
import { type Dataset, firstOf, pixelsOf } from '../data/dataset.js';
import { quantizeDataset } from '../data/quantize.js';
import { describeContents } from './contents.js';
import type { LikelihoodEntry } from './options/likelihoods.js';
import { AS_THEY_ARE, type Preparation, preparedDataset } from './preparation.js';
import { readStored } from './read-data.js';
import { RUN_OPTIONS, type RunConfig } from './run-config.js';
import { UsageError } from './usage-error.js';

/** Images for training and testing. */
export interface LoadedData {
  train: Dataset;
  test: Dataset;
  /** What one of them is called in a sentence: digit, image. */
  noun: string;
  /** Sentences that describe how the images were converted and split. */
  notes: readonly string[];
}

/** Images, limited and split as the configuration requires. */
export interface RunData extends LoadedData {
  /** The validation images, if any. */
  validation?: Dataset;
}

/**
 * Loads the images that a name or a path stands for, and prepares them. If there is only one set, its last tenth becomes the test set.
 * @throws UsageError if there is no such data set
 */
export async function loadData(name: string, preparation: Preparation = AS_THEY_ARE): Promise<LoadedData> {
  const { sets, noun = 'image', notes, isPrepared = false } = await readStored(name, preparation);
  const [first, second] = isPrepared ? sets : sets.map((set) => preparedDataset(set, preparation));
  const all = [...notes, ...describeContents(first!)];
  if (second !== undefined) return { train: first!, test: second, noun, notes: all };
  const { count } = first!;
  if (count < 2) throw new UsageError(`--data ${name}: expected at least 2 images, found ${count}`);
  const [train, test] = split(first!, Math.max(1, Math.floor(count / 10)));
  return { train, test, noun, notes: [...all, `For testing: the last ${test.count} of ${count}.`] };
}

/** Loads the images of a run, limits their number, and splits off the validation images. @throws UsageError if no training images would be left */
export async function loadRunData(config: RunConfig): Promise<RunData> {
  const { data, trainLimit, validation } = config;
  const loaded = inLevels(await loadData(data, config), config);
  const all = trainLimit === 0 ? loaded.train : firstOf(loaded.train, trainLimit);
  if (validation === 0) return { ...loaded, train: all };
  if (validation >= all.count)
    throw new UsageError(`--validation ${validation}: there are only ${all.count} training images`);
  const [train, aside] = split(all, validation);
  return { ...loaded, train, validation: aside };
}

/** The images with the grey levels that the likelihood of a run can describe. */
export function inLevels(loaded: LoadedData, config: RunConfig): LoadedData {
  const likelihood: LikelihoodEntry = RUN_OPTIONS.likelihood.parts[config.likelihood];
  const levels = likelihood.greyLevels?.(config);
  // Under a binarization, pixels are 0 or 1 anyway, and grey values are their probabilities.
  if (levels === undefined || config.binarization !== 'none') return loaded;
  const [train, test] = [quantizeDataset(loaded.train, levels), quantizeDataset(loaded.test, levels)];
  if (train === loaded.train && test === loaded.test) return loaded;
  return { ...loaded, train, test, notes: [...loaded.notes, `Grey values are rounded to ${levels} levels.`] };
}

/** Splits off the last `count` images. Both parts share memory with `data`. */
function split(data: Dataset, count: number): [first: Dataset, last: Dataset] {
  const first = firstOf(data, data.count - count);
  const images = data.images.subarray(first.count * pixelsOf(data));
  return [first, { ...data, images, labels: data.labels.subarray(first.count), count }];
}
