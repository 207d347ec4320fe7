/** The table of pictures: each is drawn from what the model was trained on. */
import { Generator } from '@varigrad/core';
import { type Dataset, klChart, latentStatistics, VAE } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FIGURES, type FigureSource } from '../../packages/vae/src/run/figures.js';

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

test.run();
