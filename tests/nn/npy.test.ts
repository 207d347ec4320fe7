/** Arrays of NumPy: types, byte orders, orders of axes, versions, archives, and what is refused. */
import { VarigradError } from '@varigrad/core';
import { Linear } from '@varigrad/nn';
import {
  decodeNpy,
  decodeNpz,
  encodeNpy,
  encodeNpz,
  type NpyData,
  type NpyInput,
  type NpyType,
} from '@varigrad/nn/numpy';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readZip, writeZip } from '../../packages/nn/src/numpy/zip.js';
import { refuses } from '../helpers/refuses.js';
import { type ZipFileOptions, zipFile } from '../helpers/zip-file.js';

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

const FILES = {
  'a.npy': encodeNpy({ shape: [6], data: ARRAYS.int64 }),
  'b.c.npy': encodeNpy({ shape: [600], data: new Uint8Array(600) }),
};
const CONTENTS = {
  a: { shape: [6], data: ARRAYS.int64, dtype: 'int64' },
  'b.c': { shape: [600], data: new Uint8Array(600), dtype: 'uint8' },
};
const KINDS: readonly ZipFileOptions[] = [
  {},
  { deflate: true },
  { zip64: true },
  { zip64: true, deflate: true },
  { descriptor: true },
  { descriptor: true, deflate: true, zip64: true },
  { comment: 'PK\x05\x06 is no end record' },
];

test('archives of every kind are read: stored, deflated, zip64, with data descriptors, with a comment', async () => {
  for (const kind of KINDS)
    assert.equal(await decodeNpz(zipFile(FILES, kind)), CONTENTS, JSON.stringify(kind));
});

test('zip64 records whose numbers the end record repeats, as Python writes them between 2 and 4 GiB', async () => {
  for (const names of [
    ['a', 'b.c'],
    ['aa', 'bb'],
    ['aaaaa', 'bbbbb'],
  ]) {
    const files = Object.fromEntries(names.map((name) => [`${name}.npy`, FILES['a.npy']]));
    const bytes = zipFile(files, { zip64: true });
    const [record, end] = [bytes.length - 98, bytes.length - 22];
    bytes.writeUInt16LE(2, end + 10);
    bytes.copy(bytes, end + 12, record + 40, record + 44);
    bytes.copy(bytes, end + 16, record + 48, record + 52);
    assert.equal(Object.keys(await decodeNpz(bytes)), names);
  }
});

test('npz files are read back; a state dict is written as it is', async () => {
  for (const compress of [false, true]) {
    const bytes = await encodeNpz(CONTENTS as never, { compress });
    assert.equal(await decodeNpz(bytes), CONTENTS);
    assert.equal(await encodeNpz(CONTENTS as never, { compress }), bytes, 'equal arrays give equal bytes');
  }
  const layer = new Linear(3, 2);
  const state = layer.stateDict();
  const read = await decodeNpz(await encodeNpz(state));
  const copy = new Linear(3, 2);
  copy.loadStateDict(read as never);
  assert.equal(copy.stateDict(), state);
  assert.equal(await decodeNpz(await encodeNpz({})), {});
});

test('zip64 records are written if asked for, and more files than 16 bits count are read', async () => {
  const files = new Map(Object.entries(FILES));
  for (const compress of [false, true]) {
    const short = await writeZip(files, { compress });
    const long = await writeZip(files, { compress, zip64: true });
    assert.not(Buffer.from(short).includes('PK\x06\x06'));
    assert.ok(Buffer.from(long).includes('PK\x06\x06'));
    assert.equal(await readZip(short, 'f', 1e6), files);
    assert.equal(await readZip(long, 'f', 1e6), files);
  }
  const many = Object.fromEntries(Array.from({ length: 65_537 }, (_, i) => [`${i}.npy`, Uint8Array.of(i)]));
  assert.is(
    await reasonOf(zipFile(many, { zip64: true }), 65_536),
    'f: its files have 65537 bytes, and the limit is 65536 — set maxBytes',
  );
});

test('every header has the first date of the format and no extra field', async () => {
  const bytes = Buffer.from(await writeZip(new Map(Object.entries(FILES)), { compress: true }));
  let headers = 0;
  for (let at = 0; bytes.readUInt32LE(at) !== 0x06054b50; at = bytes.indexOf('PK', at + 1)) {
    const fields = at + (bytes.readUInt32LE(at) === 0x02014b50 ? 12 : 10);
    assert.is(bytes.readUInt32LE(fields), 0x210000, '0:00 on 1 January 1980');
    assert.is(bytes.readUInt16LE(fields + 18), 0);
    headers++;
  }
  assert.is(headers, 4);
});

