/** Images of several channels: shapes, networks, sheets and terminal pictures. */
import { Generator, tensor } from '@varigrad/core';
import { Adam } from '@varigrad/nn';
import {
  Categorical,
  ConditionalVAE,
  ConvolutionalBody,
  ConvolutionalDecoder,
  classManifoldsFigure,
  type Dataset,
  fit,
  GaussianEncoder,
  gridSheet,
  type ImageShape,
  reconstructionFigure,
  terminalImages,
  VAE,
} from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const SHAPE = [3, 8, 6] as const;
const SIZE = 3 * 8 * 6;

/** Images of one colour, from a list of four. */
function colours(count: number): Dataset {
  const list = [
    [0.9, 0.1, 0.1],
    [0.1, 0.9, 0.1],
    [0.1, 0.1, 0.9],
    [0.9, 0.9, 0.1],
  ];
  const images = new Float32Array(count * SIZE);
  for (let i = 0; i < images.length; i++)
    images[i] = list[Math.floor(i / SIZE) % 4]![Math.floor((i % SIZE) / 48)]!;
  return {
    images,
    labels: Uint8Array.from({ length: count }, (_, i) => i % 4),
    count,
    imageShape: SHAPE,
    classes: 4,
  };
}

function convolutional(imageShape: ImageShape, seed = 1): VAE {
  const generator = new Generator(seed);
  const options = { channels: [6, 8], generator };
  return new VAE({
    inputSize: imageShape.reduce((a, b) => a * b),
    latent: 3,
    encoder: new GaussianEncoder(new ConvolutionalBody(imageShape, options), 3, { generator }),
    decoder: new ConvolutionalDecoder(3, imageShape, 1, options),
    generator,
  });
}

test('a grey image with and without its channel gives the same network', async () => {
  const [without, with1] = [convolutional([8, 6]), convolutional([1, 8, 6])];
  const x = tensor(new Generator(0).uniform(2 * 48), { shape: [2, 48] });
  assert.equal(await without.reconstruct(x).data(), await with1.reconstruct(x).data());
});

test('the first convolution and the last one have as many channels as the images', () => {
  for (const channels of [1, 2, 3, 5]) {
    const shape = [channels, 8, 6] as const;
    const body = new ConvolutionalBody(shape, { channels: [4, 7] });
    const decoder = new ConvolutionalDecoder(2, shape, 2, { channels: [4, 7] });
    assert.equal(body.stateDict()['layers.1.weight']?.shape, [4, channels, 4, 4]);
    assert.equal(decoder.forward(tensor([[0, 1]])).shape, [1, 2 * channels * 48]);
  }
});

test('channels stay apart: the gradient of one output channel is zero outside of its own weights', () => {
  const decoder = new ConvolutionalDecoder(2, SHAPE, 1, { channels: [4] });
  const outputs = decoder.forward(tensor([[0.5, -1]])); // [1, 3 · 48]
  outputs.slice(48, 96, { axis: 1 }).sum().backward();
  const bias = decoder.parameters().at(-1)!;
  assert.equal(bias.shape, [3]);
  assert.equal([...bias.grad!.dataSync()], [0, 48, 0]);
});

test('labels are channels after those of a colour image', () => {
  const body = new ConvolutionalBody(SHAPE, { channels: [5], classes: 4 });
  assert.equal(body.stateDict()['layers.1.weight']?.shape, [5, 7, 4, 4]);
  const plain = new ConvolutionalBody([7, 8, 6], { channels: [5] });
  plain.loadStateDict(body.stateDict());
  const image = new Generator(3).uniform(SIZE);
  const planes = Float32Array.from({ length: 4 * 48 }, (_, i) => (Math.floor(i / 48) === 2 ? 1 : 0));
  const labelled = body.forward(tensor([[...image, 0, 0, 1, 0]]));
  const stacked = plain.forward(tensor([[...image, ...planes]]));
  assert.equal(labelled.dataSync(), stacked.dataSync());
});

