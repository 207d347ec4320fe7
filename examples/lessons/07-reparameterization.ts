/**
 * Lesson 7: the reparameterization trick.
 *
 * Question: z is drawn at random from N(μ, σ²), and a loss f(z) is computed from it. How can the loss have a derivative with respect to μ,
 * when μ only affects which numbers are likely?
 *
 * npm run lesson -- 7
 */
import {
  createReference,
  Generator,
  parameter,
  randn,
  type Tensor,
  tensor,
  withBackend,
} from '@varigrad/core';
import { whyNoGrad } from '@varigrad/core/trace';
import { klStandardNormal, SGD } from '@varigrad/nn';
import { gaussianLogProb, normalCdf, reparameterize } from '@varigrad/vae';
import { type Numbers, type Print, prose, runLesson, table } from './run.js';

/** Prints the text and returns the numbers that the tests check. */
export async function lesson(print: Print): Promise<Numbers> {
  print('LESSON 7 — THE REPARAMETERIZATION TRICK\n');
  return withBackend(createReference(Float64Array), () => ({
    ...blocked(print),
    ...twoEstimators(print),
    ...baseline(print),
    ...dimensions(print),
    ...stepFunction(print),
    ...whatItCosts(print),
    ...wrongSigma(print),
  }));
}

const DRAWS = 100_000;
const MU = 2;
const SIGMA = 0.5;

/** Mean and variance of many samples, each with its standard error. */
interface Statistics {
  mean: number;
  meanError: number;
  variance: number;
  varianceError: number;
}

function statistics(draws: Tensor): Statistics {
  const n = draws.size;
  const mean = draws.mean().itemSync();
  const squares = draws.sub(mean).square();
  const variance = squares.sum().itemSync() / (n - 1);
  const fourth = squares.square().mean().itemSync();
  return {
    mean,
    meanError: Math.sqrt(variance / n),
    variance,
    varianceError: Math.sqrt((fourth - variance ** 2) / n),
  };
}

const plusMinus = (value: number, error: number): string => {
  const digits = Math.max(0, 1 - Math.floor(Math.log10(error)));
  return `${value.toFixed(digits)} ± ${error.toFixed(digits)}`;
};

/** μ and log σ² as parameters, one copy per sample, so that one backward gives a separate gradient for every sample. */
function copies(count: number, mu = MU): { mu: Tensor; logVar: Tensor } {
  const filled = (value: number) =>
    parameter(tensor(new Float64Array(count).fill(value), { shape: [count, 1] }));
  return { mu: filled(mu), logVar: filled(2 * Math.log(SIGMA)) };
}

const gradOf = (t: Tensor): Tensor => t.grad as Tensor;

/** ∂/∂μ of f(z), one per sample: through z = μ + σε. */
function pathwise(f: (z: Tensor) => Tensor, eps: Tensor, mu = MU): Tensor {
  const q = copies(eps.size, mu);
  f(reparameterize(q, { eps })).sum().backward();
  return gradOf(q.mu);
}

/** f(z)·∂ log q(z)/∂μ, one per sample: z is a constant, and only its probability depends on μ. */
function scoreFunction(f: (z: Tensor) => Tensor, eps: Tensor, mu = MU): Tensor {
  const q = copies(eps.size, mu);
  const z = reparameterize(q, { eps }).detach();
  f(z)
    .reshape([eps.size])
    .mul(gaussianLogProb(z, q.mu, q.logVar))
    .sum()
    .backward();
  return gradOf(q.mu);
}

/** What happens if z is just drawn, and backward is called. */
function blocked(print: Print): Numbers {
  const mu = parameter(tensor([[MU]])).named('mu');
  const logVar = parameter(tensor([[2 * Math.log(SIGMA)]])).named('logVar');
  const generator = new Generator(7);
  const loss = (): Tensor => {
    const z = reparameterize({ mu, logVar }, { generator }).detach();
    return z.square().sum();
  };
  const { reason, message } = whyNoGrad(mu, loss);
  print(prose`
    1. A random number is a constant

    Take f(z) = z² and z from N(μ, σ²), with μ = ${MU} and σ = ${SIGMA}. The mean of f is μ² + σ² = ${MU ** 2 + SIGMA ** 2}, so it has derivatives: 2μ = ${2 * MU} with
    respect to μ, and 2σ = ${2 * SIGMA} with respect to σ. Now draw a z, such as 2.31, compute its square, 5.34, and call backward. Predict μ's gradient.

    There is none, and the library explains why (a random generator that returns plain numbers has the same effect as detach here):

      ${message}

    The square depends on z. But the number 2.31 has no record of μ. There are two solutions: differentiate the
    probability of 2.31, or write the sampling itself as a formula.
  `);
  return { blockedIsDetached: Number(reason === 'detached') };
}

