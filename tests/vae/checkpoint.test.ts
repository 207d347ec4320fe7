/** Checkpoints: a round trip, damage, positions that are impossible, and states that are missing. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VarigradError } from '@varigrad/core';
import { Adam, decodeSafetensors, encodeSafetensors, type StateDict } from '@varigrad/nn';
import { fit, type TrainState, VAE } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeCheckpoint, encodeCheckpoint, restore } from '../../packages/vae/src/run/checkpoint.js';
import { call, does, writeIdxFolder } from './cli-calls.js';

const scratch = mkdtempSync(join(tmpdir(), 'varigrad-checkpoint-'));
test.after(() => rmSync(scratch, { recursive: true, force: true }));

const data = {
  images: Float32Array.from({ length: 40 }, (_, i) => (i % 5) / 4),
  labels: new Uint8Array(10),
  count: 10,
  imageShape: [2, 2] as const,
  classes: 0,
};

const build = (hidden = 3): { model: VAE; optimizer: Adam } => {
  const model = new VAE({ inputSize: 4, hidden: [hidden], latent: 2 });
  return { model, optimizer: new Adam(model.parameters()) };
};

/** A run that was stopped after `steps` steps of 4 images, 3 of which make an epoch. */
async function stopped(
  steps: number,
): Promise<{ model: VAE; optimizer: Adam; state: TrainState; bytes: Uint8Array }> {
  const { model, optimizer } = build();
  const signal = {
    get aborted(): boolean {
      return optimizer.stepCount >= steps;
    },
  };
  const state = await fit(model, { train: data, test: data }, { optimizer, epochs: 9, batchSize: 4, signal });
  const saved = { model: model.stateDict(), optimizer: optimizer.stateDict(), train: state };
  return { model, optimizer, state, bytes: encodeCheckpoint(saved) };
}

function refusal(bytes: Uint8Array): string {
  try {
    decodeCheckpoint(bytes, 'c');
  } catch (error) {
    if (error instanceof VarigradError) return error.message;
    throw error;
  }
  return 'accepted';
}

test('a checkpoint after any step restores weights, optimizer and position', async () => {
  for (const steps of [0, 1, 2, 3, 4, 8, 9]) {
    const { model, optimizer, state, bytes } = await stopped(steps);
    const checkpoint = decodeCheckpoint(bytes, 'c');
    assert.equal(checkpoint.train, state);
    const copy = build();
    restore(checkpoint, [copy.model, copy.optimizer], 'c');
    assert.equal(copy.model.stateDict(), model.stateDict());
    assert.equal(copy.optimizer.stateDict(), optimizer.stateDict());
  }
});

test('a checkpoint of another model is refused with the path', async () => {
  const { bytes } = await stopped(1);
  const { model, optimizer } = build(5);
  assert.throws(
    () => restore(decodeCheckpoint(bytes, 'c'), [model, optimizer], 'c'),
    (error: Error) => error instanceof VarigradError && error.message.startsWith('c: loadStateDict: '),
  );
});

type Edit = (parts: {
  tensors: StateDict;
  train: Record<string, unknown>;
  optimizer: Record<string, unknown>;
}) => void;

/** The same checkpoint with other contents and the right checksum. */
function edited(bytes: Uint8Array, edit: Edit): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const train = JSON.parse(metadata.train as string);
  const optimizer = JSON.parse(metadata.optimizer as string);
  edit({ tensors, train, optimizer });
  return encodeSafetensors(tensors, { train: JSON.stringify(train), optimizer: JSON.stringify(optimizer) });
}

const POSITIONS: readonly Readonly<Record<string, unknown>>[] = [
  { epoch: 0 },
  { epoch: -1 },
  { epoch: '5' },
  { epoch: 8.5 },
  { epoch: null },
  { epoch: 1e300 },
  { epoch: 2 ** 32 },
  { step: -3 },
  { step: '1' },
  { step: 0.5 },
  { step: undefined },
  { seconds: -1 },
  { seconds: null },
  { sums: null },
  { sums: { loss: null, recon: 0, kl: 0, count: 8 } },
  { sums: { loss: 1, recon: 1, kl: 0, count: 0 } },
  { sums: { loss: 1, recon: 1, kl: 0, count: -8 } },
  { generator: null },
  { generator: { key: [1, 2], counter: [0, -1] } },
  { generator: { key: [1], counter: [0, 0] } },
];

