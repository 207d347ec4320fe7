/**
 * Lesson 8: the VAE, starting from the ELBO.
 *
 * Question: a model draws z at random and x from z. How likely is a given x? The answer is an average over all z, which are too many.
 *
 * npm run lesson -- 8
 */
import {
  createReference,
  full,
  Generator,
  randn,
  type Tensor,
  tensor,
  variance,
  withBackend,
} from '@varigrad/core';
import { klNormal, Linear, Module } from '@varigrad/nn';
import { type Encoder, Gaussian, gaussianLogProb, iwaeBound, type Posterior, VAE } from '@varigrad/vae';
import {
  axisPoints,
  DIRECTIONS,
  eightImages,
  klByDimension,
  negativeElbo,
  train,
} from './linear-gaussian.js';
import { type Numbers, type Print, prose, runLesson, table } from './run.js';

/** Prints the text and returns the numbers that the tests check. */
export async function lesson(print: Print): Promise<Numbers> {
  print('LESSON 8 — THE VAE, STARTING FROM THE ELBO\n');
  return withBackend(createReference(Float64Array), () => ({
    ...averageOverThePrior(print),
    ...bound(print),
    ...tighter(print),
    ...amortized(print),
    ...principalComponents(print),
    ...collapse(print),
    ...meanForSum(print),
    ...toTheDigits(print),
  }));
}

/** p(z) = N(0, 1), p(x|z) = N(2z, 1), so p(x) = N(0, 5) and p(z|x) = N(2x/5, 1/5). */
const SLOPE = 2;
const X = 3;
const POSTERIOR = { mean: (SLOPE * X) / 5, variance: 1 / 5 };
/** log N(x; 0, variance) in nats. */
const logNormal = (x: number, variance: number): number =>
  -0.5 * (Math.log(2 * Math.PI * variance) + (x * x) / variance);
const LOG_EVIDENCE = logNormal(X, SLOPE ** 2 + 1);

/** A q(z) that is the same for every x. */
class Always extends Module implements Encoder {
  readonly q: Posterior;

  constructor(mean: number, variance: number) {
    super();
    this.q = { mu: full([1, 1], mean), logVar: full([1, 1], Math.log(variance)) };
  }

  forward(x: Tensor): Posterior {
    const shape = [x.shape[0]!, 1];
    return { mu: this.q.mu.expand(shape), logVar: this.q.logVar.expand(shape) };
  }
}

/** The library's VAE with the decoder 2z, σ = 1, and two samples per image: with ε = 1 and −1 its ELBO is exact (see `axisPoints`). */
function oneNumberVae(encoder?: Encoder): VAE {
  const decoder = new Linear(1, 1);
  decoder.weight.assign(full([1, 1], SLOPE));
  decoder.bias?.assign(full([1], 0));
  const likelihood = new Gaussian({ sigma: 1 });
  const parts = encoder === undefined ? { generator: new Generator(8) } : { encoder };
  return new VAE({ inputSize: 1, hidden: [], latent: 1, samples: 2, likelihood, decoder, ...parts });
}

/** The cost of averaging over the prior. */
function averageOverThePrior(print: Print): Numbers {
  const draws = 100_000;
  const z = randn([draws, 1], { generator: new Generator(1) });
  const likelihoods = gaussianLogProb(tensor([[X]]), z.mul(SLOPE), tensor([[0]])).exp();
  const estimate = likelihoods.mean().itemSync();
  const relative = likelihoods.square().mean().itemSync() / estimate ** 2;
  // ∫ N(x; 2z, 1)² N(z; 0, 1) dz = N(x; 0, 4 + ½)/√(4π)
  const exact = Math.exp(logNormal(X, SLOPE ** 2 + 0.5) - 2 * LOG_EVIDENCE) / Math.sqrt(4 * Math.PI);
  const needed = (dimensions: number): string => (100 * (exact ** dimensions - 1)).toExponential(1);
  print(prose`
    1. The integral

    A model in two steps: draw z from p(z) = N(0, 1), then x from p(x|z) = N(2z, 1). How likely is x = ${X}? p(x) = ∫ p(x|z)·p(z) dz, the mean
    of p(x|z) over all z. Here everything is Gaussian, so the answer is known: x is 2z plus noise, with variance 4 + 1, and

      log p(${X}) = log N(${X}; 0, 5) = ${LOG_EVIDENCE.toFixed(4)}

    If p(x|z) were a network, z could still be drawn from the prior and averaged over. ${draws.toLocaleString('en')} samples give log p ≈ ${Math.log(estimate).toFixed(4)}. Predict how
    many are needed for an error of 10% if x consists of d such numbers, each with its own z.
  `);
  print(table([['d', 'samples for 10%'], ...[1, 2, 10, 20].map((d) => [String(d), needed(d)])]));
  print(prose`

    The relative second moment E[p(x|z)²]/p(x)², ${exact.toFixed(3)} here (measured: ${relative.toFixed(3)}), is raised to the power d: most z do not
    explain x at all, and a few contribute nearly all of the mean. A VAE for MNIST has 20 dimensions.
  `);
  return { priorEstimate: Math.log(estimate), priorMoment: relative, priorMomentExact: exact };
}

