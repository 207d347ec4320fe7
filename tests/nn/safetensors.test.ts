/** The safetensors format: element types, layouts, the rules of the header, and the checksum. */
import { crc32 as zlibCrc32 } from 'node:zlib';
import { VarigradError } from '@varigrad/core';
import { decodeSafetensors, encodeSafetensors, Linear, type StateDict } from '@varigrad/nn';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { crc32 } from '../../packages/nn/src/crc32.js';
import { littleEndian, safetensorsFile } from '../helpers/safetensors-file.js';

function refusal(bytes: Uint8Array): string {
  try {
    decodeSafetensors(bytes, 'f');
  } catch (error) {
    if (error instanceof VarigradError) return error.message;
    throw error;
  }
  throw new Error('the file was accepted');
}

/** One tensor 'w' of one axis. */
const one = (dtype: string, length: number, data: readonly number[] | Uint8Array): Uint8Array =>
  safetensorsFile({ w: { dtype, shape: [length], data_offsets: [0, data.length] } }, data);

const TYPES: readonly [dtype: string, bytes: Uint8Array, values: readonly number[], rounded: number][] = [
  ['F32', littleEndian(4, [1, -0.5], (v, at, x) => v.setFloat32(at, x, true)), [1, -0.5], 0],
  [
    'F64',
    littleEndian(8, [1, -0.5, 0.1], (v, at, x) => v.setFloat64(at, x, true)),
    [1, -0.5, Math.fround(0.1)],
    1,
  ],
  ['BOOL', Uint8Array.of(1, 0), [1, 0], 0],
  ['U8', Uint8Array.of(0, 255), [0, 255], 0],
  ['I8', Uint8Array.of(127, 128), [127, -128], 0],
  ['U16', littleEndian(2, [0, 65535], (v, at, x) => v.setUint16(at, x, true)), [0, 65535], 0],
  ['I16', littleEndian(2, [-32768, 32767], (v, at, x) => v.setInt16(at, x, true)), [-32768, 32767], 0],
  ['U32', littleEndian(4, [0, 2 ** 32 - 1], (v, at, x) => v.setUint32(at, x, true)), [0, 2 ** 32], 1],
  ['I32', littleEndian(4, [-1, 2 ** 24 + 1], (v, at, x) => v.setInt32(at, x, true)), [-1, 2 ** 24], 1],
  ['U64', littleEndian(8, [7n, 2n ** 64n - 1n], (v, at, x) => v.setBigUint64(at, x, true)), [7, 2 ** 64], 1],
  [
    'I64',
    littleEndian(8, [-(2n ** 63n), 20_000n, 2n ** 53n + 1n], (v, at, x) => v.setBigInt64(at, x, true)),
    [-(2 ** 63), 20_000, 2 ** 53],
    1,
  ],
  // 1, −0.5, the smallest subnormal, the largest finite value, −∞ (IEEE 754-2008, table 3.5)
  [
    'F16',
    littleEndian(2, [0x3c00, 0xb800, 0x0001, 0x7bff, 0xfc00], (v, at, x) => v.setUint16(at, x, true)),
    [1, -0.5, 2 ** -24, 65504, Number.NEGATIVE_INFINITY],
    0,
  ],
  [
    'BF16',
    littleEndian(2, [0x3f80, 0xbf00, 0x7f80, 0x0001], (v, at, x) => v.setUint16(at, x, true)),
    [1, -0.5, Number.POSITIVE_INFINITY, 2 ** -133],
    0,
  ],
];

test('every element type becomes float32, and the result lists what was converted', () => {
  for (const [dtype, bytes, values, rounded] of TYPES) {
    const { tensors, converted } = decodeSafetensors(one(dtype, values.length, bytes));
    assert.equal(tensors, { w: { shape: [values.length], data: Float32Array.from(values) } }, dtype);
    assert.equal(converted, dtype === 'F32' ? [] : [{ name: 'w', dtype, rounded }], dtype);
  }
});

test('whole numbers of 64 bits are rounded once: next to the middle of two float32 values, to the nearer one', () => {
  const middle = 2n ** 60n + 2n ** 36n; // of 2⁶⁰, which is even, and 2⁶⁰ + 2³⁷
  const [below, above] = [2 ** 60, 2 ** 60 + 2 ** 37];
  const values = [middle - 1n, middle, middle + 1n, 1n - middle, -middle, -middle - 1n];
  const bytes = littleEndian(8, values, (v, at, x) => v.setBigInt64(at, x, true));
  const found = decodeSafetensors(one('I64', values.length, bytes)).tensors.w?.data;
  assert.equal([...found!], [below, below, above, -below, -below, -above]);
  const unsigned = littleEndian(8, [2n ** 63n + 2n ** 39n + 1n], (v, at, x) => v.setBigUint64(at, x, true));
  assert.equal([...decodeSafetensors(one('U64', 1, unsigned)).tensors.w!.data], [2 ** 63 + 2 ** 40]);
});

