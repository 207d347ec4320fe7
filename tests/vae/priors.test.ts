import { createReference, Generator, oneHot, randn, type Tensor, tensor, withBackend } from '@varigrad/core';
import { gradcheck } from '@varigrad/core/testing';
import {
  ConditionalNormal,
  ConditionalVAE,
  MixtureOfGaussians,
  type Prior,
  type PriorContext,
  StandardNormal,
  VAE,
  VampPrior,
} from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { refuses } from '../helpers/refuses.js';

const float64 = createReference(Float64Array);
const numbers = (t: Tensor): number[] => [...t.dataSync()];

/** Every prior over one dimension, away from its initial values, with its context. */
function priors(): [string, Prior, PriorContext][] {
  const generator = new Generator(7);
  const model = new VAE({ inputSize: 3, hidden: [4], latent: 1, generator });
  const context: PriorContext = { encode: (x) => model.encode(x) };
  const mixture = new MixtureOfGaussians(1, { components: 4, spread: 2, generator });
  mixture.logits.assign(randn([4], { generator }));
  mixture.logVar.assign(randn([4, 1], { generator }).mul(0.5));
  const conditional = new ConditionalNormal(3, 1);
  conditional.mu.assign(tensor([[0.5], [-1], [2]]));
  conditional.logVar.assign(tensor([[0.3], [-1], [0.8]]));
  return [
    ['standard normal', new StandardNormal(1), context],
    ['mixture', mixture, context],
    ['VampPrior', new VampPrior(3, { components: 5, mean: 0.5, spread: 0.15, generator }), context],
    ['conditional', conditional, { ...context, labels: tensor([[0, 0, 1]]) }],
  ];
}

test('the density of every prior integrates to one, and its samples have its mean and variance', () => {
  withBackend(float64, () => {
    for (const [name, prior, context] of priors()) {
      const step = 0.01;
      const places = Array.from({ length: 4001 }, (_, i) => (i - 2000) * step);
      const labels = context.labels?.expand([places.length, 3]);
      const here = labels === undefined ? context : { ...context, labels };
      const p = numbers(prior.logProb(tensor(places.map((z) => [z])), here)).map((l) => Math.exp(l) * step);
      const moment = (f: (z: number) => number) =>
        p.reduce((sum, w, i) => sum + w * f(places[i] as number), 0);
      assert.ok(Math.abs(moment(() => 1) - 1) < 1e-6, `${name}: ${moment(() => 1)}`);
      const mean = moment((z) => z);
      const variance = moment((z) => (z - mean) ** 2);
      const fourth = moment((z) => (z - mean) ** 4);
      const count = 20_000;
      const many = context.labels?.expand([count, 3]);
      const drawn = many === undefined ? context : { ...context, labels: many };
      const z = numbers(prior.sample(count, drawn, { generator: new Generator(5) }));
      assert.is(z.length, count);
      const found = z.reduce((sum, v) => sum + v, 0) / count;
      const spread = z.reduce((sum, v) => sum + (v - mean) ** 2, 0) / count;
      assert.ok(Math.abs(found - mean) < 4 * Math.sqrt(variance / count), `${name}: mean ${found}, ${mean}`);
      assert.ok(
        Math.abs(spread - variance) < 4 * Math.sqrt((fourth - variance ** 2) / count),
        `${name}: variance ${spread}, ${variance}`,
      );
    }
  });
});

test('closed-form KLs agree with their integrals and vanish where posterior and prior agree', () => {
  withBackend(float64, () => {
    const [mu, logVar] = [0.7, -0.4];
    const q = { mu: tensor([[mu]]), logVar: tensor([[logVar]]) };
    for (const [name, prior, context] of priors()) {
      if (prior.klPerDimension === undefined) continue;
      const found = prior.klPerDimension(q, context).itemSync();
      const step = 0.001;
      const places = Array.from({ length: 20_001 }, (_, i) => mu + (i - 10_000) * step);
      const labels = context.labels?.expand([places.length, 3]);
      const logP = numbers(
        prior.logProb(
          tensor(places.map((z) => [z])),
          labels === undefined ? context : { ...context, labels },
        ),
      );
      const integral = places.reduce((sum, z, i) => {
        const logQ = -0.5 * (Math.log(2 * Math.PI) + logVar + (z - mu) ** 2 / Math.exp(logVar));
        return sum + Math.exp(logQ) * (logQ - (logP[i] as number)) * step;
      }, 0);
      assert.ok(Math.abs(found - integral) < 1e-6, `${name}: ${found}, ${integral}`);
    }
    const same = new ConditionalNormal(2, 3);
    const zero = tensor([[0, 0, 0]]);
    const none = same.klPerDimension(
      { mu: zero, logVar: zero },
      { encode: (x) => ({ mu: x, logVar: x }), labels: tensor([[1, 0]]) },
    );
    assert.equal(numbers(none), [0, 0, 0]);
  });
});