/** Evidence = ELBO + KL to the posterior, for every q. */
function bound(print: Print): Numbers {
  const { mean, variance: width } = POSTERIOR;
  const choices = [
    ['the prior', 0, 1],
    ['the posterior', mean, width],
    ['wrong mean', 0.6, width],
    ['too narrow', mean, 0.02],
    ['too wide', mean, 1],
  ] as const;
  const exact = { mu: tensor([[mean]]), logVar: tensor([[Math.log(width)]]) };
  const rows = choices.map(([name, mu, v]) => {
    const encoder = new Always(mu, v);
    const { loss, recon, kl } = oneNumberVae(encoder).elbo(tensor([[X]]), { eps: axisPoints(1, 1) });
    const gap = klNormal(encoder.q, exact).itemSync();
    return { name, recon: recon.itemSync(), kl: kl.itemSync(), elbo: -loss.itemSync(), gap };
  });
  print(prose`

    2. The bound

    Draw z from another distribution q, near those z that explain x, and correct with a weight: p(x) is the mean over q of
    w = p(x|z)·p(z)/q(z). The logarithm of a mean is at least the mean of the logarithm (Jensen), so

      log p(x) ≥ E_q[log w] = E_q[log p(x|z)] − KL(q ‖ p(z))      the ELBO, Evidence Lower BOund

    How much is missing? For every z, p(x) = p(x|z)·p(z)/p(z|x) (Bayes), so w = p(x)·p(z|x)/q(z), and the mean of its logarithm is

      ELBO = log p(x) − KL(q ‖ p(z|x))

    Predict the ELBO for q = p(z|x), which is N(2x/5, 1/5). The library's VAE with this decoder and a fixed q, at x = ${X}:
  `);
  print(
    table([
      ['q', '−E log p(x|z)', 'KL to prior', 'ELBO', 'KL to posterior', 'sum of the last two'],
      ...rows.map(({ name, recon, kl, elbo, gap }) => [name, recon, kl, elbo, gap, (elbo + gap).toFixed(6)]),
    ]),
  );
  print(prose`

    The sum is always log p(x) = ${LOG_EVIDENCE.toFixed(6)}. A q with a higher ELBO is closer to the posterior, yet the
    posterior is never computed: neither recon nor the KL to the prior uses it. Training minimises −ELBO, the sum of the first two columns.
  `);
  return {
    sumError: Math.max(...rows.map(({ elbo, gap }) => Math.abs(elbo + gap - LOG_EVIDENCE))),
    ...Object.fromEntries(rows.map(({ elbo }, i) => [`elbo${i}`, elbo])),
  };
}

/** The importance-weighted bound. */
function tighter(print: Print): Numbers {
  const model = oneNumberVae(new Always(0, 1));
  const rows = [1, 10, 100, 1000].map((samples) => {
    const count = 200_000 / samples;
    const options = { samples, generator: new Generator(BigInt(samples)) };
    const draws = iwaeBound(model, full([count, 1], X), options);
    const error = Math.sqrt(variance(draws).itemSync() / count);
    return { samples, value: draws.mean().itemSync(), error };
  });
  print(prose`

    3. More samples, a tighter bound

    Averaging k weights before the logarithm, log 1/k Σ wᵢ, makes the bound tighter. For large k it is the estimate of section 1, with a better distribution to sample
    from. With the worst q of the table, the prior (200,000 samples in all):
  `);
  print(
    table([
      ['k', 'mean of log 1/k Σ w', 'standard error', 'below log p(x) by'],
      ...rows.map(({ samples, value, error }) => [
        String(samples),
        value.toFixed(4),
        error.toFixed(4),
        (LOG_EVIDENCE - value).toFixed(4),
      ]),
    ]),
  );
  print(prose`

    k = 1 is the ELBO. For large k the gap is half the relative variance of the mean weight, about 1.35/k here. This is how log p(x) of
    a trained VAE is estimated, and why two models are compared at the same k.
  `);
  return Object.fromEntries(
    rows.flatMap(({ samples, value, error }) => [
      [`iwae${samples}`, value],
      [`iwae${samples}Error`, error],
    ]),
  );
}

