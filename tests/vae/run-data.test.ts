/** Loading the images of a run: folders of pictures, IDX files, MNIST by name. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encodeIdx } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type LoadedData, loadData, loadRunData } from '../../packages/vae/src/run/data.js';
import { AS_THEY_ARE } from '../../packages/vae/src/run/preparation.js';
import { RUN_OPTIONS } from '../../packages/vae/src/run/run-config.js';
import { complete } from '../../packages/vae/src/run/schema/complete.js';
import { call, does, writeIdxFolder, writePngFile } from './cli-calls.js';

const scratch = mkdtempSync(join(tmpdir(), 'varigrad-data-'));
test.after(() => rmSync(scratch, { recursive: true, force: true }));

async function isRefused(name: string, message: string): Promise<void> {
  let refusal: unknown;
  await loadData(name).catch((error: unknown) => {
    refusal = error;
  });
  assert.instance(refusal, Error, `${name} is not refused`);
  assert.is((refusal as Error).message, message);
}

function folder(...names: readonly string[]): string {
  const path = join(scratch, ...names);
  mkdirSync(path, { recursive: true });
  return path;
}

/** An image of one grey value. */
const grey = (path: string, value: number, size: readonly [number, number] = [3, 2]): void =>
  writePngFile(path, size, () => [value, value, value, 255]);

/** The first pixel of each image, as a byte. */
const bytesOf = ({ images, count }: LoadedData['train']): number[] =>
  Array.from({ length: count }, (_, i) => Math.round(255 * (images[(i * images.length) / count] as number)));

test('subfolders are classes, in the order of their names, and are mixed evenly', async () => {
  for (const name of ['b', 'a', 'c10', 'c9']) folder('classes', name);
  for (let i = 1; i <= 12; i++) grey(join(scratch, 'classes', 'a', `${i}.png`), i);
  for (let i = 1; i <= 4; i++) grey(join(scratch, 'classes', 'b', `${i}.PNG`), 100 + i);
  for (let i = 1; i <= 2; i++) grey(join(scratch, 'classes', 'c9', `${i}.png`), 200 + i);
  for (let i = 1; i <= 2; i++) grey(join(scratch, 'classes', 'c10', `${i}.png`), 220 + i);
  const { train, test: held, notes, noun } = await loadData(join(scratch, 'classes'));
  assert.is(noun, 'image');
  assert.equal(notes, ['Classes: 0 = a, 1 = b, 2 = c9, 3 = c10.', 'For testing: the last 2 of 20.']);
  assert.equal([train.count, held.count, train.classes, ...train.imageShape], [18, 2, 4, 2, 3]);
  // Each image keeps its label, 9 comes before 10, and each half contains half of each class.
  const values = [...bytesOf(train), ...bytesOf(held)];
  const labels = [...train.labels, ...held.labels];
  values.forEach((value, i) => {
    assert.is(labels[i], value < 100 ? 0 : value < 200 ? 1 : value < 220 ? 2 : 3);
  });
  assert.equal(
    values.filter((value) => value < 100),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  );
  for (const [label, half] of [6, 2, 1, 1].entries())
    assert.is(labels.slice(0, 10).filter((l) => l === label).length, half, `class ${label}`);
});

test('with --grey, colours become grey by their luminance; transparency becomes black, and notes say so', async () => {
  const path = folder('colours');
  writePngFile(join(path, '1.png'), [2, 2], (x, y) =>
    y === 0 ? [255, 0, 0, 255] : [0, 255, 0, x === 0 ? 255 : 51],
  );
  writePngFile(join(path, '2.png'), [2, 2], () => [90, 90, 90, 255]);
  writePngFile(join(path, '3.png'), [2, 2], () => [0, 0, 255, 255]);
  const { train, test: held, notes } = await loadData(path, { ...AS_THEY_ARE, grey: true });
  const close = (actual: ArrayLike<number>, expected: readonly number[]): void => {
    assert.is(actual.length, expected.length);
    expected.forEach((value, i) => {
      assert.ok(Math.abs((actual[i] as number) - value) < 1e-6, `${actual[i]} is ${value}`);
    });
  };
  close(train.images, [0.299, 0.299, 0.587, 0.587 * 0.2, ...new Array(4).fill(90 / 255)]);
  close(held.images, new Array(4).fill(0.114));
  assert.equal(notes, [
    '2 images had colours: grey = 0.299 R + 0.587 G + 0.114 B.',
    '1 image was not opaque: put on black.',
    'For testing: the last 1 of 3.',
  ]);
  assert.is(train.classes, 0);

  const colour = await loadData(path);
  assert.equal(colour.train.imageShape, [3, 2, 2]);
  close(colour.train.images, [1, 1, 0, 0, 0, 0, 1, 0.2, 0, 0, 0, 0, ...new Array(12).fill(90 / 255)]);
  close(colour.test.images, [...new Array(8).fill(0), ...new Array(4).fill(1)]);
  assert.equal(colour.notes.slice(0, 2), [
    '1 grey image among coloured ones: the three channels are equal.',
    '1 image was not opaque: put on black.',
  ]);
});

