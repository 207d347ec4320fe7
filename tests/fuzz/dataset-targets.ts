/** Readers of JPEG and WebP pictures, of CIFAR's batches, of images in npy and npz files, and of CSV. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { decodeNpy, decodeNpz, encodeNpy, encodeNpz } from '@varigrad/nn/numpy';
import { type Dataset, datasetOfArrays, datasetsOfNpz, parseCsv } from '@varigrad/vae';
import { decodeCifar } from '@varigrad/vae/node';
import { decodePicture } from '../../packages/vae/src/files/read-picture.js';
import { expect, type Target } from './target.js';

const FOLDER = new URL('../fixtures/pictures/', import.meta.url);
const fixture = (name: string): Uint8Array => readFileSync(fileURLToPath(new URL(name, FOLDER)));

/** @param names - good files among the fixtures */
function pictures(name: string, names: readonly string[]): Target {
  return {
    name,
    seeds: names.map((file) => ({ bytes: fixture(file) })),
    read: async (file) => {
      const { width, height, values } = await decodePicture(file, 'file', { channels: 3, ground: 0.5 });
      expect(values.length === 3 * width * height, `${values.length} values of ${width} × ${height}`);
      expect(
        values.every((value) => value >= 0 && value <= 1),
        'a value outside of [0, 1]',
      );
    },
  };
}

const RECORD = 3073;
const batch = Uint8Array.from({ length: 2 * RECORD }, (_, i) => (i % RECORD === 0 ? 7 : i % 256));

const cifar: Target = {
  name: 'cifar',
  seeds: [{ bytes: batch }],
  read: (file) => {
    const { images, labels, count } = decodeCifar([{ bytes: file, source: 'file' }]);
    expect(count * RECORD === file.length, `${count} images in ${file.length} bytes`);
    expect(
      labels.every((label, i) => label < 10 && label === file[i * RECORD]),
      'a label that is not in the file',
    );
    expect(
      images.every(
        (value, i) => Math.round(255 * value) === file[Math.floor(i / 3072) * RECORD + 1 + (i % 3072)],
      ),
      'a value that is not in the file',
    );
  },
};

/** Checks the sizes and values of a data set. */
function checkImages({ images, labels, count, imageShape, classes }: Dataset): void {
  const size = imageShape.reduce((a, b) => a * b, count);
  expect(
    images.length === size && labels.length === count,
    `${images.length} values of ${count} × ${imageShape}`,
  );
  expect(
    images.every((value) => value >= 0 && value <= 1),
    'a value outside of [0, 1]',
  );
  expect(
    labels.every((label) => label < Math.max(1, classes)),
    'a label outside of the classes',
  );
}

const stack = { shape: [3, 2, 2, 4], data: Uint8Array.from({ length: 48 }, (_, i) => 5 * i) };
const classes = { shape: [3], data: Int32Array.of(0, 2, 1) };

const npyImages: Target = {
  name: 'npy-images',
  seeds: [
    { bytes: encodeNpy(stack) },
    { bytes: encodeNpy({ shape: [12, 4], data: Float32Array.from(stack.data, (x) => x / 255) }) },
  ],
  read: (file) => checkImages(datasetOfArrays({ array: decodeNpy(file, 'file'), source: 'file' })),
};

const npzImages: Target = {
  name: 'npz-images',
  seeds: [
    { bytes: await encodeNpz({ images: stack, labels: classes }) },
    {
      bytes: await encodeNpz(
        { x_train: stack, y_train: classes, x_test: stack, y_test: classes },
        { compress: true },
      ),
    },
  ],
  read: async (file) => {
    for (const set of datasetsOfNpz(await decodeNpz(file, 'file'), 'file')) checkImages(set);
  },
};

const csv: Target = {
  name: 'csv',
  seeds: [
    { bytes: Buffer.from('a,b,label\n1,-2.5,0\n3e2,4,1\n.5,6,1\n') },
    { bytes: Buffer.from('1;2\r\n3;4\r\n') },
  ],
  read: (file) => {
    const { columns, values, count, labels } = parseCsv(Buffer.from(file).toString('latin1'), 'file');
    expect(values.length === columns.length * count && labels.length === count, `${values.length} values`);
    expect(values.every(Number.isFinite), 'a value that is not finite');
  },
};

export const DATASET_TARGETS: readonly Target[] = [
  pictures('jpeg', ['colour.jpg', 'grey.jpg', 'progressive.jpg', 'turned.jpg']),
  pictures('webp', ['lossless.webp', 'lossy.webp', 'transparent.webp']),
  cifar,
  npyImages,
  npzImages,
  csv,
];
