/** Training on streams: the shuffle buffer, npy files that are read block by block, and runs that continue. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Generator } from '@varigrad/core';
import { Adam } from '@varigrad/nn';
import { encodeNpy } from '@varigrad/nn/numpy';
import {
  type Batch,
  type BatchStream,
  type Dataset,
  type FitOptions,
  fit,
  shuffled,
  VAE,
} from '@varigrad/vae';
import { openNpy } from '@varigrad/vae/node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { refusesLater } from '../helpers/refuses.js';

const scratch = mkdtempSync(join(tmpdir(), 'varigrad-streams-'));
test.after(() => rmSync(scratch, { recursive: true, force: true }));

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

/** An npy file of random bytes `[count, 3, 4, 4]`. */
function writeNpy(
  name: string,
  count: number,
  dtype: 'uint8' | 'float32' = 'uint8',
): [path: string, data: Dataset] {
  const path = join(scratch, name);
  const bytes = Uint8Array.from(new Generator(9).words(48 * count), (word) => word >>> 24);
  const images = Float32Array.from(bytes, (byte) => byte / 255);
  writeFileSync(path, encodeNpy({ shape: [count, 3, 4, 4], data: dtype === 'uint8' ? bytes : images }));
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 5);
  return [path, { images, labels, count, imageShape: [3, 4, 4], classes: 5 }];
}

for (const dtype of ['uint8', 'float32'] as const)
  test(`a stream of ${dtype} has the images and labels of the file, in another order for each seed`, async () => {
    const [path, data] = writeNpy(`${dtype}.npy`, 30_000, dtype); // more than one block
    const file = await openNpy(path, { labels: data.labels });
    assert.equal([file.count, file.imageShape], [30_000, [3, 4, 4]]);
    assert.equal(await file.load({ from: 21_840, to: 21_860 }), {
      ...data,
      images: data.images.slice(48 * 21_840, 48 * 21_860),
      labels: data.labels.slice(21_840, 21_860),
      count: 20,
    });
    const stream = file.stream({ from: 100, to: 29_000, bufferSize: 500 });
    assert.equal([stream.count, stream.classes], [28_900, 5]);
    const read = async (seed: bigint): Promise<{ seen: Map<string, number>; first: string }> => {
      const seen = new Map<string, number>();
      for await (const { images, labels, size } of stream.read({ batchSize: 64, seed }))
        for (let i = 0; i < size; i++) {
          const key = `${labels[i]} ${images.subarray(48 * i, 48 * (i + 1)).join()}`;
          seen.set(key, (seen.get(key) ?? 0) + 1);
        }
      return { seen, first: [...seen.keys()][0]! };
    };
    const [one, again, other] = [await read(1n), await read(1n), await read(2n)];
    const wanted = Array.from({ length: 28_900 }, (_, i) => i + 100).map(
      (i) => `${data.labels[i]} ${data.images.subarray(48 * i, 48 * (i + 1)).join()}`,
    );
    assert.is(one.seen.size, 28_900);
    assert.ok(wanted.every((key) => one.seen.get(key) === 1));
    assert.is(one.first, again.first);
    assert.is.not(one.first, other.first);
  });

test('a reader that is left early ends its worker', async () => {
  const [path] = writeNpy('early.npy', 30_000);
  const before = process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
  for await (const { size } of (await openNpy(path))
    .stream({ bufferSize: 10 })
    .read({ batchSize: 5, seed: 0n })) {
    assert.is(size, 5);
    break;
  }
  assert.is(process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length, before);
});

