/** The digits that the site ships: IDX files, gzipped. */
import { type Dataset, type IdxArray, IdxError, readIdx } from '@varigrad/vae';

/** The names of the files, below the folder of the digits. */
export const DIGIT_FILES = {
  digits: { images: 'train-10000-images.idx', labels: 'train-10000-labels.idx' },
  'all-digits': { images: 'train-60000-images.idx', labels: 'train-60000-labels.idx' },
  test: { images: 'test-1000-images.idx', labels: 'test-1000-labels.idx' },
} as const;

/** Reads a file of the folder of the digits. */
export type ReadFile = (name: string) => Promise<Uint8Array>;

/** The digits for training and the 1,000 test digits. */
export async function readDigits(
  which: 'digits' | 'all-digits',
  read: ReadFile,
): Promise<{ train: Dataset; test: Dataset }> {
  const [train, test] = await Promise.all([readPart(which, read), readPart('test', read)]);
  return { train, test };
}

async function readPart(part: keyof typeof DIGIT_FILES, read: ReadFile): Promise<Dataset> {
  const names = DIGIT_FILES[part];
  const [images, labels] = await Promise.all(
    [names.images, names.labels].map(async (name) => readIdx(await read(name), name)),
  );
  return datasetOf(images!, labels!, names.images);
}

function datasetOf(images: IdxArray, labels: IdxArray, name: string): Dataset {
  const [count, height, width] = images.shape;
  const areBytes = images.data instanceof Uint8Array && labels.data instanceof Uint8Array;
  if (!areBytes || count === undefined || height === undefined || width === undefined)
    throw new IdxError(name, 'expected bytes [count, height, width] — build the site again');
  const values = new Float32Array(images.data.length);
  for (let i = 0; i < values.length; i++) values[i] = images.data[i]! / 255;
  return {
    images: values,
    labels: Uint8Array.from(labels.data),
    count,
    imageShape: [height, width],
    classes: 10,
  };
}
