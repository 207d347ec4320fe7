/** The names of the folders of runs: short, and different for different options. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { makeRunFolder, nameOf } from '../../packages/vae/src/run/folder-name.js';
import { RUN_OPTIONS } from '../../packages/vae/src/run/run-config.js';
import { complete, effective } from '../../packages/vae/src/run/schema/complete.js';
import { fromJson } from '../../packages/vae/src/run/schema/values.js';
import { KEYS, needsOf, optionOf, otherValue, type Values, valuesOf } from '../helpers/run-options.js';

const home = process.cwd();
const scratch = mkdtempSync(join(tmpdir(), 'varigrad-names-'));
process.chdir(scratch);
test.after(() => {
  process.chdir(home);
  rmSync(scratch, { recursive: true, force: true });
});

const configOf = (values: Values): ReturnType<typeof complete<typeof RUN_OPTIONS>> =>
  complete(RUN_OPTIONS, fromJson(RUN_OPTIONS, values, 'a.json'));
const name = (values: Values): string => nameOf(configOf(values));

test('the data, the model, z and the binarization, then what differs from the defaults', () => {
  assert.is(name({}), 'mnist-vae-z20-none');
  assert.is(name({ latent: 2, binarization: 'dynamic' }), 'mnist-vae-z2-dynamic');
  assert.is(name({ learningRate: 0.01 }), 'mnist-vae-z20-none-lr0.01');
  assert.is(name({ model: 'vq-vae', vectors: 4 }), 'mnist-vq-vae-none-vectors4');
  assert.is(
    name({ hidden: [500, 250], likelihood: 'gaussian' }),
    'mnist-vae-z20-none-hidden500x250-gaussian',
  );
  assert.is(
    name({ batch: 64, beta: 4, seed: 2, dropLast: true }),
    'mnist-vae-z20-none-batch64-drop-last-beta4-seed2',
  );
  assert.is(name({ schedule: 'cosine', epochs: 5 }), 'mnist-vae-z20-none-epochs5-cosine');
  assert.is(name({ optimizer: 'adamw', clip: 100 }), 'mnist-vae-z20-none-adamw-clip100');
});

test('a default that is written out changes nothing', () => {
  assert.is(name({ learningRate: 0.001, model: 'iwae', samples: 5 }), 'mnist-iwae-z20-none');
  assert.is(name({ schedule: 'cosine', scheduleEpochs: 20 }), name({ schedule: 'cosine' }));
});

test('images with long, hidden and unprintable names', () => {
  const long = name({ data: 'é'.repeat(120) });
  assert.match(long, /^é{40}-[0-9a-f]{4}-vae-z20-none$/);
  assert.is.not(long, name({ data: 'é'.repeat(121) }));
  assert.ok(Buffer.byteLength(name({ data: '😀'.repeat(63) })) < 255);
  assert.match(name({ data: '.' }), /^[^.-].*-vae-z20-none$/);
  assert.match(name({ data: '.photos' }), /^photos-[0-9a-f]{4}-vae-z20-none$/);
  assert.match(name({ data: 'a\n\u001bb' }), /^ab-[0-9a-f]{4}-vae-z20-none$/);
});

test('many options become a hash', () => {
  const many = {
    hidden: [512, 256, 128],
    activation: 'tanh',
    batch: 64,
    learningRate: 0.0003,
    beta: 0.5,
    seed: 7,
  };
  assert.match(name(many), /^mnist-vae-z20-none-[0-9a-f]{8}$/);
  assert.is(name(many), name(many));
  assert.is.not(name(many), name({ ...many, seed: 8 }));
});

test('data sets of the same name in different folders', () => {
  assert.is(name({ data: 'photos' }), 'photos-vae-z20-none');
  assert.is(name({ data: './photos/' }), 'photos-vae-z20-none');
  assert.match(name({ data: 'a/photos' }), /^photos-[0-9a-f]{4}-vae-z20-none$/);
  const paths = ['photos', 'a/photos', 'b/photos', 'i.idx,a.idx', 'i.idx,b.idx'];
  assert.is(new Set(paths.map((data) => name({ data }))).size, paths.length);
});

test('runs that differ in an option that has an effect have different names', () => {
  const seen = new Map<string, string>();
  const note = (values: Values): void => {
    let config: ReturnType<typeof configOf>;
    try {
      config = configOf(values);
    } catch {
      return; // such a pair conflicts
    }
    const text = JSON.stringify(effective(RUN_OPTIONS, config));
    const folder = nameOf(config);
    assert.ok(folder.length < 100 && /^[\w. -]+$/.test(folder), folder);
    assert.is(seen.get(folder) ?? text, text, folder);
    seen.set(folder, text);
  };
  const choices = KEYS.map((key) => ({ ...needsOf(key), [key]: otherValue(key) }));
  for (const one of choices) for (const other of choices) note({ ...one, ...other });
  for (const key of KEYS)
    for (const value of valuesOf(optionOf(key))) note({ ...needsOf(key), [key]: value });
  assert.ok(seen.size > 500, String(seen.size));
});

test('the same options again: -2, -3, …, also for runs that start at the same moment', async () => {
  const folders = await Promise.all([1, 2, 3].map(() => makeRunFolder('mnist-vae-z20-none')));
  assert.equal(
    folders.sort(),
    ['', '-2', '-3'].map((end) => join('runs', `mnist-vae-z20-none${end}`)),
  );
  assert.ok(folders.every((path) => existsSync(path)));
});

test.run();
