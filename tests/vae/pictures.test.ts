/** JPEG, WebP and PNG pictures, and resizing, against what Pillow makes of the same files. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Dataset, type ResizeFilter, resizeDataset } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodePicture } from '../../packages/vae/src/files/read-picture.js';
import { loadData } from '../../packages/vae/src/run/data.js';
import { AS_THEY_ARE } from '../../packages/vae/src/run/preparation.js';
import { writePngFile } from './cli-calls.js';

const FOLDER = fileURLToPath(new URL('../fixtures/pictures', import.meta.url));

interface Expected {
  pictures: Record<string, { width: number; height: number; bytes: number[] }>;
  image: { height: number; width: number; values: number[] };
  sizes: { filter: ResizeFilter; height: number; width: number; values: number[] }[];
}

const expected: Expected = JSON.parse(readFileSync(join(FOLDER, 'expected.json'), 'utf8'));

const hasSharp = await import('sharp').then(
  () => true,
  () => false,
);
if (!hasSharp) console.log('left out: JPEG and WebP pictures, which need the package sharp');

const scratch = mkdtempSync(join(tmpdir(), 'varigrad-pictures-'));
test.after(() => rmSync(scratch, { recursive: true, force: true }));

const files = Object.entries(expected.pictures).filter(([name]) => hasSharp || name.endsWith('.png'));

for (const [name, { width, height, bytes }] of files)
  test(`${name} has the pixels that Pillow reads`, async () => {
    const ground = 0.25;
    const picture = await decodePicture(readFileSync(join(FOLDER, name)), name, { channels: 3, ground });
    assert.equal([picture.width, picture.height, picture.channels], [width, height, 3]);
    const size = width * height;
    const perPixel = bytes.length / size;
    // Decoders of lossy files may round differently.
    const tolerance = /lossy|jpg/.test(name) ? 3 : 0.001;
    for (let i = 0; i < size; i++)
      for (let c = 0; c < 3; c++) {
        const opacity = perPixel === 4 ? bytes[4 * i + 3]! / 255 : 1;
        const wanted = bytes[perPixel * i + c]! * opacity + 255 * ground * (1 - opacity);
        const found = 255 * picture.values[c * size + i]!;
        assert.ok(Math.abs(found - wanted) <= tolerance, `pixel ${i}, channel ${c}: ${found} is ${wanted}`);
      }
    assert.is(picture.isColored, name !== 'grey.jpg');
    assert.is(picture.isTransparent, perPixel === 4);
  });

if (hasSharp)
  test('a picture that is cut short at any place, or whose header is damaged, is refused', async () => {
    for (const name of ['colour.jpg', 'lossy.webp', 'progressive.jpg']) {
      const good = readFileSync(join(FOLDER, name));
      for (const share of [0.3, 0.5, 0.9]) {
        const cut = good.subarray(0, Math.floor(share * good.length));
        const outcome = await decodePicture(cut, 'f', { channels: 3, ground: 0 }).then(
          () => 'accepted',
          (error: Error) => error.message,
        );
        assert.match(outcome, /^f: cannot be read as (JPEG|WebP) picture: [^\n]+$/, `${name} ${share}`);
      }
    }
  });

if (hasSharp)
  test('a JPEG picture with too many pixels is refused with the limit', async () => {
    const { default: sharp } = await import('sharp');
    const large = sharp({ create: { width: 2100, height: 2000, channels: 3, background: 'red' } });
    const outcome = await decodePicture(await large.jpeg().toBuffer(), 'f', { channels: 3, ground: 0 }).catch(
      (error: Error) => error.message,
    );
    assert.is(outcome, 'f: it has too many pixels, and at most 4194304 are read — make it smaller');
  });

test('a picture of a kind that is not read says what it is', async () => {
  const outcome = await decodePicture(Buffer.from('GIF89a...'), 'f', { channels: 3, ground: 0 }).catch(
    (error: Error) => error.message,
  );
  assert.is(outcome, 'f: cannot be read as PNG: it is a GIF picture');
});

const dataset = (values: number[], imageShape: Dataset['imageShape'], count = 1): Dataset => ({
  images: Float32Array.from(values),
  labels: new Uint8Array(count),
  count,
  imageShape,
  classes: 1,
});

for (const { filter, height, width, values } of expected.sizes)
  test(`${filter} to ${height} × ${width} gives Pillow's values`, () => {
    const { image } = expected;
    const inverted = image.values.map((value) => 1 - value);
    const two = dataset([...image.values, ...inverted], [2, image.height, image.width]);
    const { images, imageShape } = resizeDataset(two, [height, width], { filter });
    assert.equal(imageShape, [2, height, width]);
    const limit = (x: number): number => (filter === 'lanczos' ? Math.min(1, Math.max(0, x)) : x);
    values.forEach((value, i) => {
      assert.ok(Math.abs(images[i]! - limit(value)) < 1e-5, `${i}: ${images[i]} is ${value}`);
      const second = images[values.length + i]!;
      assert.ok(Math.abs(second - limit(1 - value)) < 1e-5, `${i}: ${second} is ${1 - value}`);
    });
  });

test('the mean over an even factor is the box filter, and a constant stays constant with every filter', () => {
  const halved = resizeDataset(dataset([0, 1, 2, 3, 4, 5, 6, 7], [2, 4]), [1, 2], { filter: 'box' });
  assert.equal([...halved.images], [2.5, 4.5]);
  for (const filter of ['box', 'bilinear', 'lanczos'] as const)
    for (const size of [
      [3, 3],
      [9, 2],
      [30, 41],
    ] as const) {
      const { images } = resizeDataset(dataset(new Array(60).fill(0.3), [6, 10]), size, { filter });
      for (const value of images) assert.ok(Math.abs(value - 0.3) < 1e-6, `${filter}: ${value}`);
    }
  assert.throws(() => resizeDataset(halved, [0, 2]), /the height must be a whole number above 0/);
  assert.throws(() => resizeDataset(halved, [1, 2], { filter: 'cubic' as never }), /filter must be/);
});

/** A folder of pictures, whose pixel (x, y) of picture i is (10 x, 10 y, 40 i). */
function folder(name: string, sizes: readonly (readonly [number, number])[]): string {
  const path = join(scratch, name);
  mkdirSync(path);
  for (const [i, size] of sizes.entries())
    writePngFile(join(path, `${i}.png`), size, (x, y) => [10 * x, 10 * y, 40 * i, 255]);
  return path;
}

