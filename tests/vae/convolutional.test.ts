/** Convolutional networks in a VAE: sizes, evaluation for any batch size, training, and checkpoints. */
import { concat, conv2d, Generator, noGrad, oneHot, rand, randn, type Tensor, tensor } from '@varigrad/core';
import { Adam, decodeSafetensors, encodeSafetensors } from '@varigrad/nn';
import {
  ConditionalVAE,
  ConvolutionalBody,
  ConvolutionalDecoder,
  type Dataset,
  evaluate,
  fit,
  GaussianEncoder,
  PixelGaussian,
  VAE,
} from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { refuses } from '../helpers/refuses.js';

const LATENT = 3;

function model(imageShape: readonly [number, number], { batchNorm = false, seed = 1 } = {}): VAE {
  const generator = new Generator(seed);
  const options = { channels: [4, 6], batchNorm, generator };
  return new VAE({
    inputSize: imageShape[0] * imageShape[1],
    latent: LATENT,
    encoder: new GaussianEncoder(new ConvolutionalBody(imageShape, options), LATENT, { generator }),
    decoder: new ConvolutionalDecoder(LATENT, imageShape, 1, options),
    generator,
  });
}

/** Bright squares at random positions: simple images that a VAE can learn. */
function squares(count: number, side: number, seed = 7): Dataset {
  const places = new Generator(seed).words(2 * count);
  const images = new Float32Array(count * side * side);
  for (let n = 0; n < count; n++) {
    const [top, left] = [0, 1].map((a) => (places[2 * n + a] as number) % (side - 3)) as [number, number];
    for (let y = 0; y < 4; y++)
      for (let x = 0; x < 4; x++) images[(n * side + top + y) * side + left + x] = 1;
  }
  return { images, labels: new Uint8Array(count), count, imageShape: [side, side], classes: 1 };
}

test('the decoder restores the size of any image, in blocks of pixels', () => {
  for (const shape of [
    [28, 28],
    [9, 14],
    [7, 5],
  ] as const) {
    const body = new ConvolutionalBody(shape);
    const x = rand([2, shape[0] * shape[1]]);
    assert.equal(body.forward(x).shape, [2, body.outFeatures]);
    const decoder = new ConvolutionalDecoder(LATENT, shape, new PixelGaussian().outputsPerPixel);
    assert.equal(decoder.forward(randn([2, LATENT])).shape, [2, 2 * shape[0] * shape[1]]);
  }
  assert.is(new ConvolutionalBody([28, 28]).outFeatures, 64 * 7 * 7);
  refuses(
    () => new ConvolutionalBody([4, 4], { channels: [2, 2, 2] }),
    'ConvolutionalBody: a 4 × 4 image is too small for 3 convolutions, each of which halves it — use fewer',
  );
});

test('batches of 1, 7 and 128 give the same evaluation, with and without batch normalization', async () => {
  const data = squares(40, 8);
  for (const batchNorm of [false, true]) {
    const vae = model([8, 8], { batchNorm });
    vae.elbo(rand([16, 64])); // moves the running statistics
    const losses = [];
    for (const batchSize of [1, 7, 128]) losses.push((await evaluate(vae, data, { batchSize })).loss);
    const [first] = losses as [number, number, number];
    for (const loss of losses) assert.ok(Math.abs(loss - first) < 1e-5 * Math.abs(first), `${losses}`);
  }
});

test('training lowers −ELBO, and a checkpoint gives the same model', async () => {
  const data = squares(256, 8);
  for (const batchNorm of [false, true]) {
    const vae = model([8, 8], { batchNorm });
    const optimizer = new Adam(vae.parameters(), { learningRate: 1e-2 });
    const generator = new Generator(3);
    const before = (await evaluate(vae, data)).loss;
    for (let step = 0; step < 100; step++) {
      const start = (step % 8) * 32;
      const x = tensorOf(data, start, 32);
      optimizer.zeroGrad();
      vae.elbo(x, { generator }).loss.backward();
      optimizer.step();
    }
    const after = (await evaluate(vae, data)).loss;
    assert.ok(after < 0.75 * before, `${before} → ${after}`);
    const { tensors } = decodeSafetensors(encodeSafetensors(vae.stateDict()), 'memory');
    const copy = model([8, 8], { batchNorm, seed: 99 });
    copy.loadStateDict(tensors);
    assert.is((await evaluate(copy, data)).loss, after);
  }
});