function twoEstimators(print: Print): Numbers {
  const eps = randn([DRAWS, 1], { generator: new Generator(1) });
  const square = (z: Tensor): Tensor => z.square();
  const path = statistics(pathwise(square, eps));
  const score = statistics(scoreFunction(square, eps));
  const [m2, s2] = [MU ** 2, SIGMA ** 2];
  const scoreVariance = (m2 ** 2 + 18 * m2 * s2 + 15 * s2 ** 2) / s2 - 4 * m2;
  print(prose`

    2. Two estimators of the same number

    Score function (REINFORCE): differentiate the probability. ∂/∂μ ∫ q(z)·f(z) dz = ∫ q·(∂ log q/∂μ)·f dz, which is again a mean. For the
    Gaussian, each sample gives f(z)·(z − μ)/σ²: "move towards the samples with a large f".

    Pathwise: z = μ + σ·ε, with ε from N(0, 1), has the same distribution, but now the random number does not depend on μ, and z is a function of μ.
    Each sample gives f′(z)·∂z/∂μ = 2z: "move each sample downhill".

    Both have the right mean, ${2 * MU}. Predict which has the larger variance, and by how much. ${DRAWS.toLocaleString('en')} samples, with the same ε for both:
  `);
  print(
    table([
      ['', 'mean', 'variance', 'variance by formula'],
      [
        'score function',
        plusMinus(score.mean, score.meanError),
        plusMinus(score.variance, score.varianceError),
        `${scoreVariance}`,
      ],
      [
        'pathwise',
        plusMinus(path.mean, path.meanError),
        plusMinus(path.variance, path.varianceError),
        `${4 * s2}`,
      ],
    ]),
  );
  print(prose`

    The formulas: 4σ² for 2z, and (μ⁴ + 18μ²σ² + 15σ⁴)/σ² − 4μ² for the other, from the moments 1, 3, 15 of ε², ε⁴, ε⁶. The score
    function needs ${(scoreVariance / (4 * s2)).toFixed(0)} samples for each sample of the pathwise estimator. It does not use the slope of f and must compare
    heights instead, while f′ gives the slope at a single point. As σ → 0, its variance grows like μ⁴/σ², without limit. The pathwise variance goes to 0.
  `);
  return {
    scoreMean: score.mean,
    scoreMeanError: score.meanError,
    scoreVariance: score.variance,
    scoreVarianceFormula: scoreVariance,
    scoreVarianceError: score.varianceError,
    pathMean: path.mean,
    pathMeanError: path.meanError,
    pathVariance: path.variance,
    pathVarianceError: path.varianceError,
  };
}

/** The usual way to reduce the variance of the score function. */
function baseline(print: Print): Numbers {
  const eps = randn([DRAWS, 1], { generator: new Generator(2) });
  const shifted = (b: number): Statistics => statistics(scoreFunction((z) => z.square().sub(b), eps));
  const mean = MU ** 2 + SIGMA ** 2;
  const best = MU ** 2 + 3 * SIGMA ** 2;
  const rows = [0, mean, best, 100].map((b) => [b, shifted(b)] as const);
  print(prose`

    3. Aside: a baseline

    The mean of (z − μ)/σ² is 0, so any constant b may be subtracted from f without changing the mean: (f(z) − b)·(z − μ)/σ². Two good
    choices are the mean of f, ${mean}, and the optimum E[f·s²]/E[s²] = μ² + 3σ² = ${best} with s = (z − μ)/σ².
  `);
  print(
    table([
      ['b', 'mean', 'variance'],
      ...rows.map(([b, s]) => [b, plusMinus(s.mean, s.meanError), plusMinus(s.variance, s.varianceError)]),
    ]),
  );
  print(prose`

    This is still ${((rows[2] as (typeof rows)[2])[1].variance).toFixed(0)} times the pathwise variance of 1. The score function needs a baseline, but a baseline does not replace the derivative of f.
  `);
  const [, meanRow, bestRow] = rows as [(typeof rows)[0], (typeof rows)[0], (typeof rows)[0]];
  return {
    baselineMeanVariance: meanRow[1].variance,
    baselineMeanError: meanRow[1].varianceError,
    baselineBestVariance: bestRow[1].variance,
    baselineBestError: bestRow[1].varianceError,
  };
}

