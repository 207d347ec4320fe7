/** Lessons 6 to 9: their numbers compared with closed forms, plain loops, and inequalities. */
import { readFileSync } from 'node:fs';
import {
  createReference,
  Generator,
  oneHot,
  parameter,
  type Tensor,
  tensor,
  withBackend,
} from '@varigrad/core';
import { Adam, SGD } from '@varigrad/nn';
import { ConditionalVAE, Gaussian, gaussianLogProb, reparameterize, VAE } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { contours, type Point } from '../../examples/lessons/contours.js';
import {
  BOWL_START,
  bowl,
  descentPicture,
  stepsNeeded,
  turnedBowl,
  valley,
} from '../../examples/lessons/descent.js';
import {
  axisPoints,
  DIRECTIONS,
  eightImages,
  klByDimension,
  negativeElbo,
  train,
} from '../../examples/lessons/linear-gaussian.js';
import { checkNames, checkPaths, LESSONS, lessonFiles, near, nearAll, run } from '../helpers/lesson-runs.js';

type Numbers = Record<string, number>;

const exactly = <T>(f: () => T): T => withBackend(createReference(Float64Array), f);
/** Asserts a distance of at most five standard errors. The default error is the number called `…Error`. */
function nearMean(numbers: Numbers, name: string, expected: number, error = numbers[`${name}Error`]): void {
  assert.ok((error as number) > 0, `${name} has an error`);
  near(numbers[name], expected, 5 * (error as number), name);
}
/** ∫ f(z)·N(z; mean, variance) dz by the trapezoid rule. */
function expectation(f: (z: number) => number, mean: number, variance: number): number {
  const [sigma, step] = [Math.sqrt(variance), 0.01];
  let sum = 0;
  for (let e = -10; e <= 10; e += step)
    sum += (step * f(mean + sigma * e) * Math.exp(-0.5 * e * e)) / Math.sqrt(2 * Math.PI);
  return sum;
}

test('there are nine lessons, the index lists each, and all named files exist', () => {
  assert.is(lessonFiles.length, 9);
  for (const name of lessonFiles.slice(5)) checkPaths(name);
  const index = readFileSync(new URL('README.md', LESSONS), 'utf8');
  const links = Array.from(index.matchAll(/\]\(([^)]+)\)/g), (match) => match[1] as string);
  for (const link of links) readFileSync(new URL(link, LESSONS));
  for (const name of lessonFiles) assert.ok(links.includes(name), `the index has ${name}`);
});

test('functions that lessons 6 to 9 name are in the named files', () => {
  checkNames('core/src/backend/reference/update.ts', 'sgdStep', 'adamStep');
  checkNames('vae/src/distributions/gaussian.ts', 'reparameterize', 'gaussianLogProb');
  checkNames('vae/src/models/vae.ts', 'imageTerms');
  checkNames('vae/src/elbo.ts', 'logWeights', 'importanceWeightedBound');
});

/** Number of steps until ½(x² + 25y²) is below 0.001, for p ← p − η·b with b ← μb + gradient, in plain arithmetic. */
function stepsOnTheBowl(rate: number, momentum: number, nesterov = false): number {
  let [[x, y], [bx, by]] = [[...BOWL_START], [0, 0]] as [[number, number], [number, number]];
  for (let step = 0; step < 1000; step++) {
    if (0.5 * (x * x + 25 * y * y) < 1e-3) return step;
    [bx, by] = [momentum * bx + x, momentum * by + 25 * y];
    x -= rate * (nesterov ? x + momentum * bx : bx);
    y -= rate * (nesterov ? 25 * y + momentum * by : by);
  }
  return Number.POSITIVE_INFINITY;
}