test('--crop cuts out the middle, --size makes squares of one size from pictures of any size', async () => {
  const path = folder('sizes', [
    [6, 4],
    [4, 8],
    [5, 5],
  ]);
  const cropped = await loadData(path, { ...AS_THEY_ARE, crop: 2 });
  assert.equal(cropped.train.imageShape, [3, 2, 2]);
  const bytes = Array.from(cropped.train.images, (value) => Math.round(255 * value));
  assert.equal(bytes.slice(0, 12), [20, 30, 20, 30, 10, 10, 20, 20, 0, 0, 0, 0]);
  assert.equal(bytes.slice(12, 24), [10, 20, 10, 20, 30, 30, 40, 40, 40, 40, 40, 40]);
  assert.equal(
    Array.from(cropped.test.images, (value) => Math.round(255 * value)),
    [10, 20, 10, 20, 10, 10, 20, 20, 80, 80, 80, 80],
  );

  const sized = await loadData(path, { ...AS_THEY_ARE, size: 2, filter: 'box' });
  assert.equal(sized.train.imageShape, [3, 2, 2]);
  // The middle 4 × 4 pixels of the first picture, x from 1 to 4, in means of 2 × 2.
  assert.equal(
    Array.from(sized.train.images.subarray(0, 8), (value) => Math.round(2550 * value) / 10),
    [15, 35, 15, 35, 5, 5, 25, 25],
  );
  const both = await loadData(path, { ...AS_THEY_ARE, crop: 4, size: 1, filter: 'box', grey: true });
  assert.equal(both.train.imageShape, [1, 1]);
  const grey = 0.299 * 25 + 0.587 * 15;
  assert.ok(Math.abs(255 * both.train.images[0]! - grey) < 1e-3);
  await loadData(path, { ...AS_THEY_ARE, crop: 5 }).then(
    () => assert.unreachable(),
    (error: Error) =>
      assert.match(error.message, /^--crop 5: --data .*0.png has 6 × 4 pixels — choose at most 4$/),
  );
});

test('--size and --grey also change data sets that are no pictures', async () => {
  const { encodeIdx } = await import('@varigrad/vae');
  const path = join(scratch, 'a-images-idx3-ubyte');
  writeFileSync(
    path,
    encodeIdx({ shape: [20, 4, 4], data: Uint8Array.from({ length: 320 }, (_, i) => i % 256) }),
  );
  const { train, test: held } = await loadData(path, { ...AS_THEY_ARE, size: 2, filter: 'box' });
  assert.equal([train.imageShape, train.count, held.count], [[2, 2], 18, 2]);
  assert.equal(
    Array.from(train.images.subarray(0, 4), (v) => Math.round(2550 * v) / 10),
    [2.5, 4.5, 10.5, 12.5],
  );
});

if (hasSharp)
  test('a folder mixes kinds of pictures', async () => {
    const path = join(scratch, 'mixed');
    mkdirSync(path);
    for (const name of ['colour.jpg', 'lossless.webp', 'colour.png', 'grey.jpg'])
      cpSync(join(FOLDER, name), join(path, name));
    const { train, test: held } = await loadData(path);
    assert.equal([train.count + held.count, train.imageShape], [4, [3, 10, 13]]);
  });

test.run();
