/** The β-TCVAE: its loss on plain numbers, its gradients, extreme variances, and what the penalty does to the codes. */
import {
  ArgumentError,
  createReference,
  Generator,
  noGrad,
  parameter,
  rand,
  type Tensor,
  tensor,
  withBackend,
} from '@varigrad/core';
import { Adam } from '@varigrad/nn';
import {
  type Dataset,
  fit,
  Gaussian,
  InverseAutoregressiveFlow,
  MixtureOfGaussians,
  PlanarFlow,
  reparameterize,
  TotalCorrelationVAE,
  type TotalCorrelationVAEOptions,
  VAE,
} from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { totalCorrelation } from '../../packages/vae/src/models/total-correlation-vae.js';
import { checkParameterGradients } from '../helpers/parameter-gradients.js';
import { refuses } from '../helpers/refuses.js';

const float64 = createReference(Float64Array);
const BATCH = 4;
const LATENT = 3;
const sizes = { inputSize: 6, hidden: [5], latent: LATENT, activation: 'tanh' } as const;
const make = (options: TotalCorrelationVAEOptions = {}): TotalCorrelationVAE =>
  new TotalCorrelationVAE({ ...sizes, generator: new Generator(1), ...options });
const images = (): Tensor => rand([BATCH, 6], { generator: new Generator(2) });

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** log Σ eᵛ. The largest v is finite. */
function logSumExp(values: readonly number[]): number {
  const largest = Math.max(...values);
  return largest + Math.log(sumOf(values.map((value) => Math.exp(value - largest))));
}

function logNormal(z: number, mu: number, logVar: number): number {
  const deviation = z === mu ? 0 : (z - mu) * Math.exp(-logVar / 2);
  return -0.5 * (Math.log(2 * Math.PI) + logVar + deviation ** 2);
}

type Rows = readonly (readonly number[])[];

/** E[log q(z) − Σₖ log q(zₖ)], where log q(zᵢ) = log Σⱼ q(zᵢ|xⱼ) − logCount: plain loops. */
function correlationByLoops(z: Rows, mu: Rows, logVar: Rows, logCount: number): number {
  const ofSamples = z.map((sample) => {
    const dimensions = sample.map((_, k) => k);
    const logQ = mu.map((mean, j) => dimensions.map((k) => logNormal(sample[k]!, mean[k]!, logVar[j]![k]!)));
    const joint = logSumExp(logQ.map(sumOf)) - logCount;
    return joint - sumOf(dimensions.map((k) => logSumExp(logQ.map((row) => row[k]!)) - logCount));
  });
  return sumOf(ofSamples) / z.length;
}

const rowsOf = (t: Tensor): number[][] => {
  const values = [...t.dataSync()];
  const width = t.shape[1]!;
  return Array.from({ length: t.shape[0]! }, (_, i) => values.slice(i * width, (i + 1) * width));
};

test('the loss is recon + kl + (β − 1)·TC, with any prior, free bits and number of samples', () => {
  withBackend(float64, () => {
    const x = images();
    const prior = new MixtureOfGaussians(LATENT, { components: 2, generator: new Generator(5) });
    for (const options of [{}, { samples: 3 }, { kl: 'sampled' }, { prior }, { datasetSize: 7 }] as const) {
      const model = make({ datasetSize: 1000, ...options });
      const { samples } = model;
      const eps = model.noise(BATCH, new Generator(3));
      const q = model.encode(x);
      const [mu, logVar, noise] = [rowsOf(q.mu), rowsOf(q.logVar), rowsOf(eps.reshape([-1, LATENT]))];
      const z = noise.map((row, i) => {
        const image = Math.floor(i / samples);
        return row.map((e, k) => mu[image]![k]! + Math.exp(logVar[image]![k]! / 2) * e);
      });
      const logCount = Math.log({ datasetSize: 1000, ...options }.datasetSize * BATCH);
      const expected = correlationByLoops(z, mu, logVar, logCount);
      for (const beta of [0, 0.5, 4]) {
        const { loss, recon, kl } = model.elbo(x, { eps, beta });
        const wanted = recon.itemSync() + kl.itemSync() + (beta - 1) * expected;
        assert.ok(Math.abs(loss.itemSync() - wanted) < 1e-10 * Math.abs(wanted), `${beta}: ${wanted}`);
      }
    }
    const model = make({ datasetSize: 1000 });
    const eps = model.noise(BATCH, new Generator(3));
    const plain = new VAE({ ...sizes, generator: new Generator(1) });
    const lossOf = (beta: number, freeBits: number): number =>
      model.elbo(x, { eps, beta, freeBits }).loss.itemSync();
    assert.is(lossOf(1, 2), plain.elbo(x, { eps, freeBits: 2 }).loss.itemSync());
    assert.ok(Math.abs(lossOf(4, 2) - lossOf(1, 2) - (lossOf(4, 0) - lossOf(1, 0))) < 1e-10);
  });
});

