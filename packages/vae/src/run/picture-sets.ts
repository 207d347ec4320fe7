/** A folder of pictures as one set, or as two sets in folders of their own. */
import { join } from 'node:path';
import type { Dataset } from '../data/dataset.js';
import { listed } from './contents.js';
import { listFolder } from './image-files.js';
import { type PictureFolder, readPictureFolder } from './picture-folder.js';
import type { Preparation } from './preparation.js';
import { counted, visible } from './progress.js';
import { UsageError } from './usage-error.js';

/** Pairs of folders that split the images, in lower case. */
const TRAIN_NAMES = ['train', 'training'];
const TEST_NAMES = ['test', 'testing', 'val', 'valid', 'validation'];

/** The names of the folders that hold the two sets; undefined if there is only one set. */
function namesOfSets(folders: readonly string[]): [train: string, test: string] | undefined {
  const named = (names: readonly string[]): string | undefined =>
    names.flatMap((name) => folders.filter((found) => found.toLowerCase() === name))[0];
  const [train, test] = [named(TRAIN_NAMES), named(TEST_NAMES)];
  return train === undefined || test === undefined ? undefined : [train, test];
}

/** The folders whose pictures and folders are all read: those of the two sets, or the folder itself. */
export function setFolders(folder: string): string[] {
  return namesOfSets(listFolder(folder).folders)?.map((name) => join(folder, name)) ?? [folder];
}

/** The pictures of a folder: one set, or two in folders named train and test. @returns one set or two, and sentences about them */
export async function pictureSets(
  folder: string,
  preparation: Preparation,
): Promise<{ sets: Dataset[]; notes: string[] }> {
  const { folders, pictures } = listFolder(folder);
  const names = namesOfSets(folders);
  const { sets, notes } = await readAll(setFolders(folder), preparation);
  if (names === undefined) return { sets: [sets[0]!.data], notes };
  const [trainName, testName] = names;
  const [train, test] = sets as [PictureFolder, PictureFolder];
  if (train.classNames.join('/') !== test.classNames.join('/'))
    throw new UsageError(`--data ${folder}: train and test have different folders of classes`);
  const unused = [...folders, ...pictures].filter((name) => name !== trainName && name !== testName);
  return {
    sets: [train.data, test.data],
    notes: [
      ...notes,
      ...(testName.toLowerCase() === TEST_NAMES[0] ? [] : [`For testing: the folder ${testName}.`]),
      ...(unused.length === 0 ? [] : [`Not used: ${listed(unused)}.`]),
    ],
  };
}

/** Reads folders, the first of which is for training, with black behind transparent pixels; with white if all would be black. */
async function readAll(
  folders: readonly string[],
  preparation: Preparation,
): Promise<{ sets: PictureFolder[]; notes: string[] }> {
  const readWith = (ground: number): Promise<PictureFolder[]> =>
    Promise.all(folders.map((folder) => readPictureFolder(folder, { ground, preparation })));
  const onBlack = await readWith(0);
  const [{ transparent, data }] = onBlack as [PictureFolder];
  const isInkBlack = transparent > 0 && data.images.every((value) => value === 0);
  const sets = isInkBlack ? await readWith(1) : onBlack;
  return { sets, notes: describeFiles(sets, isInkBlack, preparation.grey) };
}

function describeFiles(sets: readonly PictureFolder[], isInkBlack: boolean, grey: boolean): string[] {
  const { classNames } = sets[0]!;
  const sum = (f: (set: PictureFolder) => number): number => sets.reduce((total, set) => total + f(set), 0);
  const [colored, transparent] = [sum((set) => set.colored), sum((set) => set.transparent)];
  const plain = sum(({ data }) => data.count) - colored;
  const [hidden, others] = [sets.flatMap((set) => set.hidden), sets.flatMap((set) => set.others)];
  return [
    ...(classNames.length === 0
      ? []
      : [`Classes: ${classNames.map((name, i) => `${i} = ${visible(name)}`).join(', ')}.`]),
    ...(colored > 0 && grey
      ? [`${counted(colored, 'image')} had colours: grey = 0.299 R + 0.587 G + 0.114 B.`]
      : []),
    ...(colored > 0 && !grey && plain > 0
      ? [`${counted(plain, 'grey image')} among coloured ones: the three channels are equal.`]
      : []),
    ...(transparent === 0
      ? []
      : [
          `${counted(transparent, 'image')} ${transparent === 1 ? 'was' : 'were'} not opaque: put on ${isInkBlack ? 'white, because all ink is black' : 'black'}.`,
        ]),
    ...(hidden.length === 0 ? [] : [`Ignored ${counted(hidden.length, 'hidden file')}: ${listed(hidden)}.`]),
    ...(others.length === 0
      ? []
      : [`Ignored ${counted(others.length, 'file')} other than pictures: ${listed(others)}.`]),
  ];
}
