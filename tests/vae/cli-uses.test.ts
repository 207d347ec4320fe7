/** The commands `features` and `inpaint`, and runs of a MADE, on small images. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Generator } from '@varigrad/core';
import { decodeNpz, encodeNpy } from '@varigrad/nn/numpy';
import { evaluate } from '@varigrad/vae';
import { loadRun } from '@varigrad/vae/node';
import { encodeDataset, fillBlanks, linearProbe, nearestNeighbours } from '@varigrad/vae/uses';
import { PNG } from 'pngjs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { does, isRefused, writeIdxFolder } from './cli-calls.js';

const scratch = mkdtempSync(join(tmpdir(), 'varigrad-uses-'));
test.after(() => rmSync(scratch, { recursive: true, force: true }));
const data = writeIdxFolder(join(scratch, 'quarters'));
const SMALL = ['--data', data, '--hidden', '12', '--latent', '3', '--batch', '16', '--threads', '1'];
const [vae, cvae, made] = ['vae', 'cvae', 'made'].map((name) => join(scratch, name)) as [
  string,
  string,
  string,
];
await does('train', ...SMALL, '--epochs', '3', '--out', vae);
await does('train', ...SMALL, '--model', 'cvae', '--epochs', '3', '--out', cvae);
await does('train', '--model', 'made', '--data', data, '--hidden', '12', '--epochs', '2', '--out', made);

const jsonOf = async (...args: readonly string[]): Promise<ReturnType<typeof JSON.parse>> =>
  JSON.parse(await does(...args, '--json'));

test('features writes the codes, and measures runs and pixels side by side', async () => {
  const text = await does('features', vae, cvae, '--neighbours', '3', '--threads', '1');
  const found = await jsonOf('features', vae, cvae, '--neighbours', '3', '--threads', '1');
  assert.equal(found.files, [join(vae, 'features.csv'), join(cvae, 'features.csv')]);
  assert.equal([found.trainImages, found.testImages, found.neighbours], [96, 24, 3]);
  const rows = [];
  for (const path of [vae, cvae]) {
    const run = await loadRun(path);
    const { train, test } = await run.data();
    const codes = await encodeDataset(run.model, test);
    const [names, ...lines] = readFileSync(join(path, 'features.csv'), 'utf8').trimEnd().split('\n');
    assert.is(names, 'label,z0,z1,z2');
    const numbers = lines.map((line) => line.split(',').map(Number));
    assert.equal(
      numbers.map(([label]) => label),
      Array.from(test.labels),
    );
    assert.equal(Float32Array.from(numbers.flatMap((row) => row.slice(1))), codes.images, 'all bits');
    rows.push([await encodeDataset(run.model, train), codes, path, run.config.model] as const);
    if (path === cvae) rows.push([train, test, 'pixels', 'none'] as const);
  }
  for (const [i, [train, asked, of, model]] of rows.entries()) {
    const linear = (await linearProbe(train, asked)).accuracy;
    const near = (await nearestNeighbours(train, asked, { neighbours: 3 })).accuracy;
    const columns = asked.imageShape[1] * asked.imageShape[0];
    assert.equal(found.scores[i], { of, model, columns, linearProbe: linear, nearestNeighbours: near });
    assert.match(
      text,
      new RegExp(
        `\\n${of} +${model} +${columns} +${(100 * linear).toFixed(2)} % +${(100 * near).toFixed(2)} %`,
      ),
    );
  }
});

test('features of some images, of the training images, and without measurements', async () => {
  const out = join(scratch, 'codes.csv');
  const args = ['features', vae, '--out', out, '--set', 'train', '--train-images', '10', '--codes-only'];
  const found = await jsonOf(...args);
  assert.equal(found, { files: [out], set: 'train', trainImages: 10, testImages: 24 });
  assert.is(readFileSync(out, 'utf8').trimEnd().split('\n').length, 11);
  const npz = join(scratch, 'codes.npz');
  await does('features', vae, '--out', npz, '--codes-only');
  const { codes, labels } = await decodeNpz(readFileSync(npz), npz);
  const run = await loadRun(vae);
  const expected = await encodeDataset(run.model, (await run.data()).test);
  assert.equal([codes?.shape, labels?.shape], [[24, 3], [24]]);
  assert.equal([codes?.data, labels?.data], [expected.images, expected.labels]);
});

test('features refuses what it cannot do', async () => {
  await isRefused(['features'], 'no run given — name its folder, for example runs/mnist-vae-z20-none');
  await isRefused(
    ['features', vae, '--out', 'codes.txt'],
    '--out codes.txt: expected a name that ends in .csv or .npz',
  );
  await isRefused(
    ['features', vae, cvae, '--out', 'a.csv'],
    '--out is the file of one run — leave it out to write one into the folder of each',
  );
  const moved = writeIdxFolder(join(scratch, 'moved'));
  const other = join(scratch, 'other');
  await does('train', '--data', moved, '--hidden', '12', '--epochs', '1', '--out', other);
  await isRefused(
    ['features', vae, other],
    `the runs have different images, ${data} and ${moved} — compare runs of the same images, or name some with --data`,
  );
  assert.is((await jsonOf('features', vae, other, '--data', moved)).scores.length, 3);
});

test('features refuses runs that prepare their images in another way, and more neighbours than images', async () => {
  const cropped = join(scratch, 'cropped');
  await does('train', ...SMALL, '--crop', '6', '--size', '8', '--epochs', '1', '--out', cropped);
  await isRefused(
    ['features', vae, cropped],
    `${vae} and ${cropped} have images of other sizes, or prepared by other options — measure them one by one`,
  );
  await isRefused(
    ['features', vae, '--train-images', '4', '--neighbours', '5'],
    '--neighbours 5: there are only 4 training images',
  );
});

test('a conditional model refuses images without their classes, and more classes than it has', async () => {
  const images = { shape: [20, 8, 8], data: new Generator(1).uniform(20 * 64) };
  const labels = { shape: [20], data: Uint8Array.from({ length: 20 }, (_, i) => i % 6) };
  const [path, classes] = [join(scratch, 'images.npy'), join(scratch, 'classes.npy')];
  writeFileSync(path, encodeNpy(images));
  writeFileSync(classes, encodeNpy(labels));
  for (const command of ['evaluate', 'features', 'reconstruct']) {
    const needs = 'model cvae needs the class of each image, one of 4, and the images have';
    await isRefused([command, cvae, '--data', path], `--data ${path}: ${needs} no classes`);
    const both = `${path},${classes}`;
    await isRefused([command, cvae, '--data', both], `--data ${both}: ${needs} 6 classes`);
  }
  await does('evaluate', vae, '--data', path);
});

test('inpaint refuses blanks without a pixel', async () => {
  for (const blanks of ['bottom', 'center', 'random'])
    await isRefused(
      ['inpaint', vae, '--blanks', blanks, '--share', '0.001', '--images', '3'],
      '--share 0.001 leaves out no pixel of 3 images — choose a larger share, or other --blanks',
    );
});

test('inpaint keeps the given half, fills the other, and measures it', async () => {
  for (const blanks of ['top', 'bottom', 'left', 'right', 'center', 'random']) {
    const out = join(scratch, `filled-${blanks}`);
    const found = await jsonOf(
      'inpaint',
      vae,
      '--blanks',
      blanks,
      '--steps',
      '4',
      '--images',
      '20',
      '--columns',
      '5',
      '--out',
      out,
    );
    assert.equal([found.images, found.steps, found.blanks], [20, 4, blanks]);
    if (blanks !== 'random' && blanks !== 'center') assert.is(found.blankPixels, 32);
    assert.equal(found.files, [`${out}.svg`, `${out}.png`]);
    for (const kind of ['one', 'mean', 'trainingMean']) {
      assert.ok(found[kind].squaredError > 0 && found[kind].squaredError < 1, kind);
      assert.ok(found[kind].wrongPixels >= 0 && found[kind].wrongPixels <= 1, kind);
    }
    const { data: pixels, width, height } = PNG.sync.read(readFileSync(`${out}.png`));
    assert.equal([width % 5 < 5, height > 3 * 8], [true, true]);
    assert.ok(new Set(pixels).size > 5);
  }
  const text = await does('inpaint', cvae, '--steps', '2');
  assert.match(
    text,
    /^24 test images, targets none, 32 of 64 pixels left out; per blank pixel:\n {2}one completion /,
  );
});

test('inpaint leaves out whole pixels of colour images', async () => {
  const [count, height, width] = [60, 4, 6];
  const file = join(scratch, 'colours.npy');
  const images = new Generator(1).uniform(count * 3 * height * width);
  writeFileSync(file, encodeNpy({ shape: [count, 3, height, width], data: images }));
  const run = join(scratch, 'colours');
  const small = ['--hidden', '6', '--latent', '2', '--epochs', '1', '--batch', '20', '--threads', '1'];
  await does('train', '--data', file, ...small, '--out', run);
  for (const blanks of ['left', 'random']) {
    const out = join(scratch, `colours-${blanks}`);
    const words = ['--blanks', blanks, '--steps', '1', '--columns', '6', '--out', out];
    const found = await jsonOf('inpaint', run, ...words);
    if (blanks === 'left') assert.is(found.blankPixels, (height * width) / 2);
    else assert.ok(found.blankPixels > 0.3 * height * width && found.blankPixels < 0.7 * height * width);
  }
  assert.match(
    await does('inpaint', run, '--steps', '1', '--blanks', 'left'),
    /^6 test images, targets none, 12 of 24 pixels left out; per channel of a blank pixel:\n/,
  );
  const { model, data: load } = await loadRun(run);
  const { test: tested } = await load();
  const known = Uint8Array.from({ length: 72 }, (_, i) => Number(i % width >= width / 2));
  const { images: filled } = await fillBlanks(model, tested, known, { steps: 1, blanks: 'mean' });
  const sheet = PNG.sync.read(readFileSync(join(scratch, 'colours-left.png')));
  const colours = new Set(
    Array.from({ length: sheet.width * sheet.height }, (_, i) =>
      sheet.data.subarray(4 * i, 4 * i + 3).join(),
    ),
  );
  const levels = (values: Float32Array, at: number): string =>
    [0, 1, 2].map((channel) => Math.round(255 * values[24 * channel + at]!)).join();
  for (const at of [0, 1, 2, 3, 4, 5]) {
    const isBlank = at < width / 2;
    assert.ok(colours.has(levels(filled, at)), `filled pixel ${at}`);
    assert.ok(isBlank || levels(filled, at) === levels(tested.images, at), `given pixel ${at}`);
  }
});

test('a model that has seen bright quarters fills them better than the mean image', async () => {
  const trained = join(scratch, 'trained');
  await does('train', ...SMALL, '--epochs', '60', '--learning-rate', '0.01', '--out', trained);
  const found = await jsonOf('inpaint', trained, '--blanks', 'random', '--share', '0.3', '--steps', '20');
  assert.ok(found.mean.squaredError < 0.5 * found.trainingMean.squaredError, JSON.stringify(found));
});

test('a MADE is evaluated exactly, and has nothing to inpaint', async () => {
  const { loss, recon, kl, negativeElbo } = await jsonOf('evaluate', made);
  assert.equal([loss, kl, negativeElbo], [recon, 0, undefined]);
  const run = await loadRun(made);
  const exact = await evaluate(run.model, (await run.data()).test, { binarization: 'static' });
  assert.ok(Math.abs(exact.loss - loss) < 1e-4);
  assert.match(await does('evaluate', made), `−log p(x) ${loss.toFixed(2)}\n`);
  await isRefused(
    ['inpaint', made],
    'model made has no z, so there is nothing to encode — use a run of another model',
  );
  await isRefused(
    ['train', '--model', 'made', '--binarization', 'none'],
    'model made needs binary pixels — use binarization static, dynamic or threshold',
  );
});

test.run();
