/** Loads the images of a run. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Dataset, firstOf, pixelsOf } from '../data/dataset.js';
import { mnist, readIdxDataset } from '../data/mnist.js';
import { readPngFolder } from './png-folder.js';
import { counted } from './progress.js';
import type { RunConfig } from './run-config.js';
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
 * Loads images by name: `mnist`; a folder of IDX files with MNIST's file names; `images.idx,labels.idx`; or a folder of PNG images.
 * If there is only one set, its last tenth becomes the test set.
 * @throws UsageError if there is no such data set
 */
export async function loadData(name: string): Promise<LoadedData> {
  if (name === 'mnist') return { ...(await mnist()), noun: 'digit', notes: [] };
  if (!existsSync(name)) {
    const [images, labels, ...more] = name.split(',');
    if (images !== undefined && labels !== undefined && more.length === 0)
      return parted(await readIdxDataset(images, labels), []);
    throw new UsageError(
      `--data ${name}: there is no such file or folder${suggest(name, ['mnist']) || ' — mnist, a folder of PNG images or IDX files, or images.idx,labels.idx'}`,
    );
  }
  if (!statSync(name).isDirectory())
    throw new UsageError(
      `--data ${name}: expected a folder, found a file — name the folder, or both files as images.idx,labels.idx`,
    );
  if (idxFile(name, 'train', 'images') !== undefined) return idxFolder(name);
  return pngFolder(name);
}

/** Loads the images of a run, limits their number, and splits off the validation images. @throws UsageError if no training images would be left */
export async function loadRunData({ data, trainLimit, validation }: RunConfig): Promise<RunData> {
  const loaded = await loadData(data);
  const all = trainLimit === 0 ? loaded.train : firstOf(loaded.train, trainLimit);
  if (validation === 0) return { ...loaded, train: all };
  if (validation >= all.count)
    throw new UsageError(`--validation ${validation}: there are only ${all.count} training images`);
  const [train, aside] = split(all, validation);
  return { ...loaded, train, validation: aside };
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
    notes: [...notes, `For testing: the last ${test.count} of ${data.count}.`],
  };
}

/** `train-images-idx3-ubyte` or `train-images.idx3-ubyte`, gzipped or not. */
function idxFile(folder: string, set: 'train' | 't10k', what: 'images' | 'labels'): string | undefined {
  const pattern = new RegExp(`^${set}-${what}[-.]idx\\d-ubyte(\\.gz)?$`);
  const name = readdirSync(folder)
    .sort()
    .find((file) => pattern.test(file));
  return name === undefined ? undefined : join(folder, name);
}

async function idxFolder(folder: string): Promise<LoadedData> {
  const read = (set: 'train' | 't10k'): Promise<Dataset> => {
    const [images, labels] = [idxFile(folder, set, 'images'), idxFile(folder, set, 'labels')];
    if (images === undefined || labels === undefined)
      throw new UsageError(
        `--data ${folder}: there is no ${set}-${images === undefined ? 'images-idx3' : 'labels-idx1'}-ubyte`,
      );
    return readIdxDataset(images, labels);
  };
  const [train, test] = [await read('train'), await read('t10k')];
  const classes = Math.max(train.classes, test.classes);
  return { train: { ...train, classes }, test: { ...test, classes }, noun: 'image', notes: [] };
}

async function pngFolder(folder: string): Promise<LoadedData> {
  const sets = ['train', 'test'].map((name) => join(folder, name));
  const isParted = sets.every((path) => existsSync(path) && statSync(path).isDirectory());
  const found = await Promise.all((isParted ? sets : [folder]).map(readPngFolder));
  const [first, second] = found as [PngSet, PngSet?];
  const converted = found.reduce((sum, set) => sum + set.converted, 0);
  const notes = [
    ...(first.classNames.length === 0
      ? []
      : [`Classes: ${first.classNames.map((n, i) => `${i} = ${n}`).join(', ')}.`]),
    ...(converted === 0
      ? []
      : [
          `${counted(converted, 'image')} had colours or ${converted === 1 ? 'was' : 'were'} not opaque: grey = (0.299 R + 0.587 G + 0.114 B) · opacity.`,
        ]),
  ];
  if (second === undefined) return parted(first.data, notes);
  checkAlike(folder, first, second);
  return { train: first.data, test: second.data, noun: 'image', notes };
}

type PngSet = Awaited<ReturnType<typeof readPngFolder>>;

function checkAlike(folder: string, train: PngSet, test: PngSet): void {
  if (train.classNames.join('/') !== test.classNames.join('/'))
    throw new UsageError(`--data ${folder}: train and test have different folders of classes`);
  if (pixelsOf(train.data) !== pixelsOf(test.data) || train.data.imageShape[0] !== test.data.imageShape[0])
    throw new UsageError(`--data ${folder}: the images of train and test differ in size`);
}
