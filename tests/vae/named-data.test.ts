/** Data sets by name, CIFAR-10, CelebA, and the command that lists them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encodeIdx } from '@varigrad/vae';
import { decodeCifar } from '@varigrad/vae/node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadData } from '../../packages/vae/src/run/data.js';
import { NAMED_DATA } from '../../packages/vae/src/run/named-data.js';
import { AS_THEY_ARE } from '../../packages/vae/src/run/preparation.js';
import { does, writePngFile } from './cli-calls.js';

const scratch = mkdtempSync(join(tmpdir(), 'varigrad-named-'));
const home = process.cwd();
test.before.each(() => process.chdir(scratch));
test.after(() => {
  process.chdir(home);
  rmSync(scratch, { recursive: true, force: true });
});

function folder(...names: readonly string[]): string {
  const path = join(scratch, ...names);
  mkdirSync(path, { recursive: true });
  return path;
}

const refusal = (name: string): Promise<string> =>
  loadData(name).then(
    () => 'accepted',
    (error: Error) => error.message,
  );

test('a name without files says where people get them and where to put them', async () => {
  for (const [name, { source, files }] of Object.entries(NAMED_DATA))
    if (name !== 'mnist')
      assert.is(
        await refusal(name),
        `--data ${name}: there is no folder data/${name} — get the files from ${source} and put them there: ${files}`,
      );
  assert.is((await loadData('mnist')).train.count, 60_000);
  assert.match(await refusal('cifar-10'), /did you mean cifar10\?$/);
});

test('the command lists all names, as text and as JSON', async () => {
  const text = await does('datasets');
  const { datasets } = JSON.parse(await does('datasets', '--json'));
  assert.equal(
    datasets.map(({ name }: { name: string }) => name),
    ['mnist', 'fashion-mnist', 'emnist-letters', 'cifar10', 'celeba'],
  );
  for (const { name, source, folder: place, isThere } of datasets) {
    assert.ok(text.includes(`${name}: `) && text.includes(`from ${source}`) && text.includes(`in ${place}/`));
    assert.not(isThere);
  }
});

/** A pair of IDX files of empty pictures, whose labels are 0 to classes − 1. */
function writePair(path: string, name: string, count: number, classes: number): void {
  const labels = Uint8Array.from({ length: count }, (_, i) => i % classes);
  const images = encodeIdx({ shape: [count, 28, 28], data: new Uint8Array(784 * count) });
  writeFileSync(join(path, `${name}-images-idx3-ubyte.gz`), gzipSync(images, { level: 1 }));
  writeFileSync(join(path, `${name}-labels-idx1-ubyte`), encodeIdx({ shape: [count], data: labels }));
}

test('a data set is checked by its numbers of images and classes', async () => {
  const path = folder('data', 'fashion-mnist');
  writePair(path, 'train', 60_000, 10);
  writePair(path, 't10k', 9_999, 10);
  assert.is(
    await refusal('fashion-mnist'),
    '--data fashion-mnist: expected test images [10000, 28, 28] in 10 classes, found [9999, 28, 28] in 10 — get the files from https://github.com/zalandoresearch/fashion-mnist, or name the folder by its path',
  );
  writePair(path, 't10k', 10_000, 10);
  const { train, test: held, noun } = await loadData('fashion-mnist');
  assert.equal([train.count, held.count, train.classes, noun], [60_000, 10_000, 10, 'image']);
  writePair(path, 'train', 60_000, 9);
  writePair(path, 't10k', 10_000, 9);
  assert.match(await refusal('fashion-mnist'), /expected training images .* in 10 classes, found .* in 9 —/);
});

/** Records of CIFAR: the label and value k of image i are known. */
const cifar = (count: number, first = 0): Uint8Array =>
  Uint8Array.from({ length: 3073 * count }, (_, at) => {
    const [i, k] = [first + Math.floor(at / 3073), (at % 3073) - 1];
    return k < 0 ? i % 10 : (31 * i + k) % 256;
  });

