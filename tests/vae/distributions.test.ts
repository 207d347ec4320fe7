/** Likelihoods, priors and posteriors at the edges of float32, on reference and wasm, and what their parameters may be. */
import {
  createReference,
  createWasm,
  Generator,
  init,
  oneHot,
  randn,
  ShapeError,
  type Tensor,
  tensor,
  withBackend,
  zeros,
} from '@varigrad/core';
import { assertClose } from '@varigrad/core/testing';
import * as vae from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { entropy } from '../../packages/vae/src/distributions/categorical.js';
import { mixtureLogProb } from '../../packages/vae/src/distributions/mixture.js';
import { LogMeanExp } from '../../packages/vae/src/estimators/log-mean-exp.js';
import { refuses } from '../helpers/refuses.js';

await init({ backend: 'reference' });
const numbers = (t: Tensor): number[] => [...t.dataSync()];
const { POSITIVE_INFINITY: INF } = Number;

const backends = [createReference(), createWasm({ threads: 1 })];
const on = (name: string, run: () => void): void => {
  for (const backend of backends) test(`${name} (${backend.name})`, () => withBackend(backend, run));
};

const LOG_VARS = [-300, -200, -150, -100, -50, -3, 0, 3, 50, 88, 100, 150, 200, 300];
const DIFFERENCES = [0, 1e-20, 1e-3, 1, 30, 1e20];

/** Checks that values are not NaN, and that the gradients of finite values are not NaN. */
function assertDefined(values: Tensor, leaves: readonly Tensor[], what: string): void {
  const found = numbers(values);
  assert.not.ok(found.some(Number.isNaN), `${what}: ${found}`);
  if (!found.every(Number.isFinite)) return;
  values.sum().backward();
  for (const { grad } of leaves)
    assert.not.ok(grad !== null && numbers(grad).some(Number.isNaN), `gradient of ${what}`);
}

const leaf = (values: number[] | number[][]): Tensor => tensor(values as number[]).requiresGrad_();

/** log N(d; 0, e^v) in float64. */
const density = (d: number, v: number): number =>
  -0.5 * (Math.log(2 * Math.PI) + v + (d === 0 ? 0 : Math.exp(2 * Math.log(d) - v)));

on('gaussianLogProb and the Gaussian likelihoods', () => {
  for (const v of LOG_VARS)
    for (const d of DIFFERENCES) {
      const what = `logVar ${v}, difference ${d}`;
      const [z, mu, logVar] = [leaf([[d]]), leaf([[0]]), leaf([[v]])];
      const values = vae.gaussianLogProb(z, mu, logVar);
      const wanted = density(Math.fround(d), v);
      if (wanted > -1e38) assertClose(numbers(values), [wanted], { rtol: 2e-4, atol: 1e-5 });
      assertDefined(values, [z, mu, logVar], what);
      const gaussian = new vae.Gaussian({ sigma: 1, learned: true });
      gaussian.logSigma.assign(tensor(v / 2));
      const outputs = leaf([[0]]);
      const found = gaussian.logProb(outputs, tensor([[d]]));
      assert.equal(numbers(found), numbers(values), what);
      assertDefined(found, [outputs, gaussian.logSigma], what);
      const perPixel = new vae.PixelGaussian({ minLogVar: -300, maxLogVar: 300 });
      const both = leaf([[0, v]]);
      const pixel = perPixel.logProb(both, tensor([[d]]));
      assert.equal(numbers(pixel), numbers(values), what);
      assertDefined(pixel, [both], what);
    }
  const sharp = new vae.Gaussian({ learned: true });
  sharp.logSigma.assign(tensor(-60));
  assert.ok(Math.abs(sharp.logProb(tensor([[0.3]]), tensor([[0.3]])).itemSync() - 59.081) < 1e-3);
});

on('likelihoods of extreme outputs', () => {
  const extremes = [0, -0, 1e-30, -1e-30, 1, -30, 104, -104, 1e4, -1e4, 1e20, -1e20, 3e38, -3e38];
  const likelihoods = [
    new vae.Bernoulli(),
    new vae.ContinuousBernoulli(),
    new vae.Categorical({ levels: 2 }),
    new vae.Gaussian(),
    new vae.Gaussian({ link: 'sigmoid' }),
    new vae.PixelGaussian({ link: 'sigmoid' }),
    new vae.SquaredError(),
  ];
  for (const likelihood of likelihoods)
    for (const a of extremes)
      for (const b of extremes)
        for (const x of [0, 1]) {
          const outputs = leaf([likelihood.outputsPerPixel === 1 ? [a] : [a, b]]);
          const what = `${likelihood.kind}: outputs ${a}, ${b}, x ${x}`;
          assertDefined(likelihood.logProb(outputs, tensor([[x]])), [outputs], what);
          assert.not.ok(Number.isNaN(likelihood.mean(outputs).itemSync()), what);
        }
  // an infinite logit is certain
  assert.equal(
    numbers(new vae.Bernoulli().logProb(tensor([[INF], [-INF], [INF]]), tensor([[1], [0], [0]]))),
    [0, 0, -INF],
  );
});