test('lesson 6: SGD, momentum and the pendulum by formula', async () => {
  const { numbers } = await run(6);
  assert.ok((numbers.sgdAgainstFormula as number) < 1e-10);
  near(numbers.sgdX10, -8 * (12 / 13) ** 10, 1e-12, 'x');
  near(numbers.sgdY10, 2 * (12 / 13) ** 10, 1e-12, 'y');
  near(numbers.divergedY, 2 * 1.025 ** 100, 1e-9, 'y above the limit');
  assert.is(numbers.sgdSteps, stepsOnTheBowl(2 / 26, 0));
  assert.ok((numbers.momentumAgainstFormula as number) < 1e-12);
  assert.is(numbers.momentumSteps, stepsOnTheBowl(1 / 9, 4 / 9));
  let [before, x] = [-8, -8 + 8 / 9];
  for (let t = 1; t < 20; t++) [before, x] = [x, (1 + 4 / 9 - 1 / 9) * x - (4 / 9) * before];
  near(numbers.momentumX20, x, 1e-12, 'the rule without b');

  assert.ok((numbers.pendulumAgainstFormula as number) < 1e-10);
  // For xₜ₊₁ = (2 − η)xₜ − xₜ₋₁, I = xₜ² + xₜ₋₁² − (2 − η)xₜxₜ₋₁ is invariant, so amplitude² = I/(1 − (1 − η/2)²).
  const [first, second] = [-8, -8 * (1 - 0.07)];
  const invariant = first ** 2 + second ** 2 - (2 - 0.07) * first * second;
  const amplitude = Math.sqrt(invariant / (1 - (1 - 0.07 / 2) ** 2));
  near(numbers.pendulumLargest, amplitude, 0.01 * amplitude, 'amplitude');

  for (const [name, slope] of [
    ['Small', 1e-3],
    ['Large', 1e3],
    ['Negative', -1e6],
    ['AtEpsilon', 1e-8],
  ] as const)
    near(numbers[`adamStep${name}`], (-0.1 * slope) / (Math.abs(slope) + 1e-8), 1e-12, `first step: ${name}`);
  const lengths = Array.from(
    { length: 2000 },
    (_, i) => (1 - 0.9 ** (i + 1)) / Math.sqrt(1 - 0.999 ** (i + 1)),
  );
  assert.ok((numbers.adamAgainstArithmetic as number) < 1e-9);
  near(numbers.uncorrectedFirst, Math.sqrt(10), 1e-6, '0.1/√0.001');
  near(numbers.uncorrectedPeak, Math.max(...lengths), 1e-5, 'longest step');
  assert.is(numbers.uncorrectedPeakStep, lengths.indexOf(Math.max(...lengths)) + 1);
  assert.is(numbers.uncorrectedTooLong, lengths.filter((length) => length > 2).length);

  assert.ok((numbers.sgdTurned as number) < 1e-9 && (numbers.momentumTurned as number) < 1e-9, 'no axes');
  assert.ok((numbers.adamTurned as number) > 0.5, 'axes');
  assert.ok((numbers.adamScaled as number) < 1e-6, 'no scale');
  assert.ok((numbers.sgdScaled as number) > 1e100, 'scale');
  assert.ok((numbers.adamWorks as number) > (numbers.sgdWorks as number), 'Adam works at more rates');
  near(numbers.decaySgd, 5 * (1 - 0.001), 1e-12, 'SGD with decay');
  near(numbers.decayAdam, 4.9, 1e-6, 'Adam with decay');
  near(numbers.decayAdamW, 5 * (1 - 0.001), 1e-12, 'AdamW');

  let [constant, falling] = [0, 0];
  for (let t = 0; t < 50; t++) {
    const rate = 0.25 * (1 + Math.cos((Math.PI * t) / 50));
    [constant, falling] = [0.25 * constant + 0.25, (1 - rate) ** 2 * falling + rate ** 2];
  }
  const relativeError = Math.sqrt(2 / 20_000);
  nearMean(numbers, 'varianceConstant', constant, relativeError * constant);
  nearMean(numbers, 'varianceFalling', falling, relativeError * falling);
});

test('lesson 6: contour lines have the right heights, and the picture in the index is up to date', async () => {
  const area = { x: [-2, 2], y: [-2, 2], levels: [0.5, 5] } as const;
  for (const surface of [bowl, turnedBowl, valley]) {
    const heights = (points: readonly Point[]): ArrayLike<number> =>
      exactly(() => surface(tensor(points.map(([x, y]) => [x, y]))).dataSync());
    contours({ heights, ...area }).forEach((lines, i) => {
      const level = area.levels[i] as number;
      assert.ok(lines.length >= 1, 'a line');
      for (const height of Array.from(heights(lines.flat()))) near(height, level, 0.12, 'height on a line');
    });
  }
  const ellipse = contours({
    heights: (points) => points.map(([x, y]) => x * x + 4 * y * y),
    ...area,
    levels: [1],
  });
  const [line] = ellipse[0] as [Point[]];
  assert.is(ellipse[0]?.length, 1);
  assert.equal(line[0], line.at(-1), 'closed');
  const area2 = line.reduce((sum, [x, y], i) => {
    const [nx, ny] = line[(i + 1) % line.length] as Point;
    return sum + x * ny - nx * y;
  }, 0);
  near(Math.abs(area2) / 2, Math.PI / 2, 0.01, 'area of the ellipse');
  assert.is(readFileSync(new URL('images/optimizers.svg', LESSONS), 'utf8'), exactly(descentPicture));
});