test('folders train and test are used as the two sets', async () => {
  const path = join(scratch, 'parted');
  for (const set of ['train', 'test'])
    for (const name of ['x', 'y']) {
      folder('parted', set, name);
      for (let i = 0; i < (set === 'train' ? 3 : 1); i++)
        grey(join(path, set, name, `${i}.png`), (set === 'train' ? 10 : 20) + (name === 'x' ? 0 : 1));
    }
  const { train, test: held, notes } = await loadData(path);
  assert.equal(bytesOf(train), [10, 11, 10, 11, 10, 11]);
  assert.equal(bytesOf(held), [20, 21]);
  assert.equal([...held.labels], [0, 1]);
  assert.equal(notes, ['Classes: 0 = x, 1 = y.']);

  folder('parted', 'test', 'z');
  grey(join(path, 'test', 'z', '0.png'), 1);
  await isRefused(path, `--data ${path}: train and test have different folders of classes`);
  rmSync(join(path, 'test', 'z'), { recursive: true });
  for (const name of ['x', 'y']) grey(join(path, 'test', name, '0.png'), 1, [4, 4]);
  await isRefused(
    path,
    `--data ${path}: the images for training have 2 × 3 pixels, those for testing 4 × 4 — give them one shape with --size or --grey`,
  );
});

test('a folder without usable images is refused with the reason', async () => {
  const empty = folder('empty');
  await isRefused(empty, `--data ${empty}: there are no images`);
  const absent = join(scratch, 'absent');
  const advice = 'name a data set (varigrad datasets lists them), a folder, a file, or images.idx,labels.idx';
  await isRefused(absent, `--data ${absent}: there is no such file or folder — ${advice}`);
  await isRefused('mnits', '--data mnits: there is no such file or folder — did you mean mnist?');

  const sizes = folder('sizes');
  grey(join(sizes, '1.png'), 5, [3, 2]);
  grey(join(sizes, '2.png'), 5, [2, 3]);
  await isRefused(
    sizes,
    `--data ${join(sizes, '2.png')}: this image has 2 × 3 pixels and ${join(sizes, '1.png')} has 3 × 2 — all images must have one size, which --size gives them`,
  );
  const single = folder('single');
  grey(join(single, '1.png'), 5);
  await isRefused(single, `--data ${single}: expected at least 2 images, found 1`);
  await isRefused(
    join(single, '1.png'),
    `--data ${join(single, '1.png')}: expected a folder, or a file whose name ends in .csv, .npy, .npz or .idx — name the folder, or both files as images.idx,labels.idx`,
  );
  const mixed = folder('mixed');
  grey(join(mixed, '1.png'), 5);
  folder('mixed', 'cats');
  await isRefused(
    mixed,
    `--data ${mixed}: there are images (1.png) next to folders (cats) — put every image into the folder of its class, or all images into one folder`,
  );
  const broken = folder('broken');
  writeFileSync(join(broken, '1.png'), 'no picture');
  let message = '';
  await loadData(broken).catch((error: Error) => {
    message = error.message;
  });
  assert.ok(message.startsWith(`--data ${join(broken, '1.png')}: cannot be read as PNG: `), message);
});

