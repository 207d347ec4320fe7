/** Autoencoders, and the noise that the denoising autoencoder removes. */
import { createReference, Generator, rand, randn, type Tensor, tensor, withBackend } from '@varigrad/core';
import { Adam } from '@varigrad/nn';
import {
  Autoencoder,
  Bernoulli,
  type Corruption,
  corrupt,
  DenoisingAutoencoder,
  evaluate,
  fit,
  Gaussian,
  gaussianNoise,
  masking,
  reconstructionFigure,
  SquaredError,
  saltAndPepper,
  VAE,
} from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BATCH, data, SIZE } from '../helpers/bars.js';
import { checkParameterGradients } from '../helpers/parameter-gradients.js';
import { refuses } from '../helpers/refuses.js';

const float64 = createReference(Float64Array);
const numbers = (t: Tensor): number[] => [...t.dataSync()];
const sizes = { inputSize: 12, hidden: [8], latent: 3, activation: 'tanh' } as const;
const images = (count: number, seed: number): Tensor => rand([count, 12], { generator: new Generator(seed) });
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

test('an autoencoder is deterministic: encoding an image twice gives equal bits', () => {
  const model = new Autoencoder(sizes);
  const x = images(5, 1);
  assert.equal(numbers(model.codes(x)), numbers(model.codes(x)));
  assert.equal(numbers(model.elbo(x).loss), numbers(model.elbo(x).loss));
  assert.is(model.noise(5), null);
  assert.is(model.kind, 'ae');
});

test('any widths, down to one layer on each side', () => {
  const shapes = (hidden: number[]): Record<string, readonly number[]> =>
    Object.fromEntries(
      Array.from(new Autoencoder({ ...sizes, hidden }).namedParameters(), ([name, p]) => [name, p.shape]),
    );
  assert.equal(shapes([]), {
    'encoder.out.weight': [3, 12],
    'encoder.out.bias': [3],
    'decoder.out.weight': [12, 3],
    'decoder.out.bias': [12],
  });
  assert.equal(shapes([9, 5])['encoder.hidden.layers.1.weight'], [5, 9]);
  assert.equal(shapes([9, 5])['decoder.hidden.layers.0.weight'], [5, 3]);
  assert.equal(new Autoencoder({ ...sizes, hidden: [] }).reconstruct(images(4, 1)).shape, [4, 12]);
});

test('the activation of the code', () => {
  const generator = () => new Generator(3);
  const [plain, cut] = [
    new Autoencoder({ ...sizes, generator: generator() }),
    new Autoencoder({ ...sizes, generator: generator(), codeActivation: 'relu' }),
  ];
  const x = images(6, 2);
  const codes = numbers(plain.codes(x));
  assert.ok(codes.some((c) => c < 0));
  assert.equal(
    numbers(cut.codes(x)),
    codes.map((c) => Math.max(0, c)),
  );
});

test('the loss is the reconstruction loss alone: cross-entropy or squared error', () => {
  const x = images(4, 5);
  const targets = numbers(x);
  for (const likelihood of [new Bernoulli(), new SquaredError()]) {
    const model = new Autoencoder({ ...sizes, likelihood });
    const found = numbers(model.reconstruct(x));
    const wanted = found.reduce((sum, y, i) => {
      const t = targets[i] as number;
      const loss =
        likelihood.kind === 'bernoulli' ? -t * Math.log(y) - (1 - t) * Math.log(1 - y) : (t - y) ** 2;
      return sum + loss / 4;
    }, 0);
    const { loss, recon, kl } = model.elbo(x);
    assert.ok(Math.abs(loss.itemSync() - wanted) < 1e-5 * wanted, `${likelihood.kind} ${wanted}`);
    assert.is(recon.itemSync(), loss.itemSync());
    assert.is(kl.itemSync(), 0);
  }
});

test('the squared error is a Gaussian of variance ½ without its constant, and refuses NaN', () => {
  const mu = images(3, 1);
  const x = images(3, 2);
  const squares = numbers(new SquaredError().logProb(mu, x));
  const gaussian = numbers(new Gaussian({ sigma: Math.SQRT1_2 }).logProb(mu, x));
  for (const [i, value] of squares.entries())
    assert.ok(Math.abs(value - 12 * 0.5 * Math.log(Math.PI) - (gaussian[i] as number)) < 1e-5);
  refuses(
    () => new SquaredError().logProb(mu, mu.mul(Number.NaN)),
    'SquaredError: images contain NaN — the squared error needs finite numbers',
  );
});