on('priors and posteriors of extreme parameters', () => {
  for (const v of LOG_VARS)
    for (const d of DIFFERENCES) {
      const what = `logVar ${v}, difference ${d}`;
      const q = { mu: leaf([[d, 0]]), logVar: leaf([[v, 0]]) };
      const standard = new vae.StandardNormal(2);
      assertDefined(standard.klPerDimension(q), [q.mu, q.logVar], `standard, ${what}`);
      assertDefined(standard.logProb(q.mu), [q.mu], `standard, ${what}`);
      const conditional = new vae.ConditionalNormal(2, 2);
      conditional.logVar.assign(
        tensor([
          [v, v],
          [0, 0],
        ]),
      );
      const context = { labels: oneHot([0], 2), encode: () => q };
      const leaves = [q.mu, q.logVar, conditional.mu, conditional.logVar];
      assertDefined(conditional.klPerDimension(q, context), leaves, `conditional, ${what}`);
      assertDefined(conditional.logProb(q.mu, context), leaves, `conditional, ${what}`);
      const mixture = new vae.MixtureOfGaussians(2, { components: 2 });
      mixture.mu.assign(
        tensor([
          [0, 0],
          [d === 1e20 ? 1e6 : d, 0],
        ]),
      );
      mixture.logVar.assign(
        tensor([
          [v, v],
          [0, 0],
        ]),
      );
      const z = leaf([
        [0, 0],
        [d, 0],
      ]);
      assertDefined(mixture.logProb(z), [z, ...mixture.parameters()], `mixture, ${what}`);
      const vamp = new vae.VampPrior(2, { components: 2 });
      const encode = () => ({ mu: mixture.mu, logVar: mixture.logVar });
      assertDefined(vamp.logProb(z, { encode }), [z, mixture.mu, mixture.logVar], `VampPrior, ${what}`);
      const eps = tensor([[1, 0]]);
      const draw = new vae.GaussianPosterior().draw(q, eps);
      assertDefined(draw.logProb(), [q.mu, q.logVar], `posterior, ${what}`);
      assertDefined(draw.z.sum({ axis: -1 }), [q.mu, q.logVar], `sample, ${what}`);
    }
  assert.equal(
    numbers(vae.reparameterize({ mu: tensor([1]), logVar: tensor([300]) }, { eps: tensor([0]) })),
    [1],
  );
});

on('a VAE whose log-variances run downwards has a loss that is not NaN', () => {
  for (const prior of [
    new vae.VampPrior(4, { components: 3 }),
    new vae.MixtureOfGaussians(2, { components: 3 }),
  ]) {
    const model = new vae.VAE({ inputSize: 4, hidden: [3], latent: 2, prior });
    for (const [name, parameter] of model.namedParameters())
      if (name === 'encoder.logVar.bias') parameter.assign(zeros([2]).sub(100));
    assert.not.ok(Number.isNaN(model.elbo(tensor([[0, 1, 1, 0]])).loss.itemSync()), prior.kind);
  }
});

/** log Σ_k 1/K N(z; mu_k, σ_k²) in float64, of float32 parameters. */
function mixtureDensity(z: readonly number[], mu: readonly number[][], logVar: readonly number[][]): number {
  const logs = mu.map((m, k) =>
    m.reduce((sum, c, j) => sum + density(Math.abs(z[j]! - c), logVar[k]![j]!), -Math.log(mu.length)),
  );
  const most = Math.max(...logs);
  return most + Math.log(logs.reduce((sum, l) => sum + Math.exp(l - most), 0));
}