/** Variance of the score-function gradient of μ₁, for f = Σ zⱼ² over d dimensions. */
function scoreVarianceIn(d: number): number {
  const [m2, s2] = [MU ** 2, SIGMA ** 2];
  const rest = (d - 1) * (m2 + s2); // mean of the other terms' sum, and its variance
  const restVariance = (d - 1) * (4 * m2 * s2 + 2 * s2 ** 2);
  const own = (m2 ** 2 + 18 * m2 * s2 + 15 * s2 ** 2) / s2; // E[z₁⁴s²], then 2·E[z₁²s²]·rest and E[s²]·E[rest²]
  return own + (2 * rest * (m2 + 3 * s2)) / s2 + (restVariance + rest ** 2) / s2 - 4 * m2;
}

function dimensions(print: Print): Numbers {
  const draws = 10_000;
  const measured = [1, 10, 100].map((d) => {
    const eps = randn([draws, d], { generator: new Generator(BigInt(d)) });
    const z = eps.mul(SIGMA).add(MU);
    const score = eps.div(SIGMA).slice(0, 1, { axis: 1 }); // (z₁ − μ)/σ²
    const perDraw = z.square().sum({ axis: 1, keepDims: true }).mul(score);
    return [d, statistics(perDraw), scoreVarianceIn(d)] as const;
  });
  print(prose`

    4. Many dimensions

    A VAE's z has 20 dimensions, and its loss hundreds of terms. Let f = Σ zⱼ² over d dimensions. The pathwise gradient of μ₁ is 2z₁, whatever the other dimensions are:
    its variance is ${4 * SIGMA ** 2}. The score function multiplies (z₁ − μ)/σ² by the whole f, so that all other terms are noise:
  `);
  print(
    table([
      ['d', 'variance, measured', 'by formula'],
      ...measured.map(([d, s, formula]) => [
        d,
        plusMinus(s.variance, s.varianceError),
        String(Number(formula.toPrecision(6))),
      ]),
    ]),
  );
  print(prose`

    It grows as d². This is why VAEs use the reparameterization trick, and why training with the score function needs a good baseline and patience.
  `);
  return Object.fromEntries(
    measured.flatMap(([d, s, formula]) => [
      [`score${d}`, s.variance],
      [`score${d}Error`, s.varianceError],
      [`score${d}Formula`, formula],
    ]),
  );
}

/** A function without a slope. */
function stepFunction(print: Print): Numbers {
  const mu = 0.3;
  const eps = randn([DRAWS, 1], { generator: new Generator(3) });
  const isPositive = (z: Tensor): Tensor => z.gt(0);
  const score = statistics(scoreFunction(isPositive, eps, mu));
  const soft = (width: number): Statistics => statistics(pathwise((z) => z.div(width).sigmoid(), eps, mu));
  const density = Math.exp(-0.5 * (mu / SIGMA) ** 2) / (SIGMA * Math.sqrt(2 * Math.PI));
  const widths = [0.3, 0.1, 0.01].map((width) => [width, soft(width)] as const);
  const place = parameter(tensor([[mu]])).named('mu');
  const why = whyNoGrad(place, () => isPositive(place.add(eps.slice(0, 1))).sum());
  print(prose`

    5. Where the trick does not work

    f(z) = 1 if z > 0, else 0. Its mean is Φ(μ/σ), with the derivative φ(μ/σ)/σ: for μ = ${mu} and σ = ${SIGMA}, ${normalCdf(mu / SIGMA).toFixed(4)} and ${density.toFixed(4)}. Predict
    the pathwise gradient. The slope of a step is 0 on both sides, so the gradient is 0 for every sample. The library throws an error instead of returning
    0:

      ${why.message}

    The score function does not need the slope of f: its mean is ${plusMinus(score.mean, score.meanError)}, and by formula ${density.toFixed(4)}.

    A common remedy is a soft step, sigmoid(z/width). It has a pathwise gradient, whose bias falls and whose variance grows as the width
    shrinks. Discrete codes are trained in this way (Gumbel-softmax):
  `);
  print(
    table([
      ['width', 'mean of the pathwise gradient', 'variance'],
      ...widths.map(([width, s]) => [
        width,
        plusMinus(s.mean, s.meanError),
        plusMinus(s.variance, s.varianceError),
      ]),
    ]),
  );
  return {
    stepHasNoSlope: Number(why.reason === 'notDifferentiable'),
    stepScore: score.mean,
    stepScoreError: score.meanError,
    softVarianceRatio:
      (widths[2] as (typeof widths)[2])[1].variance / (widths[0] as (typeof widths)[0])[1].variance,
  };
}

