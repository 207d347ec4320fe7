/** The four binarizations of grey values. */
import { ArgumentError, Generator } from '@varigrad/core';
import { type Binarization, binarizeBatch, binarizeDataset, type Dataset, firstOf } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

function dataset(images: Float32Array): Dataset {
  const count = images.length / 4;
  return { images, labels: new Uint8Array(count).fill(3), count, imageShape: [2, 2], classes: 4 };
}

/** All grey values of a file, 0/255 to 255/255, each repeated `times` times. */
const greys = (times: number): Float32Array =>
  Float32Array.from({ length: 256 * times }, (_, i) => (i % 256) / 255);

const under = (binarization: Binarization, images: Float32Array, seed = 0): Float32Array =>
  binarizeDataset(dataset(images), binarization, new Generator(seed)).images;

test('none does not change the data', () => {
  const data = dataset(greys(1));
  assert.is(binarizeDataset(data, 'none', new Generator(0)), data);
});

test('threshold is x > 0.5: byte 128 and above', () => {
  const binary = under('threshold', greys(1));
  assert.equal(
    Array.from(binary),
    Array.from({ length: 256 }, (_, byte) => (byte >= 128 ? 1 : 0)),
  );
  assert.is(under('threshold', Float32Array.of(0.5, 0, 1, 0.500001)).join(), '0,0,1,1');
});

test('no binarization changes its input, the labels or the shape', () => {
  for (const binarization of ['none', 'threshold', 'static', 'dynamic'] as const) {
    const data = dataset(greys(1));
    const { images, ...rest } = binarizeDataset(data, binarization, new Generator(1));
    const { images: before, ...restBefore } = data;
    assert.equal(rest, restBefore);
    assert.equal(before, greys(1));
    if (binarization !== 'none') assert.ok(images.every((x) => x === 0 || x === 1));
  }
});

// The bits x < ½ of Philox 4×32-10 under key (20161113, 0), counters 0 to 31, from a separate program.
const STATIC_BITS =
  '01001101110010111001011100100111100001100100101110010010100101001110000101010000000000101011100001000010000010010111001101100010';

test('static is one fixed sample, for any generator', () => {
  const half = new Float32Array(128).fill(0.5);
  assert.is(under('static', half, 1).join(''), STATIC_BITS);
  assert.is(under('static', half, 2).join(''), STATIC_BITS);
});

test('the static sample of an image does not depend on the number of images', () => {
  const data = dataset(greys(40));
  const whole = binarizeDataset(data, 'static', new Generator(0));
  for (const count of [1, 5, 2000]) {
    const part = binarizeDataset(firstOf(data, count), 'static', new Generator(0));
    assert.equal(part.images, whole.images.slice(0, 4 * count));
  }
});

test('dynamic is a new sample at each use, and reproducible with a seed', () => {
  const data = dataset(greys(4));
  const generator = new Generator(8);
  const first = binarizeDataset(data, 'dynamic', generator).images;
  const second = binarizeDataset(data, 'dynamic', generator).images;
  assert.not.equal(first, second);
  assert.equal(under('dynamic', greys(4), 8), first);
});

test('a pixel is 1 with a probability equal to its grey value', () => {
  const times = 4000;
  const draws = binarizeBatch(greys(times), new Generator(12));
  const ones = new Float64Array(256);
  for (let i = 0; i < draws.length; i++) {
    const byte = i % 256;
    ones[byte] = (ones[byte] as number) + (draws[i] as number);
  }
  let chiSquare = 0;
  for (let byte = 1; byte < 255; byte++) {
    const p = byte / 255;
    const z = ((ones[byte] as number) - times * p) / Math.sqrt(times * p * (1 - p));
    assert.ok(Math.abs(z) < 5, `byte ${byte}: ${z} standard errors`);
    chiSquare += z * z;
  }
  // 254 degrees of freedom: mean 254, standard deviation √508 ≈ 22.5
  assert.ok(Math.abs(chiSquare - 254) < 5 * 22.5, `χ² ${chiSquare}`);
  assert.is(ones[0], 0, 'black stays black');
  assert.is(ones[255], times, 'white stays white');
});

test('a random number equal to the grey value gives 0, so black stays 0 even for a random number of 0', () => {
  const draws = new Generator(6).uniform(64);
  assert.ok(binarizeBatch(draws, new Generator(6)).every((x) => x === 0));
  const justAbove = draws.map((x) => x + 2 ** -24);
  assert.ok(binarizeBatch(justAbove, new Generator(6)).every((x) => x === 1));
});

test('every binarization refuses pixels outside [0, 1]', () => {
  for (const binarization of ['threshold', 'static', 'dynamic'] as const) {
    assert.throws(() => under(binarization, Float32Array.of(0, 128, 255, 1)), /but range from 0 to 255/);
    assert.throws(() => under(binarization, Float32Array.of(0, Number.NaN, 0, 1)), /contain NaN/);
  }
});

test('refuses an unknown binarization', () => {
  assert.throws(
    () => under('stochastic' as Binarization, greys(1)),
    (error: Error) =>
      error instanceof ArgumentError &&
      error.message ===
        "binarizeDataset: binarization must be one of 'none', 'threshold', 'static', 'dynamic', found 'stochastic'",
  );
});

test.run();
