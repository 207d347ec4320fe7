/** Reads images from a folder of IDX files with the names of MNIST, Fashion-MNIST, EMNIST, QMNIST or KMNIST. */
import { basename, join } from 'node:path';
import type { Dataset } from '../data/dataset.js';
import { readIdxDataset } from '../data/idx-dataset.js';
import { isFolder, listFolder } from './image-files.js';
import { UsageError } from './usage-error.js';

/** `train-images-idx3-ubyte`, `emnist-letters-test-labels.idx1-ubyte.gz`, `qmnist-train-labels-idx2-int` */
const NAME =
  /^(?:(?<prefix>.+)-)?(?<set>train|t10k|test)-(?<what>images|labels)[-.]idx\d?(?:-\w+)?(?:\.gz)?$/i;

/** The files of a set that is split in two, by '<train or test> <images or labels>'. */
type IdxFiles = ReadonlyMap<string, string>;

/** The folder's sets by the first part of their names: '' for MNIST, 'emnist-letters'. */
export function findIdxSets(folder: string): ReadonlyMap<string, IdxFiles> {
  const { pictures, folders, others } = listFolder(folder);
  const sets = new Map<string, Map<string, string>>();
  for (const name of [...folders, ...others, ...pictures].sort()) {
    const { prefix = '', set, what } = NAME.exec(name)?.groups ?? {};
    if (set === undefined || what === undefined) continue;
    const key = partOf(set.toLowerCase() === 'train' ? 'train' : 'test', what.toLowerCase());
    const files = sets.get(prefix) ?? new Map<string, string>();
    if (!files.has(key)) files.set(key, join(folder, name));
    sets.set(prefix, files);
  }
  return sets;
}

const partOf = (set: string, what: string): string => `${set} ${what}`;

/**
 * Reads the images of both sets. The pictures of EMNIST are transposed, and its letters numbered from 0.
 * @throws UsageError if a file is missing or there are several sets; IdxError if a file is damaged
 */
export async function readIdxFolder(
  folder: string,
  sets: ReadonlyMap<string, IdxFiles>,
): Promise<{ sets: [train: Dataset, test: Dataset]; notes: string[] }> {
  const [[prefix, files]] = [...sets] as [[string, IdxFiles]];
  if (sets.size > 1)
    throw new UsageError(
      `--data ${folder}: there are several sets, ${[...sets.keys()].map((name) => name || 'MNIST').join(', ')} — put each into a folder of its own, or name the files as images.idx,labels.idx`,
    );
  const isLabelled = files.has(partOf('train', 'labels')) || files.has(partOf('test', 'labels'));
  const read = (set: 'train' | 'test'): Promise<Dataset> => {
    const path = (what: 'images' | 'labels'): string => {
      const found = files.get(partOf(set, what));
      if (found !== undefined) return found;
      const name = `${prefix === '' ? '' : `${prefix}-`}${set === 'test' && prefix === '' ? 't10k' : set}`;
      throw new UsageError(
        `--data ${folder}: there is no ${name}-${what === 'images' ? 'images-idx3' : 'labels-idx1'}-ubyte`,
      );
    };
    const images = path('images');
    return readIdxPair(images, isLabelled ? path('labels') : null);
  };
  const [train, test] = [await read('train'), await read('test')];
  const classes = Math.max(train.classes, test.classes);
  const notes = isEmnist(files.get(partOf('train', 'images'))!) ? [EMNIST_NOTE] : [];
  return {
    sets: [
      { ...train, classes },
      { ...test, classes },
    ],
    notes,
  };
}

const EMNIST_NOTE =
  'The pictures of EMNIST are stored with rows and columns swapped: they were turned upright.';

const isEmnist = (path: string): boolean => /^emnist-/i.test(basename(path));

/** Reads images and their labels, if there are any. The names say whether they are of EMNIST. */
export function readIdxPair(images: string, labels: string | null): Promise<Dataset> {
  const isLetters = labels !== null && /^emnist-letters-/i.test(basename(labels));
  return readIdxDataset(fileAt(images), labels === null ? null : fileAt(labels), {
    transpose: isEmnist(images),
    firstLabel: isLetters ? 1 : 0,
  });
}

/** The file itself, or the file inside of a folder that some programs unpack it into. */
function fileAt(path: string): string {
  let isInside: boolean;
  try {
    isInside = isFolder(path);
  } catch {
    return path; // the reader reports the reason
  }
  if (!isInside) return path;
  const { pictures, others, folders } = listFolder(path);
  const names = [...others, ...pictures];
  const own = names.find((name) => name === basename(path)) ?? names[0];
  if (own !== undefined && (names.length === 1 || own === basename(path))) return join(path, own);
  throw new UsageError(
    `--data ${path}: expected an IDX file, found a folder with ${names.length} files and ${folders.length} folders`,
  );
}
