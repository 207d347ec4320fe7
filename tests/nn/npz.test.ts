/** Archives of NumPy's arrays: kinds of archives, names, and what is refused. */
import { VarigradError } from '@varigrad/core';
import { Linear } from '@varigrad/nn';
import { decodeNpz, encodeNpy, encodeNpz } from '@varigrad/nn/numpy';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readZip, writeZip } from '../../packages/nn/src/numpy/zip.js';
import { type ZipFileOptions, zipFile } from '../helpers/zip-file.js';

const INTEGERS = BigInt64Array.of(0n, 1n, 2n, 3n, 2n ** 53n + 1n, -(2n ** 63n));
const FILES = {
  'a.npy': encodeNpy({ shape: [6], data: INTEGERS }),
  'b.c.npy': encodeNpy({ shape: [600], data: new Uint8Array(600) }),
};
const CONTENTS = {
  a: { shape: [6], data: INTEGERS, dtype: 'int64' },
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