const ENCODED = [-4, -1, 0, 1, 4];

/** One encoder for every x. */
function amortized(print: Print): Numbers {
  const model = oneNumberVae();
  const x = tensor([...ENCODED], { shape: [ENCODED.length, 1] });
  train(model, model.encoder.parameters(), x, 2000);
  const weights = model.encoder.stateDict();
  const weight = (name: string): number => weights[name]!.data[0]!;
  const evidence = ENCODED.reduce((sum, value) => sum + logNormal(value, 5) / ENCODED.length, 0);
  const gap = evidence + negativeElbo(model, x);
  print(prose`

    4. The encoder

    The best q could be found for each x by gradient descent. A VAE instead trains one network that gives q for every x: mu(x) and logVar(x). Here a line
    is enough: mu = 2x/5, and the variance does not depend on x. Only the encoder is trained, by Adam on −ELBO, with
    x = −4, −1, 0, 1, 4. The true posterior is not used:

                   learned                        exact
      mu(x)        ${weight('mu.weight').toFixed(6)}·x + ${Math.abs(weight('mu.bias')).toFixed(6)}       0.4·x
      σ²           ${Math.exp(weight('logVar.bias')).toFixed(6)}                       0.2
      gap          ${Math.abs(gap).toExponential(0)} nats

    If the network is too small, or q is of the wrong family, a gap remains, and the model is trained on a loose bound.
  `);
  return {
    encoderSlope: weight('mu.weight'),
    encoderVariance: Math.exp(weight('logVar.bias')),
    encoderGap: gap,
  };
}

/** Eight images of four pixels, with mean 0 and these variances along four orthogonal directions. */
const VARIANCES = [5, 2, 0.6, 0.4] as const;
/** A VAE that consists of linear layers only. */
function linearVae(latent: number, learned: boolean): VAE {
  const likelihood = new Gaussian({ sigma: 1, learned });
  const generator = new Generator(2);
  return new VAE({ inputSize: 4, hidden: [], latent, samples: 2 * latent, likelihood, generator });
}

/** −log p of the best linear-Gaussian model with these variances along the principal axes. */
const bestNll = (modelled: readonly number[]): number =>
  0.5 * modelled.reduce((sum, v, i) => sum + Math.log(2 * Math.PI * v) + VARIANCES[i]! / v, 0);

/** The decoder and σ are trained, too: probabilistic PCA. */
function principalComponents(print: Print): Numbers {
  const model = linearVae(2, true);
  const x = tensor(eightImages(VARIANCES));
  train(model, model.parameters(), x, 1500);
  const loss = negativeElbo(model, x);
  const sigma2 = Math.exp(2 * (model.likelihood as Gaussian).logSigma.itemSync());
  const weight = Array.from(model.decoder.stateDict()['out.weight']?.data ?? []);
  const column = (j: number): number[] => [0, 1, 2, 3].map((i) => weight[2 * i + j]!);
  const along = (j: number, d: number): number =>
    column(j).reduce((sum, w, i) => sum + w * DIRECTIONS[d]![i]!, 0);
  const squares = [0, 1].map((d) => along(0, d) ** 2 + along(1, d) ** 2);
  const [u, v] = [column(0), column(1)];
  const dot = u.reduce((sum, w, i) => sum + w * v[i]!, 0);
  const best = bestNll([5, 2, 0.5, 0.5]);
  print(prose`

    5. Encoder and decoder together

    Now train the decoder and σ, too, on eight images of four pixels with variances ${VARIANCES.join(', ')} along four directions. With linear layers and two
    latent dimensions the VAE is probabilistic PCA, whose best solution is known: σ² is the mean of the remaining
    variances, (0.6 + 0.4)/2, and the decoder's columns span the first two directions, with squared lengths 5 − σ² and 2 − σ².
    Predict whether the VAE reaches it, although it only maximises a bound, with a diagonal q.
  `);
  print(
    table([
      ['', 'trained VAE', 'probabilistic PCA'],
      ['σ²', sigma2.toFixed(6), '0.500000'],
      ['|decoder|² along the first', squares[0]!.toFixed(6), '4.500000'],
      ['|decoder|² along the second', squares[1]!.toFixed(6), '1.500000'],
      ['nats per image: −ELBO, −log p', loss.toFixed(6), best.toFixed(6)],
    ]),
  );
  print(prose`

    It does, and the bound is tight. The diagonal q even determines what PCA leaves undetermined: any rotation of z gives the same p(x), but only with
    orthogonal columns (here their product is ${Math.abs(dot).toExponential(0)}) is the true posterior diagonal, and the gap 0.
  `);
  return {
    ppcaLoss: loss,
    ppcaSigma2: sigma2,
    ppcaFirst: squares[0]!,
    ppcaSecond: squares[1]!,
    ppcaDot: dot,
  };
}