test('CIFAR-10: the batches of a folder in their order, red before green before blue', async () => {
  const path = folder('cifar-10-batches-bin');
  writeFileSync(join(path, 'data_batch_1.bin'), cifar(3));
  writeFileSync(join(path, 'data_batch_2.bin'), cifar(2, 3));
  writeFileSync(join(path, 'test_batch.bin'), cifar(2, 7));
  writeFileSync(join(path, 'batches.meta.txt'), 'airplane\n');
  const { train, test: held } = await loadData(path);
  assert.equal([train.count, train.imageShape, train.classes], [5, [3, 32, 32], 10]);
  assert.equal(
    [[...train.labels], [...held.labels]],
    [
      [0, 1, 2, 3, 4],
      [7, 8],
    ],
  );
  for (const i of [0, 2, 3, 4])
    for (const k of [0, 1023, 1024, 3071])
      assert.is(train.images[3072 * i + k], Math.fround(((31 * i + k) % 256) / 255));
  const grey = await loadData(path, { ...AS_THEY_ARE, grey: true, size: 16, filter: 'box' });
  assert.equal(grey.train.imageShape, [16, 16]);
  const value = (k: number): number => ((31 + k) % 256) / 255;
  const mean = [0, 1, 32, 33].reduce(
    (sum, k) => sum + 0.299 * value(k) + 0.587 * value(k + 1024) + 0.114 * value(k + 2048),
    0,
  );
  assert.ok(Math.abs(grey.train.images[256]! - mean / 4) < 1e-6);

  folder('data');
  assert.match(await refusal('cifar10'), /there is no folder data\/cifar10/);
});

test('damaged batches of CIFAR-10 are refused', () => {
  const read = (bytes: Uint8Array): void => void decodeCifar([{ bytes, source: 'b.bin' }]);
  assert.throws(
    () => read(new Uint8Array(0)),
    /^b.bin: expected images of CIFAR-10 of 3073 bytes each, found empty of 0 bytes/,
  );
  assert.throws(() => read(cifar(2).subarray(1)), /found .* of 6145 bytes — use the binary version$/);
  const label = cifar(3);
  label[3073] = 10;
  assert.throws(() => read(label), /^b.bin: the label of image 1 is 10, expected 0 to 9$/);
  assert.throws(() => decodeCifar([{ bytes: 'x' as never, source: 'f' }]), /bytes must be a Uint8Array/);
});

test('CelebA: the list says which pictures are for training and testing', async () => {
  const path = folder('faces');
  folder('faces', 'img_align_celeba');
  for (let i = 1; i <= 6; i++)
    writePngFile(join(path, 'img_align_celeba', `00000${i}.jpg`), [4, 6], () => [10 * i, 0, 0, 255]);
  const list = (...lines: readonly string[]): void =>
    writeFileSync(join(path, 'list_eval_partition.txt'), `${lines.join('\n')}\n`);
  const parts = [0, 2, 0, 1, 2, 0];
  list(...parts.map((part, i) => `00000${i + 1}.jpg ${part}`));
  const { train, test: held } = await loadData(path, { ...AS_THEY_ARE, size: 2 });
  const reds = (images: Float32Array): number[] =>
    Array.from({ length: images.length / 12 }, (_, i) => Math.round(255 * images[12 * i]!));
  assert.equal(
    [train.imageShape, reds(train.images), reds(held.images)],
    [
      [3, 2, 2],
      [10, 30, 60],
      [20, 50],
    ],
  );
  list('000001.jpg 0', '000001.jpg 3');
  assert.match(await refusal(path), /line 2 must be a file name and 0, 1 or 2, found "000001.jpg 3"$/);
  list('000001.jpg 0', '000009.jpg 2');
  assert.match(await refusal(path), /the picture img_align_celeba\/000009.jpg of the list is missing$/);
  list('../../etc.jpg 0');
  assert.match(await refusal(path), /line 1 must be a file name/);
});

test.run();