on('mixtures of sharp components far from 0 keep their digits', () => {
  const single = (mu: number, logVar: number) => {
    const components = { mu: tensor([[mu]]), logVar: tensor([[logVar]]) };
    const z = Math.fround(mu + 0.3 * Math.exp(logVar / 2));
    const found = mixtureLogProb(tensor([[z]]), zeros([1]), components).itemSync();
    assert.ok(Math.abs(found - mixtureDensity([z], [[mu]], [[logVar]])) < 1e-4, `mu ${mu}: ${found}`);
    return mixtureLogProb(tensor([[mu]]), zeros([1]), components).itemSync();
  };
  assert.ok(Math.abs(single(30, -8) - (4 - 0.5 * Math.log(2 * Math.PI))) < 1e-5);
  assert.ok(Math.abs(single(3, -12) - (6 - 0.5 * Math.log(2 * Math.PI))) < 1e-5);
  const generator = new Generator(5);
  const mu = randn([20, 40], { generator }).mul(2);
  const logVar = randn([20, 40], { generator }).sigmoid().mul(0.15).add(0.05).log().mul(2);
  const z = mu.add(
    logVar
      .mul(0.5)
      .exp()
      .mul(randn([20, 40], { generator })),
  );
  const found = numbers(mixtureLogProb(z, zeros([20]).sub(Math.log(20)), { mu, logVar }));
  const rows = (t: Tensor) => Array.from({ length: 20 }, (_, i) => numbers(t).slice(40 * i, 40 * i + 40));
  rows(z).forEach((row, i) => {
    const wanted = mixtureDensity(row, rows(mu), rows(logVar));
    assert.ok(Math.abs(found[i]! - wanted) < 1e-4, `row ${i}: ${found[i]} against ${wanted}`);
  });
});

on('a component of a mixture whose σ is below e⁻⁶⁰ has the density of e⁻⁶⁰, which integrates to one', () => {
  const [sigma, cells] = [Math.exp(-60), 400];
  const z = Array.from({ length: cells }, (_, i) => [((i + 0.5) * 16 * sigma) / cells - 8 * sigma]);
  const densityOf = (logVar: number): number[] =>
    numbers(mixtureLogProb(tensor(z), zeros([1]), { mu: tensor([[0]]), logVar: tensor([[logVar]]) }));
  for (const logVar of [-120, -125, -140, -1000]) {
    const found = densityOf(logVar);
    const integral = found.reduce((sum, l) => sum + (Math.exp(l) * 16 * sigma) / cells, 0);
    assert.ok(Math.abs(integral - 1) < 1e-4, `log σ² ${logVar}: ∫ p = ${integral}`);
    assert.equal(found, densityOf(-120));
  }
});

test('a mixture of many components is the same in blocks of rows', () => {
  // 5 rows of 40,000 × 100 numbers take two blocks
  const generator = new Generator(2);
  const components = { mu: randn([40_000, 100], { generator }), logVar: zeros([40_000, 100]) };
  const [z, weights] = [randn([5, 100], { generator }), zeros([40_000])];
  withBackend(backends[1]!, () => {
    const together = numbers(mixtureLogProb(z, weights, components));
    const alone = z.split(1).flatMap((row) => numbers(mixtureLogProb(row, weights, components)));
    assert.equal(together, alone);
  });
});

on('a VQ-VAE finds the nearest code where codes are close to each other and far from 0', () => {
  const nearestOf = (codes: number[][]) => {
    const model = new vae.VQVAE({
      inputSize: 1,
      hidden: [1],
      vectors: codes.length,
      width: codes[0]!.length,
      codebookSize: codes.length,
    });
    model.codebook.assign(tensor(codes));
    model.encoder.forward = () => tensor([codes.flat()]);
    return numbers(model.codeIndices(tensor([[0]])));
  };
  assert.equal(nearestOf([[1000], [1000.01], [1000.02]]), [0, 1, 2]);
  const close = Array.from({ length: 64 }, (_, k) =>
    Array.from({ length: 8 }, (__, j) => 10 + 0.001 * ((k >> j) & 1)),
  );
  assert.equal(nearestOf(close.map((code, k) => [...code.slice(0, 6), 10 + 0.001 * k, 10])), [
    ...close.keys(),
  ]);
  // two groups, so that no shift brings all codes near 0
  assert.equal(nearestOf([[1000], [1000.01], [-1000], [-1000.01]]), [0, 1, 2, 3]);
});

on('entropy: an impossible category contributes 0, and perplexity has gradients', () => {
  const logP = tensor([
    [0, -INF],
    [Math.log(0.5), Math.log(0.5)],
  ]).requiresGrad_();
  const found = entropy(logP);
  assertClose(numbers(found), [0, Math.LN2], { rtol: 1e-6, atol: 1e-12 });
  found.sum().backward();
  assert.not.ok(numbers(logP.grad as Tensor).some(Number.isNaN));
  assertClose(vae.perplexity(tensor([0.5, 0.5, 0, 0])), 2, { rtol: 1e-6 });
});