/** Four latent dimensions, σ = 1, and the KL of each. */
function collapse(print: Print): Numbers {
  const model = linearVae(4, false);
  const x = tensor(eightImages(VARIANCES));
  train(model, model.parameters(), x, 1000);
  const kl = klByDimension(model, x);
  const loss = negativeElbo(model, x);
  print(prose`

    6. What a latent dimension costs

    Fix σ = 1 and provide four dimensions. A direction of variance λ is worth encoding only if λ > σ²; in this model, anything smaller is
    noise. A direction that is worth encoding should have a KL of ½ log(λ/σ²) nats: ½ log 5 = ${(0.5 * Math.log(5)).toFixed(4)} and ½ log 2 = ${(0.5 * Math.log(2)).toFixed(4)}. Predict the other two dimensions.

      KL of the four dimensions, sorted   ${kl.map((value) => value.toFixed(4)).join('   ')}
      −ELBO ${loss.toFixed(4)}, best possible −log p(x) ${bestNll([5, 2, 1, 1]).toFixed(4)}

    Two dimensions are switched off: their q is the prior for every image. This "posterior collapse" is not a failure of training. It is
    the optimum, and a larger σ switches off more dimensions.
  `);
  return { ...Object.fromEntries(kl.map((value, i) => [`kl${i}`, value])), collapseLoss: loss };
}

/** The same with the mean over pixels instead of the sum. */
function meanForSum(print: Print): Numbers {
  const model = linearVae(4, false);
  const x = tensor(eightImages(VARIANCES));
  train(model, model.parameters(), x, 1000, { beta: 4 });
  const kl = klByDimension(model, x);
  const loss = negativeElbo(model, x);
  print(prose`

    7. Mistake: the mean over pixels

    log p(x|z) is a sum over pixels. With the mean over four pixels instead, recon is a fourth of its true value relative to the
    KL. This is the same as weighting the KL by four (β = 4), or as σ² = 4: only directions with λ > 4 survive. Predict: ½ log(5/4) = ${(0.5 * Math.log(5 / 4)).toFixed(4)}.

      KL of the four dimensions, sorted   ${kl.map((value) => value.toFixed(4)).join('   ')}
      true −ELBO ${loss.toFixed(4)}: worse than section 6, as it must be

    With 784 pixels β is 784, and no direction survives: every digit is decoded to the same grey blob.
  `);
  return { ...Object.fromEntries(kl.map((value, i) => [`meanKl${i}`, value])), meanLoss: loss };
}

function toTheDigits(print: Print): Numbers {
  const image = full([1, 784], 0.5);
  const output = full([1, 784], 0.25);
  const recon = -new Gaussian({ sigma: 1 }).logProb(output, image).itemSync();
  const constant = recon - 0.5 * 784 * 0.25 ** 2;
  print(prose`

    8. From lines to digits

    If networks replace the lines, p(x) has no formula any more. Everything else stays: recon and KL in nats per image, summed over
    pixels and dimensions; the bound; and one random ε in place of the exact points, which makes the gradient noisy (lesson 7) but not wrong.

    Which recon? It is −log p(x|z), so it depends on what a pixel is. Black or white: Bernoulli, the cross-entropy. A Gaussian with
    σ = 1: half the squared error, plus 784·½·log 2π = ${constant.toFixed(2)} nats. The squared error itself would be a Gaussian of σ² = ½.
    New images come from z ~ N(0, I), the prior, and not from a q.

    In this repository: packages/vae/src/models/vae.ts, whose imageTerms is section 2 for a batch; packages/vae/src/elbo.ts has
    the weights of section 3; packages/vae/src/estimators/log-likelihood.ts applies them to a data set. npm start trains on MNIST.
    Next: lesson 9, a VAE that also receives the label.

    Exercises

      a) For q = N(m, 1/5), what is the ELBO as a function of m? (log p(x) − ½·5·(m − 1.2)².)
      b) In section 6 set σ = 1.5. Which dimensions stay, and what is their KL? (One: ½ log(5/2.25) = 0.3993.)
      c) In section 5 use latent: 1. What are σ² and the −ELBO? (σ² = 1, the mean of 2, 0.6, 0.4; ½(4 log 2π + log 5 + 4) = ${bestNll([5, 1, 1, 1]).toFixed(4)}.)
  `);
  return { gaussianConstant: constant };
}

await runLesson(import.meta.url, lesson);
