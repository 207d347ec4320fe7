/** Training on npy files that are read block by block, and runs that continue. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Generator } from '@varigrad/core';
import { Adam } from '@varigrad/nn';
import { encodeNpy } from '@varigrad/nn/numpy';
import { type BatchStream, type Dataset, type FitOptions, fit, VAE } from '@varigrad/vae';
import { openNpy } from '@varigrad/vae/node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const scratch = mkdtempSync(join(tmpdir(), 'varigrad-streams-'));
test.after(() => rmSync(scratch, { recursive: true, force: true }));

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
