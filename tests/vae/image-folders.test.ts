/** Folders of images as people have them: hidden files, links, splits by other names, empty classes, other formats, EMNIST. */
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encodeIdx, type IdxData } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type LoadedData, loadData } from '../../packages/vae/src/run/data.js';
import { isRefused as isCommandRefused, writeIdxFolder, writePngFile } from './cli-calls.js';

const scratch = mkdtempSync(join(tmpdir(), 'varigrad-folders-'));
test.after(() => rmSync(scratch, { recursive: true, force: true }));

let count = 0;

/** A new folder with these files, each a picture of one grey value, or the given contents. */
function folder(files: Readonly<Record<string, number | Uint8Array | string>>): string {
  const path = join(scratch, `${++count}`);
  mkdirSync(path);
  for (const [name, value] of Object.entries(files)) {
    const file = join(path, name);
    mkdirSync(dirname(file), { recursive: true });
    if (typeof value === 'number') writePngFile(file, [3, 2], () => [value, value, value, 255]);
    else writeFileSync(file, value);
  }
  return path;
}

async function refusal(name: string): Promise<string> {
  const outcome = await loadData(name).then(
    () => 'accepted',
    (error: Error) => error,
  );
  if (outcome instanceof Error && /^(UsageError|IdxError)$/.test(outcome.name))
    return outcome.message.replaceAll(`${scratch}/`, '');
  throw outcome;
}

/** The first pixel of each image, as a byte. */
const bytesOf = ({ images, count }: LoadedData['train']): number[] =>
  Array.from({ length: count }, (_, i) => Math.round(255 * (images[(i * images.length) / count] as number)));

/** The images of both sets, and the notes except the one on the split. */
async function all(name: string): Promise<{ bytes: number[]; labels: number[]; notes: string[] }> {
  const { train, test: held, notes } = await loadData(name);
  return {
    bytes: [...bytesOf(train), ...bytesOf(held)],
    labels: [...train.labels, ...held.labels],
    notes: notes.filter((note) => !note.startsWith('For testing: the last')),
  };
}

test('hidden files and folders are left out and reported', async () => {
  const companion = Uint8Array.of(0, 5, 22, 7, 0, 2, 0, 0);
  assert.equal(await all(folder({ '1.png': 10, '2.png': 20, '._1.png': companion, 'Thumbs.db': 'x' })), {
    bytes: [10, 20],
    labels: [0, 0],
    notes: ['Ignored 2 hidden files: ._1.png, Thumbs.db.'],
  });
  const classes = folder({
    'cat/1.png': 1,
    'cat/._1.png': companion,
    'dog/1.png': 2,
    '.ipynb_checkpoints/1-checkpoint.png': 3,
    '__MACOSX/cat/._1.png': companion,
    '.DS_Store': 'x',
  });
  assert.equal(await all(classes), {
    bytes: [1, 2],
    labels: [0, 1],
    notes: [
      'Classes: 0 = cat, 1 = dog.',
      'Ignored 4 hidden files: __MACOSX, .DS_Store, .ipynb_checkpoints, ….',
    ],
  });
});

test('other files are left out and reported', async () => {
  const path = folder({ 'a/1.png': 1, 'a/2.tif': 'x', 'b/1.PNG': 2, 'b/more/3.png': 3, 'labels.txt': 'a b' });
  assert.equal((await all(path)).notes, [
    'Classes: 0 = a, 1 = b.',
    'Ignored 3 files other than pictures: labels.txt, 2.tif, more.',
  ]);
});

test('links to pictures and to class folders are followed', async () => {
  const store = folder({ 'a/1.png': 1, 'b/1.png': 2 });
  const pictures = folder({});
  for (const name of ['a', 'b']) symlinkSync(join(store, name, '1.png'), join(pictures, `${name}.png`));
  assert.equal((await all(pictures)).bytes, [1, 2]);
  const classes = folder({});
  for (const name of ['a', 'b']) symlinkSync(join(store, name), join(classes, name));
  assert.equal(await all(classes), { bytes: [1, 2], labels: [0, 1], notes: ['Classes: 0 = a, 1 = b.'] });
});

