/** The table of figures: each uses the targets and options of the model's training. */
import { Generator } from '@varigrad/core';
import { type Dataset, klChart, latentStatistics, type Sheet, VAE } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FIGURES, type FigureSource, sideOf } from '../../packages/vae/src/run/figures.js';

const COUNT = 60;
const test4: Dataset = {
  images: Float32Array.from(new Generator(1).words(4 * COUNT), (word) => word / 2 ** 32),
  labels: new Uint8Array(COUNT),
  count: COUNT,
  imageShape: [2, 2],
  classes: 1,
};

test('the KL of each dimension is that of the targets, not of the grey images', async () => {
  const model = new VAE({ inputSize: 4, hidden: [8], latent: 3, generator: new Generator(2) });
  const expected = async (binarization: 'none' | 'threshold'): Promise<string> => {
    const { klPerDimension, active } = await latentStatistics(model, test4, { binarization });
    return klChart(klPerDimension as Float64Array, { active: [0, 1, 2].map((d) => active.includes(d)) });
  };
  const source: Omit<FigureSource, 'targets'> = { model, test: test4, seed: 0, results: [], heldOut: 'test' };
  for (const targets of ['none', 'threshold'] as const)
    assert.is(await FIGURES.kl?.draw({ ...source, targets }), await expected(targets));
  assert.is.not(await expected('none'), await expected('threshold'));
});

test('squares of large images have fewer images', async () => {
  const sides = (imageShape: Dataset['imageShape'], squares?: number): number =>
    sideOf({ test: { ...test4, imageShape } }, 20, squares);
  assert.equal(
    [sides([28, 28]), sides([3, 256, 256]), sides([512, 512]), sides([2048, 2048])],
    [20, 20, 11, 2],
  );
  assert.equal([sides([5, 512, 512]), sides([512, 512], 10), sides([1, 20_000])], [5, 3, 18]);
  const model = new VAE({ inputSize: 20_000, hidden: [1], latent: 2, generator: new Generator(2) });
  const long: Dataset = { ...test4, images: new Float32Array(20_000), count: 1, imageShape: [1, 20_000] };
  const source = { model, test: long, seed: 0, results: [], heldOut: 'test', targets: 'none' } as const;
  const sheet = (await FIGURES.samples?.draw(source)) as Sheet;
  assert.equal([sheet.pixels.width, sheet.pixels.height, sheet.scale], [10 * 20_004 - 4, 10 * 5 - 4, 1]);
});

test('a traversal of many dimensions shows the ten with the largest KL and says so', async () => {
  const source = (latent: number): FigureSource => ({
    model: new VAE({ inputSize: 4, hidden: [8], latent, generator: new Generator(2) }),
    test: test4,
    seed: 0,
    results: [],
    heldOut: 'test',
    targets: 'threshold',
  });
  const many = source(12);
  const sheet = (await FIGURES.traversal?.draw(many)) as Sheet;
  const { klPerDimension } = await latentStatistics(many.model as VAE, test4, { binarization: 'threshold' });
  const kl = [...(klPerDimension as Float64Array)];
  const largest = [...kl.keys()].sort((a, b) => kl[b]! - kl[a]!).slice(0, 10);
  assert.is(sheet.caption, '10 of 12 dimensions, by KL');
  assert.equal(
    sheet.rowLabels.map(({ text }) => text),
    largest.map((d) => `z${d + 1}`),
  );
  const few = (await FIGURES.traversal?.draw(source(10))) as Sheet;
  assert.is(few.caption, '');
  assert.is(few.rowLabels.map(({ text }) => text).join(), 'z1,z2,z3,z4,z5,z6,z7,z8,z9,z10');
});

test.run();