test('all 65,536 float16 patterns have the value of their definition; bfloat16 are upper halves of float32', () => {
  const patterns = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const bytes = new Uint8Array(patterns.buffer);
  const half = decodeSafetensors(one('F16', 65536, bytes)).tensors.w?.data as Float32Array;
  const brain = decodeSafetensors(one('BF16', 65536, bytes)).tensors.w?.data as Float32Array;
  const upper = new Float32Array(Uint32Array.from(patterns, (bits) => bits * 65536).buffer);
  for (let bits = 0; bits < 65536; bits++) {
    const [exponent, fraction] = [Math.floor(bits / 1024) % 32, bits % 1024];
    const magnitude =
      exponent === 31
        ? fraction > 0
          ? Number.NaN
          : Number.POSITIVE_INFINITY
        : exponent === 0
          ? (fraction / 1024) * 2 ** -14
          : (1 + fraction / 1024) * 2 ** (exponent - 15);
    assert.ok(Object.is(half[bits], bits < 32768 ? magnitude : -magnitude) || Number.isNaN(magnitude));
    assert.is(Number.isNaN(half[bits]), Number.isNaN(magnitude));
    assert.ok(Object.is(brain[bits], upper[bits]));
  }
});

test('a finite value beyond float32 is refused; an infinity is kept', () => {
  const file = (x: number): Uint8Array =>
    one(
      'F64',
      2,
      littleEndian(8, [1, x], (v, at, value) => v.setFloat64(at, value, true)),
    );
  assert.is(refusal(file(1e300)), "f: 'w' has a value at index 1 that exceeds float32");
  assert.is(decodeSafetensors(file(-Infinity)).tensors.w?.data[1], -Infinity);
});

test('the file of a PyTorch module with batch normalisation is read, its int64 counter too', () => {
  const floats = littleEndian(4, [1, 2], (v, at, x) => v.setFloat32(at, x, true));
  const counter = littleEndian(8, [469n], (v, at, x) => v.setBigInt64(at, x, true));
  const file = safetensorsFile(
    {
      'bn.weight': { dtype: 'F32', shape: [2], data_offsets: [0, 8] },
      'bn.num_batches_tracked': { dtype: 'I64', shape: [], data_offsets: [8, 16] },
      __metadata__: { format: 'pt' },
    },
    Uint8Array.from([...floats, ...counter]),
  );
  const { tensors, metadata, converted } = decodeSafetensors(file);
  assert.equal([...(tensors['bn.weight']?.data ?? [])], [1, 2]);
  assert.equal(tensors['bn.num_batches_tracked'], { shape: [], data: Float32Array.of(469) });
  assert.equal(converted, [{ name: 'bn.num_batches_tracked', dtype: 'I64', rounded: 0 }]);
  assert.equal(metadata, { format: 'pt' });
});

test('every layout that the format allows is read', () => {
  const f32 = (shape: readonly number[], start: number, end: number) => ({
    dtype: 'F32',
    shape,
    data_offsets: [start, end],
  });
  const data = littleEndian(4, [1, 2, 3], (v, at, x) => v.setFloat32(at, x, true));
  const padded = `${JSON.stringify({ b: f32([], 8, 12), empty: f32([0, 3], 8, 8), a: f32([2], 0, 8) })}   `;
  const { tensors } = decodeSafetensors(safetensorsFile(padded, data)); // header of any length, data at any address
  assert.equal(tensors, {
    a: { shape: [2], data: Float32Array.of(1, 2) },
    empty: { shape: [0, 3], data: new Float32Array(0) },
    b: { shape: [], data: Float32Array.of(3) },
  });
  for (const first of ['a', 'z']) // an empty tensor before and after the one that starts at the same byte
    assert.equal(
      decodeSafetensors(
        safetensorsFile({ [first]: f32([3], 0, 12), m: f32([0], 0, 0), last: f32([0], 12, 12) }, data),
      ).tensors[first]?.data,
      Float32Array.of(1, 2, 3),
    );
  assert.equal(decodeSafetensors(safetensorsFile('{}')), { tensors: {}, metadata: {}, converted: [] });
  const mixed = { byte: { dtype: 'U8', shape: [1], data_offsets: [0, 1] }, f: f32([2], 1, 9) };
  const odd = Uint8Array.from([7, ...data.subarray(0, 8)]); // a float at an odd address
  assert.equal(decodeSafetensors(safetensorsFile(mixed, odd)).tensors.f?.data, Float32Array.of(1, 2));
});