test('a convolutional VAE learns colours, and its reconstructions are drawn in them', async () => {
  const train = colours(64);
  const model = convolutional(SHAPE);
  await fit(
    model,
    { train, test: train },
    { optimizer: new Adam(model.parameters(), { learningRate: 0.01 }), epochs: 150, batchSize: 16 },
  );
  const sheet = await reconstructionFigure(model, train, { columns: 4, rows: 1 });
  const { width, pixels } = sheet.pixels;
  // Below each of the four images is its reconstruction, eight rows and a gap further down.
  const at = (column: number, line: number): number[] => {
    const x = column * ((width + 1) / 4) + 2;
    const start = 3 * (line * ((sheet.pixels.height + 1) / 2) * width + Math.floor(x) + 2 * width);
    return [...pixels.subarray(start, start + 3)];
  };
  for (let column = 0; column < 4; column++) {
    const [input, output] = [at(column, 0), at(column, 1)];
    assert.equal(
      input,
      [...Array(3).keys()].map((c) => Math.round(255 * train.images[column * SIZE + 48 * c]!)),
    );
    for (const [c, value] of input.entries())
      assert.ok(Math.abs(output[c]! - value) < 40, `${input} ${output}`);
  }
});

test('a categorical likelihood has its levels for each channel', () => {
  const likelihood = new Categorical({ levels: 4 });
  const outputs = new Float32Array(4 * SIZE).fill(-30);
  // The level of every value of channel c is c.
  for (let c = 0; c < 3; c++) outputs.fill(30, c * SIZE + 48 * c, c * SIZE + 48 * (c + 1));
  const mean = likelihood.mean(tensor(outputs, { shape: [1, 4 * SIZE] })).dataSync();
  for (let i = 0; i < SIZE; i++) assert.ok(Math.abs(mean[i]! - Math.floor(i / 48) / 3) < 1e-6);
});

test('other numbers of channels are drawn in grey, one below the other', () => {
  const values = Float32Array.of(0, 1, 0.2, 0.4); // two channels of 1 × 2
  const { pixels } = gridSheet(values, { columns: 1, imageShape: [2, 1, 2], scale: 1 });
  assert.equal([pixels.width, pixels.height], [2, 2]);
  assert.equal(
    [...pixels.pixels],
    [0, 255, 51, 102].flatMap((byte) => [byte, byte, byte]),
  );
});

test('the planes of the classes keep the channels apart', async () => {
  const model = new ConditionalVAE({ inputSize: 12, hidden: [4], latent: 2, classes: 2 });
  const colour = await classManifoldsFigure(model, [3, 2, 2], { size: 3 });
  assert.is(colour.pixels.height, 6);
  // The same decoder, whose channels are drawn one below the other as a grey image of 6 × 2.
  const grey = await classManifoldsFigure(model, [6, 2], { size: 3 });
  const byte = (sheet: typeof grey, x: number, y: number, c: number): number =>
    sheet.pixels.pixels[3 * (y * sheet.pixels.width + x) + c]!;
  for (let y = 0; y < 6; y++)
    for (let x = 0; x < 6; x++)
      for (let c = 0; c < 3; c++) {
        const row = Math.floor(y / 2) * 6 + 2 * c + (y % 2);
        assert.is(byte(colour, x, y, c), byte(grey, x, row, 0), `${x}, ${y}, ${c}`);
      }
});

test('terminal pictures have colours: 24 bits, or the cube of 256 colours', () => {
  const red = Float32Array.of(1, 0, 0.4, 0.2, 0, 1); // [3, 2, 1]: red and a bit of green above, green and blue below
  assert.ok(
    terminalImages(red, { imageShape: [3, 2, 1] }).startsWith('\u001b[38;2;255;102;0;48;2;0;51;255m▀'),
  );
  const cube = terminalImages(red, { imageShape: [3, 2, 1], depth: 8 });
  assert.ok(cube.startsWith(`\u001b[38;5;${16 + 36 * 5 + 6 * 2};48;5;${16 + 6 + 5}m▀`));
});

test('shapes that are no images are refused', () => {
  for (const imageShape of [[3], [1, 2, 3, 4], [3, 0, 2], ['3', 2]])
    assert.throws(
      () => gridSheet(new Float32Array(6), { columns: 1, imageShape: imageShape as never }),
      /imageShape must be \[height, width\] or \[channels, height, width\], found/,
    );
  assert.throws(
    () => new ConvolutionalBody([0, 8, 8] as never),
    /the number of channels of imageShape must be a whole number above 0/,
  );
});

test.run();
