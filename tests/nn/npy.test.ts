import { decodeNpy, encodeNpy, type NpyData, type NpyInput, type NpyType } from '@varigrad/nn/numpy';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { refuses } from '../helpers/refuses.js';

/** A file byte by byte. */
function npyFile(header: string, values: readonly number[] | Uint8Array, version = 1): Uint8Array {
  const text = Buffer.from(header, version === 3 ? 'utf8' : 'latin1');
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  length.writeUIntLE(text.length, 0, length.length);
  return Buffer.concat([
    Buffer.from('\x93NUMPY', 'latin1'),
    Buffer.of(version, 0),
    length,
    text,
    Buffer.from(values),
  ]);
}

const head = (descr: string, shape: string, order = 'False'): string =>
  `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }\n`;

/** Six elements of each type, with its extremes. */
const ARRAYS: Readonly<Record<NpyType, NpyData>> = {
  bool: Uint8Array.of(0, 1, 1, 0, 1, 0),
  uint8: Uint8Array.of(0, 1, 2, 3, 254, 255),
  uint16: Uint16Array.of(0, 1, 2, 3, 258, 65535),
  uint32: Uint32Array.of(0, 1, 2, 3, 66051, 2 ** 32 - 1),
  uint64: BigUint64Array.of(0n, 1n, 2n, 3n, 2n ** 53n + 1n, 2n ** 64n - 1n),
  int8: Int8Array.of(0, 1, 2, 3, 127, -128),
  int16: Int16Array.of(0, 1, 2, 3, 258, -32768),
  int32: Int32Array.of(0, 1, 2, 3, 66051, -(2 ** 31)),
  int64: BigInt64Array.of(0n, 1n, 2n, 3n, 2n ** 53n + 1n, -(2n ** 63n)),
  float16: Float32Array.of(0, 1, -0.5, 2 ** -24, 65504, Number.NEGATIVE_INFINITY),
  float32: Float32Array.of(0, 1, -0.1, 3.4e38, 1e-45, Number.POSITIVE_INFINITY),
  float64: Float64Array.of(0, 1, -0.1, 1.7e308, 5e-324, Number.NEGATIVE_INFINITY),
  complex64: Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, -11),
  complex128: Float64Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1e300),
};
const TYPES = Object.keys(ARRAYS) as NpyType[];

test('every type is read back in both byte orders and both orders of axes, at every place in memory', () => {
  for (const dtype of TYPES)
    for (const byteOrder of ['little', 'big'] as const)
      for (const fortranOrder of [false, true])
        for (const shape of [[6], [2, 3], [3, 1, 2]]) {
          const array = { shape, data: ARRAYS[dtype], dtype };
          const bytes = encodeNpy(array, { byteOrder, fortranOrder });
          assert.equal(decodeNpy(bytes), array, `${dtype} ${byteOrder} ${fortranOrder} ${shape}`);
          const shifted = Buffer.concat([Buffer.of(7), bytes]).subarray(1);
          assert.equal(decodeNpy(shifted), array);
        }
  assert.is(
    decodeNpy(encodeNpy({ shape: [], data: Float32Array.of(Math.PI) })).data[0],
    Math.fround(Math.PI),
  );
  assert.equal(
    decodeNpy(encodeNpy({ shape: [0, 3], data: new Int8Array() }, { fortranOrder: true })).shape,
    [0, 3],
  );
});

test('the bytes are those of the format', () => {
  const bytes = encodeNpy(
    { shape: [2, 2], data: Int16Array.of(1, 2, 3, -4) },
    { byteOrder: 'big', fortranOrder: true },
  );
  const text = "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 2), }";
  assert.equal(
    Buffer.from(bytes),
    Buffer.from(npyFile(`${text.padEnd(117)}\n`, [0, 1, 0, 3, 0, 2, 0xff, 0xfc])),
  );
  assert.is(bytes.length, 128 + 8);
  assert.match(
    Buffer.from(encodeNpy({ shape: [6], data: ARRAYS.bool, dtype: 'bool' })).toString('latin1'),
    /'\|b1'.*\(6,\)/,
  );
});