test('lesson 7: means, variances and their growth by closed forms and quadrature', async () => {
  const { numbers } = await run(7);
  const variance = 0.25;
  const score = (z: number): number => (z - 2) / variance;
  /** Variance of (f + rest)·score, where `rest` has the given mean and second moment. */
  const scoreVariance = (f: (z: number) => number, rest = 0, restSquare = 0): number =>
    expectation((z) => (f(z) ** 2 + 2 * f(z) * rest + restSquare) * score(z) ** 2, 2, variance) - 16;
  assert.is(numbers.blockedIsDetached, 1);
  nearMean(numbers, 'scoreMean', 4);
  nearMean(numbers, 'pathMean', 4);
  nearMean(
    numbers,
    'scoreVariance',
    scoreVariance((z) => z * z),
  );
  near(
    numbers.scoreVarianceFormula,
    scoreVariance((z) => z * z),
    1e-6,
    'formula',
  );
  nearMean(numbers, 'pathVariance', 4 * variance);
  nearMean(
    numbers,
    'baselineMeanVariance',
    scoreVariance((z) => z * z - 4.25),
    numbers.baselineMeanError,
  );
  nearMean(
    numbers,
    'baselineBestVariance',
    scoreVariance((z) => z * z - 4.75),
    numbers.baselineBestError,
  );
  for (const b of [4.6, 4.9])
    assert.ok(scoreVariance((z) => z * z - b) > scoreVariance((z) => z * z - 4.75), 'the best baseline');
  for (const d of [1, 10, 100]) {
    const mean = (d - 1) * 4.25;
    const spread = expectation((z) => z ** 4, 2, variance) - 4.25 ** 2; // variance of one z²
    const expected = scoreVariance((z) => z * z, mean, mean ** 2 + (d - 1) * spread);
    near(numbers[`score${d}Formula`], expected, 1e-9 * expected, `formula for ${d} dimensions`);
    nearMean(numbers, `score${d}`, expected);
  }
  assert.is(numbers.stepHasNoSlope, 1);
  nearMean(numbers, 'stepScore', Math.exp(-0.5 * 0.6 ** 2) / (0.5 * Math.sqrt(2 * Math.PI)));
  assert.ok((numbers.softVarianceRatio as number) > 50, 'a narrow sigmoid has a noisy gradient');
  near(numbers.trickMu, 2, 0.01, 'μ with the trick');
  near(numbers.trickVariance, 1 / 3, 0.01, 'σ² with the trick');
  near(numbers.blockedMu, 0, 1e-6, 'μ of the prior');
  near(numbers.blockedVariance, 1, 1e-6, 'σ² of the prior');
  const relativeError = 1 / Math.sqrt(2 * 100_000);
  nearMean(numbers, 'spreadRight', Math.exp(-1), relativeError * Math.exp(-1));
  nearMean(numbers, 'spreadNoHalf', Math.exp(-2), relativeError * Math.exp(-2));
  nearMean(numbers, 'spreadNoExp', 2, relativeError * 2);
});

const LOG_2_PI = Math.log(2 * Math.PI);
let eighth: ReturnType<typeof run> | undefined;
/** Lesson 8 runs once for two tests. */
const lesson8 = (): ReturnType<typeof run> => {
  eighth ??= run(8);
  return eighth;
};
/** −log p of a Gaussian with the variances `modelled` along four axes, for data with the variances `actual`. */
const gaussianNll = (modelled: readonly number[], actual: readonly number[]): number =>
  0.5 * modelled.reduce((sum, v, i) => sum + LOG_2_PI + Math.log(v) + (actual[i] as number) / v, 0);