async function reasonOf(bytes: Uint8Array, maxBytes?: number): Promise<string> {
  try {
    await decodeNpz(bytes, 'f', maxBytes === undefined ? {} : { maxBytes });
  } catch (error) {
    if (error instanceof VarigradError) return error.message;
    throw error;
  }
  throw new Error('the file was accepted');
}

test('npz: refusals name the reason', async () => {
  const deflated = zipFile(FILES, { deflate: true });
  const parts = zipFile(FILES);
  parts.writeUInt16LE(1, parts.length - 18);
  const lie = zipFile({ 'a.npy': Buffer.alloc(2 ** 20) }, { deflate: true });
  for (const header of ['PK\x03\x04', 'PK\x01\x02'])
    lie.writeUInt32LE(1000, lie.indexOf(header) + (header === 'PK\x03\x04' ? 22 : 24));
  for (const [bytes, reason] of [
    [Buffer.from('no archive'), 'the file has no end record — not a ZIP archive, or it is cut short'],
    [Buffer.alloc(30), 'the file has no end record — not a ZIP archive, or it is cut short'],
    [zipFile(FILES).subarray(0, -1), 'the file has no end record — not a ZIP archive, or it is cut short'],
    [parts, 'the file is one of several parts of an archive — join them'],
    [zipFile(FILES, { flags: 1 }), "'a.npy' is encrypted — write it without a password"],
    [zipFile(FILES, { method: 9 }), "'a.npy' is neither stored nor deflated — write it with np.savez"],
    [zipFile(FILES, { method: 14 }), "'a.npy' is neither stored nor deflated — write it with np.savez"],
    [lie, "'a.npy' does not have its length and checksum — the archive is damaged"],
    [
      zipFile({ 'x/data.pkl': Buffer.of(1) }),
      "it contains 'x/data.pkl', and an npz file has arrays (*.npy) only",
    ],
    [
      zipFile({ 'a.npy': Buffer.of(1) }),
      'f: a.npy: the file does not start with \\x93NUMPY — it is not an npy file',
    ],
    [Buffer.concat([Buffer.of(0), zipFile(FILES)]), 'the file is damaged (prepended data)'],
    [
      Buffer.from(deflated.map((byte, i) => (i === 60 ? byte ^ 1 : byte))),
      "'a.npy' does not have its length and checksum — the archive is damaged",
    ],
  ] as const)
    assert.is(await reasonOf(bytes), reason.startsWith('f: ') ? reason : `f: ${reason}`);
  assert.is(
    await reasonOf(deflated, 700),
    'f: its files have 904 bytes, and the limit is 700 — set maxBytes',
  );
  const [first] = Object.values(FILES);
  const twice = Buffer.from(
    zipFile({ 'a.npy': first!, 'b.npy': first! }).toString('latin1').replaceAll('b.npy', 'a.npy'),
    'latin1',
  );
  assert.is(await reasonOf(twice), 'f: the file is damaged (duplicate filename)');
});

test('an archive cut anywhere is refused, and one with a changed byte is refused or has the same arrays', async () => {
  const read = (bytes: Uint8Array) =>
    decodeNpz(bytes).catch((error) => {
      assert.instance(error, VarigradError);
    });
  for (const kind of KINDS.slice(0, 4)) {
    const bytes = zipFile(FILES, kind);
    for (let at = 0; at < bytes.length; at++) {
      assert.is(await read(bytes.subarray(0, at)), undefined, `cut at ${at}`);
      const changed = await read(bytes.map((byte, i) => (i === at ? byte ^ (1 << (at % 8)) : byte)));
      if (changed !== undefined) assert.equal(changed, CONTENTS, `byte ${at}`);
    }
  }
});

test('a name that no archive can hold is refused', async () => {
  const array = { shape: [1], data: Int8Array.of(1) };
  for (const [name, length] of [
    ['', 0],
    ['ü'.repeat(32_766), 65_532],
  ] as const) {
    const reason = `the name of an array must have 1 to 65531 bytes as UTF-8, found ${length}`;
    const error = await encodeNpz({ [name]: array }).catch((error: Error) => error);
    assert.is((error as Error).message, `encodeNpz: ${reason}`);
  }
  const longest = 'a'.repeat(65_531);
  assert.equal(Object.keys(await decodeNpz(await encodeNpz({ [longest]: array }))), [longest]);
});

test('names of objects, and of other alphabets', async () => {
  const array = { shape: [1], data: Int8Array.of(1), dtype: 'int8' };
  const arrays = JSON.parse(`{"__proto__":0,"größe":0,"a/b":0,"../c":0,"/d":0,"C:e":0}`);
  const named = Object.fromEntries(Object.keys(arrays).map((name) => [name, array])) as never;
  assert.equal(Object.keys(await decodeNpz(await encodeNpz(named))), Object.keys(arrays));
});

test.run();
