/** Latent statistics, collapse, reconstruction error and gradient norms, compared with plain loops over all images. */
import { Generator, randn, type Tensor, tensor } from '@varigrad/core';
import {
  Autoencoder,
  ConditionalVAE,
  type Dataset,
  describeCollapse,
  findCollapse,
  type GenerativeModel,
  gradientNorms,
  type LatentStatistics,
  latentStatistics,
  masking,
  PlanarFlow,
  reconstructionError,
  VAE,
} from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Moments } from '../../packages/vae/src/diagnostics/moments.js';

const COUNT = 150;
const data: Dataset = {
  images: Float32Array.from(new Generator(1).words(COUNT * 9), (word) => word / 2 ** 32),
  labels: Uint8Array.from({ length: COUNT }, (_, i) => i % 3),
  count: COUNT,
  imageShape: [3, 3],
  classes: 3,
};
const x = (): Tensor => tensor(data.images, { shape: [COUNT, 9] });
const sizes = { inputSize: 9, hidden: [6], latent: 3 };
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const close = (found: number, wanted: number, what: string, relative = 1e-5): void =>
  assert.ok(
    Math.abs(found - wanted) <= relative * Math.max(1e-3, Math.abs(wanted)),
    `${what}: ${found}, ${wanted}`,
  );
/** Column i of a tensor `[rows, columns]`. */
const column = (t: Tensor, i: number): number[] =>
  [...t.dataSync()].filter((_, place) => place % (t.shape[1] as number) === i);

/** A VAE whose last dimension equals the prior and whose first dimension is strong. */
function partlyCollapsed(): VAE {
  const model = new VAE({ ...sizes, generator: new Generator(2) });
  const state = model.stateDict();
  for (const head of ['encoder.mu', 'encoder.logVar']) {
    state[`${head}.weight`]!.data.fill(0, 2 * 6, 3 * 6);
    state[`${head}.bias`]!.data.fill(0, 2, 3);
  }
  state['encoder.mu.weight']!.data.forEach((w, i, all) => {
    if (i < 6) all[i] = 10 * w;
  });
  model.loadStateDict(state);
  return model;
}

test('a Gaussian posterior: moments of mu, the aggregate posterior and the KL of each dimension', async () => {
  const model = partlyCollapsed();
  const found = await latentStatistics(model, data, { batchSize: 64 });
  const { mu, logVar } = model.encode(x());
  const columns = [0, 1, 2].map((i) => column(mu, i));
  const spreads = [0, 1, 2].map((i) => column(logVar, i).map(Math.exp));
  const covariance = (i: number, j: number): number =>
    mean(columns[i]!.map((v, n) => (v - mean(columns[i]!)) * (columns[j]![n]! - mean(columns[j]!))));
  for (let i = 0; i < 3; i++) {
    close(found.variance[i]!, covariance(i, i), `variance ${i}`);
    close(found.aggregate.mean[i]!, mean(columns[i]!), `mean ${i}`);
    close(found.aggregate.std[i]!, Math.sqrt(covariance(i, i) + mean(spreads[i]!)), `std ${i}`);
    for (let j = 0; j < 3; j++) {
      const wanted = covariance(i, j) + (i === j ? mean(spreads[i]!) : 0);
      close(found.aggregate.covariance[3 * i + j]!, wanted, `covariance ${i}, ${j}`, 1e-4);
    }
    const kl = columns[i]!.map((m, n) => 0.5 * (m * m + spreads[i]![n]! - 1 - Math.log(spreads[i]![n]!)));
    close(found.klPerDimension![i]!, mean(kl), `KL ${i}`, 1e-4);
  }
  assert.is(found.largest, Math.max(...[...mu.dataSync()].map(Math.abs)));
  assert.equal(
    found.active,
    [0, 1, 2].filter((i) => covariance(i, i) > 0.01),
  );
  assert.ok(found.active.includes(0) && !found.active.includes(2));
  assert.is(found.count, COUNT);
});

test('the KLs of the dimensions sum to the KL of the loss', async () => {
  const model = new ConditionalVAE({ ...sizes, classes: 3 });
  const { klPerDimension } = await latentStatistics(model, data);
  const labels = tensor(Array.from(data.labels, (label) => [0, 1, 2].map((c) => Number(c === label))));
  close(
    klPerDimension!.reduce((a, b) => a + b, 0),
    model.elbo(x(), { labels }).kl.itemSync(),
    'KL',
  );
});

test('the batch size does not change the statistics, also with a flow or without a posterior', async () => {
  const models: GenerativeModel[] = [
    partlyCollapsed(),
    new VAE({ ...sizes, posterior: new PlanarFlow(3, { features: 6, length: 2 }) }),
    new Autoencoder(sizes),
  ];
  for (const model of models) {
    const whole = await latentStatistics(model, data, { binarization: 'dynamic', batchSize: COUNT });
    for (const batchSize of [1, 7, 128]) {
      const part = await latentStatistics(model, data, { binarization: 'dynamic', batchSize });
      assert.equal(part.active, whole.active);
      whole.aggregate.covariance.forEach((value, i) => {
        close(part.aggregate.covariance[i]!, value, `${model.kind} ${i}`);
      });
    }
    assert.ok(model.training);
  }
});

test('a deterministic code has the variance of its codes and no KL; a flow has no KL per dimension', async () => {
  const plain = new Autoencoder(sizes);
  const found = await latentStatistics(plain, data);
  assert.is(found.klPerDimension, null);
  for (let i = 0; i < 3; i++) {
    const codes = column(plain.codes(x()), i);
    close(found.aggregate.std[i]! ** 2, mean(codes.map((v) => (v - mean(codes)) ** 2)), `std ${i}`, 1e-4);
  }
  const flow = new VAE({ ...sizes, posterior: new PlanarFlow(3, { features: 6, length: 4 }) });
  const bent = await latentStatistics(flow, data, { seed: 5 });
  assert.is(bent.klPerDimension, null);
  const eps = randn([COUNT, 3], { generator: new Generator(5) });
  const draws = flow.posterior.draw(flow.encode(x()), eps).z;
  for (let i = 0; i < 3; i++) close(bent.aggregate.mean[i]!, mean(column(draws, i)), `mean ${i}`, 1e-4);
});