test('files that are no such arrays, or change while they are read, are refused', async () => {
  const refusal = async (path: string, options = {}): Promise<string> =>
    openNpy(path, options).then(
      () => 'accepted',
      (error: Error) => error.message.replace(`${scratch}/`, ''),
    );
  const write = (
    array: Parameters<typeof encodeNpy>[0],
    options?: Parameters<typeof encodeNpy>[1],
  ): string => {
    const path = join(scratch, 'x.npy');
    writeFileSync(path, encodeNpy(array, options));
    return path;
  };
  const data = new Uint8Array(96);
  assert.match(
    await refusal(write({ shape: [4, 4, 6], data: Float64Array.from(data) })),
    /^x.npy: expected uint8 or .* found float64 \[4, 4, 6\]/,
  );
  assert.match(await refusal(write({ shape: [4, 4, 6], data }, { fortranOrder: true })), /in C order/);
  // The conversion keeps the values: floats and booleans stay 0 to 1.
  for (const [array, fix] of [
    [{ shape: [4, 4, 6], data: Float64Array.from(data) }, 'images.astype(np.float32)'],
    [{ shape: [4, 4, 6], data, dtype: 'bool' }, 'images.astype(np.float32)'],
    [{ shape: [4, 4, 6], data: Int32Array.from(data) }, 'images.astype(np.uint8)'],
    [{ shape: [2, 4, 4, 3], data }, 'images.transpose(0, 3, 1, 2).astype(np.uint8)'],
  ] as const)
    assert.ok((await refusal(write(array))).endsWith(`convert it with np.ascontiguousarray(${fix})`), fix);
  assert.is(await refusal(write({ shape: [2, 8, 6, 1], data })), 'accepted');
  assert.match(
    await refusal(write({ shape: [4, 4, 6], data }), { labels: [0, 1, 2, 3] }),
    /^openNpy: labels must be a Uint8Array, found /,
  );
  assert.match(await refusal(write({ shape: [1, 32, 3], data: new Uint8Array(96) })), /accepted/);
  assert.match(await refusal(write({ shape: [96], data })), /expected images/);
  assert.match(
    await refusal(write({ shape: [4, 4, 6], data }), { labels: new Uint8Array(3) }),
    /3 labels for 4 images/,
  );
  assert.match(await refusal(join(scratch, 'absent.npy')), /there is no such file or folder/);
  const path = write({ shape: [4, 4, 6], data });
  const opened = await openNpy(path);
  truncateSync(path, 150);
  assert.match(await refusal(path), /\[4, 4, 6\] of uint8 needs 224 bytes, the file has 150/);
  const broken = await opened.load().catch((error: Error) => error.message);
  assert.is(broken, `${path}: the file ends in row 0`);
  const floats = await openNpy(write({ shape: [2, 1, 2], data: Float32Array.of(0, 1, 0.5, 1.5) }));
  assert.match(
    String(await floats.load().catch((error: Error) => error.message)),
    /row 1 has the value 1.5, expected 0 to 1$/,
  );
  assert.throws(
    () => floats.stream({ from: 1, to: 3 }),
    /stream: the images 1 to 3 are not a part of 0 to 2/,
  );
});

/** Trains on a stream, and returns the weights. */
async function train(
  data: { train: BatchStream | Dataset; test: Dataset },
  options: Partial<FitOptions> = {},
  into = newModel(),
): Promise<{ weights: number[]; state: Awaited<ReturnType<typeof fit>> }> {
  const { model, optimizer } = into;
  const state = await fit(model, data, { optimizer, epochs: 2, batchSize: 64, seed: 3, ...options });
  return { weights: model.parameters().flatMap((p) => [...p.dataSync()]), state };
}

function newModel() {
  const model = new VAE({ inputSize: 48, hidden: [16], latent: 2, generator: new Generator(1) });
  return { model, optimizer: new Adam(model.parameters(), { learningRate: 0.01 }) };
}

test('a training on a stream repeats bit for bit, and continues after a stop', async () => {
  const [path, data] = writeNpy('training.npy', 1000);
  const file = await openNpy(path, { labels: data.labels });
  const sets = { train: file.stream({ to: 900, bufferSize: 100 }), test: await file.load({ from: 900 }) };
  const whole = await train(sets);
  assert.equal((await train(sets)).weights, whole.weights);
  assert.equal((await train(sets, { compile: false })).weights, whole.weights);
  for (const binarization of ['dynamic', 'threshold'] as const) {
    const once = await train(sets, { binarization });
    const parts = newModel();
    // It stops after step 5 of the second epoch.
    const { state } = await train(
      sets,
      { binarization, onStep: ({ epoch, step }) => epoch < 2 || step < 5 },
      parts,
    );
    assert.equal([state.epoch, state.step], [2, 5]);
    assert.equal((await train(sets, { binarization, state }, parts)).weights, once.weights, binarization);
  }
});

test('a stream of all images in memory learns as the data set does', async () => {
  const [path, data] = writeNpy('same.npy', 1280);
  const stream = (await openNpy(path)).stream({ bufferSize: 1280 });
  const losses: number[] = [];
  for (const set of [stream, data])
    await train(
      { train: set, test: data },
      { epochs: 5, onEpoch: ({ test: { loss }, epoch }) => void (epoch === 5 && losses.push(loss)) },
    );
  assert.ok(Math.abs(losses[0]! - losses[1]!) < 0.02 * losses[1]!, `${losses}`);
});

test('a stream that is shorter than its count, or has no static binarization, is refused', async () => {
  const [path, data] = writeNpy('short.npy', 300);
  const stream = (await openNpy(path)).stream();
  const refused = (set: BatchStream, options: Partial<FitOptions> = {}): Promise<string> =>
    train({ train: set, test: data }, options).then(
      () => 'accepted',
      (error: Error) => error.message,
    );
  assert.match(
    await refused({ ...stream, count: 400 }),
    /batch 5 of the stream must have 64 images, found 44 — its count is 400 images in batches of 64/,
  );
  assert.match(await refused(stream, { binarization: 'static' }), /a stream has no static binarization/);
  assert.match(await refused({ ...stream, count: 0 }), /data.train.count must be/);
  assert.match(await refused({ ...stream, imageShape: [3, 4, 5] }), /data.train has images of 60 values/);
});

test.run();