test('with β = 1, and in evaluation mode with any β, the losses are those of a VAE, bit for bit', () => {
  const x = images();
  const model = make();
  const plain = new VAE({ ...sizes, generator: new Generator(1) });
  const eps = model.noise(BATCH, new Generator(3));
  const valuesOf = (vae: VAE, beta: number): number[] => {
    const { loss, recon, kl } = vae.elbo(x, { eps, beta });
    return [loss, recon, kl].map((t) => t.itemSync());
  };
  assert.equal(valuesOf(model, 1), valuesOf(plain, 1));
  assert.is.not(valuesOf(model, 6)[0], valuesOf(plain, 1)[0]);
  assert.equal(valuesOf(model, 6).slice(1), valuesOf(plain, 1).slice(1));
  model.eval();
  assert.equal(valuesOf(model, 6), valuesOf(plain, 1));
});

test('gradients with respect to every parameter', () => {
  withBackend(float64, () => {
    const x = images();
    for (const options of [{}, { samples: 2, kl: 'sampled' }] as const) {
      const model = make(options);
      const eps = model.noise(BATCH, new Generator(3));
      for (const beta of [0, 6]) checkParameterGradients(model, () => model.elbo(x, { eps, beta }).loss);
    }
  });
});

test('the size of the data set changes the loss by a constant, and no gradient', () => {
  const x = images();
  const [small, large] = [10, 60_000].map((datasetSize) => {
    const model = make({ datasetSize });
    const { loss } = model.elbo(x, { eps: model.noise(BATCH, new Generator(3)), beta: 6 });
    loss.backward();
    return { loss: loss.itemSync(), gradients: model.parameters().map((p) => [...p.grad!.dataSync()]) };
  });
  assert.equal(large?.gradients, small?.gradients);
  const apart = 5 * (LATENT - 1) * Math.log(6000);
  assert.ok(Math.abs(Number(large?.loss) - Number(small?.loss) - apart) < 1e-5 * apart);
});

test('one dimension has no total correlation; of one image, only the constant is left', () => {
  const mu = tensor([[0.5], [-2], [3]]);
  const logVar = tensor([[0], [1], [-1]]);
  assert.is(totalCorrelation(tensor([[1], [0], [3]]), { mu, logVar }, 50).itemSync(), 0);
  const one = { mu: tensor([[1, 2, 3]]), logVar: tensor([[0, -3, 2]]) };
  const constant = 2 * Math.log(50);
  const value = totalCorrelation(tensor([[1.5, 2.1, 0]]), one, 50).itemSync();
  assert.ok(Math.abs(value - constant) < 1e-5);
});

