/** Loads the images of a run. */
import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Dataset, firstOf, pixelsOf } from '../data/dataset.js';
import { mnist } from '../data/mnist.js';
import { quantizeDataset } from '../data/quantize.js';
import { findIdxSets, readIdxFolder, readIdxPair } from './idx-folder.js';
import { listFolder } from './image-files.js';
import type { LikelihoodEntry } from './options/likelihoods.js';
import { type PngFolder, readPngFolder } from './png-folder.js';
import { counted, visible } from './progress.js';
import { RUN_OPTIONS, type RunConfig } from './run-config.js';
import { suggest, UsageError } from './usage-error.js';

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
 * Loads images by name: `mnist`; a folder of IDX files with MNIST's file names; `images.idx,labels.idx`; `images.idx`; or a folder of
 * PNG images. If there is only one set, its last tenth becomes the test set.
 * @throws UsageError if there is no such data set
 */
export async function loadData(name: string): Promise<LoadedData> {
  if (name === 'mnist') return { ...(await mnist()), noun: 'digit', notes: [] };
  if (!existsSync(name)) {
    const [images = '', labels = '', ...more] = name.split(',');
    if (images !== '' && labels !== '' && more.length === 0)
      return parted(await readIdxPair(images, labels), []);
    throw new UsageError(
      `--data ${name}: there is no such file or folder${suggest(name, ['mnist']) || ' — mnist, a folder of PNG images or IDX files, or images.idx,labels.idx'}`,
    );
  }
  if (!statSync(name).isDirectory()) {
    if (/idx|ubyte/i.test(basename(name))) return parted(await readIdxPair(name, null), []);
    throw new UsageError(
      `--data ${name}: expected a folder, found a file — name the folder, or both files as images.idx,labels.idx`,
    );
  }
  const sets = findIdxSets(name);
  if (sets.size === 0) return pngFolder(name);
  const { train, test, notes } = await readIdxFolder(name, sets);
  return { train, test, noun: 'image', notes: [...notes, ...describeContents(train)] };
}

/** Loads the images of a run, limits their number, and splits off the validation images. @throws UsageError if no training images would be left */
export async function loadRunData(config: RunConfig): Promise<RunData> {
  const { data, trainLimit, validation } = config;
  const loaded = inLevels(await loadData(data), config);
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

function parted(data: Dataset, notes: readonly string[]): LoadedData {
  if (data.count < 2) throw new UsageError(`--data: expected at least 2 images, found ${data.count}`);
  const [train, test] = split(data, Math.max(1, Math.floor(data.count / 10)));
  return {
    train,
    test,
    noun: 'image',
    notes: [...notes, ...describeContents(data), `For testing: the last ${test.count} of ${data.count}.`],
  };
}

/** Classes without images, and images that are all alike. */
function describeContents(data: Dataset): string[] {
  const present = new Set(data.labels);
  const missing = Array.from({ length: data.classes }, (_, label) => label).filter(
    (label) => !present.has(label),
  );
  const pixels = pixelsOf(data);
  const isLikeFirst = data.images.every((value, i) => value === data.images[i % pixels]);
  return [
    ...(missing.length === 0
      ? []
      : [
          `No training image of class ${listed(missing.map(String))}: ${data.classes} classes are counted, from 0.`,
        ]),
    ...(isLikeFirst && data.count > 1 ? [`All ${data.count} images are alike.`] : []),
  ];
}

/** Pairs of folders that split the images, in lower case. */
const TRAIN_NAMES = ['train', 'training'];
const TEST_NAMES = ['test', 'testing', 'val', 'valid', 'validation'];

async function pngFolder(folder: string): Promise<LoadedData> {
  const { folders } = listFolder(folder);
  const named = (names: readonly string[]): string | undefined =>
    names.flatMap((name) => folders.filter((found) => found.toLowerCase() === name))[0];
  const [trainName, testName] = [named(TRAIN_NAMES), named(TEST_NAMES)];
  if (trainName === undefined || testName === undefined) {
    const { sets, notes } = await readAll([folder]);
    return parted(sets[0]!.data, notes);
  }
  const { sets, notes } = await readAll([join(folder, trainName), join(folder, testName)]);
  const [train, test] = sets as [PngFolder, PngFolder];
  checkAlike(folder, train, test);
  const unused = folders.filter((name) => name !== trainName && name !== testName);
  return {
    train: train.data,
    test: test.data,
    noun: 'image',
    notes: [
      ...notes,
      ...describeContents(train.data),
      ...(testName.toLowerCase() === TEST_NAMES[0] ? [] : [`For testing: the folder ${testName}.`]),
      ...(unused.length === 0 ? [] : [`Not used: ${listed(unused)}.`]),
    ],
  };
}

/** Reads folders, the first of which is for training, with black behind transparent pixels; with white if all would be black. */
async function readAll(folders: readonly string[]): Promise<{ sets: PngFolder[]; notes: string[] }> {
  const readWith = (ground: number): Promise<PngFolder[]> =>
    Promise.all(folders.map((folder) => readPngFolder(folder, ground)));
  const onBlack = await readWith(0);
  const [{ converted, data }] = onBlack as [PngFolder];
  const isInkBlack = converted > 0 && data.images.every((value) => value === 0);
  const sets = isInkBlack ? await readWith(1) : onBlack;
  return { sets, notes: describeFiles(sets, isInkBlack) };
}

function describeFiles(sets: readonly PngFolder[], isInkBlack: boolean): string[] {
  const { classNames } = sets[0]!;
  const converted = sets.reduce((sum, set) => sum + set.converted, 0);
  const [hidden, others] = [sets.flatMap((set) => set.hidden), sets.flatMap((set) => set.others)];
  return [
    ...(classNames.length === 0
      ? []
      : [`Classes: ${classNames.map((name, i) => `${i} = ${visible(name)}`).join(', ')}.`]),
    ...(converted === 0
      ? []
      : [
          `${counted(converted, 'image')} had colours or ${converted === 1 ? 'was' : 'were'} not opaque: grey = (0.299 R + 0.587 G + 0.114 B) · opacity${isInkBlack ? ' + 1 − opacity, because all ink is black' : ''}.`,
        ]),
    ...(hidden.length === 0 ? [] : [`Ignored ${counted(hidden.length, 'hidden file')}: ${listed(hidden)}.`]),
    ...(others.length === 0
      ? []
      : [`Ignored ${counted(others.length, 'file')} other than *.png: ${listed(others)}.`]),
  ];
}

/** The first names. */
function listed(names: readonly string[]): string {
  const first = names.slice(0, 3).map(visible).join(', ');
  return names.length > 3 ? `${first}, …` : first;
}

function checkAlike(folder: string, train: PngFolder, test: PngFolder): void {
  if (train.classNames.join('/') !== test.classNames.join('/'))
    throw new UsageError(`--data ${folder}: train and test have different folders of classes`);
  if (pixelsOf(train.data) !== pixelsOf(test.data) || train.data.imageShape[0] !== test.data.imageShape[0])
    throw new UsageError(`--data ${folder}: the images of train and test differ in size`);
}