const entry = (fields: object = {}): object => ({
  dtype: 'F32',
  shape: [2],
  data_offsets: [0, 8],
  ...fields,
});
const eight = new Array(8).fill(0);

const REFUSED: readonly [name: string, header: object | string, message: string][] = [
  ['a null entry', { a: null }, "f: 'a' must be { dtype, shape, data_offsets }, found null"],
  ['an entry that is a list', { a: [] }, "f: 'a' must be { dtype, shape, data_offsets }, found []"],
  [
    'metadata of null',
    { __metadata__: null, a: entry() },
    'f: __metadata__ must be an object of strings, found null',
  ],
  [
    'metadata with a number',
    { __metadata__: { epoch: 3 }, a: entry() },
    "f: __metadata__: 'epoch' must be a string, found 3",
  ],
  ['broken JSON', '{"a": {"dtype": "F32"', 'f: the header is not JSON — not a safetensors file'],
  ['a number', '7', 'f: the header is not an object — not a safetensors file'],
  ['null', 'null', 'f: the header is not an object — not a safetensors file'],
  ['a byte order mark', '\ufeff{}', 'f: the header is not JSON — not a safetensors file'],
  ['a leading space', ' {}', "f: the header must start with '{', and starts with a space"],
  ['a repeated name', `{"a":${JSON.stringify(entry())},"\\u0061":{}}`, "f: the header has the key 'a' twice"],
  [
    'a repeated field',
    '{"a":{"dtype":"F32","dtype":"F64","shape":[2],"data_offsets":[0,8]}}',
    "f: the header has the key 'dtype' twice",
  ],
  [
    'a type that is not text',
    { a: entry({ dtype: 32 }) },
    "f: 'a' has type 32 — supported: F32, F64, F16, BF16, BOOL, U8, I8, U16, I16, U32, I32, U64, I64",
  ],
  [
    'offsets that are not whole',
    { a: entry({ data_offsets: [0, 8.5] }) },
    "f: 'a' has no valid shape and data_offsets: [2], [0, 8.5]",
  ],
  [
    'three offsets',
    { a: entry({ data_offsets: [0, 8, 8] }) },
    "f: 'a' has no valid shape and data_offsets: [2], [0, 8, 8]",
  ],
  [
    'offsets as text',
    { a: entry({ data_offsets: ['0', '8'] }) },
    "f: 'a' has no valid shape and data_offsets: [2], ['0', '8']",
  ],
  [
    'no shape',
    { a: entry({ shape: undefined }) },
    "f: 'a' has no valid shape and data_offsets: undefined, [0, 8]",
  ],
  [
    'a reversed range',
    { a: entry({ data_offsets: [8, 0] }) },
    "f: 'a' has -8 bytes for the shape [2] of F32",
  ],
  [
    'an absurd shape',
    { a: entry({ shape: [2 ** 50, 2 ** 50, 2 ** 50] }) },
    "f: 'a' has 8 bytes for the shape [1125899906842624, 1125899906842624, 1125899906842624] of F32",
  ],
  [
    'an overlap',
    { a: entry(), b: entry({ shape: [1], data_offsets: [4, 8] }) },
    "f: 'b' starts at byte 4 instead of 8 — tensors must follow each other without gaps and overlaps",
  ],
  [
    'a hole',
    { a: entry({ shape: [1], data_offsets: [4, 8] }) },
    "f: 'a' starts at byte 4 instead of 0 — tensors must follow each other without gaps and overlaps",
  ],
  [
    'data at the end',
    { a: entry({ shape: [1], data_offsets: [0, 4] }) },
    'f: 4 bytes follow the last tensor',
  ],
  [
    'data that are missing',
    { a: entry({ shape: [3], data_offsets: [0, 12] }) },
    "f: 'a' ends at byte 12 of 8 — the file is truncated",
  ],
];

for (const [name, header, message] of REFUSED)
  test(`refuses ${name} with the reason`, () => {
    assert.is(refusal(safetensorsFile(header, eight)), message);
  });

test('refuses header lengths beyond the file, and beyond the limit of the format', () => {
  const short = safetensorsFile('{}');
  new DataView(short.buffer).setBigUint64(0, 2n ** 64n - 1n, true);
  assert.match(refusal(short), /^f: a header of 18446744073709552000 bytes does not fit into 10 bytes/);
  const long = new Uint8Array(8 + 100_000_001);
  new DataView(long.buffer).setBigUint64(0, 100_000_001n, true);
  assert.is(refusal(long), 'f: a header of 100000001 bytes is longer than the format allows (100000000)');
});

