/** Data sets of IDX files: element types, layouts, labels, and limits of gzip. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, deflateRawSync, gzipSync } from 'node:zlib';
import { encodeIdx, type IdxData, IdxError, readIdx } from '@varigrad/vae';
import { type IdxDatasetOptions, readIdxDataset, readIdxFile } from '@varigrad/vae/node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const folder = mkdtempSync(join(tmpdir(), 'varigrad-idx-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, shape: number[], data: IdxData): string {
  const path = join(folder, name);
  writeFileSync(path, encodeIdx({ shape, data }));
  return path;
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => new Error('it was accepted'),
    (e: unknown) => e,
  );
  if (error instanceof IdxError) return error.message.replaceAll(`${folder}/`, '');
  throw error;
}

/** Two pictures of 2 × 3 pixels. */
const BYTES = [0, 51, 102, 153, 204, 255, 255, 0, 255, 0, 255, 0];
const GREY = Float32Array.from(BYTES, (byte) => byte / 255);
const labels = write('labels', [2], Uint8Array.of(1, 0));

test('integers of every type are grey values from 0 to 255, floats from 0 to 1 or from 0 to 255', async () => {
  const small = BYTES.map((byte) => byte >> 1);
  const stored: readonly [IdxData, Float32Array][] = [
    [Uint8Array.from(BYTES), GREY],
    [Int8Array.from(small), Float32Array.from(small, (value) => value / 255)],
    [Int16Array.from(BYTES), GREY],
    [Int32Array.from(BYTES), GREY],
    [GREY, GREY],
    [Float64Array.from(GREY), GREY],
    [Float32Array.from(BYTES), GREY],
    [Float64Array.from(BYTES), GREY],
  ];
  for (const [data, expected] of stored) {
    const { images } = await readIdxDataset(write('images', [2, 2, 3], data), labels);
    assert.equal(images, expected, data.constructor.name);
  }
});

test('pixels outside of these ranges are refused', async () => {
  const message = (data: IdxData): Promise<string> =>
    refusal(readIdxDataset(write('images', [1, 1, 2], data), null));
  const expected = 'expected 0 to 255, or floats from 0 to 1';
  assert.is(await message(Int16Array.of(0, 256)), `images: the pixels are 0 to 256 — ${expected}`);
  assert.is(await message(Int8Array.of(-1, 5)), `images: the pixels are -1 to 5 — ${expected}`);
  assert.is(await message(Float32Array.of(-0.5, 1)), `images: the pixels are -0.5 to 1 — ${expected}`);
  assert.is(
    await message(Float64Array.of(0, Infinity)),
    `images: the pixels are 0 to Infinity — ${expected}`,
  );
  assert.is(await message(Float32Array.of(0, Number.NaN)), 'images: the pixel at index 1 is NaN');
});

test('pictures with a channel axis, and square pictures in rows', async () => {
  const shapes: readonly [number[], number[]][] = [
    [
      [2, 2, 3],
      [2, 3],
    ],
    [
      [2, 2, 3, 1],
      [2, 3],
    ],
    [
      [2, 1, 2, 3],
      [2, 3],
    ],
    [
      [3, 4],
      [2, 2],
    ],
    [
      [12, 1],
      [1, 1],
    ],
  ];
  for (const [shape, imageShape] of shapes) {
    const data = await readIdxDataset(write('images', shape, Uint8Array.from(BYTES)), null);
    assert.equal([data.count, data.imageShape, data.images], [shape[0], imageShape, GREY], `${shape}`);
  }
  const mnist = await readIdxDataset(write('rows', [3, 784], new Uint8Array(3 * 784)), null);
  assert.equal(mnist.imageShape, [28, 28]);
  for (const shape of [[12], [2, 6], [1, 2, 2, 3], [1, 1, 2, 2, 3], []])
    assert.is(
      await refusal(
        readIdxDataset(write('images', shape, Uint8Array.from(shape.length === 0 ? [1] : BYTES)), null),
      ),
      `images: expected grey images [count, height, width], found Uint8Array [${shape.join(', ')}]`,
    );
});

