/** The IDX format: files written by hand, round trips of every type, and damaged files. */
import { gzipSync } from 'node:zlib';
import { Generator } from '@varigrad/core';
import { encodeIdx, type IdxData, IdxError, parseIdx, readIdx } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** Builds an IDX file byte by byte. */
function file(code: number, shape: readonly number[], body: readonly number[]): Uint8Array {
  const lengths = shape.flatMap((n) => [(n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]);
  return Uint8Array.from([0, 0, code, shape.length, ...lengths, ...body]);
}

function refusal(run: () => unknown): IdxError {
  try {
    run();
  } catch (error) {
    if (error instanceof IdxError) return error;
    throw error;
  }
  throw new Error('the file was accepted');
}

async function refusalOf(promise: Promise<unknown>): Promise<IdxError> {
  const outcome = await promise.then(
    () => new Error('the file was accepted'),
    (error) => error,
  );
  if (outcome instanceof IdxError) return outcome;
  throw outcome;
}

/** One file of each type, its values written by hand as big-endian bytes. */
const BY_HAND: readonly [type: IdxData, bytes: Uint8Array][] = [
  [Uint8Array.of(0, 127, 255), file(0x08, [3], [0, 127, 255])],
  [Int8Array.of(0, 127, -1), file(0x09, [3], [0, 127, 255])],
  [Int16Array.of(1, 256, -2), file(0x0b, [3], [0, 1, 1, 0, 255, 254])],
  [Int32Array.of(1, 65536, -2), file(0x0c, [3], [0, 0, 0, 1, 0, 1, 0, 0, 255, 255, 255, 254])],
  [Float32Array.of(1, -2, 0.5), file(0x0d, [3], [0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0, 0x3f, 0, 0, 0])],
  [Float64Array.of(1, -2), file(0x0e, [2], [0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0])],
];

test('reads and writes handwritten files of every type', () => {
  for (const [data, bytes] of BY_HAND) {
    const read = parseIdx(bytes);
    assert.is(read.data.constructor, data.constructor);
    assert.equal(read, { shape: [data.length], data });
    assert.equal(encodeIdx({ shape: [data.length], data }), bytes);
  }
});

test('arrays of every type and rank survive a round trip', () => {
  const generator = new Generator(3);
  const shapes = [[], [0], [1], [7], [3, 5], [2, 0, 4], [2, 3, 4], [1, 2, 1, 3, 2]];
  for (const shape of shapes) {
    const size = shape.reduce((product, n) => product * n, 1);
    const words = generator.words(size);
    const types: IdxData[] = [
      Uint8Array.from(words),
      Int8Array.from(words),
      Int16Array.from(words),
      Int32Array.from(words),
      Float32Array.from(words, (w) => w / 3e9 - 0.5),
      Float64Array.from(words, (w) => Math.sqrt(w) * 1e-200),
    ];
    for (const data of types) assert.equal(parseIdx(encodeIdx({ shape, data })), { shape, data });
  }
});

test('the values of a byte file are a copy, also for a Buffer', () => {
  const bytes = Buffer.from(file(0x08, [2], [1, 2]));
  const { data } = parseIdx(bytes);
  bytes.fill(9);
  assert.equal(data, Uint8Array.of(1, 2));
  assert.is(data.constructor, Uint8Array);
});

test('reads from the middle of a larger buffer, at an odd offset', () => {
  const [data, bytes] = BY_HAND[4] as [IdxData, Uint8Array];
  const large = new Uint8Array(bytes.length + 10).fill(77);
  large.set(bytes, 3);
  assert.equal(parseIdx(large.subarray(3, 3 + bytes.length)).data, data);
});

test('writes the bytes of a Buffer', () => {
  assert.equal(encodeIdx({ shape: [2], data: Buffer.from([4, 5]) }), file(0x08, [2], [4, 5]));
});

test('gzip is recognised by its first bytes', async () => {
  for (const [data, bytes] of BY_HAND) {
    assert.equal((await readIdx(gzipSync(bytes))).data, data);
    assert.equal((await readIdx(bytes)).data, data);
  }
});

test('a file cut at any byte, or with a surplus byte, is refused', () => {
  for (const [, bytes] of BY_HAND) {
    for (let length = 0; length < bytes.length; length++) refusal(() => parseIdx(bytes.subarray(0, length)));
    refusal(() => parseIdx(Uint8Array.from([...bytes, 0])));
  }
});

test('archives that are no IDX file, and a file that is gzipped twice', async () => {
  const of = async (bytes: Uint8Array): Promise<string> => {
    const error = await readIdx(bytes, 'f').catch((reason: unknown) => reason);
    assert.instance(error, IdxError);
    return (error as IdxError).reason;
  };
  const inner = BY_HAND[3]?.[1] as Uint8Array;
  assert.is(await of(gzipSync(gzipSync(inner))), 'it is gzipped twice — unpack it once');
  for (const [start, kind] of [
    ['BZh91AY&SY', 'a bzip2 archive'],
    ['\xfd7zXZ\0\0', 'an xz archive'],
    ['\x28\xb5\x2f\xfd\x04', 'a Zstandard archive'],
    ['PK\x03\x04', 'a ZIP archive'],
  ] as const)
    assert.is(await of(Buffer.from(start, 'latin1')), `not an IDX file: it is ${kind}`);
});

test('a gzipped file cut at any byte is refused', async () => {
  const packed = gzipSync(BY_HAND[3]?.[1] as Uint8Array);
  for (let length = 0; length < packed.length; length++) {
    assert.is((await refusalOf(readIdx(packed.subarray(0, length), 'x.gz'))).source, 'x.gz');
  }
});

const messages: readonly [name: string, bytes: Uint8Array, message: string][] = [
  ['an empty file', new Uint8Array(0), 'a.idx: 0 bytes are too few for an IDX header'],
  ['a file of another format', Buffer.from('PK\x03\x04'), 'a.idx: not an IDX file: it is a ZIP archive'],
  ['a page', Buffer.from('<!DOCTYPE html>\n<html>'), 'a.idx: not an IDX file: it is an HTML page'],
  ['other bytes', Uint8Array.of(200, 1, 2, 3), 'a.idx: not an IDX file: the first two bytes are not zero'],
  ['an unknown type', file(0x0a, [1], [0]), 'a.idx: type code 0x0a is unknown'],
  [
    'a short header',
    file(0x08, [2, 2], []).subarray(0, 10),
    'a.idx: cut short inside the header: 10 of 12 bytes',
  ],
  ['a short body', file(0x0b, [3], [0, 1]), 'a.idx: cut short: 10 of 14 bytes — fetch or write it again'],
  ['a long body', file(0x08, [1], [0, 1]), 'a.idx: too long: 10 bytes instead of 9'],
  [
    'a shape that is too large',
    file(0x08, [65536, 65536, 2], []),
    'a.idx: [65536, 65536, 2] would be 8589934592 values — more than memory holds',
  ],
  ['gzip instead of plain bytes', gzipSync('x'), 'a.idx: the data is gzipped — use readIdx or readIdxFile'],
];

for (const [name, bytes, message] of messages) {
  test(`refuses ${name} with the reason`, () => {
    const error = refusal(() => parseIdx(bytes, 'a.idx'));
    assert.is(error.message, message);
    assert.is(error.name, 'IdxError');
    assert.is(`${error.source}: ${error.reason}`, message);
  });
}

test('refuses a shape whose product is NaN', () => {
  const shape = [...new Array(40).fill(2 ** 32 - 1), 0]; // Infinity · 0
  assert.match(refusal(() => parseIdx(file(0x08, shape, []))).reason, 'would be NaN values');
});

test('refuses damaged gzip data', async () => {
  const packed = gzipSync(BY_HAND[3]?.[1] as Uint8Array);
  packed[packed.length - 6] = (packed[packed.length - 6] as number) ^ 1; // in the checksum
  assert.is(
    (await refusalOf(readIdx(packed, 'a.gz'))).message,
    'a.gz: the gzip data is damaged or cut short',
  );
});

test('refuses gzip data of another format', async () => {
  assert.match((await refusalOf(readIdx(gzipSync('hello'), 'a.gz'))).message, 'a.gz: not an IDX file');
});

test('refuses to write arrays that IDX does not support', () => {
  const write = (shape: number[], data: unknown) =>
    refusal(() => encodeIdx({ shape, data: data as IdxData })).message;
  assert.is(write([2, 2], Uint8Array.of(1, 2, 3)), 'encodeIdx: 3 values do not fill [2, 2]');
  assert.is(write([1], Uint16Array.of(1)), 'encodeIdx: IDX has no type for a Uint16Array');
  for (const shape of [[-1, -2], [0.5, 4], [2 ** 32, 0], new Array(256).fill(1)]) {
    const message = write(shape, Uint8Array.of(1, 2));
    assert.is(
      message,
      `encodeIdx: shape [${shape.join(', ')}] does not fit IDX — use at most 255 axes, of length 0 to 2³² − 1`,
    );
  }
});

test.run();
