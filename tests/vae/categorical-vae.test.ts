/** The VAE with categorical codes: its three estimators, and its bound by enumeration. */
import { createReference, Generator, rand, type Tensor, tensor, withBackend } from '@varigrad/core';
import { Adam } from '@varigrad/nn';
import {
  annealing,
  evaluate,
  fit,
  Gaussian,
  gumbel,
  gumbelSoftmax,
  hardMax,
  RelaxedCategoricalVAE,
  type RelaxedCategoricalVAEOptions,
  samplesFigure,
} from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BATCH, data, SIZE } from '../helpers/bars.js';
import { checkParameterGradients } from '../helpers/parameter-gradients.js';
import { refuses } from '../helpers/refuses.js';

const float64 = createReference(Float64Array);
const numbers = (t: Tensor): number[] => [...t.dataSync()];
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const sizes = { inputSize: 6, hidden: [5], variables: 2, categories: 3, activation: 'tanh' } as const;
const make = (options: RelaxedCategoricalVAEOptions = {}, seed = 1): RelaxedCategoricalVAE =>
  new RelaxedCategoricalVAE({ ...sizes, generator: new Generator(seed), ...options });
/** The same model with weights large enough that the categories and the values of z differ. */
const sharp = (options: RelaxedCategoricalVAEOptions = {}): RelaxedCategoricalVAE => {
  const model = make(options);
  for (const p of model.parameters()) p.assign(p.detach().mul(4));
  return model;
};
const images = (count: number, seed = 2): Tensor =>
  rand([count, 6], { generator: new Generator(seed) })
    .gt(0.5)
    .detach();

/** log p(x|z) of each image at every value of z, decoded one value at a time. */
function enumerate(model: RelaxedCategoricalVAE, x: Tensor): { z: number[]; logP: number[] }[] {
  const { categories: K } = model;
  const values = Array.from({ length: K * K }, (_, i) =>
    Array.from({ length: 2 * K }, (_, j) => ((j < K ? i % K : Math.floor(i / K)) === j % K ? 1 : 0)),
  );
  return values.map((z) => ({
    z,
    logP: numbers(
      model.likelihood.logProb(
        model.decode(tensor(Array.from({ length: x.shape[0] as number }, () => z))),
        x,
      ),
    ),
  }));
}

test('the sum is exact: −ELBO exceeds −log p(x) by KL(q(z|x) ‖ p(z|x)), computed by enumerating z', () => {
  withBackend(float64, () => {
    const model = sharp({ estimator: 'sum' });
    const x = images(4);
    const q = numbers(model.codes(x)); // [4, 2 · 3]
    const table = enumerate(model, x);
    const wanted = [0, 1, 2, 3].map((image) => {
      const rows = table.map(({ z, logP }) => ({
        logQ: sum(z.map((on, j) => on * Math.log(q[image * 6 + j] as number))),
        joint: (logP[image] as number) - 2 * Math.log(3),
      }));
      const evidence = Math.log(sum(rows.map(({ joint }) => Math.exp(joint))));
      const gap = sum(rows.map(({ logQ, joint }) => Math.exp(logQ) * (logQ - (joint - evidence))));
      assert.ok(gap > 0.01, `a gap of ${gap} proves nothing`);
      return -evidence + gap;
    });
    const found = model.elbo(x).loss.itemSync();
    assert.ok(Math.abs(found - sum(wanted) / 4) < 1e-9, `${found}, not ${sum(wanted) / 4}`);
  });
});

