/** Estimators of log p(x), compared with a VAE whose evidence and posterior are known exactly. */
import { backend, createReference, Generator, randn, setBackend, tensor, withBackend } from '@varigrad/core';
import {
  ConditionalVAE,
  type Dataset,
  estimateElbo,
  estimateLogLikelihood,
  InverseAutoregressiveFlow,
  IWAE,
  iwaeBound,
  type LatentModel,
  MixtureOfGaussians,
  PlanarFlow,
  VAE,
  VampPrior,
} from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LogMeanExp } from '../../packages/vae/src/estimators/log-mean-exp.js';
import {
  type Exact,
  exact,
  expectedRecon,
  klToPosterior,
  LATENT,
  linearImages,
  linearVae,
  PIXELS,
} from '../helpers/linear-gaussian.js';
import { refuses } from '../helpers/refuses.js';

const float64 = createReference(Float64Array);
const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

/** Every image of the data set, with its exact values and the encoder's output. */
function known(model: VAE, data: Dataset): { x: number[]; mu: number[]; logVar: number[]; truth: Exact }[] {
  return Array.from({ length: data.count }, (_, n) => {
    const x = Array.from(data.images.subarray(n * PIXELS, (n + 1) * PIXELS));
    const q = model.encode(tensor([x]));
    return { x, mu: [...q.mu.dataSync()], logVar: [...q.logVar.dataSync()], truth: exact(model, x) };
  });
}

test('linear-Gaussian: ELBO + KL(q ‖ p(z|x)) = log p(x), both KLs and the reconstruction exact', () => {
  withBackend(float64, () => {
    const model = linearVae();
    for (const { x, mu, logVar, truth } of known(model, linearImages(20))) {
      const gap = klToPosterior(mu, logVar, truth);
      assert.ok(gap > 0.01, `a gap of ${gap} proves nothing`);
      // The expectation over q from all sign patterns of ±1. It is exact for the quadratic −log p(x|z): E ε = 0, E εεᵀ = I.
      const signs = [
        [1, 1],
        [1, -1],
        [-1, 1],
        [-1, -1],
      ];
      const losses = signs.map((eps) => model.elbo(tensor([x]), { eps: tensor([eps]) }));
      const elbo = -mean(losses.map(({ loss }) => loss.itemSync()));
      assert.ok(Math.abs(elbo + gap - truth.logEvidence) < 1e-5, `${elbo} + ${gap}, ${truth.logEvidence}`);
      assert.ok(
        Math.abs(mean(losses.map(({ recon }) => recon.itemSync())) - expectedRecon(model, x, mu, logVar)) <
          1e-5,
      );
    }
  });
});

test('linear-Gaussian: the NLL estimate is within three standard errors of the exact value, per image and on average', async () => {
  const model = linearVae();
  const data = linearImages(60);
  const truths = known(model, data).map(({ truth }) => truth.logEvidence);
  const found = await estimateLogLikelihood(model, data, { samples: 2000, seed: 3 });
  assert.ok(found.standardError > 0 && found.standardError < 0.02, `standard error ${found.standardError}`);
  assert.ok(Math.abs(found.nll + mean(truths)) < 3 * found.standardError, `${found.nll}, ${-mean(truths)}`);
  const scores = truths.map((truth, n) => (found.logLikelihoods[n]! - truth) / found.standardErrors[n]!);
  const within = scores.filter((score) => Math.abs(score) < 3).length;
  assert.ok(within >= 58, `${60 - within} of 60 images lie more than three standard errors away`);
  // Standard errors that are too large would make all scores small.
  const spread = Math.sqrt(mean(scores.map((score) => score ** 2)));
  assert.ok(spread > 0.6 && spread < 1.5, `scores have a root mean square of ${spread}`);
  assert.ok(found.effectiveSamples.every((count) => count > 1 && count < 2000));
});

