/** Grey levels of a categorical likelihood, and the batches in which its many outputs are evaluated. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Generator } from '@varigrad/core';
import { Bernoulli, Categorical, evaluate, quantizeDataset, VAE } from '@varigrad/vae';
import { loadRun } from '@varigrad/vae/node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { rowsThatFit } from '../../packages/vae/src/over-batches.js';
import { data as bars, SIZE } from '../helpers/bars.js';
import { refuses } from '../helpers/refuses.js';
import { does, writeIdxFolder } from './cli-calls.js';

const scratch = mkdtempSync(join(tmpdir(), 'varigrad-quantize-'));
test.after(() => rmSync(scratch, { recursive: true, force: true }));

test('grey values are rounded to the nearest level; images of levels stay the same object', () => {
  const images = Float32Array.of(0, 0.1, 0.17, 0.5, 0.83, 0.84, 1, 0.34);
  const grey = { ...bars.train, images, labels: Uint8Array.of(0, 1), count: 2, imageShape: [2, 2] as const };
  const rounded = quantizeDataset(grey, 4);
  assert.equal(
    Array.from(rounded.images, (value) => value * 3).map((place) => Number(place.toFixed(6))),
    [0, 0, 1, 2, 2, 3, 3, 1],
  );
  assert.is(quantizeDataset(rounded, 4), rounded);
  const bytes = { ...grey, images: Float32Array.from(images, (_, i) => (i * 31) / 255) };
  assert.is(quantizeDataset(bytes, 256), bytes);
  refuses(
    () => quantizeDataset(grey, 1),
    'quantizeDataset: levels must be a whole number of at least 2, found 1',
  );
});

test('a batch of evaluation is smaller if the outputs are many, and the losses do not depend on it', async () => {
  const model = (likelihood: Bernoulli | Categorical): VAE =>
    new VAE({ inputSize: SIZE * SIZE, hidden: [8], latent: 2, likelihood, generator: new Generator(1) });
  assert.is(rowsThatFit(model(new Bernoulli()), 500), 500);
  const categorical = model(new Categorical({ levels: 256 }));
  assert.is(rowsThatFit(categorical, 500), Math.min(500, Math.floor(2 ** 23 / (SIZE * SIZE * 256))));
  const large = new VAE({ inputSize: 784, latent: 2, likelihood: new Categorical() });
  assert.is(rowsThatFit(large, 500), 41);
  const test = quantizeDataset(bars.test, 256);
  const { loss } = await evaluate(categorical, test);
  const one = await evaluate(categorical, test, { batchSize: 1 });
  assert.ok(Math.abs(loss - one.loss) < 1e-4 * loss);
});

test('--likelihood categorical rounds by itself, also when the run is evaluated', async () => {
  const data = writeIdxFolder(join(scratch, 'quarters'));
  const out = join(scratch, 'run');
  const options = '--likelihood categorical --levels 5 --hidden 6 --latent 2 --batch 32 --epochs 1'.split(
    ' ',
  );
  const text = await does('train', '--data', data, ...options, '--out', out);
  assert.match(text, 'Grey values are rounded to 5 levels.');
  await does('evaluate', out, '--importance-samples', '3');
  const images = (await (await loadRun(out, { data })).data()).test.images;
  assert.ok(images.every((value) => Number.isInteger(value * 4)));
});

test.run();
