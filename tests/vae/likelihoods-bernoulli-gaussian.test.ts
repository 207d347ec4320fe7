/** Bernoulli and Gaussian likelihoods: densities sum to one, and samples have the right moments. */
import { Generator, randn, type Tensor, tensor } from '@varigrad/core';
import { Bernoulli, Gaussian, PixelGaussian } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const numbers = (t: Tensor): number[] => Array.from(t.dataSync());
const close = (found: number, wanted: number, tolerance: number, what = ''): void =>
  assert.ok(Math.abs(found - wanted) <= tolerance, `${what} ${found} against ${wanted}`);
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** All 2⁴ images of four binary pixels. */
const IMAGES = Array.from({ length: 16 }, (_, i) => [i & 1, (i >> 1) & 1, (i >> 2) & 1, (i >> 3) & 1]);

test('Bernoulli: the probabilities of all images of four pixels add up to one', () => {
  for (const logits of [
    [0, 0, 0, 0],
    [0.3, -1, 2, 5],
    [-12, 12, 0.001, -3],
  ]) {
    const outputs = tensor(IMAGES.map(() => logits));
    const logP = new Bernoulli().logProb(outputs, tensor(IMAGES));
    assert.equal(logP.shape, [16]);
    close(sum(numbers(logP).map(Math.exp)), 1, 1e-6);
    const [nothing] = numbers(logP) as [number];
    const product = logits.reduce((p, l) => p * (1 / (1 + Math.exp(l))), 1); // p(all pixels 0)
    close(Math.exp(nothing), product, 1e-6 * product + 1e-12);
  }
});

test('Bernoulli: the mean image is the expectation over all images', () => {
  const logits = [0.3, -1, 2, 0];
  const likelihood = new Bernoulli();
  const p = numbers(likelihood.logProb(tensor(IMAGES.map(() => logits)), tensor(IMAGES))).map(Math.exp);
  const mean = numbers(likelihood.mean(tensor([logits])));
  for (let pixel = 0; pixel < 4; pixel++) {
    close(mean[pixel] as number, sum(p.map((x, i) => x * (IMAGES[i]?.[pixel] as number))), 1e-6);
  }
});

test('Gaussian: with σ = 1, −log p is half the squared error plus a constant', () => {
  const generator = new Generator(4);
  const [mu, x] = [randn([7, 5], { generator }), randn([7, 5], { generator })];
  const found = numbers(new Gaussian().logProb(mu, x).neg());
  const [m, y] = [numbers(mu), numbers(x)];
  for (let row = 0; row < 7; row++) {
    const squares = [0, 1, 2, 3, 4].map(
      (i) => ((m[5 * row + i] as number) - (y[5 * row + i] as number)) ** 2,
    );
    close(found[row] as number, 0.5 * sum(squares) + 2.5 * Math.log(2 * Math.PI), 1e-5);
  }
});

test('Gaussian: the density of a pixel integrates to one, and has the right mean and variance', () => {
  for (const sigma of [0.1, 1, 3]) {
    const [mu, step] = [0.4, sigma / 50];
    const xs = Array.from({ length: 1001 }, (_, i) => mu + (i - 500) * step); // ±10 σ
    const logP = new Gaussian({ sigma }).logProb(tensor(xs.map(() => [mu])), tensor(xs.map((x) => [x])));
    const p = numbers(logP).map((x) => Math.exp(x) * step);
    close(sum(p), 1, 1e-4);
    close(sum(p.map((w, i) => w * (xs[i] as number))), mu, 1e-4 * sigma);
    close(sum(p.map((w, i) => w * ((xs[i] as number) - mu) ** 2)), sigma ** 2, 1e-4 * sigma ** 2);
  }
});

test('Gaussian: a learned log σ is a parameter with the gradient Σ (1 − d²/σ²); a fixed one is saved, but not trained', () => {
  const fixed = new Gaussian({ sigma: 2 });
  assert.equal(fixed.parameters(), []);
  close(fixed.stateDict().logSigma?.data[0] as number, Math.log(2), 1e-6);
  const learned = new Gaussian({ sigma: 2, learned: true });
  assert.is(learned.parameters().length, 1);
  const differences = [1, -3, 0.5];
  learned
    .logProb(tensor([[0, 0, 0]]), tensor([differences]))
    .neg()
    .sum()
    .backward();
  const wanted = sum(differences.map((d) => 1 - (d * d) / 4));
  close(learned.logSigma.grad?.itemSync() as number, wanted, 1e-5);
});

test('Gaussian: with the sigmoid link the mean lies in [0, 1], for the density and for samples', () => {
  const outputs = tensor([[-2, 0.5]]);
  const means = [-2, 0.5].map((o) => 1 / (1 + Math.exp(-o)));
  const x = tensor([[0.3, 0.9]]);
  const linked = new Gaussian({ sigma: 0.2, link: 'sigmoid' });
  numbers(linked.mean(outputs)).forEach((mean, i) => {
    close(mean, means[i] as number, 1e-6);
  });
  const plain = new Gaussian({ sigma: 0.2 });
  close(linked.logProb(outputs, x).itemSync(), plain.logProb(tensor([means]), x).itemSync(), 1e-5);
  const perPixel = new PixelGaussian({ link: 'sigmoid' });
  numbers(perPixel.mean(tensor([[-2, 0.5, -1, -1]]))).forEach((mean, i) => {
    close(mean, means[i] as number, 1e-6);
  });
  const draws = [linked, plain].map((likelihood) =>
    numbers(likelihood.sample(likelihood === linked ? outputs : tensor([means]), new Generator(3))),
  );
  (draws[0] as number[]).forEach((draw, i) => {
    close(draw, draws[1]?.[i] as number, 1e-6);
  });
});

const DRAWS = 20_000;

test('Bernoulli samples have the right probabilities', () => {
  const logits = [-3, -0.5, 0, 2];
  const outputs = tensor(logits).expand([DRAWS, 4]);
  const draws = numbers(new Bernoulli().sample(outputs, new Generator(5)));
  assert.ok(draws.every((x) => x === 0 || x === 1));
  logits.forEach((logit, pixel) => {
    const p = 1 / (1 + Math.exp(-logit));
    const mean = sum(draws.filter((_, i) => i % 4 === pixel)) / DRAWS;
    close(mean, p, 5 * Math.sqrt((p * (1 - p)) / DRAWS), `logit ${logit}:`);
  });
});

test('Gaussian samples have the right mean and variance', () => {
  const sigma = 0.3;
  const outputs = tensor([0.2, 0.9]).expand([DRAWS, 2]);
  const draws = numbers(new Gaussian({ sigma }).sample(outputs, new Generator(6)));
  [0.2, 0.9].forEach((mu, pixel) => {
    const pixels = draws.filter((_, i) => i % 2 === pixel);
    close(sum(pixels) / DRAWS, mu, (5 * sigma) / Math.sqrt(DRAWS));
    const variance = sum(pixels.map((x) => (x - mu) ** 2)) / DRAWS;
    close(variance, sigma ** 2, 5 * sigma ** 2 * Math.sqrt(2 / DRAWS));
  });
});

test.run();