test('the running log-mean-exp: weights of 0 and ∞, and numbers that overflow', () => {
  const of = (...values: number[]) => {
    const mean = new LogMeanExp();
    for (const value of values) mean.add(value);
    return mean.value;
  };
  assert.is(of(-INF, -INF), -INF);
  assert.is(of(-INF, 0), -Math.LN2);
  assert.is(of(0, -INF), -Math.LN2);
  assert.is(of(INF, 0), INF);
  assert.is(of(0, INF), INF);
  assert.is(of(INF, INF), INF);
  assert.ok(Math.abs(of(1e4, 1e4 + 1) - (1e4 + Math.log((1 + Math.E) / 2))) < 1e-9);
  assert.ok(Number.isNaN(of(0, Number.NaN)));
});

test('scales that are 0, negative, infinite or NaN are refused', () => {
  for (const value of [0, -1, Number.NaN, INF]) {
    const above = `must be a number above 0, found ${value}`;
    refuses(() => new vae.Gaussian({ sigma: value }), `Gaussian: sigma ${above}`);
    refuses(() => new vae.MixtureOfGaussians(2, { spread: value }), `MixtureOfGaussians: spread ${above}`);
    refuses(() => new vae.VampPrior(2, { spread: value }), `VampPrior: spread ${above}`);
    if (value !== INF)
      refuses(
        () => new vae.RelaxedCategoricalVAE({ temperature: value }),
        `RelaxedCategoricalVAE: temperature ${above}`,
      );
  }
  for (const value of [Number.NaN, INF, -INF])
    for (const name of ['minLogVar', 'maxLogVar'])
      refuses(
        () => new vae.PixelGaussian({ [name]: value }),
        `PixelGaussian: ${name} must be a number that is finite, found ${value}`,
      );
  refuses(
    () => vae.gaussianNoise(INF),
    'gaussianNoise: sigma must be a number of at least 0, found Infinity',
  );
});

test('outputs and codes of another shape are refused, not broadcast', () => {
  const [row, rows] = [zeros([1, 2]), zeros([3, 2])];
  const likelihoods = [
    new vae.Bernoulli(),
    new vae.ContinuousBernoulli(),
    new vae.Gaussian(),
    new vae.SquaredError(),
  ];
  for (const likelihood of likelihoods)
    for (const [outputs, x] of [
      [row, rows],
      [rows, row],
      [zeros([2]), row],
      [zeros([3, 1]), rows],
    ] as const)
      assert.throws(
        () => likelihood.logProb(outputs, x),
        (e: unknown) => e instanceof ShapeError,
        likelihood.kind,
      );
  refuses(
    () => new vae.PixelGaussian().logProb(rows, rows),
    'PixelGaussian: outputs [3, 2] for images [3, 2] — they must be [3, 4]',
  );
  refuses(
    () => new vae.Categorical({ levels: 3 }).logProb(rows, rows),
    'Categorical: outputs [3, 2] for images [3, 2] — they must be [3, 6]',
  );
  refuses(
    () => new vae.Bernoulli().logProb(zeros([2]), zeros([2])),
    'Bernoulli: outputs [2] for images [2] — they must be [batch, pixels] for both',
  );
  const q = { mu: rows, logVar: rows };
  const context = { encode: () => q, labels: oneHot([0], 2) };
  const priors = [
    new vae.StandardNormal(2),
    new vae.ConditionalNormal(2, 2),
    new vae.MixtureOfGaussians(2),
    new vae.VampPrior(5),
  ];
  for (const prior of priors)
    for (const z of [zeros([2]), zeros([1, 1]), zeros([1, 3]), zeros([1, 1, 2])])
      assert.throws(
        () => prior.logProb(z, context),
        (e: unknown) => e instanceof ShapeError,
        prior.kind,
      );
  refuses(
    () => new vae.ConditionalNormal(2, 2).logProb(rows, context),
    'ConditionalNormal.logProb: z is [3, 2] — it must be [1, 2]',
  );
  for (const prior of [new vae.StandardNormal(2), new vae.ConditionalNormal(2, 2)])
    assert.throws(
      () => prior.klPerDimension({ mu: row, logVar: rows }, context),
      (e: unknown) => e instanceof ShapeError,
      prior.kind,
    );
  refuses(
    () => vae.gaussianLogProb(zeros([3, 1]), rows, rows),
    'gaussianLogProb: the parameters have 2 dimensions, and z 1 — expand z',
  );
  assert.equal(vae.gaussianLogProb(row, rows, zeros([1])).shape, [3]);
});

test.run();