test('a shifted image has a shifted feature map', () => {
  const body = new ConvolutionalBody([16, 16], { channels: [3], generator: new Generator(5) });
  const image = (left: number): Tensor => {
    const values = new Float32Array(256);
    for (let y = 6; y < 10; y++) for (let x = 0; x < 4; x++) values[y * 16 + left + x] = 1;
    return tensorOf({ images: values }, 0, 1, 256);
  };
  const [here, there] = noGrad(() => [4, 8].map((left) => body.forward(image(left)).reshape([3, 8, 8])));
  const moved = (there as Tensor).slice(2, 8, { axis: 2 }).dataSync();
  const original = (here as Tensor).slice(0, 6, { axis: 2 }).dataSync();
  original.forEach((value, i) => {
    assert.ok(Math.abs(value - (moved[i] as number)) < 1e-6);
  });
});

test('the one-hot label becomes constant channels of the first convolution', () => {
  const generator = new Generator(2);
  const body = new ConvolutionalBody([6, 4], { channels: [5], classes: 3, generator });
  const x = rand([2, 24]);
  const labels = oneHot([2, 0], 3);
  const [weight, bias] = body.parameters() as [Tensor, Tensor];
  const planes = labels.reshape([2, 3, 1, 1]).expand([2, 3, 6, 4]);
  const wanted = conv2d(concat([x.reshape([2, 1, 6, 4]), planes], { axis: 1 }), weight, bias, {
    stride: 2,
    padding: 1,
  });
  const found = body.forward(concat([x, labels], { axis: 1 }));
  assert.equal(
    [...found.dataSync()],
    [
      ...wanted
        .relu()
        .reshape([2, 5 * 3 * 2])
        .dataSync(),
    ],
  );
  refuses(
    () => new ConvolutionalBody([6, 4], { classes: -1 }),
    'ConvolutionalBody: classes must be a whole number of at least 0, found -1',
  );
});

test('a conditional model with convolutional networks learns, and its label matters', async () => {
  const data = byHalf(squares(256, 8), 8);
  const generator = new Generator(4);
  const options = { channels: [4, 6], generator };
  const body = new ConvolutionalBody([8, 8], { ...options, classes: 2 });
  const cvae = new ConditionalVAE({
    inputSize: 64,
    latent: LATENT,
    classes: 2,
    encoder: new GaussianEncoder(body, LATENT, { generator }),
    decoder: new ConvolutionalDecoder(LATENT + 2, [8, 8], 1, options),
  });
  const before = (await evaluate(cvae, data)).loss;
  await fit(
    cvae,
    { train: data, test: data },
    { optimizer: new Adam(cvae.parameters(), { learningRate: 1e-2 }), epochs: 15, batchSize: 32 },
  );
  const after = (await evaluate(cvae, data)).loss;
  assert.ok(after < 0.75 * before, `${before} → ${after}`);
  const swapped = { ...data, labels: data.labels.map((label) => 1 - label) };
  assert.ok((await evaluate(cvae, swapped)).loss > after + 1);
});

test('without convolutions, the decoder is linear', async () => {
  const generator = new Generator(1);
  const decoder = new ConvolutionalDecoder(LATENT, [2, 3], 1, { channels: [], generator });
  const z = randn([5, LATENT], { generator });
  const sum = decoder.forward(z).add(decoder.forward(z.neg())); // twice the bias, in every row
  const [first, ...rows] = await Promise.all(sum.split(1).map((row) => row.data()));
  for (const row of rows)
    for (const [i, value] of row.entries()) assert.ok(Math.abs(value - first![i]!) < 1e-6, `${value}`);
});

/** The images with their half, left (0) or right (1), as the class. */
function byHalf(data: Dataset, side: number): Dataset {
  const brightness = (image: number, right: number): number => {
    let sum = 0;
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side / 2; x++)
        sum += data.images[(image * side + y) * side + x + (right * side) / 2] as number;
    return sum;
  };
  const labels = data.labels.map((_, i) => (brightness(i, 1) > brightness(i, 0) ? 1 : 0));
  return { ...data, labels, classes: 2 };
}

function tensorOf({ images }: { images: Float32Array }, start: number, count: number, pixels = 64): Tensor {
  return tensor(images.subarray(start * pixels, (start + count) * pixels), { shape: [count, pixels] });
}

test.run();