test('lesson 8: evidence, bound and gap in the one-dimensional model', async () => {
  const { numbers } = await lesson8();
  const evidence = Math.log(expectation((z) => Math.exp(-0.5 * (3 - 2 * z) ** 2), 0, 1)) - 0.5 * LOG_2_PI;
  near(evidence, -0.5 * (Math.log(10 * Math.PI) + 9 / 5), 1e-9, 'N(3; 0, 5)');
  assert.ok((numbers.sumError as number) < 1e-12, 'ELBO + KL = log p(x)');
  const choices = [
    [0, 1],
    [1.2, 0.2],
    [0.6, 0.2],
    [1.2, 0.02],
    [1.2, 1],
  ] as const;
  choices.forEach(([m, v], i) => {
    const logJoint = (z: number): number => -0.5 * ((3 - 2 * z) ** 2 + z * z) - LOG_2_PI;
    const entropy = 0.5 * (LOG_2_PI + 1 + Math.log(v));
    near(numbers[`elbo${i}`], expectation(logJoint, m, v) + entropy, 1e-9, `ELBO of q ${i}`);
    assert.ok((numbers[`elbo${i}`] as number) <= evidence + 1e-12, 'a bound');
  });
  const square = expectation((z) => Math.exp(-((3 - 2 * z) ** 2)) / (2 * Math.PI), 0, 1);
  near(numbers.priorMomentExact, square / Math.exp(2 * evidence), 1e-9, 'second moment');
  near(numbers.priorEstimate, evidence, 5 * Math.sqrt(2.71 / 1e5), 'mean over the prior');
  nearMean(numbers, 'iwae1', numbers.elbo0 as number);
  nearMean(numbers, 'iwae1000', evidence - 2.709 / 2000);
  for (const [few, more] of [
    ['iwae1', 'iwae10'],
    ['iwae10', 'iwae100'],
  ] as const)
    assert.ok((numbers[few] as number) < (numbers[more] as number), 'more samples, a higher bound');
  near(numbers.encoderSlope, 0.4, 1e-4, 'slope of the posterior mean');
  near(numbers.encoderVariance, 0.2, 1e-3, 'posterior variance');
  assert.ok(Math.abs(numbers.encoderGap as number) < 1e-5, 'no gap');
});

test('lesson 8: linear models reach probabilistic PCA, and the expected dimensions collapse', async () => {
  const { numbers } = await lesson8();
  const actual = [5, 2, 0.6, 0.4];
  near(numbers.ppcaLoss, gaussianNll([5, 2, 0.5, 0.5], actual), 1e-6, 'the maximum of the likelihood');
  near(numbers.ppcaSigma2, 0.5, 1e-4, 'σ²');
  near(numbers.ppcaFirst, 4.5, 1e-3, 'first direction');
  near(numbers.ppcaSecond, 1.5, 1e-3, 'second direction');
  near(numbers.ppcaDot, 0, 1e-3, 'orthogonal columns');
  near(numbers.collapseLoss, gaussianNll([5, 2, 1, 1], actual), 1e-6, 'the best with σ = 1');
  const kls = (name: string): (number | undefined)[] => [0, 1, 2, 3].map((i) => numbers[`${name}${i}`]);
  nearAll(kls('kl'), [0.5 * Math.log(5), 0.5 * Math.log(2), 0, 0], 1e-3, 'KL');
  nearAll(kls('meanKl'), [0.5 * Math.log(5 / 4), 0, 0, 0], 1e-3, 'KL with the mean');
  // β = 4: w² = 5 − 4, s² = 4/5, mu = x/5, so E(x − wz)² = 5·(4/5)² + 4/5 = 4
  const recon = 0.5 * (4 * LOG_2_PI + 4 + 2 + 0.6 + 0.4);
  near(
    numbers.meanLoss,
    recon + 0.5 * Math.log(5 / 4),
    1e-3,
    'true bound of the model trained with the mean',
  );
  near(numbers.gaussianConstant, 392 * LOG_2_PI, 1e-9, '784·½·log 2π');
});

