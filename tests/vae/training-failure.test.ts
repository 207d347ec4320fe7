/** Training that meets a NaN or an Infinity: it stops, reports the source, and keeps the last good state. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Generator, manualSeed, type Tensor } from '@varigrad/core';
import { Dropout, decodeSafetensors, encodeSafetensors, Module } from '@varigrad/nn';
import {
  type Body,
  type Dataset,
  type FitOptions,
  fit,
  GaussianEncoder,
  HiddenLayers,
  TrainingError,
  VAE,
} from '@varigrad/vae';
import { writeFileAtomic } from '@varigrad/vae/node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BATCH, data, SIZE, STEPS, WatchedAdam } from '../helpers/bars.js';

const PIXELS = SIZE * SIZE;

function model(body?: Body): VAE {
  const generator = new Generator(1);
  const sizes = { inputSize: PIXELS, hidden: [16], latent: 2, generator };
  return new VAE(
    body === undefined ? sizes : { ...sizes, encoder: new GaussianEncoder(body, 2, { generator }) },
  );
}

/** Trains, and returns the expected error. */
async function failure(
  failing: VAE,
  options: Partial<FitOptions> = {},
  train: Dataset = data.train,
): Promise<TrainingError> {
  const optimizer = new WatchedAdam(failing.parameters(), { learningRate: 0.01 });
  try {
    await fit(failing, { ...data, train }, { optimizer, epochs: 2, batchSize: BATCH, ...options });
  } catch (error) {
    assert.instance(error, TrainingError);
    return error as TrainingError;
  }
  throw new Error('training did not fail');
}

/** Sets one number of a parameter. */
function poke(target: VAE, name: string, value: number): void {
  const state = target.stateDict();
  state[name]!.data[0] = value;
  target.loadStateDict(state);
}

const finite = (target: Module): boolean =>
  Object.values(target.stateDict()).every(({ data: values }) => values.every(Number.isFinite));

test('an infinite weight: the error has its name, the operation that uses it, and the range of the other values', async () => {
  const spoilt = model();
  const name = 'decoder.hidden.layers.0.weight';
  const others = [...spoilt.stateDict()[name]!.data].slice(1);
  poke(spoilt, name, Number.POSITIVE_INFINITY);
  const error = await failure(spoilt);
  assert.equal([error.op, error.epoch, error.step], ['fit', 1, 1]);
  const short = (value: number): string => String(Number(value.toPrecision(4)));
  assert.is(
    error.message,
    `fit: step 1 of epoch 1: ${name} [16, 2], an input of linear, held NaN or Infinity before the step: 1 of 32 values, ` +
      `others from ${short(Math.min(...others))} to ${short(Math.max(...others))} — load weights that are finite`,
  );
});

test('an infinite weight among more than a call takes arguments is reported', async () => {
  const generator = new Generator(1);
  const large = new VAE({ inputSize: PIXELS, hidden: [Math.ceil(300_000 / PIXELS)], latent: 2, generator });
  poke(large, 'encoder.hidden.layers.0.weight', Number.POSITIVE_INFINITY);
  const { message } = await failure(large);
  assert.match(
    message,
    /held NaN or Infinity before the step: 1 of 30\d{4} values, others from -0\.\d+ to 0\.\d+/,
  );
});

test('a forward pass that overflows: the error has the operation, the module, and its input range', async () => {
  const spoilt = model();
  poke(spoilt, 'encoder.logVar.bias', 200); // σ = e¹⁰⁰
  const error = await failure(spoilt);
  const { cause } = error;
  assert.is(cause?.op, 'mulExp'); // ε·σ
  assert.is(cause?.phase, 'forward');
  assert.is(cause?.module, 'posterior');
  const [, input] = cause!.inputs;
  assert.ok(input!.max > 88.7 && input!.max < 110, `expected half the log-variance, found ${input!.max}`);
  assert.is(input!.notFinite, 0);
  assert.match(
    error.message,
    /^fit: step 1 of epoch 1: mulExp: the forward pass made NaN or Infinity in posterior at /,
  );
  assert.match(
    error.message,
    / — a smaller learning rate or a limit of the gradients \(clipNorm\) often helps$/,
  );
});

/** A network whose outputs are finite and whose derivative is infinite: √0. */
class Root extends Module implements Body {
  readonly layers: HiddenLayers = new HiddenLayers(PIXELS, [16], { generator: new Generator(1) });
  readonly outFeatures = 16;

  forward(x: Tensor): Tensor {
    const h = this.layers.forward(x);
    return h.add(h.sub(h).sqrt());
  }
}

test('a backward pass that divides by zero', async () => {
  const spoilt = model(new Root());
  const before = spoilt.stateDict();
  const error = await failure(spoilt);
  assert.is(error.cause?.op, 'sqrt');
  assert.is(error.cause?.phase, 'backward');
  assert.is(error.cause?.module, 'encoder.hidden');
  assert.equal([error.cause!.inputs[1]!.min, error.cause!.inputs[1]!.max], [0, 0]);
  assert.equal(spoilt.stateDict(), before, 'no step used these gradients');
});

/** Features with dropout, which overflow for a completely white image. */
class Trap extends Module implements Body {
  readonly layers: HiddenLayers = new HiddenLayers(PIXELS, [16], { generator: new Generator(1) });
  readonly dropout: Dropout = new Dropout(0.2);
  readonly outFeatures = 16;