test('links that lead nowhere, in a circle, or to one folder twice are refused', async () => {
  const lost = folder({ '1.png': 1, '2.png': 2 });
  symlinkSync(join(lost, 'gone.png'), join(lost, '3.png'));
  assert.is(await refusal(lost), `--data ${count}/3.png: this link leads nowhere`);
  const loop = folder({});
  symlinkSync(join(loop, 'b.png'), join(loop, 'a.png'));
  symlinkSync(join(loop, 'a.png'), join(loop, 'b.png'));
  assert.is(await refusal(loop), `--data ${count}/a.png: this link leads nowhere`);
  const circle = folder({ 'a/1.png': 1 });
  symlinkSync(circle, join(circle, 'b'));
  assert.is(await refusal(circle), `--data ${count}: the folders . and b are the same — remove the link`);
  const twice = folder({ 'a/1.png': 1 });
  symlinkSync(join(twice, 'a'), join(twice, 'b'));
  assert.is(await refusal(twice), `--data ${count}: the folders a and b are the same — remove the link`);
});

test('folders for training and testing by their usual names', async () => {
  for (const [train, held] of [
    ['training', 'testing'],
    ['train', 'val'],
    ['Train', 'Test'],
    ['train', 'validation'],
    ['train', 'valid'],
  ] as const) {
    const path = folder({
      [`${train}/x/1.png`]: 1,
      [`${train}/y/1.png`]: 2,
      [`${held}/x/1.png`]: 3,
      [`${held}/y/1.png`]: 4,
    });
    const { train: first, test: second, notes } = await loadData(path);
    assert.equal(
      [bytesOf(first), bytesOf(second)],
      [
        [1, 2],
        [3, 4],
      ],
      `${train}/${held}`,
    );
    assert.is(first.classes, 2);
    assert.is(notes.includes(`For testing: the folder ${held}.`), held.toLowerCase() !== 'test');
  }
  const three = folder({ 'train/1.png': 1, 'train/2.png': 2, 'val/1.png': 3, 'test/1.png': 4 });
  const { train, test: held, notes } = await loadData(three);
  assert.equal([bytesOf(train), bytesOf(held), notes], [[1, 2], [4], ['Not used: val.']]);
  const beside = folder({ 'train/1.png': 7, 'train/2.png': 7, 'test/1.png': 4, '3.png': 5 });
  assert.equal((await loadData(beside)).notes, ['Not used: 3.png.', 'All 2 images are alike.']);
});

test('a class without images is refused', async () => {
  const path = folder({ 'a/1.png': 1, 'a/2.png': 2 });
  mkdirSync(join(path, 'b'));
  assert.is(
    await refusal(path),
    `--data ${count}/b: there are no images in this class — remove the folder, or add images`,
  );
  await isCommandRefused(
    ['train', '--model', 'cvae', '--data', path, '--out', join(scratch, 'run')],
    `--data ${join(path, 'b')}: there are no images in this class — remove the folder, or add images`,
  );
});

test('a folder of other pictures, of another version of CIFAR-10, or of deeper folders, says so', async () => {
  for (const files of [{ data_batch_1: 'x', test_batch: 'x' }, { 'data_batch_1.bin': 'x' }])
    assert.is(
      await refusal(folder(files)),
      `--data ${count}: there are no images, but ${Object.keys(files)[0]} — CIFAR-10 is read from data_batch_1.bin, … and test_batch.bin, its binary version`,
    );
  assert.is(
    await refusal(folder({ '1.tif': 'x', '2.TIFF': 'x', 'notes.txt': 'x' })),
    `--data ${count}: there are no images, but 2 pictures in other formats (1.tif) — TIFF is not read, convert them to PNG`,
  );
  assert.is(
    await refusal(folder({ 'a/1.gif': 'x', 'b/2.gif': 'x' })),
    `--data ${count}: there are no images, but 2 pictures in other formats (1.gif) — GIF is not read, convert them to PNG`,
  );
  assert.is(
    await refusal(folder({ 'train/cat/1.png': 1, 'train/dog/1.png': 2 })),
    `--data ${count}: there are no images, but the folders cat, dog — if these are the classes, write --data ${count}/train`,
  );
});

test('a picture that is not a PNG file is named with what it is', async () => {
  const jpeg = Buffer.from('\xff\xd8\xff\xe0\0\x10JFIF', 'latin1');
  assert.match(
    await refusal(folder({ '1.png': 1, '2.png': jpeg })),
    /^--data \d+\/2.png: (cannot be read as JPEG picture: |it is a JPEG picture, which the package sharp decodes)/,
  );
  assert.is(
    await refusal(folder({ '1.png': '' })),
    `--data ${count}/1.png: cannot be read as PNG: it is empty`,
  );
});