test('lesson 9: two classes by formula; the label in z, and the bounds, by inequalities', async () => {
  const { numbers } = await run(9);
  const styles = 0.5 * Math.log(2);
  near(numbers.VAEKl0, 0.5 * Math.log(5), 1e-3, 'VAE: class direction');
  near(numbers.VAEKl1, styles, 1e-3, 'VAE: style');
  near(numbers.CVAEKl0, styles, 1e-3, 'CVAE: style');
  near(numbers.CVAEKl1, 0, 1e-3, 'CVAE: no other dimension');
  near(numbers.VAELoss, gaussianNll([5, 2, 1, 1], [5, 2, 0.6, 0.4]), 1e-4, 'VAE: tight');
  near(numbers.CVAELoss, gaussianNll([1, 2, 1, 1], [0.5, 2, 0.6, 0.4]), 1e-4, 'CVAE: tight');
  near(numbers.VAEShare, 0.9, 1e-3, 'VAE: share of the class');
  near(numbers.CVAEShare, 0, 1e-3, 'CVAE: share of the class');
  near(numbers.saved, 0.5 * (Math.log(5) + 0.5), 1e-3, 'saved');

  for (const name of ['VAE', 'CVAE']) {
    const information = numbers[`${name}Information`] as number;
    assert.ok(information <= Math.log(10), 'at most the entropy of the label');
    assert.ok(information <= (numbers[`${name}Kl`] as number), 'I(z; y) ≤ I(z; x, y) ≤ KL');
  }
  assert.ok((numbers.VAEAccuracy as number) > 0.35, `the VAE's z contains the class: ${numbers.VAEAccuracy}`);
  assert.ok((numbers.CVAEAccuracy as number) < 0.3, `the CVAE's z does not: ${numbers.CVAEAccuracy}`);
  assert.ok((numbers.CVAEInformation as number) < 0.5 * (numbers.VAEInformation as number));
  assert.ok(
    (numbers.readerAccuracy as number) > 0.75,
    `accuracy of the classifier: ${numbers.readerAccuracy}`,
  );
  assert.ok((numbers.priorAccuracy as number) > 0.97, `classified as requested: ${numbers.priorAccuracy}`);
  assert.ok((numbers.transferAccuracy as number) > 0.97, `style transfer: ${numbers.transferAccuracy}`);

  near((numbers.jointNll as number) - (numbers.givenNll as number), Math.log(10), 1e-4, 'log p(y)');
  assert.ok(
    (numbers.marginalNll as number) < (numbers.jointNll as number),
    'a sum is more than one of its terms',
  );
  assert.ok((numbers.marginalNll as number) < (numbers.plainNll as number), 'the better model of images');
  assert.ok((numbers.bayesAccuracy as number) > 0.75, `Bayes: ${numbers.bayesAccuracy}`);
  assert.is(numbers.numbersRefused, 1);
  assert.is(numbers.forgottenRefused, 1);
});

test('the answers of lesson 6 are correct', () => {
  const sgd = (learningRate: number, momentum: number, nesterov: boolean) => (p: Tensor[]) =>
    new SGD(p, { learningRate, momentum, nesterov });
  exactly(() => {
    assert.is(stepsNeeded(bowl, [-8, 0], sgd(1, 0, false)), 1);
    assert.is(stepsNeeded(bowl, [0, 2], sgd(1 / 25, 0, false)), 1);
    assert.is(stepsNeeded(bowl, BOWL_START, sgd(1 / 9, 4 / 9, true)), null);
    assert.is(stepsNeeded(bowl, BOWL_START, sgd(1 / 25, 0.7, true)), 24);
    assert.is(stepsNeeded(bowl, BOWL_START, sgd(1 / 25, 0.7, false)), 34);
    assert.is(stepsOnTheBowl(1 / 25, 0.7, true), 24);
    assert.is(stepsOnTheBowl(1 / 25, 0.7), 34);
    const p = parameter(tensor([0]));
    const optimizer = new Adam([p], { learningRate: 1 });
    const places = [1, -1].map((slope) => {
      optimizer.zeroGrad();
      p.mul(slope).sum().backward();
      optimizer.step();
      return p.itemSync();
    });
    near((places[1] as number) - (places[0] as number), 0.0526, 1e-4, 'second step');
  });
});

test('the answers of lesson 7 are correct', () => {
  near(expectation((z) => (z * (z - 2)) ** 2 / 0.25 ** 2, 2, 0.25) - 1, 18, 1e-9, 'score function of f = z');
  // from the moments of ε: both estimators of ∂/∂log σ² have the mean σ²
  const sigma = 0.5;
  near(
    expectation((e) => 2 * (2 + sigma * e) * 0.5 * sigma * e, 0, 1),
    0.25,
    1e-9,
    'path',
  );
  near(
    expectation((e) => (2 + sigma * e) ** 2 * 0.5 * (e * e - 1), 0, 1),
    0.25,
    1e-9,
    'score function',
  );
  exactly(() => {
    const q = { mu: tensor([[2], [2]]), logVar: parameter(tensor([[1], [1]]).mul(2 * Math.log(sigma))) };
    const z = reparameterize(q, { eps: tensor([[0.7], [-0.7]]) });
    near(z.mul(2).mean().itemSync(), 4, 1e-12, 'a pair has no variance');
    gaussianLogProb(z.detach(), q.mu, q.logVar).sum().backward();
    near(q.logVar.grad?.mean().itemSync(), 0.5 * (0.7 ** 2 - 1), 1e-12, '∂ log q/∂ log σ²');
  });
});