test('with the exact posterior as encoder, one sample is enough: every weight is p(x)', async () => {
  const before = backend();
  setBackend(float64);
  try {
    const model = linearVae();
    const state = model.stateDict();
    // With one latent direction, the posterior covariance is diagonal if the decoder is orthogonal.
    const W = state['decoder.out.weight']!.data;
    for (let i = 0; i < PIXELS; i++) {
      W[i * LATENT] = i === 0 ? 0.8 : 0;
      W[i * LATENT + 1] = i === 1 ? -0.5 : 0;
    }
    model.loadStateDict(state);
    const { posterior } = exact(model, [0, 0, 0, 0, 0]);
    const encoder = model.stateDict();
    const gain = (pixel: number, j: number): number => {
      const unit = Array.from({ length: PIXELS }, (_, i) => Number(i === pixel));
      return exact(model, unit).posterior.mean[j]! - posterior.mean[j]!;
    };
    for (let j = 0; j < LATENT; j++) {
      for (let i = 0; i < PIXELS; i++) {
        encoder['encoder.mu.weight']!.data[j * PIXELS + i] = gain(i, j);
        encoder['encoder.logVar.weight']!.data[j * PIXELS + i] = 0;
      }
      encoder['encoder.mu.bias']!.data[j] = posterior.mean[j]!;
      encoder['encoder.logVar.bias']!.data[j] = Math.log(posterior.covariance[j]![j]!);
    }
    model.loadStateDict(encoder);
    const data = linearImages(9);
    const found = await estimateLogLikelihood(model, data, { samples: 3 });
    known(model, data).forEach(({ truth }, n) => {
      assert.ok(Math.abs(found.logLikelihoods[n]! - truth.logEvidence) < 1e-9);
      assert.ok(found.standardErrors[n]! < 1e-7);
      assert.ok(Math.abs(found.effectiveSamples[n]! - 3) < 1e-9);
    });
  } finally {
    setBackend(before);
  }
});

test('the ELBO with L samples: closed and sampled KL agree with the exact value within three standard errors', async () => {
  const model = linearVae();
  const data = linearImages(40);
  const wanted = mean(
    known(model, data).map(({ mu, logVar, truth }) => klToPosterior(mu, logVar, truth) - truth.logEvidence),
  );
  const errors: number[] = [];
  for (const kl of ['closed', 'sampled'] as const) {
    const found = await estimateElbo(model, data, { samples: 400, kl, seed: 2 });
    assert.ok(Math.abs(found.loss - wanted) < 3 * found.standardError, `${kl}: ${found.loss}, ${wanted}`);
    assert.ok(Math.abs(found.recon + found.kl - found.loss) < 1e-9);
    assert.ok(Math.abs(mean(found.losses) - found.loss) < 1e-9);
    errors.push(found.standardError);
  }
  const [few, many] = [
    await estimateElbo(model, data, { samples: 20, kl: 'sampled' }),
    await estimateElbo(model, data, { samples: 2000, kl: 'sampled' }),
  ];
  const ratio = few.standardError / many.standardError;
  assert.ok(
    ratio > 6 && ratio < 16,
    `100 times as many samples should make the error 10 times smaller, found ${ratio}`,
  );
  assert.ok(
    Number.isNaN((await estimateElbo(model, data)).standardError),
    'one sample has no standard error',
  );
});

test('the NLL falls as k grows, from −ELBO at k = 1, and never below the exact value', async () => {
  const model = linearVae();
  const data = linearImages(200);
  const truth = -mean(known(model, data).map((image) => image.truth.logEvidence));
  const found: number[] = [];
  for (const samples of [1, 3, 10, 100, 1000])
    found.push((await estimateLogLikelihood(model, data, { samples, seed: 4 })).nll);
  found.reduce((last, next) => {
    assert.ok(next < last, found.join(' '));
    return next;
  });
  assert.ok(found.at(-1)! - truth < 0.02 * (found[0]! - truth), `${found.join(' ')}, exact ${truth}`);
  const elbo = await estimateElbo(model, data, { samples: 1, kl: 'sampled', seed: 4 });
  assert.ok(Math.abs(elbo.loss - found[0]!) < 1e-5 * found[0]!, 'one importance sample is the ELBO');
});