test('the sum: a value of z with probability 0 does not count, also if log p(x|z) is −∞', () => {
  const model = new RelaxedCategoricalVAE({
    inputSize: 1,
    hidden: [],
    variables: 1,
    categories: 2,
    estimator: 'sum',
    likelihood: new Gaussian(),
  });
  const of = (name: string): Tensor => [...model.namedParameters()].find(([key]) => key === name)![1];
  of('encoder.out.weight').assign(tensor([[0], [0]]));
  of('encoder.out.bias').assign(tensor([300, 0]));
  of('decoder.out.weight').assign(tensor([[0, 1e30]]));
  of('decoder.out.bias').assign(tensor([0.5]));
  const { loss, recon, kl } = model.elbo(tensor([[0.5]]));
  loss.backward();
  assert.ok(Math.abs(recon.itemSync() - 0.5 * Math.log(2 * Math.PI)) < 1e-6, `${recon.itemSync()}`);
  assert.ok(Math.abs(kl.itemSync() - Math.LN2) < 1e-6, `${kl.itemSync()}`);
  for (const [name, parameter] of model.namedParameters())
    assert.not.ok(numbers(parameter.grad as Tensor).some(Number.isNaN), name);
});

test('in evaluation mode the samples are exact: their mean loss equals the exact sum', () => {
  const exact = sharp({ estimator: 'sum' });
  const x = images(1);
  const many = x.expand([20_000, 6]);
  const wanted = exact.elbo(x);
  for (const estimator of ['relaxed', 'straight-through'] as const) {
    const model = sharp({ estimator }).eval();
    const z = hardMax(
      model.logProbs(many).add(gumbel([20_000, 2, 3], { generator: new Generator(4) })),
    ).reshape([20_000, 6]);
    const losses = numbers(model.likelihood.logProb(model.decode(z), many)).map((l) => -l);
    const mean = sum(losses) / losses.length;
    const error = Math.sqrt(sum(losses.map((l) => (l - mean) ** 2))) / losses.length;
    const found = model.elbo(many, { generator: new Generator(4) });
    assert.ok(Math.abs(found.recon.itemSync() - mean) < 1e-4, 'one-hot samples of q');
    assert.ok(Math.abs(mean - wanted.recon.itemSync()) < 4 * error, `${mean} ± ${error}`);
    assert.ok(Math.abs(found.kl.itemSync() - wanted.kl.itemSync()) < 1e-4);
  }
});

test('KL: 0 for a uniform q, log K per variable for a one-hot q', () => {
  const model = make();
  for (const [name, p] of model.namedParameters())
    if (name.startsWith('encoder.out')) p.assign(p.detach().mul(0));
  assert.ok(Math.abs(model.elbo(images(3)).kl.itemSync()) < 1e-6);
  for (const [name, p] of model.namedParameters())
    if (name === 'encoder.out.bias') p.assign(tensor([100, 0, 0, 0, 100, 0]));
  assert.ok(Math.abs(model.elbo(images(3)).kl.itemSync() - 2 * Math.log(3)) < 1e-5);
});

test('gradients of the relaxed bound, with fixed noise, and of the exact sum', () => {
  withBackend(float64, () => {
    const x = images(5);
    for (const options of [{ estimator: 'relaxed', temperature: 0.7 }, { estimator: 'sum' }] as const) {
      const model = make(options);
      const eps = model.noise(5, new Generator(5));
      checkParameterGradients(
        model,
        () => model.elbo(x, { ...(eps && { eps }), beta: 0.5, freeBits: 0.001 }).loss,
      );
    }
  });
});

