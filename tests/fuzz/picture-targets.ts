/** Readers of JPEG and WebP pictures, and of CIFAR's batches. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
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

export const PICTURE_TARGETS: readonly Target[] = [
  pictures('jpeg', ['colour.jpg', 'grey.jpg', 'progressive.jpg', 'turned.jpg']),
  pictures('webp', ['lossless.webp', 'lossy.webp', 'transparent.webp']),
  cifar,
];