test('the answers of lessons 8 and 9 are correct', () => {
  exactly(() => {
    const evidence = -0.5 * (Math.log(10 * Math.PI) + 9 / 5);
    for (const m of [0, 2]) {
      const elbo = expectation((z) => -0.5 * ((3 - 2 * z) ** 2 + z * z), m, 0.2) - 0.5 * LOG_2_PI;
      near(elbo + 0.5 * (1 + Math.log(0.2)), evidence - 2.5 * (m - 1.2) ** 2, 1e-9, '8a');
    }
    const linear = (latent: number, likelihood: Gaussian) => ({
      inputSize: 4,
      hidden: [],
      latent,
      samples: 2 * latent,
      likelihood,
      generator: new Generator(2),
    });
    const x = tensor(eightImages([5, 2, 0.6, 0.4]));
    const wide = new VAE(linear(4, new Gaussian({ sigma: 1.5 })));
    train(wide, wide.parameters(), x, 1000);
    nearAll(klByDimension(wide, x), [0.5 * Math.log(5 / 2.25), 0, 0, 0], 2e-3, '8b');
    const learned = new Gaussian({ learned: true });
    const narrow = new VAE(linear(1, learned));
    train(narrow, narrow.parameters(), x, 1000);
    near(learned.logSigma.itemSync(), 0, 1e-3, '8c: σ');
    near(negativeElbo(narrow, x), 6.4805, 1e-3, '8c: loss');

    const labels = oneHot(
      [0, 1].flatMap((y) => Array<number>(8).fill(y)),
      2,
    );
    const moved = (shift: number, axis: 0 | 1): Tensor =>
      tensor(
        [-shift, shift].flatMap((s) =>
          eightImages([0.5, 2, 0.6, 0.4]).map((image) =>
            image.map((pixel, i) => pixel + s * (DIRECTIONS[axis][i] as number)),
          ),
        ),
      );
    const kls = (images: Tensor): number[] => {
      const model = new VAE(linear(2, new Gaussian({ sigma: 1 })));
      train(model, model.parameters(), images, 1000);
      return klByDimension(model, images);
    };
    nearAll(kls(moved(3, 0)), [0.5 * Math.log(9.5), 0.5 * Math.log(2)], 1e-3, '9a');
    const second = moved(Math.sqrt(4.5), 1);
    nearAll(kls(second), [0.5 * Math.log(6.5), 0], 1e-3, '9b: VAE');
    const conditional = new ConditionalVAE({ ...linear(2, new Gaussian({ sigma: 1 })), classes: 2 });
    train(conditional, conditional.parameters(), second, 1000, { labels });
    nearAll(klByDimension(conditional, second, labels), [0.5 * Math.log(2), 0], 1e-3, '9b: CVAE');
    const saved =
      gaussianNll([1, 6.5, 1, 1], [0.5, 6.5, 0.6, 0.4]) - negativeElbo(conditional, second, labels);
    near(saved, 0.5 * Math.log(3.25), 1e-3, '9b: saved');
  });
});

test('axis points have the moments of N(0, I), up to the third', () => {
  for (const d of [1, 2, 4]) {
    const points = exactly(() => axisPoints(d, 1).reshape([2 * d, d]));
    const values = Array.from(points.dataSync());
    const mean = (f: (row: number[]) => number): number =>
      Array.from({ length: 2 * d }, (_, k) => f(values.slice(k * d, (k + 1) * d))).reduce((a, b) => a + b) /
      (2 * d);
    for (let i = 0; i < d; i++) {
      near(
        mean((row) => row[i] as number),
        0,
        1e-12,
        'mean',
      );
      for (let j = 0; j < d; j++) {
        near(
          mean((row) => (row[i] as number) * (row[j] as number)),
          Number(i === j),
          1e-12,
          'covariance',
        );
        near(
          mean((row) => (row[i] as number) ** 2 * (row[j] as number)),
          0,
          1e-12,
          'third',
        );
      }
    }
  }
});

test.run();
