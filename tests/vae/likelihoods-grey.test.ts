import { createReference, Generator, randn, type Tensor, tensor, withBackend } from '@varigrad/core';
import { gradcheck } from '@varigrad/core/testing';
import { Categorical, ContinuousBernoulli, Laplace, type Likelihood, PixelGaussian } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { logNormalizer } from '../../packages/vae/src/likelihoods/continuous-bernoulli.js';
import { refuses } from '../helpers/refuses.js';

const float64 = createReference(Float64Array);
const numbers = (t: Tensor): number[] => [...t.dataSync()];

function close(found: number, wanted: number, tolerance: number, what = ''): void {
  assert.ok(Math.abs(found - wanted) <= tolerance, `${what}: ${found}, should be ${wanted}`);
}

/** Bounds larger than every logit of these tests. */
const UNBOUNDED = { epsilon: 1e-30 };

/** ∫ f(x)·p(x|l) dx over [0, 1] by the midpoint rule. */
function integral(l: number, f: (x: number) => number, cells = 2000): number {
  const xs = Array.from({ length: cells }, (_, i) => (i + 0.5) / cells);
  const logP = numbers(
    new ContinuousBernoulli(UNBOUNDED).logProb(tensor(xs.map(() => [l])), tensor(xs.map((x) => [x]))),
  );
  return xs.reduce((sum, x, i) => sum + (f(x) * Math.exp(logP[i] as number)) / cells, 0);
}

const LOGITS = [-40, -8, -1, -0.26, -0.24, -1e-3, 0, 1e-6, 0.2499, 0.2501, 2, 30];

test('continuous Bernoulli: the density integrates to one and has the right mean, near l = 0 and far from it', () => {
  withBackend(float64, () => {
    for (const l of LOGITS) {
      close(
        integral(l, () => 1),
        1,
        1e-4,
        `l ${l}`,
      );
      const mean = new ContinuousBernoulli(UNBOUNDED).mean(tensor([[l]])).itemSync();
      close(
        mean,
        integral(l, (x) => x),
        1e-4,
        `mean at ${l}`,
      );
    }
  });
});

test('continuous Bernoulli: series and closed form agree at their border, in float64 and in float32', () => {
  for (const l of [0.249999, -0.249999]) {
    withBackend(float64, () => {
      const exact = (x: number) => Math.log(x / Math.tanh(x / 2));
      close(logNormalizer(tensor([l])).itemSync(), exact(l), 2e-9, `log C(${l})`);
      const mean = 1 / (1 - Math.exp(-l)) - 1 / l;
      close(new ContinuousBernoulli().mean(tensor([[l]])).itemSync(), mean, 2e-9, `mean(${l})`);
    });
  }
  for (const l of [1e-8, 0.01, 0.3, 5, 80]) {
    const exact = l < 1e-6 ? Math.LN2 : Math.log(l / Math.tanh(l / 2));
    close(logNormalizer(tensor([l])).itemSync(), exact, 3e-7 * Math.max(1, exact), `float32 log C(${l})`);
  }
});

test('continuous Bernoulli: λ stays in [epsilon, 1 − epsilon], so that the density of a constant pixel is bounded', () => {
  const bounded = new ContinuousBernoulli({ epsilon: 0.01 });
  const limit = Math.log(99);
  const density = (l: number, x: number): number => bounded.logProb(tensor([[l]]), tensor([[x]])).itemSync();
  for (const x of [0, 0.3, 1]) {
    close(density(-1000, x), density(-limit, x), 1e-5);
    close(density(1000, x), density(limit, x), 1e-5);
  }
  close(density(-1000, 0), Math.log(limit / (1 - 2 * 0.01)) + Math.log(0.99), 1e-5, 'log C(λ)(1 − λ)');
  close(bounded.mean(tensor([[1000]])).itemSync(), bounded.mean(tensor([[limit]])).itemSync(), 1e-6);
  for (const epsilon of [0, 0.5, Number.NaN])
    refuses(
      () => new ContinuousBernoulli({ epsilon }),
      `ContinuousBernoulli: epsilon must be a number between 0 and ½, found ${epsilon}`,
    );
});

