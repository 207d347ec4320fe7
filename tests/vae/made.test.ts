/** MADE: the loss on plain numbers, the order of the pixels, an exact sum over all images, samples, and what it learns. */
import {
  createReference,
  Generator,
  parameter,
  rand,
  type Tensor,
  tensor,
  withBackend,
  zeros,
} from '@varigrad/core';
import { Adam } from '@varigrad/nn';
import { type Dataset, evaluate, fit, Made, type MadeOptions } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkParameterGradients } from '../helpers/parameter-gradients.js';
import { refuses } from '../helpers/refuses.js';

const float64 = createReference(Float64Array);
const PIXELS = 8;
const make = (options: MadeOptions = {}): Made =>
  new Made({
    inputSize: PIXELS,
    hidden: [11, 6],
    activation: 'tanh',
    generator: new Generator(1),
    ...options,
  });

/** Every binary image of `pixels` pixels. */
const allImages = (pixels: number): number[][] =>
  Array.from({ length: 2 ** pixels }, (_, code) => Array.from({ length: pixels }, (_, i) => (code >> i) & 1));

/** −log p of each image by the definition, from logits that are asked for one pixel at a time. */
function lossesByPixel(model: Made, images: readonly (readonly number[])[]): number[] {
  const losses: number[] = [];
  for (const image of images) {
    let loss = 0;
    for (const [i, pixel] of image.entries()) {
      const known = image.map((value, j) => (j < i ? value : 0.37)); // the rest must not matter
      const logit = model.decode(tensor([known])).dataSync()[i]!;
      loss += Math.log(1 + Math.exp(pixel === 1 ? -logit : logit));
    }
    losses.push(loss);
  }
  return losses;
}

for (const hidden of [[11, 6], [3], [40], []])
  test(`the probabilities of all ${2 ** PIXELS} images sum to 1, hidden [${hidden}]`, () =>
    withBackend(float64, () => {
      const images = allImages(PIXELS);
      const losses = lossesByPixel(make({ hidden }), images);
      const total = losses.reduce((sum, loss) => sum + Math.exp(-loss), 0);
      assert.ok(Math.abs(total - 1) < 1e-12, `${total}`);
    }));

test('the loss is the mean of −log p(x), pixel by pixel', () =>
  withBackend(float64, () => {
    const images = allImages(PIXELS).filter((_, code) => code % 17 === 3);
    const model = make();
    const { loss, recon, kl } = model.elbo(tensor(images));
    const expected = lossesByPixel(model, images);
    const mean = expected.reduce((sum, value) => sum + value, 0) / images.length;
    assert.ok(Math.abs(loss.itemSync() - mean) < 1e-12);
    assert.equal([recon.itemSync(), kl.itemSync()], [loss.itemSync(), 0]);
  }));

for (const hidden of [[11, 6], [3], [40], []])
  test(`output i has no gradient to pixels from i on, and one to pixels before i, hidden [${hidden}]`, () =>
    withBackend(float64, () => {
      const model = make({ hidden });
      for (let i = 0; i < PIXELS; i++) {
        const x = parameter(rand([1, PIXELS], { generator: new Generator(5) }));
        model
          .decode(x)
          .slice(i, i + 1, { axis: 1 })
          .sum()
          .backward();
        const gradient = Array.from((x.grad as Tensor).dataSync());
        gradient.forEach((slope, j) => {
          if (j >= i) assert.is(Math.abs(slope), 0, `output ${i}, pixel ${j}`);
          else assert.ok(slope !== 0, `output ${i} depends on pixel ${j}`);
        });
      }
    }));

test('hidden units alone connect every pixel to every later output', () =>
  withBackend(float64, () => {
    const model = make({ hidden: [40, 40], activation: 'sigmoid' });
    model.decoder.direct.weight.assign(zeros([PIXELS, PIXELS]));
    const x = parameter(rand([1, PIXELS], { generator: new Generator(5) }));
    for (let i = 1; i < PIXELS; i++) {
      x.grad = null;
      model
        .decode(x)
        .slice(i, i + 1, { axis: 1 })
        .sum()
        .backward();
      const gradient = Array.from((x.grad as unknown as Tensor).dataSync());
      assert.ok(
        gradient.slice(0, i).every((slope) => slope !== 0),
        `output ${i}: ${gradient}`,
      );
    }
  }));

test('gradients agree with differences', () =>
  withBackend(float64, () => {
    const model = make();
    const x = rand([5, PIXELS], { generator: new Generator(2) }).round();
    checkParameterGradients(model, () => model.elbo(x).loss);
  }));

test('samples have the probabilities that the loss gives them', async () => {
  const [pixels, count] = [4, 40_000];
  const model = make({ inputSize: pixels, hidden: [6] });
  const images = allImages(pixels);
  const expected = withBackend(float64, () => {
    const twin = make({ inputSize: pixels, hidden: [6] });
    return lossesByPixel(twin, images);
  }).map((loss) => count * Math.exp(-loss));
  const samples = (await model.samplePrior(count, { generator: new Generator(3) }).toArray()) as number[][];
  const found = new Array<number>(images.length).fill(0);
  for (const sample of samples) found[sample.reduce((code, pixel, i) => code + (pixel << i), 0)]!++;
  // χ² with 15 degrees of freedom is above 37.7 once in 1,000 seeds.
  const chi2 = found.reduce((sum, n, code) => sum + (n - expected[code]!) ** 2 / expected[code]!, 0);
  assert.ok(chi2 < 37.7, `χ² = ${chi2}`);
});

test('it learns the entropy of pixels that copy the first one with errors', async () => {
  const count = 4000;
  const uniform = new Generator(7).uniform(count * PIXELS);
  const images = new Float32Array(count * PIXELS);
  for (let n = 0; n < count; n++)
    for (let i = 0; i < PIXELS; i++) {
      const u = uniform[n * PIXELS + i]!;
      images[n * PIXELS + i] =
        i === 0 ? Number(u < 0.5) : u < 0.9 ? images[n * PIXELS]! : 1 - images[n * PIXELS]!;
    }
  const data: Dataset = { images, labels: new Uint8Array(count), count, imageShape: [2, 4], classes: 1 };
  const model = make({ activation: 'relu', hidden: [16] });
  const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
  await fit(model, { train: data, test: data }, { optimizer, epochs: 15, batchSize: 100, seed: 1 });
  const entropy = Math.log(2) - (PIXELS - 1) * (0.9 * Math.log(0.9) + 0.1 * Math.log(0.1));
  const { loss, kl } = await evaluate(model, data);
  assert.is(kl, 0);
  // The standard error of the mean of 4,000 images is 0.026 nats.
  assert.ok(Math.abs(loss - entropy) < 0.1, `${loss} nats, the entropy is ${entropy}`);
});

test('a KL weight, free bits, a negative count and pixels outside [0, 1] are refused', () => {
  const x = rand([2, PIXELS]).round();
  refuses(() => make().elbo(x, { beta: 2 }), 'elbo: a MADE has no KL term — leave out beta and freeBits');
  refuses(() => make().elbo(x, { freeBits: 1 }), 'elbo: a MADE has no KL term — leave out beta and freeBits');
  refuses(() => make().samplePrior(-1), 'samplePrior: count must be a whole number of at least 0, found -1');
  assert.throws(() => make().elbo(x.add(1)), /between 0 and 1|\[0, 1\]/);
});

test.run();