test('extreme log-variances and means: the value is right, and gradients are finite', () => {
  const logVars = [-1e4, -200, -120, -89, -30, 0, 30, 89, 170];
  for (const means of [
    [0, 0],
    [0, 1],
    [-30, 1e-3],
    [1e6, -1e6],
    [1e30, -1e-30],
  ] as const)
    for (const first of logVars)
      for (const second of logVars) {
        const mu = parameter(
          tensor([
            [means[0], means[1]],
            [means[1], means[0]],
            [1, 2],
          ]),
        );
        const logVar = parameter(
          tensor([
            [first, second],
            [second, 0],
            [first, first],
          ]),
        );
        const eps = tensor([
          [0.3, -1.2],
          [2.1, 0.4],
          [-0.7, -0.1],
        ]);
        const z = reparameterize({ mu, logVar }, { eps });
        const value = totalCorrelation(z, { mu, logVar }, 1000);
        const least = rowsOf(logVar).map((row) => row.map((v) => Math.max(v, -120)));
        const expected = correlationByLoops(rowsOf(z), rowsOf(mu), least, Math.log(3000));
        const place = `${means.join()}, ${first}, ${second}`;
        const apart = Math.abs(value.itemSync() - expected);
        assert.ok(
          apart <= 1e-4 * Math.max(1, Math.abs(expected)),
          `${place}: ${value.itemSync()}, ${expected}`,
        );
        value.backward();
        for (const t of [mu, logVar])
          assert.ok([...t.grad!.dataSync()].every(Number.isFinite), `${place}: ${t.grad!.dataSync()}`);
      }
});

test('a posterior that is not Gaussian is refused', () => {
  for (const posterior of [new PlanarFlow(LATENT, { features: 5 }), new InverseAutoregressiveFlow(LATENT)]) {
    const call = () => make({ posterior });
    const words = `the posterior must be Gaussian, found ${posterior.kind} — leave out posterior`;
    refuses(call, `TotalCorrelationVAE: ${words}`);
    assert.throws(call, (error: Error) => error instanceof ArgumentError);
  }
});

const COUNT = 64;
const PIXELS = 16;
/** A bump on a circle of pixels, at each of 64 places. Codes of two dimensions lie on a ring, so the dimensions depend on each other. */
const ring: Dataset = {
  images: Float32Array.from({ length: COUNT * PIXELS }, (_, i) => {
    const angle = 2 * Math.PI * (Math.floor(i / PIXELS) / COUNT - (i % PIXELS) / PIXELS);
    return Math.exp(3 * (Math.cos(angle) - 1));
  }),
  labels: new Uint8Array(COUNT),
  count: COUNT,
  imageShape: [4, 4],
  classes: 1,
};

/** The TC of the trained codes, with q(z) the mean of all 64 posteriors, and the mean KL. */
async function trained(beta: number, seed: number): Promise<{ correlation: number; kl: number }> {
  const model = new TotalCorrelationVAE({
    inputSize: PIXELS,
    hidden: [24],
    latent: 2,
    activation: 'tanh',
    datasetSize: COUNT,
    likelihood: new Gaussian({ sigma: 0.1 }),
    generator: new Generator(seed),
  });
  const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
  const options = { optimizer, epochs: 150, batchSize: 32, beta, seed };
  await fit(model, { train: ring, test: ring }, options);
  return noGrad(() => {
    const x = tensor(ring.images, { shape: [COUNT, PIXELS] });
    const q = model.encode(x);
    const generator = new Generator(7);
    const samples = Array.from({ length: 20 }, () => rowsOf(reparameterize(q, { generator }))).flat();
    return {
      correlation: correlationByLoops(samples, rowsOf(q.mu), rowsOf(q.logVar), Math.log(COUNT)),
      kl: model.eval().elbo(x, { generator }).kl.itemSync(),
    };
  });
}

test('training with β = 6 lowers the total correlation of the codes, and the codes keep their information', async () => {
  for (const seed of [1, 2, 3]) {
    const plain = await trained(1, seed);
    const penalised = await trained(6, seed);
    const text = `seed ${seed}: ${plain.correlation} and ${penalised.correlation} nats`;
    assert.ok(plain.correlation > 0.5, text);
    assert.ok(penalised.correlation < plain.correlation / 2, text);
    assert.ok(penalised.kl > 3, `KL ${penalised.kl}`);
  }
});

test.run();