test('continuous Bernoulli: samples have the mean and variance of the density', () => {
  const count = 40_000;
  for (const l of [-6, 0, 5e-4, 0.5, 12]) {
    const x = numbers(new ContinuousBernoulli().sample(tensor([l]).expand([count]), new Generator(2)));
    assert.ok(x.every((v) => v >= 0 && v <= 1));
    const [mean, square] = withBackend(float64, () => [integral(l, (v) => v), integral(l, (v) => v * v)]);
    const variance = (square as number) - (mean as number) ** 2;
    const found = x.reduce((sum, v) => sum + v, 0) / count;
    close(found, mean as number, 4 * Math.sqrt(variance / count), `mean of samples at ${l}`);
    const spread = x.reduce((sum, v) => sum + (v - (mean as number)) ** 2, 0) / count;
    close(spread, variance, 0.05 * variance, `variance of samples at ${l}`);
  }
});

test('categorical: the probabilities of all images add up to one, and the mean is right', () => {
  const likelihood = new Categorical({ levels: 3 });
  const grey = [0, 0.5, 1];
  const images = grey.flatMap((a) => grey.map((b) => [a, b]));
  const logits = [0.3, -1, 2, 0, -0.5, 1.5]; // [levels, pixels]
  const outputs = tensor(images.map(() => logits));
  const p = numbers(likelihood.logProb(outputs, tensor(images))).map(Math.exp);
  close(
    p.reduce((sum, x) => sum + x, 0),
    1,
    1e-6,
  );
  const first = Math.exp(0.3) / (Math.exp(0.3) + Math.exp(2) + Math.exp(-0.5));
  const second = Math.exp(1.5) / (Math.exp(-1) + Math.exp(0) + Math.exp(1.5));
  close(p[2] as number, first * second, 1e-6, 'first pixel at level 0, second at level 2');
  const mean = numbers(likelihood.mean(tensor([logits])));
  for (const pixel of [0, 1]) {
    const wanted = p.reduce((sum, w, i) => sum + w * (images[i]?.[pixel] as number), 0);
    close(mean[pixel] as number, wanted, 1e-6);
  }
});

test('categorical: the frequencies of samples match the probabilities', () => {
  const likelihood = new Categorical({ levels: 4 });
  const logits = [0.1, 1.2, -0.7, 0.4];
  const total = logits.reduce((sum, l) => sum + Math.exp(l), 0);
  const count = 20_000;
  const x = numbers(likelihood.sample(tensor([logits]).expand([count, 4]), new Generator(9)));
  const chiSquare = logits.reduce((sum, l, level) => {
    const wanted = (count * Math.exp(l)) / total;
    const found = x.filter((v) => Math.abs(v - level / 3) < 1e-6).length;
    return sum + (found - wanted) ** 2 / wanted;
  }, 0);
  assert.ok(chiSquare < 16.27, `χ² with 3 degrees of freedom: ${chiSquare}`); // 0.1%
});

test('per-pixel Gaussian: density, mean, samples and the bounds of σ', () => {
  const likelihood = new PixelGaussian({ minLogVar: -2, maxLogVar: 0 });
  const [step, mu] = [0.005, 0.3];
  for (const [logVar, bounded] of [
    [-5, -2],
    [-1, -1],
    [3, 0],
  ] as const) {
    const xs = Array.from({ length: 4001 }, (_, i) => mu + (i - 2000) * step);
    const logP = numbers(likelihood.logProb(tensor(xs.map(() => [mu, logVar])), tensor(xs.map((x) => [x]))));
    close(
      logP.reduce((sum, l) => sum + Math.exp(l) * step, 0),
      1,
      1e-4,
    );
    const peak = -0.5 * (Math.log(2 * Math.PI) + bounded);
    close(logP[2000] as number, peak, 1e-5, `peak at ${logVar}`);
    const draws = numbers(likelihood.sample(tensor([[mu, logVar]]).expand([20_000, 2]), new Generator(1)));
    const variance = draws.reduce((sum, x) => sum + (x - mu) ** 2, 0) / draws.length;
    close(variance, Math.exp(bounded), 0.05 * Math.exp(bounded));
  }
  assert.equal(numbers(likelihood.mean(tensor([[1, 2, 3, 4]]))), [1, 2], 'the first block holds the means');
});