test('impossible positions are refused', async () => {
  const { bytes } = await stopped(8); // epoch 3, step 2
  assert.is(refusal(edited(bytes, () => {})), 'accepted');
  for (const change of POSITIONS)
    assert.match(
      refusal(edited(bytes, ({ train }) => Object.assign(train, change))),
      /^c: the position \{ epoch: .*\} is impossible — start a new run$/,
      JSON.stringify(change),
    );
  for (const [epoch, step] of [
    [3, 1e6],
    [3, 1],
    [3, 3],
    [4, 2],
    [1, 2],
    [8, 2],
  ] as const)
    assert.is(
      refusal(edited(bytes, ({ train }) => Object.assign(train, { epoch, step }))),
      `c: the position, epoch ${epoch}, step ${step}, does not fit the 8 steps of the optimizer — start a new run`,
    );
});

test('impossible settings of the optimizer are refused', async () => {
  const { bytes } = await stopped(8);
  const changes = [
    { step: -3 },
    { step: 8.5 },
    { step: '8' },
    { learningRate: -1 },
    { learningRate: null },
    { learningRate: 'x' },
    { kind: 7 },
  ];
  for (const change of changes)
    assert.match(
      refusal(edited(bytes, ({ optimizer }) => Object.assign(optimizer, change))),
      /^c: the optimizer \{ kind: .*\} is impossible — start a new run$/,
      JSON.stringify(change),
    );
});

test('files of another kind, and damage, are refused with the path', async () => {
  const { model, bytes } = await stopped(2);
  const missing = (name: string): string =>
    `c: it is not a checkpoint: '${name}' is missing — start a new run`;
  assert.is(refusal(encodeSafetensors(model.stateDict())), missing('train'));
  for (const train of ['', '{', 'null', '[]', '3'])
    assert.is(refusal(encodeSafetensors({}, { train, optimizer: '{}' })), missing('train'));
  assert.is(refusal(encodeSafetensors({}, { train: '{}', optimizer: '{' })), missing('optimizer'));
  for (let at = 0; at < bytes.length; at += 37) {
    const flipped = bytes.slice();
    flipped[at] = (flipped[at] as number) ^ 4;
    assert.match(refusal(flipped), /^c: \S/, `byte ${at}`); // what it says depends on what the byte is part of
  }
});

test('--resume refuses a damaged checkpoint with one line, and changes no file', async () => {
  const images = writeIdxFolder(join(scratch, 'images'));
  const run = join(scratch, 'run');
  const options = ['--latent', '2', '--hidden', '8', '--epochs', '1', '--threads', '1', '--data', images];
  await does('train', ...options, '--out', run);
  const path = join(run, 'checkpoint.safetensors');
  const good = readFileSync(path);
  const flipped = Buffer.from(good);
  flipped[good.length - 2] = (good[good.length - 2] as number) ^ 1;
  const wrong = edited(good, ({ train }) => Object.assign(train, { epoch: 0 }));
  const metrics = readFileSync(join(run, 'metrics.jsonl'));
  for (const [bytes, reason] of [
    [flipped, 'the contents do not have the checksum'],
    [wrong, 'the position { epoch: 0'],
    [good.subarray(0, 500), 'the file is truncated'],
  ] as const) {
    writeFileSync(path, bytes);
    const { code, out, err } = await call('train', '--resume', run, '--epochs', '2');
    assert.equal([code, out], [1, '']);
    const line = err.replaceAll(/\s+/g, ' ');
    assert.ok(line.startsWith(`${path}: `) && line.includes(reason), err);
    assert.ok(readFileSync(path).equals(bytes) && readFileSync(join(run, 'metrics.jsonl')).equals(metrics));
  }
  assert.ok(existsSync(join(run, 'config.json')));
});

test.run();
