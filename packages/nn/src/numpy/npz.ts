/** Several arrays of NumPy in one npz file, a ZIP archive of npy files. */
import { ArgumentError } from '@varigrad/core';
import {
  checkBoolean,
  checkOptions,
  checkWhole,
  describeValue,
  isPlainObject,
  type OptionNames,
} from '@varigrad/core/checks';
import { fault } from './header.js';
import { decodeNpy, type EncodeNpyOptions, encodeNpy, type NpyArray, type NpyInput } from './npy.js';
import { readZip, writeZip } from './zip.js';

/** Options of `encodeNpz`. */
export interface EncodeNpzOptions extends EncodeNpyOptions {
  /** Deflates the arrays, as `np.savez_compressed` does. Default false, as `np.savez`. */
  compress?: boolean;
}

const ENCODE_OPTIONS: OptionNames<EncodeNpzOptions> = { compress: true, byteOrder: true, fortranOrder: true };

/** Options of `decodeNpz`. */
export interface DecodeNpzOptions {
  /** Most bytes of all arrays. Default: 64 times the length of the file, at least 64 MiB and at most 1 GiB. */
  maxBytes?: number;
}

const DECODE_OPTIONS: OptionNames<DecodeNpzOptions> = { maxBytes: true };

const EXTENSION = '.npy';

/** In bytes: a ZIP archive has 16 bits for the length of a name. */
const LONGEST_NAME = 0xffff - EXTENSION.length;

/**
 * The bytes of an npz file. A state dict is such an object of arrays.
 * @throws ArgumentError if a name is empty or too long, or an array is one that `encodeNpy` refuses
 */
export async function encodeNpz(
  arrays: Readonly<Record<string, NpyInput>>,
  options: EncodeNpzOptions = {},
): Promise<Uint8Array> {
  if (!isPlainObject(arrays))
    throw new ArgumentError(
      'encodeNpz',
      `arrays must be an object of arrays by name, found ${describeValue(arrays)}`,
    );
  checkOptions('encodeNpz', options, ENCODE_OPTIONS, 'arrays, ');
  const { compress = false, ...rest } = options;
  checkBoolean('encodeNpz', 'compress', compress);
  for (const name of Object.keys(arrays)) checkName(name);
  const files = Object.entries(arrays).map(
    ([name, array]) => [name + EXTENSION, encodeNpy(array, rest)] as const,
  );
  return writeZip(new Map(files), { compress });
}

function checkName(name: string): void {
  const length = new TextEncoder().encode(name).length;
  if (length === 0 || length > LONGEST_NAME)
    throw new ArgumentError(
      'encodeNpz',
      `the name of an array must have 1 to ${LONGEST_NAME} bytes as UTF-8, found ${length}`,
    );
}

/**
 * Reads the bytes of an npz file, stored or deflated.
 * @param source - the name of the file, for messages
 * @throws VarigradError if the archive or an array is damaged, is too large, or has a file that is not npy
 */
export async function decodeNpz(
  bytes: Uint8Array,
  source = 'npz',
  options: DecodeNpzOptions = {},
): Promise<Record<string, NpyArray>> {
  if (!(bytes instanceof Uint8Array))
    throw new ArgumentError('decodeNpz', `bytes must be a Uint8Array, found ${describeValue(bytes)}`);
  checkOptions('decodeNpz', options, DECODE_OPTIONS, 'bytes, source, ');
  const { maxBytes = Math.min(2 ** 30, Math.max(2 ** 26, 64 * bytes.length)) } = options;
  checkWhole('decodeNpz', 'maxBytes', maxBytes);
  const files = await readZip(bytes, source, maxBytes);
  const other = [...files.keys()].find((name) => !name.endsWith(EXTENSION));
  if (other !== undefined)
    throw fault(source, `it contains ${describeValue(other)}, and an npz file has arrays (*.npy) only`);
  const arrays = Array.from(files, ([name, file]) => [
    name.slice(0, -EXTENSION.length),
    decodeNpy(file, `${source}: ${name}`),
  ]);
  return Object.fromEntries(arrays);
}
