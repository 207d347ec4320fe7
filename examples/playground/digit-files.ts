/** The files of the digits, made from MNIST. */
import { gzipSync } from 'node:zlib';
import { type Dataset, encodeIdx, firstOf } from '@varigrad/vae';
import { mnist } from '@varigrad/vae/node';
import { DIGIT_FILES } from './src/data/digits.js';

/** Every file by its name: the first 10,000 and all 60,000 digits for training, and the first 1,000 for testing. */
export async function digitFiles(): Promise<Map<string, Uint8Array>> {
  const { train, test } = await mnist();
  const parts = { digits: firstOf(train, 10_000), 'all-digits': train, test: firstOf(test, 1000) } as const;
  return new Map(
    Object.entries(parts).flatMap(([part, data]) => {
      const { images, labels } = DIGIT_FILES[part as keyof typeof parts];
      return [
        [images, packImages(data)],
        [labels, packLabels(data)],
      ] as const;
    }),
  );
}

function packImages({ images, count, imageShape }: Dataset): Uint8Array {
  const bytes = Uint8Array.from(images, (value) => Math.round(value * 255));
  return gzipSync(encodeIdx({ shape: [count, ...imageShape], data: bytes }));
}

function packLabels({ labels, count }: Dataset): Uint8Array {
  return gzipSync(encodeIdx({ shape: [count], data: labels.slice() }));
}