/** Six grey images of nine pixels in three classes. */
function greyImages(count = 23): Dataset {
  return {
    images: Float32Array.from(new Generator(1).words(count * 9), (word) => word / 2 ** 32),
    labels: Uint8Array.from({ length: count }, (_, i) => i % 3),
    count,
    imageShape: [3, 3],
    classes: 3,
  };
}

/** A small model of every kind. */
function everyModel(): [string, LatentModel][] {
  const options = () => ({ inputSize: 9, hidden: [6], latent: 3, generator: new Generator(5) });
  const flow = { features: 6, generator: new Generator(6) };
  return [
    ['VAE', new VAE(options())],
    ['CVAE', new ConditionalVAE({ ...options(), classes: 3 })],
    ['IWAE', new IWAE({ ...options(), samples: 5 })],
    ['planar flow', new VAE({ ...options(), posterior: new PlanarFlow(3, { ...flow, length: 2 }) })],
    ['IAF', new VAE({ ...options(), posterior: new InverseAutoregressiveFlow(3, { ...flow, hidden: 5 }) })],
    ['mixture', new VAE({ ...options(), prior: new MixtureOfGaussians(3, { components: 4 }) })],
    ['VampPrior', new VAE({ ...options(), prior: new VampPrior(9, { components: 4 }) })],
  ];
}

test('the batch size does not change the result, for any model, number of samples and estimator', async () => {
  const data = greyImages();
  for (const [name, model] of everyModel()) {
    for (const samples of [1, 5, 50]) {
      for (const estimate of [estimateLogLikelihood, estimateElbo]) {
        const values = async (batchSize: number): Promise<number[]> => {
          const found = await estimate(model, data, { samples, batchSize, binarization: 'dynamic' });
          return [...('losses' in found ? found.losses : found.logLikelihoods)];
        };
        const whole = await values(5000);
        for (const batchSize of [1, 7, 128]) {
          (await values(batchSize)).forEach((value, n) => {
            const apart = Math.abs(value - whole[n]!) / Math.abs(whole[n]!);
            assert.ok(apart < 1e-5, `${name}, ${samples} samples, ${batchSize} at a time: ${apart}`);
          });
        }
      }
    }
  }
});

test('the memory is bounded: at most batchSize samples are decoded at a time', async () => {
  const model = new VAE({ inputSize: 9, hidden: [6], latent: 3 });
  let most = 0;
  const decode = model.decode.bind(model);
  model.decode = (z) => {
    most = Math.max(most, z.shape[0] as number);
    return decode(z);
  };
  for (const [samples, batchSize, bound] of [
    [10, 64, 60],
    [1000, 64, 64],
    [1000, 66, 64],
    [1000, 1, 4],
  ] as const) {
    most = 0;
    await estimateLogLikelihood(model, greyImages(7), { samples, batchSize });
    assert.is(most, bound);
  }
});

test('the seed determines the estimate, and the model is not changed', async () => {
  const model = new VAE({ inputSize: 9, hidden: [6], latent: 3 });
  const data = greyImages();
  const nll = async (seed: number) => (await estimateLogLikelihood(model, data, { samples: 8, seed })).nll;
  assert.is(await nll(1), await nll(1));
  assert.is.not(await nll(1), await nll(2));
  model.decode = () => {
    throw new Error('out of paint');
  };
  let problem = '';
  await nll(1).catch((error: Error) => {
    problem = error.message;
  });
  assert.is(problem, 'out of paint');
  assert.ok(model.training, 'training mode is restored after an error');
});

