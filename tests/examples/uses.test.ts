/** The examples of quadrants and of augmentation as a user runs them, and how digits are cut. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dataset } from '@varigrad/vae';
import { PNG } from 'pngjs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { join as joinPixels, pairsOf, quadrants } from '../../examples/quadrants/split.js';
import { runExample } from '../helpers/example.js';

const scratch = mkdtempSync(join(tmpdir(), 'varigrad-uses-'));
test.after(() => rmSync(scratch, { recursive: true, force: true }));

test('quadrants: the given ones are those of the tutorial, and both parts make the image again', () => {
  const picture = (given: number): string[] => {
    const cut = quadrants(given, [4, 4]);
    const isGiven = new Set(cut.given);
    assert.equal(
      [...cut.given, ...cut.rest].sort((a, b) => a - b),
      Array.from({ length: 16 }, (_, i) => i),
    );
    return [0, 1, 2, 3].map((y) => [0, 1, 2, 3].map((x) => (isGiven.has(4 * y + x) ? 'x' : '.')).join(''));
  };
  assert.equal(picture(1), ['....', '....', 'xx..', 'xx..']);
  assert.equal(picture(2), ['xx..', 'xx..', 'xx..', 'xx..']);
  assert.equal(picture(3), ['xxxx', 'xxxx', 'xx..', 'xx..']);
  const data: Dataset = {
    images: Float32Array.from({ length: 48 }, (_, i) => i / 48),
    labels: new Uint8Array(3),
    count: 3,
    imageShape: [4, 4],
    classes: 1,
  };
  for (const given of [1, 2, 3]) {
    const cut = quadrants(given, [4, 4]);
    const { x, y, count } = pairsOf(data, cut, 'none');
    assert.equal([x.length, y.length, count], [12 * given, 48 - 12 * given, 3]);
    assert.equal(joinPixels(cut, x, y), data.images);
  }
});

test('quadrants: a small run writes its numbers and a picture, and prints the numbers', () => {
  const small = '--given 2 --train-limit 400 --test-limit 50 --hidden 20 --latent 3 --epochs 2 --samples 5';
  const { status, stdout, stderr } = runExample(
    'quadrants/main.ts',
    ...small.split(' '),
    '--threads',
    '1',
    '--out',
    scratch,
  );
  assert.is(status, 0, stderr);
  const { settings, results } = JSON.parse(readFileSync(join(scratch, 'result.json'), 'utf8'));
  assert.equal([settings.targets, settings.hidden], ['none', [20]]);
  const [{ given, baseline, negativeElbo, importanceSampled, published }] = results;
  assert.equal([given, published], [2, { baseline: 61.9, cvae: 51 }]);
  // More samples give a smaller loss on average; 0.5 nats are far more than the noise of 50 images.
  assert.ok(importanceSampled < negativeElbo + 0.5, `${importanceSampled}, ${negativeElbo}`);
  for (const value of [baseline, negativeElbo, importanceSampled]) {
    assert.ok(value > 20 && value < 400, `${value}`); // 392 pixels at ln 2 are 272 nats
    assert.match(stdout, value.toFixed(1));
  }
  assert.ok(PNG.sync.read(readFileSync(join(scratch, 'given-2.png'))).width > 280);
});

test('augmentation: a small run writes its accuracies and a sheet, and prints them', () => {
  const small = '--labels 3 --samples 20 --steps 30 --latent 2 --seeds 1,2 --threads 1 --out';
  const { status, stdout, stderr } = runExample('augmentation/main.ts', ...small.split(' '), scratch);
  assert.is(status, 0, stderr);
  const { results } = JSON.parse(readFileSync(join(scratch, 'result.json'), 'utf8'));
  assert.is(results.length, 2);
  for (const { labels, plain, augmented, samplesOnly } of results) {
    assert.is(labels, 3);
    for (const accuracy of [plain, augmented, samplesOnly]) {
      assert.ok(accuracy > 0.05 && accuracy < 1, `${accuracy}`);
      assert.match(stdout, `${(100 * accuracy).toFixed(2)}%`);
    }
  }
  assert.ok(PNG.sync.read(readFileSync(join(scratch, 'samples.png'))).width > 560);
});

test('both have help, and refuse wrong options before they start', () => {
  for (const [path, args, message] of [
    ['quadrants/main.ts', ['--given', '4'], '--given 4: expected one of 1, 2, 3'],
    [
      'quadrants/main.ts',
      ['--targets', 'dynamic'],
      '--targets dynamic: expected one of none, threshold, static',
    ],
    ['augmentation/main.ts', ['--labels', '10,x'], '--labels x: expected a whole number of at least 1'],
  ] as const) {
    assert.match(runExample(path, '--help').stdout, '--out FOLDER');
    const { status, stdout, stderr } = runExample(path, ...args);
    assert.equal([status, stdout, stderr.trim()], [1, '', message]);
  }
});

test.run();
