import { createHash } from 'node:crypto';
import type { Dataset } from '../data/dataset.js';
import type { RunData } from './data.js';

/** SHA-256 of the pixels, labels and sizes of all sets of a run, in hexadecimal. It recognises the same images under another path. */
export function digestOf({ train, validation, test }: RunData): string {
  const hash = createHash('sha256');
  for (const set of [train, validation, test]) {
    if (set === undefined) continue;
    const { count, classes, imageShape } = set;
    hash.update(JSON.stringify([count, classes, ...imageShape]));
    hash.update(bytesOf(set.images)).update(bytesOf(set.labels));
  }
  return hash.digest('hex');
}

function bytesOf({ buffer, byteOffset, byteLength }: Dataset['images' | 'labels']): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