test('a header of a million brackets is refused', () => {
  const nested = (open: string, close: string): string =>
    `{"a":${open.repeat(300_000)}${close.repeat(300_000)}}`;
  assert.match(refusal(safetensorsFile(nested('[', ']'))), /^f: /);
  assert.match(refusal(safetensorsFile(nested('{"b":', '}').replace('"b":}', '"b":1}'))), /^f: /);
  assert.match(refusal(safetensorsFile(`{"__metadata__":{"x":${'['.repeat(300_000)}`)), /is not JSON/);
});

test('names that objects have of their own, names of digits, and long texts survive a round trip', () => {
  const names = ['__proto__', 'constructor', '10', '9', '', 'ä\u0000"\\', 'a'.repeat(100_000)];
  const state: StateDict = Object.fromEntries(
    names.map((name, i) => [name, { shape: [1], data: Float32Array.of(i) }]),
  );
  const metadata = { 3: 'three', note: '"x": {"x": 1, "x": 2}'.repeat(20_000), quotes: 'ab"\\'.repeat(3e6) };
  const read = decodeSafetensors(encodeSafetensors(state, metadata));
  for (const [i, name] of names.entries()) {
    assert.ok(Object.hasOwn(read.tensors, name), name);
    assert.is(read.tensors[name]?.data[0], i);
  }
  assert.equal(read.metadata, metadata);
});

test('the checksum finds every changed bit of our own files', () => {
  const layer = new Linear(3, 2);
  const good = encodeSafetensors(layer.stateDict(), { train: '{"epoch":3}' });
  const before = decodeSafetensors(good);
  let [refused, harmless] = [0, 0];
  for (let bit = 0; bit < 8 * good.length; bit++) {
    const bytes = good.slice();
    bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
    try {
      const read = decodeSafetensors(bytes, 'f');
      // Only the name of the checksum and the padding can change without notice. The contents are then the same.
      assert.equal(read.tensors, before.tensors);
      assert.is(read.metadata.train, before.metadata.train);
      harmless++;
    } catch (error) {
      if (!(error instanceof VarigradError)) throw error;
      refused++;
    }
  }
  assert.ok(harmless <= 8 * ('varigrad.crc32'.length + 8), `${harmless} of ${refused + harmless}`);
});

test('a changed weight, and changed metadata, name the checksum; files without one are read', () => {
  const good = encodeSafetensors({ w: { shape: [1], data: Float32Array.of(1) } }, { rate: '0.001' });
  const flipped = good.slice();
  flipped[flipped.length - 1] = (flipped.at(-1) as number) ^ 64;
  const message =
    /^f: the contents do not have the checksum '[\da-f]{8}' of the file — it is damaged, or a program changed it and kept 'varigrad.crc32' in its metadata$/;
  assert.match(refusal(flipped), message);
  const text = Buffer.from(good).toString('latin1').replace('0.001', '0.003');
  assert.match(refusal(Buffer.from(text, 'latin1')), message);
  assert.equal([...(decodeSafetensors(one('F32', 1, [0, 0, 128, 63])).tensors.w?.data ?? [])], [1]);
});

test('the CRC-32 is that of zlib, in one piece and in several', () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7919) >> 3);
  assert.is(crc32(new TextEncoder().encode('123456789')), 0xcbf43926); // the published check value
  for (const length of [0, 1, 7, 999]) {
    assert.is(crc32(bytes.subarray(0, length)), zlibCrc32(bytes.subarray(0, length)));
    assert.is(crc32(bytes.subarray(length), crc32(bytes.subarray(0, length))), zlibCrc32(bytes));
  }
});

test('refuses to write what could not be read back', () => {
  const w = { shape: [1], data: Float32Array.of(1) };
  const refuses = (run: () => unknown, message: string): void =>
    assert.throws(run, (e: Error) => e.message === message);
  refuses(
    () => encodeSafetensors({ __metadata__: w }),
    "encodeSafetensors: no tensor can have the name '__metadata__'",
  );
  refuses(
    () => encodeSafetensors({ w }, { epoch: 3 } as unknown as Record<string, string>),
    'encodeSafetensors: metadata.epoch must be a string, found 3',
  );
  refuses(
    () => encodeSafetensors({ w }, { 'varigrad.crc32': '0' }),
    "encodeSafetensors: metadata 'varigrad.crc32' is written by encodeSafetensors — leave it out",
  );
});

test.run();
