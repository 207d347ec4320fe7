/** Evaluation of a whole data set, and averages over batches of different sizes. */
import { Generator, oneHot, randn, tensor } from '@varigrad/core';
import { Adam } from '@varigrad/nn';
import {
  binarizeBatch,
  ConditionalVAE,
  type Dataset,
  evaluate,
  firstOf,
  fit,
  type LatentModel,
  VAE,
} from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Meter, packElbo } from '../../packages/vae/src/meter.js';

function greyImages(count: number): Dataset {
  const words = new Generator(1).words(count * 9);
  return {
    images: Float32Array.from(words, (w) => w / 2 ** 32),
    labels: Uint8Array.from({ length: count }, (_, i) => i % 3),
    count,
    imageShape: [3, 3],
    classes: 3,
  };
}

const sizes = { inputSize: 9, hidden: [6], latent: 2 };
const vae = (): VAE => new VAE({ ...sizes, generator: new Generator(2) });
const conditional = (): ConditionalVAE =>
  new ConditionalVAE({ ...sizes, classes: 3, generator: new Generator(3) });

const isClose = (a: number, b: number, relative: number): boolean =>
  Math.abs(a - b) <= relative * Math.max(Math.abs(a), Math.abs(b));

test('the batch size does not change the result', async () => {
  const data = greyImages(200);
  for (const model of [vae(), conditional()] as LatentModel[]) {
    for (const binarization of ['none', 'threshold', 'static', 'dynamic'] as const) {
      const whole = await evaluate(model, data, { binarization, batchSize: 200 });
      for (const batchSize of [1, 7, 128, 500]) {
        const part = await evaluate(model, data, { binarization, batchSize });
        for (const name of ['loss', 'recon', 'kl'] as const)
          assert.ok(isClose(part[name], whole[name], 1e-5), `${name}, ${batchSize} at a time`);
      }
    }
  }
});

test('the result is −ELBO of all images at once, with the noise of the seed', async () => {
  const data = greyImages(50);
  const labels = oneHot(data.labels, 3);
  for (const model of [vae(), conditional()] as LatentModel[]) {
    const eps = randn([50, 2], { generator: new Generator(4) });
    const elbo = model.elbo(tensor(data.images, { shape: [50, 9] }), { eps, labels });
    const found = await evaluate(model, data, { seed: 4, batchSize: 8 });
    for (const name of ['loss', 'recon', 'kl'] as const)
      assert.ok(isClose(found[name], elbo[name].itemSync(), 1e-5), name);
  }
});

test('dynamic targets are drawn after the noise, so the seed determines both', async () => {
  const data = greyImages(50);
  const model = vae();
  const generator = new Generator(4);
  const eps = randn([50, 2], { generator });
  const images = binarizeBatch(data.images, generator);
  const wanted = model.elbo(tensor(images, { shape: [50, 9] }), { eps }).loss.itemSync();
  const { loss } = await evaluate(model, data, { seed: 4, binarization: 'dynamic', batchSize: 8 });
  assert.ok(isClose(loss, wanted, 1e-5));
});

test('the same seed gives the same number, another seed another', async () => {
  const data = greyImages(50);
  const model = vae();
  assert.equal(await evaluate(model, data), await evaluate(model, data, { seed: 0 }));
  assert.not.equal(await evaluate(model, data), await evaluate(model, data, { seed: 1 }));
});

test('the model is evaluated in evaluation mode, without gradients, and is not changed', async () => {
  const model = vae();
  const before = model.stateDict();
  const modes: boolean[] = [];
  const elbo = model.elbo.bind(model);
  model.elbo = (x, options) => {
    modes.push(model.training);
    const result = elbo(x, options);
    assert.not.ok(result.loss.requiresGrad, 'nothing is recorded');
    return result;
  };
  for (const training of [true, false]) {
    model.train(training);
    await evaluate(model, greyImages(5), { batchSize: 3 });
    assert.is(model.training, training);
    assert.is(model.encoder.training, training);
  }
  assert.equal(modes, [false, false, false, false]);
  assert.equal(model.stateDict(), before);
});

const values = (loss: number, recon: number, kl: number) => tensor([loss, recon, kl]);

test('an average weights each batch by its number of images', async () => {
  const meter = new Meter();
  meter.add(values(1, 8, 0.5), 5);
  meter.add(values(4, 2, 3.5), 1);
  assert.is(meter.unread, 2);
  assert.equal(await meter.state(), { loss: 9, recon: 42, kl: 6, count: 6 });
  assert.is(meter.unread, 0);
  assert.equal(await meter.mean(), { loss: 1.5, recon: 7, kl: 1 });
});

test('intermediate readings do not change the averages, and a meter continues from its state', async () => {
  const meter = new Meter();
  meter.add(values(1, 8, 0.5), 5);
  const state = await meter.state();
  const next = new Meter(state);
  next.add(values(4, 2, 3.5), 1);
  assert.equal(await next.mean(), { loss: 1.5, recon: 7, kl: 1 });
  meter.add(values(4, 2, 3.5), 1);
  assert.equal(await meter.mean(), { loss: 1.5, recon: 7, kl: 1 });
  assert.equal(state, { loss: 5, recon: 40, kl: 2.5, count: 5 }, 'the returned state is a copy');
});

test('a meter reads loss, recon and kl, in this order', () => {
  const packed = packElbo({ loss: tensor(3), recon: tensor(2), kl: tensor(1) });
  assert.equal(Array.from(packed.dataSync()), [3, 2, 1]);
});

test('a data set without images has no losses: evaluate refuses it, and fit reports NaN', async () => {
  const images = greyImages(8);
  const empty = firstOf(images, 0);
  const model = vae();
  const error = await evaluate(model, empty).catch((e: Error) => e.message);
  assert.is(error, 'evaluate: the data set has no images');
  const found: number[] = [];
  const optimizer = new Adam(model.parameters());
  await fit(
    model,
    { train: images, test: empty },
    {
      optimizer,
      epochs: 1,
      onEpoch: ({ train, test }) => {
        found.push(train.loss, test.loss);
      },
    },
  );
  assert.ok(Number.isFinite(found[0]) && Number.isNaN(found[1]));
});

test.run();