test('moments: a large offset causes no cancellation', () => {
  const moments = new Moments(1);
  moments.add([1e9, 1e9 + 1, 1e9 + 2]);
  moments.add([1e9 + 3]);
  assert.ok(Math.abs(moments.covariance()[0]! - 1.25) < 1e-9);
  assert.ok(Math.abs(moments.mean[0]! - 1e9 - 1.5) < 1e-6);
});

/** Statistics with these variances and KLs. */
function statistics(variance: number[], kl: number[] | null): LatentStatistics {
  const zero = new Float64Array(variance.length);
  return {
    count: 1,
    variance: Float64Array.from(variance),
    largest: 1,
    active: [...variance.keys()].filter((i) => variance[i]! > 0.01),
    aggregate: { mean: zero, std: zero, covariance: zero },
    klPerDimension: kl === null ? null : Float64Array.from(kl),
  };
}

test('collapse: dimensions without variance and without KL', async () => {
  const collapse = (variance: number[], kl: number[] | null) => findCollapse(statistics(variance, kl));
  assert.equal(collapse([1, 0.5], [2, 1]), { dimensions: [], isTotal: false });
  assert.equal(collapse([1, 0.001, 0], [2, 0.002, 0]), { dimensions: [1, 2], isTotal: false });
  assert.equal(collapse([0.001, 0], [0.001, 0]), { dimensions: [0, 1], isTotal: true });
  // A constant mean with a variance that differs from the prior's still carries information.
  assert.equal(collapse([1, 0], [2, 0.7]), { dimensions: [], isTotal: false });
  assert.equal(collapse([1, 0], null), { dimensions: [1], isTotal: false });
  assert.ok(findCollapse(await latentStatistics(partlyCollapsed(), data)).dimensions.includes(2));
});

test('describeCollapse: which dimensions, and what to try', () => {
  const words = (variance: number[], kl: number[] | null) => describeCollapse(statistics(variance, kl));
  assert.is(
    words([1, 0.5], [2, 1]),
    'No dimension of z has collapsed: 2 of 2 are active, KL 3.00 nats in all.',
  );
  const some = words([0, 0, 0, 1, 0], [0, 0, 0, 2, 0]);
  assert.match(some, '4 of 5 dimensions of z have collapsed (0–2, 4)');
  assert.match(some, 'KL 2.00 nats');
  assert.match(some, 'free bits');
  const all = words([0, 0], [0.001, 0.002]);
  assert.match(all, 'The posterior has collapsed: none of the 2 dimensions of z depends on the image');
  for (const advice of ['linearWarmUp', 'free bits', 'beta']) assert.match(all, advice);
  assert.not.match(words([0, 0], null), 'nats in all');
});

test('reconstruction error: squares, and pixels on the wrong side of ½', async () => {
  const model = new Autoencoder({ ...sizes, generator: new Generator(3) });
  for (const corruption of [undefined, masking(0.4)]) {
    const options = { seed: 7, ...(corruption && { corruption }) };
    const noise = corruption?.noise([COUNT, 9], { generator: new Generator(7) });
    const seen = corruption === undefined ? x() : corruption.apply(x(), noise as Tensor);
    const [clean, spoilt, guess] = [x(), seen, model.reconstruct(seen)].map((t) => [...t.dataSync()]);
    const misses = (values: number[]): number =>
      mean(values.map((value, i) => Number(value > 0.5 !== clean![i]! > 0.5)));
    for (const batchSize of [1, 7, 128, 500]) {
      const found = await reconstructionError(model, data, { ...options, batchSize });
      close(found.squaredError, 9 * mean(guess!.map((value, i) => (value - clean![i]!) ** 2)), 'squares');
      close(found.wrongPixels, misses(guess!), 'wrong pixels');
      close(found.wrongInputPixels, misses(spoilt!), 'wrong input pixels');
      close(mean([...found.squaredErrors]), found.squaredError, 'per image');
    }
    assert.is(misses(spoilt!) > 0.05, corruption !== undefined);
  }
});

test('gradient norms equal those computed by hand, and are null before backward', async () => {
  const model = new VAE({ ...sizes, generator: new Generator(4) });
  const before = await gradientNorms(model);
  assert.ok(before.every(({ gradient, weight }) => gradient === null && weight > 0));
  model.elbo(x()).loss.backward();
  const after = await gradientNorms(model);
  const parameters = [...model.namedParameters()];
  assert.equal(
    after.map(({ name }) => name),
    parameters.map(([name]) => name),
  );
  for (const [i, [name, parameter]] of parameters.entries()) {
    close(after[i]!.gradient!, Math.hypot(...(parameter.grad as Tensor).dataSync()), name);
    close(after[i]!.weight, Math.hypot(...parameter.dataSync()), name);
  }
});

test('errors', async () => {
  const model = new Autoencoder(sizes);
  const none = { ...data, count: 0, images: new Float32Array(0), labels: new Uint8Array(0) };
  for (const [op, look] of [
    ['latentStatistics', latentStatistics],
    ['reconstructionError', reconstructionError],
  ] as const) {
    let message = '';
    await look(model, none).catch((error: Error) => {
      message = error.message;
    });
    assert.is(message, `${op}: the data set has no images`);
  }
});

test.run();
