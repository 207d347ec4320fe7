/** Streams of batches: the shuffle buffer, and the sizes that `fit` asks for. */
import { Generator } from '@varigrad/core';
import { Adam } from '@varigrad/nn';
import { type Batch, type Dataset, fit, shuffled, VAE } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { refusesLater } from '../helpers/refuses.js';

/** Images 0 to count − 1 of two values, i and −i, with the label i % 7, in batches of these sizes in turn. */
function* numbered(count: number, sizes: readonly number[]): Generator_<Batch> {
  for (let start = 0, turn = 0; start < count; turn++) {
    const size = Math.min(sizes[turn % sizes.length]!, count - start);
    const images = Float32Array.from(
      { length: 2 * size },
      (_, i) => (start + (i >> 1)) * (i % 2 === 0 ? 1 : -1),
    );
    yield { images, labels: Uint8Array.from({ length: size }, (_, i) => (start + i) % 7), size };
    start += size;
  }
}
type Generator_<T> = globalThis.Generator<T, void, undefined>;

interface Options {
  batchSize: number;
  bufferSize: number;
  seed?: number;
}

async function shuffle(count: number, { batchSize, bufferSize, seed = 1 }: Options, sizes = [5, 1, 8]) {
  const batches: Batch[] = [];
  const options = { batchSize, bufferSize, generator: new Generator(seed) };
  for await (const batch of shuffled(numbered(count, sizes), options)) batches.push(batch);
  const order = batches.flatMap(({ images, size }) => Array.from({ length: size }, (_, i) => images[2 * i]!));
  for (const { images, labels, size } of batches) {
    assert.equal([images.length, labels.length], [2 * size, size]);
    for (let i = 0; i < size; i++)
      assert.equal([images[2 * i + 1], labels[i]], [-images[2 * i]!, images[2 * i]! % 7]);
  }
  return { order, sizes: batches.map(({ size }) => size) };
}

test('every image comes once, in batches of one size and a smaller last one', async () => {
  for (const [count, batchSize, bufferSize] of [
    [100, 8, 20],
    [96, 8, 96],
    [10, 3, 50],
    [7, 10, 2],
    [1, 1, 1],
    [64, 64, 5],
  ] as const) {
    const { order, sizes } = await shuffle(count, { batchSize, bufferSize });
    assert.equal(
      order.toSorted((a, b) => a - b),
      [...Array(count).keys()],
    );
    assert.equal(
      sizes,
      Array.from({ length: Math.ceil(count / batchSize) }, (_, i) =>
        Math.min(batchSize, count - i * batchSize),
      ),
    );
  }
  assert.equal((await shuffle(0, { batchSize: 3, bufferSize: 3 })).order, []);
});

test('the order depends on the seed alone; a buffer of one image keeps it', async () => {
  const options = { batchSize: 4, bufferSize: 10 };
  const [a, b, c] = [
    await shuffle(60, options),
    await shuffle(60, options),
    await shuffle(60, { ...options, seed: 2 }),
  ];
  assert.equal(a, b);
  assert.not.equal(a.order, c.order);
  assert.equal((await shuffle(60, { batchSize: 4, bufferSize: 1 })).order, [...Array(60).keys()]);
});

test('a buffer of all images is a uniform shuffle: every place is equally likely', async () => {
  const [count, runs] = [6, 3000];
  const table = Array.from({ length: count }, () => new Array<number>(count).fill(0));
  for (let seed = 0; seed < runs; seed++) {
    const { order } = await shuffle(count, { batchSize: 4, bufferSize: count, seed }, [3]);
    for (const [place, image] of order.entries()) table[image]![place]!++;
  }
  // Each count is binomial with mean 500 and deviation 20.4; chi² of 36 cells has 25 degrees of freedom.
  const chi2 = table.flat().reduce((sum, n) => sum + (n - runs / count) ** 2 / (runs / count), 0);
  assert.ok(chi2 < 52.6, `chi² ${chi2}, its 0.1% quantile is 52.6`);
});

test('a small buffer lets an image come at most its size earlier than it arrived', async () => {
  const { order } = await shuffle(1000, { batchSize: 16, bufferSize: 50 });
  for (const [place, image] of order.entries()) assert.ok(place >= image - 50, `${image} at ${place}`);
});

test('batches without images are left out, and images of another size are refused', async () => {
  const full = { images: Float32Array.of(1, 2, 3, 4), labels: Uint8Array.of(1, 2), size: 2 };
  const none = { images: new Float32Array(0), labels: new Uint8Array(0), size: 0 };
  const drain = async (source: readonly Batch[]): Promise<number[]> => {
    const labels: number[] = [];
    const options = { batchSize: 1, bufferSize: 1, generator: new Generator(0) };
    for await (const batch of shuffled(source, options)) labels.push(...batch.labels);
    return labels;
  };
  assert.equal(await drain([none, full, none, full]), [1, 2, 1, 2]);
  await refusesLater(
    drain([full, { ...full, size: 1 }]),
    'shuffled: a batch has 1 images of 4 values, and earlier ones have images of 2 — use images of one size',
  );
  await refusesLater(drain(null as never), 'shuffled: the source must be an iterable of batches, found null');
  await refusesLater(
    drain([{ ...full, size: 3 }]),
    `shuffled: a batch has 3 images of ${4 / 3} values — use images of one size`,
  );
});

test('batches of a stream must have the size that was asked for', async () => {
  const model = new VAE({ inputSize: 2, latent: 1, hidden: [] });
  const test: Dataset = {
    images: new Float32Array(0),
    labels: new Uint8Array(0),
    count: 0,
    imageShape: [1, 2],
    classes: 0,
  };
  const train = (sizes: readonly unknown[]): Promise<unknown> => {
    const batches = sizes.map((size) => ({
      images: new Float32Array(2 * Number(size)),
      labels: new Uint8Array(Number(size)),
      size: size as number,
    }));
    const read = async function* (): AsyncGenerator<Batch> {
      yield* batches;
    };
    const stream = { count: 7, imageShape: [1, 2] as const, classes: 0, read };
    const optimizer = new Adam(model.parameters());
    return fit(model, { train: stream, test }, { optimizer, epochs: 1, batchSize: 3 });
  };
  await train([3, 3, 1]);
  for (const [sizes, found] of [
    [[2, 2, 2], 'batch 1 of the stream must have 3 images, found 2'],
    [[3, 6, 1], 'batch 2 of the stream must have 3 images, found 6'],
    [[3, 3, 3], 'batch 3 of the stream must have 1 images, found 3'],
    [[3, '3', 1], "batch 2 of the stream must have 3 images, found '3'"],
  ] as const)
    await refusesLater(train(sizes), `fit: ${found} — its count is 7 images in batches of 3`);
});

test('options of the buffer are checked', async () => {
  const drain = async (options: unknown): Promise<string> => {
    try {
      for await (const _ of shuffled(numbered(3, [1]), options as never));
    } catch (error) {
      return (error as Error).message;
    }
    return 'accepted';
  };
  const generator = new Generator(0);
  assert.match(
    await drain({ batchSize: 0, bufferSize: 1, generator }),
    /batchSize must be a whole number above 0/,
  );
  assert.match(await drain({ batchSize: 1, bufferSize: 1.5, generator }), /bufferSize must be/);
  assert.match(await drain({ batchSize: 1, bufferSize: 1 }), /generator must be a Generator/);
  assert.match(await drain({ batchSize: 1, bufferSize: 1, generator, size: 2 }), /unknown option 'size'/);
});

test.run();