test('IDX files: a folder with the file names of MNIST, gzipped or not, and a pair', async () => {
  const path = writeIdxFolder(join(scratch, 'idx'));
  const { train, test: held, notes } = await loadData(path);
  assert.equal([train.count, held.count, train.classes, notes.length], [96, 24, 4, 0]);

  const pair = await loadData(
    `${join(path, 'train-images-idx3-ubyte')},${join(path, 'train-labels-idx1-ubyte')}`,
  );
  assert.equal([pair.train.count, pair.test.count], [87, 9]);
  assert.equal([...pair.train.images, ...pair.test.images], [...train.images]);
  assert.equal([...pair.train.labels, ...pair.test.labels], [...train.labels]);
  assert.equal(pair.notes, ['For testing: the last 9 of 96.']);

  const zipped = folder('zipped');
  const images = encodeIdx({ shape: [4, 1, 1], data: Uint8Array.of(0, 51, 102, 255) });
  writeFileSync(join(zipped, 'train-images.idx3-ubyte.gz'), gzipSync(images));
  writeFileSync(
    join(zipped, 'train-labels.idx1-ubyte'),
    encodeIdx({ shape: [4], data: Uint8Array.of(0, 1, 2, 1) }),
  );
  await isRefused(zipped, `--data ${zipped}: there is no t10k-images-idx3-ubyte`);
  copyFileSync(join(zipped, 'train-images.idx3-ubyte.gz'), join(zipped, 't10k-images-idx3-ubyte.gz'));
  await isRefused(zipped, `--data ${zipped}: there is no t10k-labels-idx1-ubyte`);
  writeFileSync(
    join(zipped, 't10k-labels-idx1-ubyte'),
    encodeIdx({ shape: [4], data: Uint8Array.of(0, 1, 2, 3) }),
  );
  const loaded = await loadData(zipped);
  assert.equal(bytesOf(loaded.train), [0, 51, 102, 255]);
  assert.equal([loaded.train.classes, loaded.test.classes], [4, 4], 'the classes of both sets together');
});

test('a limit takes the first images, and validation the last of those', async () => {
  const data = writeIdxFolder(join(scratch, 'limited'));
  const all = await loadData(data);
  const config = complete(
    RUN_OPTIONS,
    new Map(
      Object.entries({ data, trainLimit: 50, validation: 8 }).map(([key, value]) => [
        key,
        { name: key, value },
      ]),
    ),
  );
  const { train, validation } = await loadRunData(config);
  assert.equal([train.count, validation?.count], [42, 8]);
  assert.equal([...train.images], [...all.train.images.subarray(0, 42 * 64)]);
  assert.equal([...(validation?.images ?? [])], [...all.train.images.subarray(42 * 64, 50 * 64)]);
  assert.equal([...(validation?.labels ?? [])], [...all.train.labels.subarray(42, 50)]);
  let message = '';
  await loadRunData({ ...config, validation: 50 }).catch((error: Error) => {
    message = error.message;
  });
  assert.is(message, '--validation 50: there are only 50 training images');
});

test('a model is trained on a folder of PNG images, and the output describes their conversion', async () => {
  const path = folder('shapes');
  for (const name of ['disc', 'frame']) {
    folder('shapes', name);
    for (let i = 0; i < 20; i++)
      writePngFile(join(path, name, `${i}.png`), [10, 8], (x, y) => {
        const isInk = name === 'disc' ? (x - 5) ** 2 + (y - 4) ** 2 < 6 + (i % 5) : x < 1 + (i % 3) || y > 6;
        return isInk ? [240, 240 - i, 200, 255] : [0, 0, 0, 255];
      });
  }
  const run = join(scratch, 'shapes-run');
  const options = '--grey --model cvae --latent 3 --hidden 8 --batch 6 --epochs 2 --threads 1';
  const printed = await does('train', '--data', path, ...options.split(' '), '--out', run);
  assert.ok(printed.includes('Training: CVAE 80-8-3, '), printed);
  assert.ok(
    printed.includes('36 images, 2 epochs') && printed.includes('Classes: 0 = disc, 1 = frame.'),
    printed,
  );
  assert.ok(printed.includes('40 images had colours: grey'), printed);
  assert.match(await does('evaluate', run), /, 4 test images, /);
});

test('a conditional model needs classes', async () => {
  const path = folder('unlabelled');
  for (let i = 0; i < 6; i++) grey(join(path, `${i}.png`), 40 * i);
  for (const model of ['cvae', 'm2']) {
    const { code, err } = await call(
      'train',
      '--data',
      path,
      '--model',
      model,
      '--out',
      join(scratch, 'none'),
    );
    assert.is(code, 2);
    assert.is(
      err,
      `model ${model} needs the class of each image, and the images of ${path} have no classes — put the images of each class into a subfolder\n`,
    );
  }
});

test.run();