test('straight-through: the decoder receives one-hot rows, the encoder the gradient of the relaxed sample', () => {
  withBackend(float64, () => {
    const model = make({ estimator: 'straight-through', temperature: 0.7 });
    const x = images(3);
    const eps = model.noise(3, new Generator(6)) as Tensor;
    model.elbo(x, { eps, beta: 0 }).loss.backward();
    const bias = model.parameters().find((p) => p.shape.join() === '6') as Tensor; // of the logits
    const found = numbers(bias.grad as Tensor);
    // Expected: the slope of the loss at the one-hot z, in the direction in which the relaxed z changes, by finite differences.
    const noise = eps.reshape([3, 2, 3]);
    const z = hardMax(model.logProbs(x).add(noise)).reshape([3, 6]).detach().requiresGrad_();
    model.likelihood.logProb(model.decode(z), x).mean().neg().backward();
    const slope = numbers(z.grad as Tensor);
    const relaxed = (): number[] => numbers(gumbelSoftmax(model.logProbs(x), noise, 0.7));
    const h = 1e-5;
    const start = numbers(bias);
    start.forEach((_, j) => {
      const moved = (d: number): number[] => {
        bias.assign(tensor(start.map((b, i) => (i === j ? b + d : b))));
        return relaxed();
      };
      const [up, down] = [moved(h), moved(-h)];
      const wanted = sum(slope.map((s, i) => (s * ((up[i] as number) - (down[i] as number))) / (2 * h)));
      assert.ok(Math.abs((found[j] as number) - wanted) < 1e-8, `${found[j]}, not ${wanted}`);
      bias.assign(tensor(start));
    });
  });
});

test('the temperature follows its schedule of training steps', async () => {
  const steps: number[] = [];
  const model = new RelaxedCategoricalVAE({
    inputSize: SIZE * SIZE,
    hidden: [16],
    variables: 3,
    categories: 4,
    temperature: (step) => {
      steps.push(step);
      return annealing({ rate: 0.01 })(step);
    },
    generator: new Generator(1),
  });
  const before = await evaluate(model, data.test, { binarization: 'threshold' });
  assert.equal(steps, [], 'evaluation uses no temperature');
  await fit(model, data, {
    optimizer: new Adam(model.parameters(), { learningRate: 0.01 }),
    epochs: 20,
    batchSize: BATCH,
    binarization: 'threshold',
  });
  assert.equal(
    steps,
    Array.from({ length: 20 * 7 }, (_, i) => i),
  );
  const after = await evaluate(model, data.test, { binarization: 'threshold' });
  assert.ok(after.loss < 0.8 * before.loss, `${before.loss} to ${after.loss}`);
  const one = await evaluate(model, data.test, { binarization: 'threshold', batchSize: 1 });
  assert.ok(Math.abs(one.loss - after.loss) < 1e-5 * after.loss);
  assert.ok((await samplesFigure(model, data.test.imageShape)).pixels.width > 0);
  const z = numbers(model.samplePrior(50, { generator: new Generator(1) }));
  assert.ok(z.every((v) => v === 0 || v === 1));
  assert.is(sum(z), 50 * 3);
});

test('annealing: exponential decay to a lower limit', () => {
  const temperature = annealing({ from: 2, floor: 0.5, rate: 0.1 });
  assert.is(temperature(0), 2);
  assert.ok(Math.abs(temperature(10) - 2 / Math.E) < 1e-12);
  assert.is(temperature(1000), 0.5);
});

test('invalid options are refused', () => {
  refuses(
    () => make({ categories: 1 }),
    'RelaxedCategoricalVAE: categories must be a whole number of at least 2, found 1',
  );
  refuses(
    () => make({ estimator: 'sum', variables: 20, categories: 10 }),
    "RelaxedCategoricalVAE: 'sum' would sum over 10^20 values of z, and at most 1024 are allowed — use another estimator",
  );
  for (const temperature of [0, -1, Number.NaN])
    refuses(
      () => make({ temperature }),
      `RelaxedCategoricalVAE: temperature must be a number above 0, found ${temperature}`,
    );
  refuses(
    () => make({ temperature: () => 0 }).elbo(images(1)),
    'elbo: the temperature is above 0, not 0 (step 0)',
  );
  refuses(
    () => gumbelSoftmax(tensor([1, 2]), tensor([0, 0]), 0),
    'gumbelSoftmax: temperature must be a number above 0, found 0',
  );
  refuses(
    () => annealing({ floor: 0 }),
    'annealing: from ≥ floor > 0 and rate ≥ 0, not from 1, floor 0, rate 0.00003',
  );
});

test.run();