test('transposed pictures are turned upright', async () => {
  const images = write('images', [2, 2, 3], Uint8Array.from(BYTES));
  const data = await readIdxDataset(images, labels, { transpose: true });
  assert.equal(data.imageShape, [3, 2]);
  const expected = [0, 153, 51, 204, 102, 255, 255, 0, 0, 255, 255, 0];
  assert.equal(
    data.images,
    Float32Array.from(expected, (byte) => byte / 255),
  );
});

test('labels of any type, in one column, in the table of QMNIST, and from 1', async () => {
  const images = write('images', [3, 1, 1], Uint8Array.of(1, 2, 3));
  const read = async (shape: number[], data: IdxData, options?: IdxDatasetOptions): Promise<number[]> => {
    const { labels, classes } = await readIdxDataset(images, write('labels-of-3', shape, data), options);
    return [...labels, classes];
  };
  for (const values of [Uint8Array, Int8Array, Int16Array, Int32Array, Float32Array, Float64Array])
    assert.equal(await read([3], values.of(2, 0, 1)), [2, 0, 1, 3], values.name);
  assert.equal(await read([3, 1], Uint8Array.of(2, 0, 1)), [2, 0, 1, 3]);
  const table = Int32Array.from({ length: 24 }, (_, i) => (i % 8 === 0 ? 5 - i / 8 : 1000 + i));
  assert.equal(await read([3, 8], table), [5, 4, 3, 6]);
  assert.equal(await read([3], Uint8Array.of(1, 2, 3), { firstLabel: 1 }), [0, 1, 2, 3]);

  const message = (shape: number[], data: IdxData, options?: IdxDatasetOptions): Promise<string> =>
    refusal(read(shape, data, options));
  assert.is(
    await message([3], Int32Array.of(0, 300, 1)),
    'labels-of-3: label 300 at index 1 — expected whole numbers from 0 to 255',
  );
  assert.match(await message([3], Int8Array.of(0, 1, -1)), 'label -1 at index 2');
  assert.match(await message([3], Float32Array.of(0.5, 1, 2)), 'label 0.5 at index 0');
  assert.match(await message([3], Float64Array.of(0, Number.NaN, 2)), 'label NaN at index 1');
  assert.is(
    await message([3], Uint8Array.of(1, 2, 0), { firstLabel: 1 }),
    'labels-of-3: label 0 at index 2 — expected whole numbers from 1 to 256',
  );
  const wide = 'expected labels [count], or the int32 table [count, 8] of QMNIST, found';
  assert.is(await message([3, 10], new Uint8Array(30)), `labels-of-3: ${wide} Uint8Array [3, 10]`);
  assert.is(await message([3, 8], new Uint8Array(24)), `labels-of-3: ${wide} Uint8Array [3, 8]`);
  assert.is(await message([], Uint8Array.of(1)), `labels-of-3: ${wide} Uint8Array []`);
  assert.match(await message([2], Uint8Array.of(0, 1)), /^labels-of-3: 2 labels for the 3 images of images$/);
});

test('images without labels have no classes', async () => {
  const data = await readIdxDataset(write('images', [2, 2, 3], Uint8Array.from(BYTES)), null);
  assert.equal([data.classes, [...data.labels]], [0, [0, 0]]);
});

test('no images, and images without pixels, are refused', async () => {
  const message = (shape: number[]): Promise<string> =>
    refusal(readIdxDataset(write('images', shape, new Uint8Array(0)), null));
  assert.is(await message([0, 28, 28]), 'images: there are no images in it');
  assert.is(await message([0, 784]), 'images: there are no images in it');
  assert.is(await message([5, 0, 3]), 'images: the images have 0 × 3 pixels');
});

test('a folder where a file is expected', async () => {
  const path = join(folder, 'a-folder');
  mkdirSync(path);
  assert.is(
    await refusal(readIdxFile(path)),
    'a-folder: cannot be read: it is a folder — name the file in it',
  );
});

