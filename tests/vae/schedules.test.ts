/** Schedules of the KL weight and of temperatures, and the numbers that they give to a model. */
import { Generator, oneHot, rand, type Tensor, tensor } from '@varigrad/core';
import { cyclicWarmUp, type ElboOptions, linearWarmUp } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { family, type Make } from '../helpers/family.js';
import { refuses } from '../helpers/refuses.js';

test('linear warm-up: in equal steps from 0 to beta, then constant', () => {
  const beta = linearWarmUp(4, 2);
  assert.equal([0, 1, 2, 3, 4, 100].map(beta), [0, 0.5, 1, 1.5, 2, 2]);
});

test('cyclic warm-up: rises and stays constant in each period', () => {
  const beta = cyclicWarmUp(4);
  assert.equal([0, 1, 2, 3, 4, 5, 6, 7].map(beta), [0, 0.5, 1, 1, 0, 0.5, 1, 1]);
  assert.equal([0, 1, 2, 3, 4].map(cyclicWarmUp(4, { beta: 4, rising: 1 })), [0, 1, 2, 3, 0]);
});

test('schedules refuse invalid numbers of steps', () => {
  refuses(() => linearWarmUp(0), 'linearWarmUp: steps must be a whole number above 0, found 0');
  refuses(() => cyclicWarmUp(1.5), 'cyclicWarmUp: period must be a whole number above 0, found 1.5');
  refuses(
    () => cyclicWarmUp(3, { rising: 0 }),
    'cyclicWarmUp: rising must be a number above 0 and at most 1, found 0',
  );
});

const SIDE = 4;
const images = rand([6, SIDE * SIDE], { generator: new Generator(5) });
const labels = oneHot([0, 1, 2, 0, 1, 2], 3);

/** The loss and the gradients of a model, computed with the same noise. */
function lossAndGradients(make: Make, options: ElboOptions): unknown {
  const model = make();
  const { loss } = model.elbo(images, { labels, generator: new Generator(7), ...options });
  loss.backward();
  return [loss.itemSync(), model.parameters().map((p) => p.peekGrad()?.dataSync())];
}

test('a weight of the KL as a scalar tensor gives the bits of the number', () => {
  const models = family({ side: SIDE, classes: 3 });
  for (const name of [
    'VAE',
    'VAE with a sampled KL',
    'conditional',
    'semi-supervised',
    'TC-VAE',
    'categorical, relaxed',
  ])
    for (const beta of [0, 0.1, 1 / 3, 1, 4])
      assert.equal(
        lossAndGradients(models[name]!, { beta: tensor(beta) }),
        lossAndGradients(models[name]!, { beta }),
        `${name}, ${beta}`,
      );
});

test('what a schedule of a model gives may be a number or a scalar tensor', () => {
  const models = family({ side: SIDE, classes: 3 });
  for (const name of ['categorical, relaxed', 'categorical, straight-through']) {
    const make = models[name]!;
    assert.equal(Object.keys(make().schedules?.(3) ?? {}), ['temperature']);
    const at = (temperature: number | Tensor): unknown =>
      lossAndGradients(make, { scheduled: { temperature } });
    for (const temperature of [0.3, 0.7, 1e-45]) assert.equal(at(tensor(temperature)), at(temperature));
    assert.equal(at(make().schedules?.(0).temperature as number), lossAndGradients(make, {}));
    assert.not.equal(at(0.3), at(0.7));
  }
});

test('weights that are no scalars are refused', () => {
  const model = family({ side: SIDE, classes: 3 }).VAE!();
  const refused: readonly [ElboOptions, string][] = [
    [{ beta: tensor([1]) }, 'elbo: beta must be a scalar, found [1]'],
    [{ beta: Number.NaN }, 'elbo: beta must be a number that is finite, found NaN'],
    [{ scheduled: { rate: tensor([1, 2]) } }, 'elbo: scheduled.rate must be a scalar, found [2]'],
    [
      { scheduled: { rate: Infinity } },
      'elbo: scheduled.rate must be a number that is finite, found Infinity',
    ],
  ];
  for (const [options, message] of refused) refuses(() => model.elbo(images, options), message);
});

test.run();
