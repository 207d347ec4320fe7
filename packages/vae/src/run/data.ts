/** Loads the images of a run. */
import { VarigradError } from '@varigrad/core';
import type { Table } from '../data/csv.js';
import { type Dataset, firstOf, pixelsOf } from '../data/dataset.js';
import { quantizeDataset } from '../data/quantize.js';
import type { Standardization } from '../data/standardization.js';
import { standardizationOf, standardized } from '../data/table.js';
import { FileError } from '../files/file-error.js';
import { describeContents, listed } from './contents.js';
import type { LikelihoodEntry } from './options/likelihoods.js';
import { AS_THEY_ARE, type Preparation, preparedDataset } from './preparation.js';
import { counted } from './progress.js';
import { readStored } from './read-data.js';
import { RUN_OPTIONS, type RunConfig } from './run-config.js';
import { hasEffect } from './schema/complete.js';
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
 * @param standardization - of the training data of a run, for other rows of the same columns
 * @throws UsageError if there is no such data set, or it is damaged or unsuitable; FileError if a file cannot be read
 */
export async function loadData(
  name: string,
  preparation: Preparation = AS_THEY_ARE,
  standardization?: Standardization,
): Promise<LoadedData> {
  try {
    return await read(name, preparation, standardization);
  } catch (error) {
    const isRefused = error instanceof VarigradError && !(error instanceof FileError);
    throw isRefused ? new UsageError(error.message) : error;
  }
}

async function read(
  name: string,
  preparation: Preparation,
  standardization: Standardization | undefined,
): Promise<LoadedData> {
  const { sets, table, noun = 'image', notes, isPrepared = false } = await readStored(name, preparation);
  if (table !== undefined) return loadTable(name, table, standardization);
  const [first, second] = isPrepared ? sets : sets.map((set) => preparedDataset(set, preparation));
  const all = [...notes, ...describeContents(first!)];
  if (second !== undefined) {
    const [expected, found] = [first!, second].map(({ imageShape }) => imageShape.join(' × '));
    if (found !== expected)
      throw new UsageError(
        `--data ${name}: the images for training have ${expected} pixels, those for testing ${found} — give them one shape with --size or --grey`,
      );
    return { train: first!, test: second, noun, notes: all };
  }
  const { count } = first!;
  const [train, test] = split(first!, sizeOfTest(name, count));
  return { train, test, noun, notes: [...all, `For testing: the last ${test.count} of ${count}.`] };
}

/** Loads the images of a run, limits their number, and splits off the validation images. @throws UsageError if no training images would be left */
export async function loadRunData(config: RunConfig, standardization?: Standardization): Promise<RunData> {
  const { data, trainLimit, validation } = config;
  const loaded = inLevels(await loadData(data, config, standardization), config);
  checkTable(loaded, config);
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

/** A tenth of the images. @throws UsageError if there are fewer than two */
function sizeOfTest(name: string, count: number): number {
  if (count < 2) throw new UsageError(`--data ${name}: expected at least 2 images, found ${count}`);
  return Math.max(1, Math.floor(count / 10));
}

/** The rows of a table, standardised by those for training. @throws UsageError if the columns are not those of the run */
function loadTable(name: string, table: Table, given: Standardization | undefined): LoadedData {
  const held = sizeOfTest(name, table.count);
  const standardization = given ?? standardizationOf(table, table.count - held);
  const { columns } = standardization;
  checkColumns(name, columns, table.columns);
  const [train, test] = split(standardized(table, standardization), held);
  const constant = columns.filter((_, c) =>
    train.images.every((z, i) => i % columns.length !== c || z === 0),
  );
  return {
    train,
    test,
    noun: 'row',
    notes: [
      `A table of ${counted(columns.length, 'column')}, standardised by the ${counted(train.count, 'row')} for training: ${listed(columns)}.`,
      ...describeContents(train, 'row'),
      ...(constant.length === 0 ? [] : [`Constant columns: ${listed(constant)}.`]),
      `For testing: the last ${test.count} of ${table.count}.`,
    ],
  };
}

/** @throws UsageError with the first column that is not that of the run */
function checkColumns(name: string, expected: readonly string[], found: readonly string[]): void {
  const length = Math.max(expected.length, found.length);
  const at = Array.from({ length }, (_, i) => i).find((i) => expected[i] !== found[i]);
  if (at === undefined) return;
  const [wanted, given] = [expected[at], found[at]].map((column) => column ?? 'none');
  throw new UsageError(
    `--data ${name}: expected the columns ${listed(expected)} of the run, found ${listed(found)} — column ${at + 1} is ${given} in place of ${wanted}`,
  );
}

/** Refuses choices that do not fit a table. @throws UsageError */
function checkTable({ train }: LoadedData, config: RunConfig): void {
  if (train.standardization === undefined) return;
  const { data, likelihood, network, binarization, meanLink, size, crop, grey } = config;
  const isReal = likelihood === 'squared-error' || hasEffect(RUN_OPTIONS, 'meanLink', { ...config });
  if (!isReal || (likelihood !== 'squared-error' && meanLink !== 'identity'))
    throw new UsageError(
      `--data ${data}: the columns of a table are standardised, and not in [0, 1] — write --likelihood gaussian --mean-link identity`,
    );
  if (network !== 'dense' || binarization !== 'none' || size > 0 || crop > 0 || grey)
    throw new UsageError(
      `--data ${data}: it is a table — leave out --network, --binarization, --size, --crop and --grey, which are for images`,
    );
}