/** Gzip data of a header and `length` zeros: the compressed form of one block, repeated. The checksum at the end is left at 0. */
function zeros(header: readonly number[], length: number): Buffer {
  const part = (data: Uint8Array): Buffer =>
    deflateRawSync(data, { finishFlush: constants.Z_FULL_FLUSH, level: 9 });
  const block = part(new Uint8Array(2 ** 22));
  const start = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
  const blocks = new Array<Buffer>(length / 2 ** 22).fill(block);
  return Buffer.concat([
    start,
    part(Uint8Array.from(header)),
    ...blocks,
    deflateRawSync(''),
    Buffer.alloc(8),
  ]);
}

const header = (shape: readonly number[], code = 0x08): number[] => [
  0,
  0,
  code,
  shape.length,
  ...shape.flatMap((n) => [(n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]),
];

test('2 MB of gzip that hold 2 GiB are refused without inflating them, and gzip that holds more than its header', async () => {
  const claim = header([2 ** 21, 32, 32]);
  const bomb = zeros(claim, 2 ** 31);
  assert.ok(bomb.length < 2.2e6, `${bomb.length} bytes`);
  const before = process.resourceUsage().maxRSS;
  assert.is(
    await refusal(readIdx(bomb, 'x.gz')),
    `x.gz: ${bomb.length} bytes of gzip claim to hold [2097152, 32, 32], ${2 ** 31 + 16} bytes, and the limit is ${64 * bomb.length} — unpack the file first, or set maxBytes`,
  );
  const modest = zeros(header([10, 28, 28]), 2 ** 28);
  assert.is(await refusal(readIdx(modest, 'x.gz')), 'x.gz: too long: more than the 7856 bytes of its header');
  const other = zeros([0x50, 0x4b, 3, 4], 2 ** 28);
  assert.is(await refusal(readIdx(other, 'x.gz')), 'x.gz: not an IDX file: it is a ZIP archive');
  const rise = process.resourceUsage().maxRSS - before;
  assert.ok(rise < 40 * 1024, `memory rises by ${rise} kB`);
});

test('the most that a small gzip file may hold takes less than 256 MiB and 2 s', async () => {
  const size = 2 ** 23 - 4; // with the header, just below 64 MiB
  const packed = gzipSync(encodeIdx({ shape: [size], data: new Float64Array(size) }));
  assert.ok(packed.length < 100_000);
  const [rss, start] = [process.memoryUsage.rss() / 1024, process.cpuUsage()];
  assert.is((await readIdx(packed)).data.length, size);
  const { user, system } = process.cpuUsage(start);
  assert.ok(user + system < 2e6, `${user + system} µs`);
  const rise = process.resourceUsage().maxRSS - rss;
  assert.ok(rise < 256 * 1024, `${rise} kB`);
  assert.match(
    await refusal(readIdx(gzipSync(encodeIdx({ shape: [size + 4], data: new Float64Array(size + 4) })))),
    /67108872 bytes, and the limit is 67108864/,
  );
});

test('maxBytes is the limit of gzip data, and only of these', async () => {
  const plain = encodeIdx({ shape: [2000], data: new Uint8Array(2000) });
  const packed = gzipSync(plain);
  assert.is((await readIdx(packed, 'x', { maxBytes: 2008 })).data.length, 2000);
  assert.match(await refusal(readIdx(packed, 'x', { maxBytes: 2007 })), /2008 bytes, and the limit is 2007/);
  assert.is((await readIdx(plain, 'x', { maxBytes: 1 })).data.length, 2000);
  const path = join(folder, 'limited.gz');
  writeFileSync(path, packed);
  assert.match(await refusal(readIdxFile(path, { maxBytes: 100 })), /the limit is 100/);
  assert.match(await refusal(readIdxDataset(path, null, { maxBytes: 100 })), /the limit is 100/);
});

test('damage in the middle of large gzip data is found', async () => {
  const data = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7919) >> 5);
  const packed = gzipSync(encodeIdx({ shape: [300_000], data }));
  for (const at of [100, packed.length >> 1, packed.length - 3]) {
    const damaged = Buffer.from(packed);
    damaged[at] = (damaged[at] as number) ^ 16;
    assert.match(await refusal(readIdx(damaged, 'x.gz')), /damaged or cut short|too long|cut short/);
  }
  assert.equal((await readIdx(packed)).data, data);
});

test.run();