test('for a conditional model, the estimate is log p(x|y)', async () => {
  const model = new ConditionalVAE({ inputSize: 9, hidden: [6], latent: 3, classes: 3 });
  const data = greyImages(6);
  const other = { ...data, labels: data.labels.map((label) => (label + 1) % 3) };
  const [right, wrong] = [
    await estimateLogLikelihood(model, data, { samples: 20 }),
    await estimateLogLikelihood(model, other, { samples: 20 }),
  ];
  assert.is.not(right.nll, wrong.nll);
});

test('iwaeBound: the logarithm of the mean of k weights, compared with plain loops', () => {
  withBackend(float64, () => {
    const model = linearVae();
    const data = linearImages(4);
    const x = tensor(data.images, { shape: [4, PIXELS] });
    const eps = randn([4, 3, LATENT], { generator: new Generator(8) });
    const { likelihood, prior, posterior } = model.sampleTerms(x, eps);
    const [l, p, q] = [likelihood, prior, posterior].map((t) => [...t.dataSync()]) as [
      number[],
      number[],
      number[],
    ];
    const bound = iwaeBound(model, x, { eps }).dataSync();
    for (let n = 0; n < 4; n++) {
      const weights = [0, 1, 2].map((s) => Math.exp(l[3 * n + s]! + p[3 * n + s]! - q[3 * n + s]!));
      assert.ok(Math.abs(bound[n]! - Math.log(mean(weights))) < 1e-9);
    }
    assert.equal(iwaeBound(model, x).shape, [4]);
  });
});

test('LogMeanExp: no overflow, no underflow, and zero weights', () => {
  const of = (values: number[]): LogMeanExp => {
    const stream = new LogMeanExp();
    for (const value of values) stream.add(value);
    return stream;
  };
  for (const shift of [0, 5000, -5000]) {
    for (const values of [
      [1, 2, 3],
      [3, 2, 1],
      [2, 2, 2],
    ]) {
      const stream = of(values.map((value) => value + shift));
      const weights = values.map((value) => Math.exp(value));
      const average = mean(weights);
      const deviation = Math.sqrt(weights.reduce((sum, w) => sum + (w - average) ** 2, 0) / 2);
      assert.ok(Math.abs(stream.value - shift - Math.log(average)) < 1e-9);
      assert.ok(Math.abs(stream.standardError - deviation / Math.sqrt(3) / average) < 1e-9);
    }
  }
  const half = of([Number.NEGATIVE_INFINITY, 0, Number.NEGATIVE_INFINITY, 0]);
  assert.ok(Math.abs(half.value - Math.log(0.5)) < 1e-12);
  assert.ok(Math.abs(half.effectiveCount - 2) < 1e-12);
  assert.is(of([Number.NEGATIVE_INFINITY]).value, Number.NEGATIVE_INFINITY);
});

test('errors', async () => {
  const vae = new VAE({ inputSize: 9, hidden: [6], latent: 3 });
  const refusal = async (call: Promise<unknown>): Promise<string> =>
    call.then(
      () => 'nothing was refused',
      (error: Error) => error.message,
    );
  assert.is(
    await refusal(estimateLogLikelihood(vae, greyImages(), { samples: 0 })),
    'estimateLogLikelihood: samples must be a whole number above 0, found 0',
  );
  assert.is(
    await refusal(estimateElbo(vae, greyImages(), { batchSize: 1.5 })),
    'estimateElbo: batchSize must be a whole number above 0, found 1.5',
  );
  assert.is(
    await refusal(estimateLogLikelihood(vae, greyImages(0))),
    'estimateLogLikelihood: the data set has no images',
  );
  const [, mixture] = everyModel().find(([name]) => name === 'mixture') as [string, LatentModel];
  assert.is(
    await refusal(estimateElbo(mixture, greyImages(), { kl: 'closed' })),
    "estimateElbo: posterior 'gaussian' and prior 'mixture' have no closed-form KL — use kl: 'sampled'",
  );
  refuses(
    () => iwaeBound(vae, tensor([[0, 0, 0, 0, 0, 0, 0, 0, 0]]), { samples: 0 }),
    'iwaeBound: samples must be a whole number above 0, found 0',
  );
});

test.run();
