/**
 * The binary version of CIFAR-10: records of one label byte and 3072 bytes of red, green and blue, one channel after the other.
 * @see https://www.cs.toronto.edu/~kriz/cifar.html
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ArgumentError, VarigradError } from '@varigrad/core';
import { describeValue } from '@varigrad/core/checks';
import { kindOf } from '../files/sniff.js';
import type { Dataset } from './dataset.js';

const SIDE = 32;
const VALUES = 3 * SIDE * SIDE;
const RECORD = 1 + VALUES;
const CLASSES = 10;

/**
 * Decodes batches of CIFAR-10, which are joined. Values are bytes / 255.
 * @param files - the bytes and the name of each file
 * @throws VarigradError with the name if a file is empty, cut short, or has a label above 9
 */
export function decodeCifar(
  files: readonly { readonly bytes: Uint8Array; readonly source: string }[],
): Dataset {
  for (const { bytes, source } of files) checkBatch(bytes, source);
  const count = files.reduce((sum, { bytes }) => sum + bytes.length / RECORD, 0);
  const [images, labels] = [new Float32Array(count * VALUES), new Uint8Array(count)];
  let i = 0;
  for (const { bytes } of files)
    for (let at = 0; at < bytes.length; at += RECORD, i++) {
      labels[i] = bytes[at]!;
      for (let j = 0; j < VALUES; j++) images[i * VALUES + j] = bytes[at + 1 + j]! / 255;
    }
  return { images, labels, count, imageShape: [3, SIDE, SIDE], classes: CLASSES };
}

function checkBatch(bytes: Uint8Array, source: string): void {
  if (!(bytes instanceof Uint8Array))
    throw new ArgumentError('decodeCifar', `bytes must be a Uint8Array, found ${describeValue(bytes)}`);
  if (bytes.length === 0 || bytes.length % RECORD !== 0)
    throw new VarigradError(
      source,
      `expected images of CIFAR-10 of ${RECORD} bytes each, found ${kindOf(bytes) ?? 'a file'} of ${bytes.length} bytes — use the binary version`,
    );
  for (let at = 0; at < bytes.length; at += RECORD)
    if (bytes[at]! >= CLASSES)
      throw new VarigradError(
        source,
        `the label of image ${at / RECORD} is ${bytes[at]}, expected 0 to ${CLASSES - 1}`,
      );
}

/** The names of the files for training and testing. */
export interface CifarFiles {
  readonly train: readonly string[];
  readonly test: readonly string[];
}

/** The batches among the files of a folder; undefined if one set is missing. */
export function findCifarFiles(names: readonly string[]): CifarFiles | undefined {
  const train = names.filter((name) => /^data_batch_\d+\.bin$/.test(name));
  const test = names.filter((name) => name === 'test_batch.bin');
  return train.length > 0 && test.length > 0 ? { train, test } : undefined;
}

/** Reads the batches of a folder. @throws VarigradError with the path of a damaged file */
export async function readCifarFolder(
  folder: string,
  files: CifarFiles,
): Promise<[train: Dataset, test: Dataset]> {
  const read = async (names: readonly string[]): Promise<Dataset> => {
    const paths = names.map((name) => join(folder, name));
    return decodeCifar(
      await Promise.all(paths.map(async (source) => ({ source, bytes: await readFile(source) }))),
    );
  };
  return [await read(files.train), await read(files.test)];
}