test('other spellings of the header, and all versions', () => {
  const expected = { shape: [2], data: Uint16Array.of(1, 258), dtype: 'uint16' };
  for (const [text, version] of [
    [head('<u2', '(2,)'), 1],
    [head('<u2', '(2,)'), 2],
    [head('<u2', '(2,)'), 3],
    ["{'shape':(2L,),'fortran_order':False,'descr':'<u2'}", 1],
    ["{ 'shape' : (2 , ) , 'fortran_order' : True , 'descr' : '<u2' , }   \n", 1],
  ] as const)
    assert.equal(decodeNpy(npyFile(text, [1, 0, 2, 1], version)), expected, text);
});

const good = npyFile(head('<u2', '(2,)'), [1, 0, 2, 1]);
const NUMBERS =
  'uint8, bool, uint16, uint32, uint64, int8, int16, int32, int64, float32, float64, float16, complex64, complex128';

for (const [name, bytes, reason] of [
  [
    'another file',
    Buffer.from('PK\x03\x04'),
    'the file does not start with \\x93NUMPY — it is not an npy file',
  ],
  [
    'an unknown version',
    npyFile('', [], 4),
    'version 4.0 of the format is unknown — supported: 1.0, 2.0, 3.0',
  ],
  ['a file cut after its version', good.subarray(0, 9), 'the file is truncated in its header'],
  [
    'a file cut in its header',
    good.subarray(0, 30),
    'a header of 58 bytes does not fit into 30 bytes — it is truncated',
  ],
  ['missing values', good.subarray(0, -1), '[2] of uint16 needs 4 bytes, found 3 — the file is truncated'],
  [
    'more values',
    Buffer.concat([good, Buffer.of(0)]),
    '[2] of uint16 needs 4 bytes, found 5 — the file is too long',
  ],
  [
    'objects',
    npyFile(head('|O', '(1,)'), []),
    `the type '|O' is Python objects, which are programs — supported: ${NUMBERS}; convert the array with astype() in NumPy`,
  ],
  [
    'text',
    npyFile(head('<U3', '(1,)'), []),
    `the type '<U3' is text — supported: ${NUMBERS}; convert the array with astype() in NumPy`,
  ],
  [
    'dates',
    npyFile(head('<M8[D]', '(1,)'), []),
    `the type '<M8[D]' is dates — supported: ${NUMBERS}; convert the array with astype() in NumPy`,
  ],
  [
    'long doubles',
    npyFile(head('<f16', '(1,)'), []),
    `the type '<f16' is unknown — supported: ${NUMBERS}; convert the array with astype() in NumPy`,
  ],
  [
    'a type without byte order',
    npyFile(head('|f4', '(1,)'), []),
    `the type '|f4' is unknown — supported: ${NUMBERS}; convert the array with astype() in NumPy`,
  ],
  ['a bool of 2', npyFile(head('|b1', '(1,)'), [2]), 'a bool must be stored as 0 or 1 — the file is damaged'],
] as const)
  test(`npy: refuses ${name}`, () => refuses(() => decodeNpy(bytes, 'f'), `f: ${reason}`));

test('npy: refuses records, and headers that are not the dictionary', () => {
  const records = `{'descr': [('a', '<f4'), ('b', '<i2')], 'fortran_order': False, 'shape': (1,), }`;
  assert.throws(() => decodeNpy(npyFile(records, [])), /is records of several fields/);
  for (const text of [
    '',
    '[]',
    "{'descr': '<f4', 'shape': (1,)}",
    "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': 1}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} + 1",
  ])
    assert.throws(() => decodeNpy(npyFile(text, [0, 0, 0, 0])), /the header must be \{'descr': …/, text);
});

test('arrays that cannot be written are refused', () => {
  const refused = (array: unknown, message: string): void =>
    refuses(() => encodeNpy(array as NpyInput), `encodeNpy: ${message}`);
  refused([1], 'the array must be { shape, data } with a typed array as data, found [1]');
  refused({ shape: [2], data: Int8Array.of(1) }, '1 numbers do not fill [2] of int8, which has 2');
  refused(
    { shape: [1], data: Float32Array.of(1), dtype: 'complex64' },
    '1 numbers do not fill [1] of complex64, which has 2',
  );
  refused(
    { shape: [1], data: Float32Array.of(1), dtype: 'float64' },
    'float64 needs a Float64Array, found a Float32Array',
  );
  refused({ shape: [1], data: Uint8Array.of(2), dtype: 'bool' }, 'a bool must be 0 or 1, found 2 at index 0');
  refused(
    { shape: [1], data: Float64Array.of(-65520), dtype: 'float16' },
    '-65520 at index 0 is infinite in float16 — write float32',
  );
});

test.run();