test('gradients of every log-density with respect to z and the parameters', () => {
  withBackend(float64, () => {
    for (const [name, prior, context] of priors()) {
      const z = randn([2, 1], { generator: new Generator(3) });
      const labels = context.labels?.expand([2, 3]);
      const here = labels === undefined ? context : { ...context, labels };
      const parameters = prior.parameters();
      gradcheck((at: Tensor) => prior.logProb(at, here).sum(), [z], { name });
      if (parameters.length > 0) prior.logProb(z, here).sum().backward();
      for (const parameter of parameters) {
        const gradient = numbers(parameter.grad as Tensor);
        const values = numbers(parameter);
        values.forEach((value, i) => {
          const at = (d: number) => {
            parameter.assign(
              tensor(
                values.map((v, j) => (j === i ? value + d : v)),
                { shape: parameter.shape },
              ),
            );
            return prior.logProb(z, here).sum().itemSync();
          };
          const slope = (at(1e-5) - at(-1e-5)) / 2e-5;
          parameter.assign(tensor(values, { shape: parameter.shape }));
          assert.ok(
            Math.abs(slope - (gradient[i] as number)) < 1e-6 * (1 + Math.abs(slope)),
            `${name}[${i}]`,
          );
        });
      }
    }
  });
});

test('a VampPrior uses the encoder of its model, and its pseudo-images are trained', () => {
  const model = new VAE({ inputSize: 6, hidden: [5], latent: 2, prior: new VampPrior(6, { components: 3 }) });
  const x = tensor([[0, 1, 0, 1, 0.5, 0.25]]);
  model.elbo(x).loss.backward();
  const { pseudoImages } = model.prior as VampPrior;
  assert.ok(numbers(pseudoImages.grad as Tensor).some((g) => g !== 0));
  assert.equal(model.samplePrior(7).shape, [7, 2]);
  assert.ok('prior.pseudoImages' in model.stateDict());
});

test('a VampPrior starts from given images, and keeps its pseudo-images in [0, 1]', () => {
  const prior = new VampPrior(2, {
    initial: tensor([
      [0.25, 3],
      [-1, 1],
    ]),
  });
  assert.equal(numbers(prior.pseudoInputs()), [0.25, 1, 0, 1]);
  refuses(
    () => new VampPrior(2, { initial: tensor([[1, 2, 3]]) }),
    'VampPrior: the initial pseudo-images are [1, 3] — give [components, 2]',
  );
});

test('a label-conditional prior: samples of a class lie where its prior does', () => {
  const prior = new ConditionalNormal(2, 1);
  prior.mu.assign(tensor([[10], [-10]]));
  const model = new ConditionalVAE({ inputSize: 4, hidden: [3], latent: 1, classes: 2, prior });
  const labels = oneHot([0, 1, 1], 2);
  assert.equal(numbers(model.samplePrior(3, { labels })).map(Math.sign), [1, -1, -1]);
  refuses(() => model.samplePrior(5, { labels }), 'ConditionalNormal: labels is [3, 2] — it must be [5, 2]');
  refuses(
    () => prior.logProb(tensor([[0]]), { labels: oneHot([0], 1), encode: (x) => model.encode(x, labels) }),
    'ConditionalNormal: labels is [1, 1] — it must be [batch, 2]',
  );
  model.elbo(tensor([[0, 1, 1, 0]]), { labels: oneHot([0], 2) }).loss.backward();
  const [own, other] = numbers(prior.mu.grad as Tensor);
  assert.ok(own !== 0 && other === 0, 'only the class of the image receives a gradient');
  refuses(
    () => new VAE({ inputSize: 4, latent: 1, prior }).elbo(tensor([[0, 1, 1, 0]])),
    'ConditionalNormal: p(z|y) needs labels — use this prior in a ConditionalVAE',
  );
});

test('a mixture refuses z of other dimensions', () => {
  refuses(
    () => new MixtureOfGaussians(2, { components: 3 }).logProb(tensor([[1, 2, 3]])),
    'MixtureOfGaussians.logProb: z is [1, 3] — it must be [batch, 2]',
  );
});

test.run();