test('black ink on a transparent ground is put on white', async () => {
  const path = folder({});
  for (let i = 0; i < 20; i++)
    writePngFile(join(path, `${i}.png`), [3, 3], (x, y) => [
      0,
      0,
      0,
      (x + 3 * y + i) % 3 === 0 ? 255 : x === 0 ? 51 : 0,
    ]);
  const { train, notes } = await loadData(path);
  assert.equal([...train.images.subarray(0, 4)], [0, 1, 1, 0]);
  const second = [...train.images.subarray(9, 12)]; // its first pixel is a fifth opaque
  assert.ok(Math.abs((second[0] as number) - 0.8) < 1e-6 && second[1] === 1 && second[2] === 0, `${second}`);
  assert.equal(notes, [
    '20 images were not opaque: put on white, because all ink is black.',
    'For testing: the last 2 of 20.',
  ]);
});

test('images that are all alike are reported', async () => {
  const { notes } = await all(folder({ '1.png': 7, '2.png': 7, '3.png': 7 }));
  assert.equal(notes, ['All 3 images are alike.']);
});

test('16-bit pictures keep their low byte', async () => {
  const { chunk, header, pngFile, SIGNATURE } = await import('../helpers/png-file.js');
  const picture = { width: 4, height: 1, depth: 16, colorType: 0 };
  const values = [0, 100, 200, 255];
  const file = pngFile({ ...picture, samples: (x) => [values[x] as number] });
  const { train } = await loadData(folder({ '1.png': file, '2.png': file }));
  assert.equal(
    [...train.images],
    values.map((value) => Math.fround(value / 65535)),
  );
  const huge = Buffer.concat([SIGNATURE, header(65535, 65535), chunk('IDAT'), chunk('IEND')]);
  assert.match(
    await refusal(folder({ '1.png': huge })),
    /: it claims 65535 × 65535 pixels, and at most 4194304/,
  );
});

const idx = (shape: number[], data: IdxData): Uint8Array => encodeIdx({ shape, data });
const images = (n: number, height = 2, width = 2): Uint8Array =>
  idx(
    [n, height, width],
    Uint8Array.from({ length: n * height * width }, (_, i) => i),
  );

test('EMNIST: its names, its orientation, and letters that are numbered from 1', async () => {
  const letters = folder({
    'emnist-letters-train-images-idx3-ubyte.gz': gzipSync(images(3, 2, 3)),
    'emnist-letters-train-labels-idx1-ubyte.gz': gzipSync(idx([3], Uint8Array.of(1, 2, 3))),
    'emnist-letters-test-images-idx3-ubyte': images(2, 2, 3),
    'emnist-letters-test-labels-idx1-ubyte': idx([2], Uint8Array.of(2, 1)),
    'emnist-letters-mapping.txt': '1 65 97',
  });
  const { train, test: held, notes } = await loadData(letters);
  assert.equal([train.classes, [...train.labels], [...held.labels]], [3, [0, 1, 2], [1, 0]]);
  assert.equal(train.imageShape, [3, 2]);
  assert.equal(
    [...train.images.subarray(0, 6)].map((x) => Math.round(255 * x)),
    [0, 3, 1, 4, 2, 5],
  );
  assert.equal(notes, [
    'The pictures of EMNIST are stored with rows and columns swapped: they were turned upright.',
  ]);
  const pair = ['images-idx3', 'labels-idx1'].map((part) =>
    join(letters, `emnist-letters-train-${part}-ubyte.gz`),
  );
  const { train: first, test: last } = await loadData(pair.join(','));
  assert.equal([first.classes, first.imageShape, [...first.labels, ...last.labels]], [3, [3, 2], [0, 1, 2]]);

  const both = folder({
    'emnist-digits-train-images-idx3-ubyte': images(1),
    'emnist-letters-train-images-idx3-ubyte': images(1),
  });
  assert.is(
    await refusal(both),
    `--data ${count}: there are several sets, emnist-digits, emnist-letters — put each into a folder of its own, or name the files as images.idx,labels.idx`,
  );
  const half = folder({ 'emnist-digits-train-images-idx3-ubyte': images(1) });
  assert.is(await refusal(half), `--data ${count}: there is no emnist-digits-test-images-idx3-ubyte`);
});

