/** Reads images from a data set that has a name, or from a path. */
import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { decodeNpy, decodeNpz } from '@varigrad/nn/numpy';
import { findCifarFiles, readCifarFolder } from '../data/cifar.js';
import { parseCsv } from '../data/csv.js';
import { datasetOfArrays, datasetsOfNpz, type NamedArray } from '../data/numpy-dataset.js';
import { withFileErrors } from '../files/file-error.js';
import { readText } from '../files/read-text.js';
import { CELEBA_LIST, readCeleba } from './celeba-folder.js';
import { findIdxSets, readIdxFolder, readIdxPair } from './idx-folder.js';
import { listFolder } from './image-files.js';
import { NAMED_DATA, readNamed } from './named-data.js';
import { pictureSets, setFolders } from './picture-sets.js';
import type { Preparation } from './preparation.js';
import type { StoredData } from './stored-data.js';
import { suggest, UsageError } from './usage-error.js';

/** @throws UsageError if there is no such data set */
export async function readStored(name: string, preparation: Preparation): Promise<StoredData> {
  if (Object.hasOwn(NAMED_DATA, name)) return readNamed(name, (folder) => readFolder(folder, preparation));
  if (existsSync(name))
    return statSync(name).isDirectory() ? readFolder(name, preparation) : readOneFile(name);
  const [images = '', labels = '', ...more] = name.split(',');
  if (images !== '' && labels !== '' && more.length === 0) return readPair(images, labels);
  throw new UsageError(
    `--data ${name}: there is no such file or folder${suggest(name, Object.keys(NAMED_DATA)) || ' — name a data set (varigrad datasets lists them), a folder, a file, or images.idx,labels.idx'}`,
  );
}

async function readOneFile(path: string): Promise<StoredData> {
  if (/\.csv$/i.test(path))
    return { sets: [], table: parseCsv(readText('--data', path) ?? '', path), notes: [] };
  if (/\.npy$/i.test(path)) return { sets: [datasetOfArrays(await npyAt(path))], notes: [] };
  if (/\.npz$/i.test(path))
    return { sets: datasetsOfNpz(await decodeNpz(await readFile(path), path), path), notes: [] };
  if (/idx|ubyte/i.test(basename(path))) return { sets: [await readIdxPair(path, null)], notes: [] };
  throw new UsageError(
    `--data ${path}: expected a folder, or a file whose name ends in .csv, .npy, .npz or .idx — name the folder, or both files as images.idx,labels.idx`,
  );
}

async function readPair(images: string, labels: string): Promise<StoredData> {
  if (![images, labels].every((path) => /\.npy$/i.test(path)))
    return { sets: [await readIdxPair(images, labels)], notes: [] };
  return { sets: [datasetOfArrays(await npyAt(images), await npyAt(labels))], notes: [] };
}

/** Longer files cannot be read at once. */
const MOST_BYTES = 2 ** 31 - 1;

async function npyAt(path: string): Promise<NamedArray> {
  const length = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (length > MOST_BYTES)
    throw new UsageError(
      `--data ${path}: it has ${length} bytes, and a run holds its images in memory, from at most ${MOST_BYTES} bytes — use a part of it, or train in a program on a stream of openNpy`,
    );
  const bytes = await withFileErrors('--data', path, () => readFile(path));
  return { array: decodeNpy(bytes, path), source: path };
}

/** The folders in which every picture and every folder is data: those of a folder of pictures, else none. */
export function pictureFolders(name: string): string[] {
  const isFolder = existsSync(name) && statSync(name).isDirectory();
  if (Object.hasOwn(NAMED_DATA, name) || !isFolder) return [];
  const { others } = listFolder(name);
  const hasFiles = others.includes(CELEBA_LIST) || findCifarFiles(others) !== undefined;
  return hasFiles || findIdxSets(name).size > 0 ? [] : setFolders(name);
}

async function readFolder(folder: string, preparation: Preparation): Promise<StoredData> {
  const { others } = listFolder(folder);
  if (others.includes(CELEBA_LIST)) return readCeleba(folder, preparation);
  const cifar = findCifarFiles(others);
  if (cifar !== undefined) return { sets: await readCifarFolder(folder, cifar), notes: [] };
  const sets = findIdxSets(folder);
  if (sets.size > 0) return readIdxFolder(folder, sets);
  return { ...(await pictureSets(folder, preparation)), isPrepared: true };
}
