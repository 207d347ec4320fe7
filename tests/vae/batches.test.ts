/** Batches, and small operations on data sets. */
import { ArgumentError, Generator } from '@varigrad/core';
import { batches, type Dataset, firstOf, pixelsOf } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** Image i has the pixels 10 i, 10 i + 1, … and the label i mod 3. */
function numbered(count: number): Dataset {
  return {
    images: Float32Array.from({ length: count * 6 }, (_, i) => 10 * Math.floor(i / 6) + (i % 6)),
    labels: Uint8Array.from({ length: count }, (_, i) => i % 3),
    count,
    imageShape: [2, 3],
    classes: 3,
  };
}

function imagesOf(data: Dataset, batchSize: number, order?: Uint32Array): number[] {
  const seen: number[] = [];
  for (const batch of batches(data, { batchSize, ...(order && { order }) })) {
    assert.is(batch.images.length, 6 * batch.size);
    assert.is(batch.labels.length, batch.size);
    for (let i = 0; i < batch.size; i++) {
      const image = (batch.images[6 * i] as number) / 10;
      const pixels = Array.from(batch.images.subarray(6 * i, 6 * i + 6));
      assert.equal(
        pixels,
        [0, 1, 2, 3, 4, 5].map((p) => 10 * image + p),
      );
      assert.is(batch.labels[i], image % 3);
      seen.push(image);
    }
  }
  return seen;
}

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

test('without an order, every image occurs once, in order, for any batch size', () => {
  for (const batchSize of [1, 2, 3, 10, 11, 100]) {
    assert.equal(imagesOf(numbered(10), batchSize), upTo(10));
  }
});

test('the last batch contains the remaining images', () => {
  const sizes = (count: number, batchSize: number) =>
    [...batches(numbered(count), { batchSize })].map((batch) => batch.size);
  assert.equal(sizes(10, 4), [4, 4, 2]);
  assert.equal(sizes(8, 4), [4, 4]);
  assert.equal(sizes(3, 4), [3]);
  assert.equal(sizes(0, 4), []);
});

test('a shuffled pass follows the permutation and is the same for the same seed', () => {
  const order = new Generator(5).permutation(50);
  assert.equal(imagesOf(numbered(50), 7, order), Array.from(order));
  assert.equal(imagesOf(numbered(50), 7, new Generator(5).permutation(50)), Array.from(order));
  assert.not.equal(Array.from(order), upTo(50));
  assert.equal(
    Array.from(order).sort((a, b) => a - b),
    upTo(50),
  );
});

test('an order may repeat or omit images', () => {
  assert.equal(imagesOf(numbered(5), 2, Uint32Array.of(4, 4, 0)), [4, 4, 0]);
});

test('batches are copies: changing one changes neither the data nor another batch', () => {
  const data = numbered(6);
  const kept = [...batches(data, { batchSize: 4 })];
  kept[0]?.images.fill(-1);
  kept[0]?.labels.fill(200);
  assert.equal(data, numbered(6));
  assert.is(kept[1]?.images[0], 40);
});

test('refuses an invalid batch size at the call', () => {
  for (const batchSize of [0, -1, 1.5, Number.NaN]) {
    assert.throws(
      () => batches(numbered(3), { batchSize }),
      (error: Error) =>
        error instanceof ArgumentError &&
        error.message === `batches: batchSize must be a whole number above 0, found ${batchSize}`,
    );
  }
});

test('refuses an order with an image outside the data set', () => {
  assert.throws(
    () => batches(numbered(3), { batchSize: 2, order: Uint32Array.of(0, 3) }),
    (error: Error) => error.message === 'batches: image 3 is not among 3 images, 0 to 2',
  );
});

test('firstOf shares memory with the data set', () => {
  const data = numbered(5);
  const first = firstOf(data, 2);
  assert.is(first.count, 2);
  assert.is(first.images.length, 12);
  assert.equal(Array.from(first.labels), [0, 1]);
  assert.is(first.images.buffer, data.images.buffer);
  assert.equal(first.imageShape, [2, 3]);
  assert.is(firstOf(data, 99).count, 5);
  assert.is(firstOf(data, 0).images.length, 0);
  assert.is(pixelsOf(data), 6);
});

test('firstOf refuses an invalid count', () => {
  for (const count of [-1, 0.5, Number.NaN]) {
    assert.throws(
      () => firstOf(numbered(3), count),
      (error: Error) =>
        error.message === `firstOf: count must be a whole number of at least 0, found ${count}`,
    );
  }
});

test.run();