test('gradients of the reconstruction loss, plain and with fixed noise on the input', () => {
  withBackend(float64, () => {
    const generator = new Generator(4);
    const x = images(5, 6);
    for (const likelihood of [new Bernoulli(), new SquaredError()]) {
      const plain = new Autoencoder({ ...sizes, likelihood, generator });
      checkParameterGradients(plain, () => plain.elbo(x).loss);
    }
    for (const corruption of [masking(0.5), saltAndPepper(0.4), gaussianNoise(0.3)]) {
      const model = new DenoisingAutoencoder({ ...sizes, corruption, noiseSamples: 2, generator });
      const eps = model.noise(5, generator) as Tensor;
      checkParameterGradients(model, () => model.elbo(x, { eps }).loss);
    }
  });
});

test('an autoencoder has no KL term: beta and freeBits are refused', () => {
  const x = images(2, 1);
  const message = 'elbo: an autoencoder has no KL term — leave out beta and freeBits';
  refuses(() => new Autoencoder(sizes).elbo(x, { beta: 2 }), message);
  refuses(() => new DenoisingAutoencoder(sizes).elbo(x, { freeBits: 0.1 }), message);
});

test('training, evaluation and figures work with autoencoders', async () => {
  const build = { inputSize: SIZE * SIZE, hidden: [16], latent: 4 };
  for (const model of [
    new Autoencoder({ ...build, generator: new Generator(1) }),
    new DenoisingAutoencoder({ ...build, corruption: masking(0.2), generator: new Generator(1) }),
  ]) {
    const before = await evaluate(model, data.test, { binarization: 'threshold' });
    await fit(model, data, {
      optimizer: new Adam(model.parameters(), { learningRate: 0.01 }),
      epochs: 20,
      batchSize: BATCH,
      binarization: 'threshold',
    });
    const after = await evaluate(model, data.test, { binarization: 'threshold' });
    assert.ok(after.loss < 0.6 * before.loss, `${model.kind}: ${before.loss} to ${after.loss}`);
    assert.is(after.kl, 0);
    const sheet = await reconstructionFigure(model, data.test, { columns: 5, rows: 2 });
    assert.ok(sheet.pixels.width > 0);
    assert.equal(model.sample(3, { generator: new Generator(2) }).shape, [3, SIZE * SIZE]);
  }
});

test('masking: each pixel becomes 0 with probability p, and rescaling keeps the mean', () => {
  const x = images(4000, 9).mul(0.5).add(0.25); // no pixel is 0
  for (const p of [0, 0.3, 0.5]) {
    for (const rescale of [false, true]) {
      const values = numbers(corrupt(x, masking(p, { rescale }), { generator: new Generator(2) }));
      const clean = numbers(x);
      const factor = rescale ? 1 / (1 - p) : 1;
      const dropped = values.filter((v) => v === 0).length / values.length;
      assert.ok(Math.abs(dropped - p) <= 4 * Math.sqrt((p * (1 - p)) / values.length), `${p}: ${dropped}`);
      assert.ok(values.every((v, i) => v === 0 || Math.abs(v - factor * (clean[i] as number)) < 1e-6));
      const shift = mean(values) / mean(clean);
      assert.ok(Math.abs(shift - (rescale ? 1 : 1 - p)) < 0.02, `p ${p}, rescale ${rescale}: ${shift}`);
    }
  }
});

test('salt and pepper: half of the changed pixels are 0, half are 1; Gaussian noise has its standard deviation', () => {
  const x = images(4000, 9).mul(0.5).add(0.25);
  const clean = numbers(x);
  const values = numbers(corrupt(x, saltAndPepper(0.2), { generator: new Generator(3) }));
  const share = (wanted: number) => values.filter((v) => v === wanted).length / values.length;
  for (const wanted of [0, 1]) assert.ok(Math.abs(share(wanted) - 0.1) < 4 * Math.sqrt(0.09 / values.length));
  assert.ok(values.every((v, i) => v === 0 || v === 1 || v === clean[i]));
  const noise = numbers(corrupt(x, gaussianNoise(0.3), { generator: new Generator(4) })).map(
    (v, i) => v - (clean[i] as number),
  );
  assert.ok(Math.abs(mean(noise)) < (4 * 0.3) / Math.sqrt(noise.length));
  assert.ok(Math.abs(Math.sqrt(mean(noise.map((v) => v * v))) - 0.3) < 0.005);
});

