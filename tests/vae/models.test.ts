/** VAE and ConditionalVAE: shapes, errors, and −ELBO, which exceeds −log p(x) by a KL. */
import {
  ArgumentError,
  Generator,
  oneHot,
  randn,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from '@varigrad/core';
import { Bernoulli, ConditionalVAE, Gaussian, type LatentModel, VAE } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { refuses } from '../helpers/refuses.js';

const numbers = (t: Tensor): number[] => Array.from(t.dataSync());
const close = (found: number, wanted: number, tolerance: number, what = ''): void =>
  assert.ok(Math.abs(found - wanted) <= tolerance, `${what} ${found} against ${wanted}`);
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

test('shapes: the VAE', () => {
  const model = new VAE({ inputSize: 12, hidden: [8, 6], latent: 3 });
  const x = zeros([5, 12]);
  const { mu, logVar } = model.encode(x);
  assert.equal(
    [mu.shape, logVar.shape],
    [
      [5, 3],
      [5, 3],
    ],
  );
  assert.equal(model.reparameterize({ mu, logVar }).shape, [5, 3]);
  assert.equal(model.decode(mu).shape, [5, 12]);
  assert.equal(model.reconstruct(x).shape, [5, 12]);
  assert.equal(model.sample(4).shape, [4, 12]);
  const { loss, recon, kl } = model.elbo(x);
  assert.equal([loss.shape, recon.shape, kl.shape], [[], [], []]);
});

test('shapes: the conditional VAE', () => {
  const model = new ConditionalVAE({ inputSize: 12, hidden: [8], latent: 3, classes: 4 });
  const x = zeros([5, 12]);
  const labels = oneHot([0, 1, 2, 3, 0], 4);
  const { mu, logVar } = model.encode(x, labels);
  assert.equal(
    [mu.shape, logVar.shape],
    [
      [5, 3],
      [5, 3],
    ],
  );
  assert.equal(model.reparameterize({ mu, logVar }).shape, [5, 3]);
  assert.equal(model.decode(mu, labels).shape, [5, 12]);
  assert.equal(model.reconstruct(x, labels).shape, [5, 12]);
  assert.equal(model.sample(labels).shape, [5, 12]);
  assert.equal(model.elbo(x, { labels }).loss.shape, []);
});

test('layers: the decoder mirrors the encoder, and labels widen both', () => {
  const shapes = (model: LatentModel): Record<string, readonly number[]> =>
    Object.fromEntries(Array.from(model.namedParameters(), ([name, p]) => [name, p.shape]));
  const wanted = (labels: number): Record<string, number[]> => ({
    'encoder.hidden.layers.0.weight': [8, 12 + labels],
    'encoder.hidden.layers.0.bias': [8],
    'encoder.hidden.layers.1.weight': [6, 8],
    'encoder.hidden.layers.1.bias': [6],
    'encoder.mu.weight': [3, 6],
    'encoder.mu.bias': [3],
    'encoder.logVar.weight': [3, 6],
    'encoder.logVar.bias': [3],
    'decoder.hidden.layers.0.weight': [6, 3 + labels],
    'decoder.hidden.layers.0.bias': [6],
    'decoder.hidden.layers.1.weight': [8, 6],
    'decoder.hidden.layers.1.bias': [8],
    'decoder.out.weight': [12, 8],
    'decoder.out.bias': [12],
  });
  const options = { inputSize: 12, hidden: [8, 6], latent: 3 };
  assert.equal(shapes(new VAE(options)), wanted(0));
  assert.equal(shapes(new ConditionalVAE({ ...options, classes: 4 })), wanted(4));
  const count = sum(new VAE().parameters().map((p) => p.size));
  assert.is(count, 784 * 400 + 400 + 2 * (400 * 20 + 20) + 20 * 400 + 400 + 400 * 784 + 784);
});

test('the conditional VAE needs labels', () => {
  const model = new ConditionalVAE({ inputSize: 12, hidden: [8], latent: 3, classes: 4 });
  const x = zeros([2, 12]);
  for (const [op, call] of [
    ['encode', () => model.encode(x)],
    ['decode', () => model.decode(zeros([2, 3]))],
    ['encode', () => model.elbo(x)],
  ] as const) {
    assert.throws(call, (error: Error) => error instanceof ArgumentError);
    refuses(call, `${op}: a conditional VAE needs labels — pass oneHot(labels, classes)`);
  }
});

test('the conditional VAE refuses labels of a wrong shape, and names both shapes', () => {
  const model = new ConditionalVAE({ inputSize: 12, hidden: [8], latent: 3, classes: 4 });
  const x = zeros([2, 12]);
  const z = zeros([2, 3]);
  for (const shape of [[2], [2, 5], [3, 4], [2, 4, 1]]) {
    const labels = zeros(shape);
    const ending = '4 classes — pass one-hot rows [batch, classes]';
    refuses(
      () => model.encode(x, labels),
      `encode: labels [${shape.join(', ')}] for a batch [2, 12] and ${ending}`,
    );
    refuses(
      () => model.decode(z, labels),
      `decode: labels [${shape.join(', ')}] for a batch [2, 3] and ${ending}`,
    );
    assert.throws(
      () => model.elbo(x, { labels }),
      (error: Error) => error instanceof ShapeError && error.shapes[1]?.join() === shape.join(),
    );
  }
});

test('encoder and decoder of a conditional VAE depend on the label', () => {
  const model = new ConditionalVAE({ inputSize: 12, hidden: [8], latent: 3, generator: new Generator(1) });
  const x = zeros([1, 12]);
  const z = zeros([1, 3]);
  const [zero, nine] = [oneHot([0], 10), oneHot([9], 10)];
  assert.not.equal(numbers(model.encode(x, zero).mu), numbers(model.encode(x, nine).mu));
  assert.not.equal(numbers(model.decode(z, zero)), numbers(model.decode(z, nine)));
});

test('z = mu + σ·ε', () => {
  const model = new VAE({ inputSize: 4, hidden: [], latent: 2 });
  const z = model.reparameterize(
    { mu: tensor([[1, -2]]), logVar: tensor([[Math.log(9), Math.log(0.25)]]) },
    { eps: tensor([[2, -1]]) },
  );
  const [first, second] = numbers(z) as [number, number];
  close(first, 1 + 3 * 2, 1e-5);
  close(second, -2 - 0.5, 1e-6);
});

test('the loss is recon + beta·kl, and kl is never negative', () => {
  const generator = new Generator(3);
  for (let round = 0; round < 50; round++) {
    const model = new VAE({ inputSize: 9, hidden: [5], latent: 4, generator });
    const x = randn([6, 9], { generator }).mul(3).sigmoid();
    const eps = randn([6, 4], { generator });
    for (const beta of [0, 1, 4]) {
      const elbo = model.elbo(x, { eps, beta });
      const [loss, recon, kl] = [elbo.loss, elbo.recon, elbo.kl].map((t) => t.itemSync()) as [
        number,
        number,
        number,
      ];
      assert.ok(kl >= 0, `KL ${kl}`);
      close(loss, recon + beta * kl, 1e-5 * recon);
    }
  }
});

/** log N(z; mean, sd²) */
const logNormal = (z: number, mean: number, sd: number): number =>
  -0.5 * ((z - mean) / sd) ** 2 - Math.log(sd) - 0.5 * Math.log(2 * Math.PI);

test('−ELBO exceeds −log p(x) by KL(q(z|x) ‖ p(z|x)), all by integration over a one-dimensional z', () => {
  const generator = new Generator(8);
  const x = tensor([[1, 0, 1, 1]]);
  const eps = Array.from({ length: 201 }, (_, i) => (i - 100) / 10); // −10 … 10
  const step = 0.1; // accurate to many digits, because all integrands are smooth
  for (const likelihood of [new Bernoulli(), new Gaussian({ sigma: 0.7 })]) {
    const model = new VAE({
      inputSize: 4,
      hidden: [6],
      latent: 1,
      activation: 'tanh',
      likelihood,
      generator,
    });
    model.loadStateDict(
      Object.fromEntries(
        Object.entries(model.stateDict()).map(([name, { shape, data }]) => [
          name,
          { shape, data: name.startsWith('decoder') ? data.map((w) => 2 * w) : data },
        ]),
      ),
    );
    const [mu, sd] = [model.encode(x).mu.itemSync(), Math.exp(0.5 * model.encode(x).logVar.itemSync())];
    const logLikelihood = (zs: readonly number[]): number[] =>
      numbers(likelihood.logProb(model.decode(tensor(zs.map((z) => [z]))), x.expand([zs.length, 4])));
    const underPrior = logLikelihood(eps);
    const evidence = sum(eps.map((z, i) => Math.exp(logNormal(z, 0, 1) + (underPrior[i] as number)) * step));
    const zs = eps.map((e) => mu + sd * e);
    const gap = sum(
      logLikelihood(zs).map((logP, i) => {
        const z = zs[i] as number;
        const logQ = logNormal(z, mu, sd);
        const logPosterior = logNormal(z, 0, 1) + logP - Math.log(evidence);
        return Math.exp(logQ) * (logQ - logPosterior) * sd * step;
      }),
    );
    const loss = (e: number): number => model.elbo(x, { eps: tensor([[e]]) }).loss.itemSync();
    const expected = sum(eps.map((e) => Math.exp(logNormal(e, 0, 1)) * loss(e) * step));
    assert.ok(gap > 1e-3 * expected, `a gap of ${gap} proves nothing`);
    close(expected, -Math.log(evidence) + gap, 1e-4, likelihood.kind);
  }
});

test('saved weights give the same loss', () => {
  const labels = oneHot([1, 0, 2], 3);
  const sizes = { inputSize: 6, hidden: [5], latent: 2 };
  const build: readonly ((seed: number) => LatentModel)[] = [
    (seed) => new VAE({ ...sizes, generator: new Generator(seed) }),
    (seed) => new VAE({ ...sizes, likelihood: new Gaussian({ sigma: seed, learned: true }) }),
    (seed) => new VAE({ ...sizes, likelihood: new Gaussian({ sigma: seed }) }),
    (seed) => new ConditionalVAE({ ...sizes, classes: 3, generator: new Generator(seed) }),
  ];
  const x = randn([3, 6], { generator: new Generator(1) }).sigmoid();
  const eps = randn([3, 2], { generator: new Generator(2) });
  for (const make of build) {
    const [first, second] = [make(1), make(2)];
    const loss = (model: LatentModel): number => model.elbo(x, { eps, labels }).loss.itemSync();
    assert.is.not(loss(first), loss(second));
    second.loadStateDict(first.stateDict());
    assert.is(loss(second), loss(first));
  }
});

test('the same generator state draws the same noise and the same samples', () => {
  const model = new VAE({ inputSize: 6, hidden: [5], latent: 2 });
  const x = zeros([3, 6]);
  const loss = (seed: number) => model.elbo(x, { generator: new Generator(seed) }).loss.itemSync();
  assert.is(loss(1), loss(1));
  assert.is.not(loss(1), loss(2));
  const sample = (seed: number) => numbers(model.sample(2, { generator: new Generator(seed) }));
  assert.equal(sample(1), sample(1));
  assert.not.equal(sample(1), sample(2));
});

test('reconstructions are decoded from the posterior’s mean, samples from N(0, I), both as mean images', () => {
  const sizes = { inputSize: 6, hidden: [5], latent: 2, generator: new Generator(1) };
  const plain = new VAE(sizes);
  const conditional = new ConditionalVAE({ ...sizes, classes: 3 });
  const x = randn([3, 6], { generator: new Generator(2) }).sigmoid();
  const labels = oneHot([2, 0, 1], 3);
  const draw = () => ({ generator: new Generator(3) });
  const z = randn([3, 2], draw());
  const cases: readonly (readonly [found: Tensor, logits: Tensor])[] = [
    [plain.reconstruct(x), plain.decode(plain.encode(x).mu)],
    [conditional.reconstruct(x, labels), conditional.decode(conditional.encode(x, labels).mu, labels)],
    [plain.sample(3, draw()), plain.decode(z)],
    [conditional.sample(labels, draw()), conditional.decode(z, labels)],
  ];
  for (const [found, logits] of cases) {
    const wanted = numbers(logits).map((logit) => 1 / (1 + Math.exp(-logit)));
    for (const [i, value] of numbers(found).entries()) close(value, wanted[i] as number, 1e-6);
  }
});

test.run();