/** Minimises E[(z − 3)²] + KL(q ‖ N(0, 1)) by SGD with 100 samples per step; returns μ and σ². */
function fitPosterior(isBlocked: boolean): { mu: number; variance: number } {
  const mu = parameter(tensor([[0.5]]));
  const logVar = parameter(tensor([[-1]]));
  const optimizer = new SGD([mu, logVar], { learningRate: 0.05 });
  const generator = new Generator(4);
  const average = { mu: 0, variance: 0 };
  for (let step = 1; step <= 1000; step++) {
    const half = randn([50, 1], { generator });
    const eps = tensor([...half.dataSync(), ...half.neg().dataSync()], { shape: [100, 1] });
    const z = reparameterize({ mu, logVar }, { eps });
    const error = (isBlocked ? z.detach() : z).sub(3).square().mean();
    optimizer.zeroGrad();
    error.add(klStandardNormal(mu, logVar)).backward();
    optimizer.step();
    if (step > 500) {
      average.mu += mu.itemSync() / 500;
      average.variance += Math.exp(logVar.itemSync()) / 500;
    }
  }
  return average;
}

function whatItCosts(print: Print): Numbers {
  const right = fitPosterior(false);
  const wrong = fitPosterior(true);
  print(prose`

    6. Mistake: a blocked gradient in a VAE

    A detach() too many, or z drawn inside noGrad, raises no error in a VAE, because the KL term depends on μ and σ directly. A model
    of one number: minimise E[(z − 3)²] + KL(N(μ, σ²) ‖ N(0, 1)). The first term pulls z to 3, the second to the prior. By calculus,
    2(μ − 3) + μ = 0 and 1 + ½ − 1/(2σ²) = 0, so μ = 2 and σ² = 1/3. Predict the result if the first term's gradient is
    blocked.
  `);
  print(
    table([
      ['', 'μ', 'σ²'],
      ['with the trick', right.mu.toFixed(3), right.variance.toFixed(3)],
      ['z detached', wrong.mu.toFixed(3), wrong.variance.toFixed(3)],
    ]),
  );
  print(prose`

    Only the KL is minimised: q becomes the prior, and z contains no information about the data. In a VAE this looks like "posterior collapse":
    the KL goes to 0, every reconstruction is the same blurred mean, and the loss still falls, because the decoder learns that mean. If
    you see this, use whyNoGrad, or compare the encoder's gradient with and without the reconstruction term, before you change the model.
  `);
  return {
    trickMu: right.mu,
    trickVariance: right.variance,
    blockedMu: wrong.mu,
    blockedVariance: wrong.variance,
  };
}

function wrongSigma(print: Print): Numbers {
  const eps = randn([DRAWS, 1], { generator: new Generator(5) });
  const logVar = tensor([[-2]]);
  const spread = (z: Tensor): number => Math.sqrt(statistics(z).variance);
  const right = spread(reparameterize({ mu: tensor([[0]]), logVar: logVar.expand([DRAWS, 1]) }, { eps }));
  const noHalf = spread(logVar.exp().mul(eps));
  const noExp = spread(logVar.mul(eps));
  print(prose`

    7. Mistake: which σ?

    The encoder's second output is log σ², a number of any sign; σ = exp(½·logVar). For logVar = −2, the spread of z should be e⁻¹ = ${Math.exp(-1).toFixed(4)}:

      mu + exp(0.5·logVar)·eps     ${right.toFixed(4)}
      mu + exp(logVar)·eps         ${noHalf.toFixed(4)}      the variance instead of σ
      mu + logVar·eps              ${noExp.toFixed(4)}      the logarithm instead of σ

    The two wrong versions train without an error, but the z that the decoder receives does not follow the q for which the KL term
    is computed. The loss is then not a bound of log p(x), and samples from the prior look worse than reconstructions.

    In this repository: packages/vae/src/distributions/gaussian.ts has reparameterize and gaussianLogProb, the parts of the two estimators.
    packages/vae/src/posteriors has more such formulas: any distribution that can be written as a smooth function of fixed noise. Next: lesson 8.

    Exercises

      a) f(z) = z: which estimator of ∂/∂μ has variance 0? What is the variance of the other? (The pathwise one; μ²/σ² + 2 = ${MU ** 2 / SIGMA ** 2 + 2}.)
      b) Use logVar.grad instead of mu.grad in section 2: what mean do the two estimators have? (∂/∂log σ² of μ² + σ²: σ² = ${SIGMA ** 2}, both.)
      c) Draw ε and −ε in pairs, as section 6 does. What is the variance of the pathwise gradient of z² then, if a pair counts as one sample? (0.)
  `);
  return { spreadRight: right, spreadNoHalf: noHalf, spreadNoExp: noExp };
}

await runLesson(import.meta.url, lesson);