test('invalid noise options are refused', () => {
  refuses(() => masking(1.5), 'masking: p must be a number from 0 to 1, found 1.5');
  refuses(() => masking(1, { rescale: true }), 'masking: p = 1 leaves no pixel to rescale — use a smaller p');
  refuses(() => saltAndPepper(-1), 'saltAndPepper: p must be a number from 0 to 1, found -1');
  refuses(() => gaussianNoise(Number.NaN), 'gaussianNoise: sigma must be a number of at least 0, found NaN');
  refuses(
    () => new DenoisingAutoencoder({ ...sizes, noiseSamples: 0 }),
    'DenoisingAutoencoder: noiseSamples must be a whole number above 0, found 0',
  );
});

test('a denoising autoencoder adds noise in training only, and its loss compares with the clean image', () => {
  const seen: number[][] = [];
  const watched: Corruption = {
    ...masking(0.5),
    apply: (x, noise) => {
      const noisy = masking(0.5).apply(x, noise);
      seen.push(numbers(noisy));
      return noisy;
    },
  };
  const model = new DenoisingAutoencoder({ ...sizes, corruption: watched, noiseSamples: 3 });
  const x = images(2, 5);
  model.eval();
  assert.is(model.noise(2), null);
  const clean = model.elbo(x).loss.itemSync();
  assert.is(clean, model.elbo(x).loss.itemSync());
  assert.is(seen.length, 0);
  model.train();
  const eps = model.noise(2, new Generator(8)) as Tensor;
  const found = model.elbo(x, { eps }).loss.itemSync();
  assert.is(seen.length, 1);
  // In a loop: the mean of −log p(x|codes of the noisy image) over images and noise samples.
  const losses = seen[0]?.flatMap((_, i, all) => {
    if (i % 12 !== 0) return [];
    const image = Math.floor(i / 36);
    const outputs = model.decode(model.codes(tensor([all.slice(i, i + 12)])));
    return [-model.likelihood.logProb(outputs, x.slice(image, image + 1)).itemSync()];
  }) as number[];
  assert.is(losses.length, 6);
  assert.ok(Math.abs(found - mean(losses)) < 1e-5 * found);
  assert.ok(Math.abs(found - clean) > 1e-3, 'the noise changes the loss');
});

test('any model can be evaluated on noisy images, with any batch size', async () => {
  const models = [
    new VAE({ inputSize: SIZE * SIZE, hidden: [16], latent: 2 }),
    new Autoencoder({ inputSize: SIZE * SIZE, hidden: [16], latent: 2 }),
    new DenoisingAutoencoder({ inputSize: SIZE * SIZE, hidden: [16], latent: 2 }),
  ];
  for (const model of models) {
    const clean = (await evaluate(model, data.test)).loss;
    const noisy = async (batchSize: number) =>
      (await evaluate(model, data.test, { batchSize, corruption: masking(0.5) })).loss;
    const whole = await noisy(500);
    assert.ok(Math.abs(whole - clean) > 1e-4, `${model.kind}: ${whole}`);
    for (const batchSize of [1, 7]) assert.ok(Math.abs((await noisy(batchSize)) - whole) < 1e-5 * whole);
  }
});

test('a VAE with another input: it encodes that input, and its loss compares with x', () => {
  const model = new VAE(sizes);
  const [x, input] = [images(3, 1), images(3, 2)];
  const eps = randn([3, 3], { generator: new Generator(3) });
  const q = model.encode(input);
  const wanted = -mean(numbers(model.likelihood.logProb(model.decode(model.reparameterize(q, { eps })), x)));
  assert.ok(Math.abs(model.elbo(x, { eps, input }).recon.itemSync() - wanted) < 1e-5 * wanted);
});

test.run();