test('Laplace: density, mean, and samples by their moments and their share beyond a distance', () => {
  const [mu, scale, step] = [0.3, 0.4, 0.002];
  const likelihood = new Laplace({ scale });
  const xs = Array.from({ length: 8001 }, (_, i) => mu + (i - 4000) * step);
  const logP = numbers(likelihood.logProb(tensor(xs.map(() => [mu])), tensor(xs.map((x) => [x]))));
  logP.forEach((found, i) => {
    close(found, -Math.abs(xs[i]! - mu) / scale - Math.log(2 * scale), 1e-4, `x ${xs[i]}`);
  });
  close(
    logP.reduce((sum, l) => sum + Math.exp(l) * step, 0),
    1,
    1e-4,
  );
  const count = 40_000;
  const draws = numbers(likelihood.sample(tensor([[mu]]).expand([count, 1]), new Generator(2)));
  const mean = draws.reduce((sum, x) => sum + x, 0) / count;
  const variance = draws.reduce((sum, x) => sum + (x - mu) ** 2, 0) / count; // 2b², with a standard error of √20·b²/√count
  close(mean, mu, (4 * Math.SQRT2 * scale) / Math.sqrt(count));
  close(variance, 2 * scale ** 2, (4 * Math.sqrt(20) * scale ** 2) / Math.sqrt(count));
  for (const distance of [0.1, 0.5, 1, 2]) {
    const share = draws.filter((x) => x - mu > distance).length / count;
    const wanted = Math.exp(-distance / scale) / 2;
    close(share, wanted, 4 * Math.sqrt(wanted / count), `beyond ${distance}`);
  }
  assert.ok(draws.every(Number.isFinite));
  close(numbers(new Laplace({ link: 'sigmoid' }).mean(tensor([[2]])))[0]!, 1 / (1 + Math.exp(-2)), 1e-6);
});

test('gradients of every log-density', () => {
  const x = withBackend(float64, () => tensor([[0, 0.5, 1]]));
  const cases: [Likelihood, number][] = [
    [new ContinuousBernoulli(), 3],
    [new PixelGaussian({ minLogVar: -9, maxLogVar: 9 }), 6],
    [new Categorical({ levels: 3 }), 9],
    [new Laplace({ scale: 0.3 }), 3],
  ];
  for (const [likelihood, outputs] of cases) {
    withBackend(float64, () => {
      const at = randn([1, outputs], { generator: new Generator(8) });
      gradcheck((o: Tensor) => likelihood.logProb(o, x).sum(), [at], { name: likelihood.kind, order: 2 });
    });
  }
  withBackend(float64, () =>
    gradcheck(
      (l: Tensor) => new ContinuousBernoulli().logProb(l, tensor([[0.2, 0.9]])).sum(),
      [tensor([[0, 1e-4]])],
    ),
  );
});

test('images outside the support are refused with their range', () => {
  const outside = tensor([[-0.5, 2]]);
  const logits = tensor([[0, 0]]);
  refuses(
    () => new ContinuousBernoulli().logProb(logits, outside),
    'bceWithLogits: targets lie in [0, 1], but range from -0.5 to 2 — divide grey values by 255',
  );
  refuses(
    () => new Categorical({ levels: 2 }).logProb(tensor([[0, 0, 0, 0]]), outside),
    'Categorical: images lie in [0, 1], but range from -0.5 to 2 — round grey values to multiples of 1/1',
  );
  refuses(
    () => new Categorical({ levels: 3 }).logProb(tensor([[0, 0, 0]]), tensor([[0.25]])),
    'Categorical: images contain 0.25, which is not one of the 3 levels — round grey values to multiples of 1/2',
  );
  refuses(
    () => new PixelGaussian().logProb(tensor([[0, 0]]), tensor([[Number.NaN]])),
    'PixelGaussian: images contain NaN — a Gaussian needs finite numbers',
  );
  refuses(
    () => new Laplace().logProb(tensor([[0]]), tensor([[Number.POSITIVE_INFINITY]])),
    'Laplace: images contain Infinity — a Laplace distribution needs finite numbers',
  );
  for (const scale of [0, -1, Number.NaN])
    refuses(() => new Laplace({ scale }), `Laplace: scale must be a number above 0, found ${scale}`);
  refuses(
    () => new Categorical({ levels: 1 }),
    'Categorical: levels must be a whole number of at least 2, found 1',
  );
  refuses(
    () => new PixelGaussian({ minLogVar: 1, maxLogVar: 0 }),
    'PixelGaussian: minLogVar 1 is above maxLogVar 0',
  );
});

test.run();