  forward(x: Tensor): Tensor {
    const alarm = x.mean({ axis: 1, keepDims: true }).sub(0.95).relu().mul(10_000).exp();
    return this.dropout.forward(this.layers.forward(x)).mul(alarm);
  }
}

for (const binarization of ['none', 'dynamic'] as const) {
  test(`a failure in the middle of an epoch: the error names the step, and the weights before it are restored (${binarization})`, async () => {
    const seed = 5;
    const white = 20;
    const images = data.train.images.slice().fill(1, white * PIXELS, (white + 1) * PIXELS);
    const train = { ...data.train, images };
    const order = new Generator(BigInt(seed) | (1n << 32n)).permutation(train.count);
    const failing = Math.floor(order.indexOf(white) / BATCH);
    assert.ok(failing > 0 && failing < STEPS - 1, 'the failing step is in the middle');
    const options = { seed, binarization, beta: (step: number) => 0.1 * (step + 1) };

    const spoilt = model(new Trap());
    const optimizer = new WatchedAdam(spoilt.parameters(), { learningRate: 0.01 });
    manualSeed(7);
    const error = await failure(spoilt, { ...options, optimizer }, train);
    assert.equal([error.epoch, error.step], [1, failing + 1]);
    assert.equal([error.cause?.op, error.cause?.module], ['exp', 'encoder.hidden']);

    const good = model(new Trap());
    const stop = new AbortController();
    const watched = new WatchedAdam(good.parameters(), { learningRate: 0.01 });
    watched.after = (step) => {
      if (step === failing) stop.abort();
    };
    manualSeed(7);
    await fit(
      good,
      { ...data, train },
      { ...options, optimizer: watched, epochs: 1, batchSize: BATCH, signal: stop.signal },
    );
    assert.equal(spoilt.stateDict(), good.stateDict(), 'bit for bit those before the step');
    assert.equal(optimizer.stateDict(), watched.stateDict());
  });
}

test('the steps before a failure are repeated with their clipping and learning rates', async () => {
  const failing = STEPS + 3;
  const settings = {
    clipNorm: 2,
    schedule: (step: number) => (step === failing ? 1e39 : 0.01 / (1 + step)),
    binarization: 'dynamic',
    seed: 6,
  } as const;
  const spoilt = model(new Trap());
  const optimizer = new WatchedAdam(spoilt.parameters(), { learningRate: 1 });
  const error = await failure(spoilt, { ...settings, optimizer });
  assert.equal([error.epoch, error.step], [2, failing - STEPS + 1]);
  assert.match(
    error.reason,
    /the step of 'adam' made .* NaN or Infinity, with learning rate 1e\+39 and gradients up to /,
  );

  const good = model(new Trap());
  const watched = new WatchedAdam(good.parameters(), { learningRate: 1 });
  let steps = 0;
  const onStep = (): boolean => ++steps < failing;
  await fit(good, data, { ...settings, optimizer: watched, epochs: 2, batchSize: BATCH, onStep });
  assert.equal(spoilt.stateDict(), good.stateDict(), 'bit for bit those before the step');
  const { learningRate: _, ...found } = optimizer.stateDict();
  const { learningRate: __, ...expected } = watched.stateDict();
  assert.equal(found, expected);
});

test('the last good checkpoint stays on disk', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'varigrad-'));
  const file = join(folder, 'weights.safetensors');
  try {
    const spoilt = model();
    const optimizer = new WatchedAdam(spoilt.parameters(), { learningRate: 1 });
    const saved: number[] = [];
    const error = await failure(spoilt, {
      optimizer,
      epochs: 5,
      onEpoch: async ({ epoch }) => {
        saved.push(epoch);
        await writeFileAtomic(file, encodeSafetensors(spoilt.stateDict()));
        if (epoch === 2) optimizer.learningRate = 1e30;
      },
    });
    assert.equal(saved, [1, 2], 'the epoch that failed was not saved');
    assert.is(error.epoch, 3);
    const good = model();
    good.loadStateDict(decodeSafetensors(readFileSync(file)).tensors);
    assert.ok(finite(good));
    assert.ok(finite(spoilt), 'the model is as it was before the step');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('an epoch whose evaluation fails is not saved', async () => {
  const images = data.test.images.slice().fill(1, 3 * PIXELS, 4 * PIXELS);
  const spoilt = model(new Trap());
  const optimizer = new WatchedAdam(spoilt.parameters(), { learningRate: 1 });
  const wanted = { optimizer, epochs: 1, batchSize: BATCH, onEpoch: () => assert.unreachable() };
  let error: unknown;
  await fit(spoilt, { train: data.train, test: { ...data.test, images } }, wanted).catch((e: unknown) => {
    error = e;
  });
  assert.instance(error, TrainingError);
  const { epoch, step, cause, message } = error as TrainingError;
  assert.equal([epoch, step, cause?.op, cause?.module], [1, null, 'exp', 'encoder.hidden']);
  assert.match(message, /^fit: the evaluation after epoch 1: exp: the forward pass made NaN or Infinity in /);
});

test('a stopped run does not return NaN or infinite weights', async () => {
  const spoilt = model();
  const stop = new AbortController();
  const optimizer = new WatchedAdam(spoilt.parameters(), { learningRate: 1e39 });
  optimizer.after = () => stop.abort();
  const error = await failure(spoilt, { optimizer, signal: stop.signal });
  assert.match(
    error.message,
    "the step of 'adam' made encoder.hidden.layers.0.weight NaN or Infinity, with learning rate 1e+39",
  );
  assert.ok(finite(spoilt));
});

test.run();
