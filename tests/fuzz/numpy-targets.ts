/** Readers of NumPy's files. */
import { isDeepStrictEqual } from 'node:util';
import { decodeNpy, decodeNpz, encodeNpy, encodeNpz, type NpyArray } from '@varigrad/nn/numpy';
import { zipFile } from '../helpers/zip-file.js';
import { expect, type Seed, type Target } from './target.js';

const arrays: Readonly<Record<string, NpyArray>> = {
  w: { shape: [2, 3], data: Float32Array.of(1, -2, 3, 0.5, Number.NaN, -0), dtype: 'float32' },
  n: { shape: [], data: BigInt64Array.of(-469n), dtype: 'int64' },
  half: { shape: [2, 1, 2], data: Float32Array.of(1, 65504, -1, 0), dtype: 'float16' },
  yes: { shape: [4], data: Uint8Array.of(0, 1, 1, 0), dtype: 'bool' },
  z: { shape: [2], data: Float64Array.of(1, -1, 0, 2), dtype: 'complex128' },
};
const options = [{}, { byteOrder: 'big' }, { fortranOrder: true }] as const;
const files = Object.values(arrays).flatMap((array) => options.map((option) => encodeNpy(array, option)));

function checkArray(array: NpyArray): void {
  const { shape, data, dtype } = array;
  const numbers = shape.reduce((product, length) => product * length, dtype.startsWith('complex') ? 2 : 1);
  expect(data.length === numbers, `${data.length} numbers for ${shape} of ${dtype}`);
  expect(dtype !== 'bool' || data.every((value) => value === 0 || value === 1), 'a bool that is neither');
  expect(isDeepStrictEqual(decodeNpy(encodeNpy(array)), array), 'another array at the second reading');
}

const npy: Target = {
  name: 'npy',
  seeds: files.map((bytes): Seed => ({ bytes })),
  read: (file) => checkArray(decodeNpy(file, 'file')),
};

const entries = Object.fromEntries(
  Object.entries(arrays).map(([name, array]) => [`${name}.npy`, encodeNpy(array)]),
);

const npz: Target = {
  name: 'npz',
  seeds: [
    ...[{}, { deflate: true }, { zip64: true }, { descriptor: true, deflate: true }].map(
      (kind): Seed => ({ bytes: zipFile(entries, kind) }),
    ),
    // Damage inside of an array, or of a name, in a sound archive.
    ...files.map((bytes): Seed => ({ bytes, finish: (npy) => zipFile({ 'a.npy': npy }, { deflate: true }) })),
    { bytes: Buffer.from('w.npy'), finish: (name) => zipFile({ [name.toString()]: files[0]! }) },
  ],
  read: async (file) => {
    const read = await decodeNpz(file, 'file');
    for (const array of Object.values(read)) checkArray(array);
    expect(
      isDeepStrictEqual(await decodeNpz(await encodeNpz(read)), read),
      'other arrays at the second reading',
    );
  },
};

export const NUMPY_TARGETS: readonly Target[] = [npy, npz];