test('QMNIST: int32 tables of labels', async () => {
  const table = (labels: readonly number[]): Uint8Array =>
    idx(
      [labels.length, 8],
      Int32Array.from({ length: 8 * labels.length }, (_, i) => (i % 8 === 0 ? (labels[i / 8] as number) : 9)),
    );
  const { train, test: held } = await loadData(
    folder({
      'qmnist-train-images-idx3-ubyte': images(3),
      'qmnist-train-labels-idx2-int': table([0, 1, 2]),
      'qmnist-test-images-idx3-ubyte': images(2),
      'qmnist-test-labels-idx2-int': table([2, 0]),
    }),
  );
  assert.equal([[...train.labels], [...held.labels], train.classes], [[0, 1, 2], [2, 0], 3]);
});

test('IDX files that were unpacked into folders of their names', async () => {
  const files = writeIdxFolder(join(scratch, 'flat'), { train: 8, test: 4 });
  const nested = folder({});
  for (const set of ['train', 't10k'])
    for (const part of ['images-idx3', 'labels-idx1']) {
      const name = `${set}-${part}-ubyte`;
      mkdirSync(join(nested, name));
      cpSync(join(files, name), join(nested, name, set === 'train' ? name : name.replace('-idx', '.idx')));
    }
  const { train, test: held } = await loadData(nested);
  assert.equal(train, (await loadData(files)).train);
  assert.is(held.count, 4);
  const pair = ['images-idx3', 'labels-idx1'].map((part) => join(nested, `train-${part}-ubyte`)).join(',');
  assert.is((await loadData(pair)).train.count, 7);
  renameSync(
    join(nested, 'train-labels-idx1-ubyte', 'train-labels-idx1-ubyte'),
    join(nested, 'train-labels-idx1-ubyte', 'a'),
  );
  writeFileSync(join(nested, 'train-labels-idx1-ubyte', 'b'), '');
  assert.is(
    await refusal(nested),
    `--data ${count}/train-labels-idx1-ubyte: expected an IDX file, found a folder with 2 files and 0 folders`,
  );
});

test('images without labels: a folder and a file', async () => {
  const path = folder({ 'train-images-idx3-ubyte': images(3), 't10k-images-idx3-ubyte': images(2) });
  const { train, test: held } = await loadData(path);
  assert.equal([train.count, held.count, train.classes], [3, 2, 0]);
  const { train: first, test: last } = await loadData(join(path, 'train-images-idx3-ubyte'));
  assert.equal([first.count, last.count, first.classes], [2, 1, 0]);
  await isCommandRefused(
    ['train', '--model', 'cvae', '--data', path, '--out', join(scratch, 'run')],
    `model cvae needs the class of each image, and the images of ${path} have no classes — put the images of each class into a subfolder`,
  );
});

test('no images, and images of two sizes, are refused before training', async () => {
  const names = [
    'train-images-idx3-ubyte',
    'train-labels-idx1-ubyte',
    't10k-images-idx3-ubyte',
    't10k-labels-idx1-ubyte',
  ] as const;
  const sets = (...files: readonly Uint8Array[]): string =>
    folder(Object.fromEntries(files.map((file, i) => [names[i], file])));
  const labels = (n: number): Uint8Array => idx([n], new Uint8Array(n));
  assert.is(
    await refusal(sets(images(0), labels(0), images(0), labels(0))),
    `${count}/train-images-idx3-ubyte: there are no images in it`,
  );
  assert.is(
    await refusal(sets(images(2), labels(2), images(0), labels(0))),
    `${count}/t10k-images-idx3-ubyte: there are no images in it`,
  );
  assert.is(
    await refusal(sets(images(2, 2, 2), labels(2), images(2, 2, 3), labels(2))),
    `--data ${count}: the images for training have 2 × 2 pixels, those for testing 2 × 3 — give them one shape with --size or --grey`,
  );
});

test('classes without training images are reported', async () => {
  const path = folder({ 'images.idx': images(4), 'labels.idx': idx([4], Uint8Array.of(1, 2, 3, 1)) });
  const { train, notes } = await loadData(`${join(path, 'images.idx')},${join(path, 'labels.idx')}`);
  assert.is(train.classes, 4);
  assert.equal(notes, [
    'No training image of class 0: 4 classes are counted, from 0.',
    'For testing: the last 1 of 4.',
  ]);
});

test.run();
