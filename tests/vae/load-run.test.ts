/** loadRun: what the command line trained, opened from a program. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReference, withBackend } from '@varigrad/core';
import { decodeSafetensors, encodeSafetensors } from '@varigrad/nn';
import { ConditionalVAE, evaluate } from '@varigrad/vae';
import { type LoadRunOptions, loadRun } from '@varigrad/vae/node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { RUN_OPTIONS } from '../../packages/vae/src/run/run-config.js';
import { wordsOf } from '../../packages/vae/src/run/schema/option.js';
import { does, writeIdxFolder } from './cli-calls.js';

const scratch = mkdtempSync(join(tmpdir(), 'varigrad-load-'));
test.after(() => rmSync(scratch, { recursive: true, force: true }));
const data = writeIdxFolder(join(scratch, 'quarters'));
const run = join(scratch, 'run');
const options =
  '--model cvae --hidden 12 --latent 3 --batch 16 --validation 20 --epochs 3 --lr 0.01 --threads 1';
await does('train', '--data', data, ...options.split(' '), '--out', run);
const WEIGHTS = join(run, 'weights.safetensors');

/** A folder with some files of the run. */
function folderWith(name: string, ...files: readonly string[]): string {
  const folder = join(scratch, name);
  mkdirSync(folder);
  for (const file of files) copyFileSync(join(run, file), join(folder, file));
  return folder;
}

async function isRefused(path: string, settings: LoadRunOptions, message: string): Promise<void> {
  let found = '';
  await loadRun(path, settings).catch((error: Error) => {
    found = error.message;
  });
  assert.is(found, message);
}

test('a folder: model, configuration, losses and images', async () => {
  const loaded = await loadRun(run);
  assert.instance(loaded.model, ConditionalVAE);
  assert.equal([loaded.path, loaded.weights, loaded.heldOut], [run, 'best', 'validation']);
  assert.equal([loaded.imageShape, loaded.classes], [[8, 8], 4]);
  assert.equal([loaded.config.model, loaded.config.latent, loaded.config.learningRate], ['cvae', 3, 0.01]);
  assert.equal(
    loaded.metrics.map(({ epoch }) => epoch),
    [1, 2, 3],
  );
  const { train, validation, test: images } = await loaded.data();
  assert.equal([train.count, validation?.count, images.count], [76, 20, 24]);
  const { loss } = await evaluate(loaded.model, validation ?? train);
  const best = Math.min(...loaded.metrics.map((result) => result.test.loss));
  assert.ok(Math.abs(loss - best) < 1e-4, `${loss} is the loss of the best epoch, ${best}`);
  assert.is((await loadRun(run, { weights: 'last' })).weights, 'last');
  const other = writeIdxFolder(join(scratch, 'fewer'), { test: 5 });
  assert.is((await (await loadRun(run, { data: other })).data()).test.count, 5);
});

test('a file of weights is enough by itself, without the images', async () => {
  const file = join(folderWith('alone', 'weights.safetensors'), 'weights.safetensors');
  const moved = join(scratch, 'moved');
  renameSync(data, moved);
  try {
    const loaded = await loadRun(file);
    assert.equal([loaded.weights, loaded.imageShape, loaded.classes], ['weights.safetensors', [8, 8], 4]);
    assert.equal(loaded.config, (await loadRun(run)).config);
    assert.equal(loaded.metrics, []);
    const expected = decodeSafetensors(readFileSync(WEIGHTS)).tensors;
    assert.equal(loaded.model.stateDict(), expected);
    await does('sample', file);
    assert.ok(existsSync(join(scratch, 'alone', 'samples.svg')));
    await does('sample', run, '--out', join(scratch, 'no-images.png'));
  } finally {
    renameSync(moved, data);
  }
});

test('a run from before the metadata opens by its config.json and run.json, or by its images', async () => {
  const { tensors } = decodeSafetensors(readFileSync(WEIGHTS));
  const older = folderWith('older', 'config.json', 'run.json', 'metrics.jsonl');
  const oldest = folderWith('oldest', 'config.json');
  for (const folder of [older, oldest]) {
    writeFileSync(join(folder, 'weights.safetensors'), encodeSafetensors(tensors));
    const loaded = await loadRun(folder);
    assert.equal([loaded.weights, loaded.imageShape, loaded.classes], ['last', [8, 8], 4]);
    assert.equal(loaded.model.stateDict(), tensors);
    assert.is('images' in loaded, false, 'the images are not kept');
  }
  const file = join(older, 'weights.safetensors');
  await isRefused(
    file,
    {},
    `${file}: the file has no configuration — name the folder of its run, which has a config.json`,
  );
});

/** What the first version of the command line wrote for a VAE with a Gaussian likelihood. */
const OLD_CONFIG = {
  model: 'vae',
  latent: 3,
  network: 'dense',
  hidden: [12],
  activation: 'relu',
  likelihood: 'gaussian',
  meanLink: 'sigmoid',
  posterior: 'gaussian',
  prior: 'standard',
  samples: 1,
  data,
  trainLimit: 0,
  validation: 0,
  binarization: 'none',
  epochs: 1,
  batch: 16,
  learningRate: 0.001,
  beta: 1,
  warmUp: 'none',
  freeBits: 0,
  seed: 1,
};

test('a configuration without newer options opens and resumes as the same run', async () => {
  const [old, straight] = [join(scratch, 'old'), join(scratch, 'straight')];
  const small = `--data ${data} --hidden 12 --latent 3 --batch 16 --likelihood gaussian --threads 1`.split(
    ' ',
  );
  await does('train', ...small, '--epochs', '1', '--out', old);
  await does('train', ...small, '--epochs', '2', '--out', straight);
  const before = (await loadRun(old)).config;
  writeFileSync(join(old, 'config.json'), JSON.stringify(OLD_CONFIG));
  assert.equal((await loadRun(old)).config, before);
  await does('train', '--resume', old, '--epochs', '2', '--threads', '1');
  for (const name of ['weights.safetensors', 'checkpoint.safetensors', 'config.json'])
    assert.ok(readFileSync(join(old, name)).equals(readFileSync(join(straight, name))), name);
});

test('the model is built on the backend of the call', async () => {
  const machine = createReference();
  const { model } = await withBackend(machine, () => loadRun(run));
  assert.ok(model.parameters().every((parameter) => parameter.storage.backend === machine));
});

test('arguments of a wrong kind are refused', async () => {
  const call = loadRun as (...args: readonly unknown[]) => Promise<unknown>;
  for (const [args, message] of [
    [[5], 'loadRun: path must be a string, found 5'],
    [
      [run, { wieghts: 'best' }],
      "loadRun: unknown option 'wieghts' — did you mean 'weights'? (options: weights, data)",
    ],
    [
      [run, { weights: 'bset' }],
      "loadRun: weights must be one of 'best', 'last', found 'bset' — did you mean 'best'?",
    ],
  ] as const) {
    let found = '';
    await call(...args).catch((error: Error) => {
      found = error.message;
    });
    assert.is(found, message);
  }
});

test('what cannot be opened is refused', async () => {
  await isRefused(
    WEIGHTS,
    { weights: 'best' },
    `--weights best: ${WEIGHTS} is one file — leave --weights out, or name the folder`,
  );
  const absent = join(scratch, 'rnu');
  await isRefused(absent, {}, `${absent}: there is no config.json — did you mean ${run}?`);
  const empty = folderWith('empty', 'config.json');
  await isRefused(
    empty,
    {},
    `${empty}: there is no weights.safetensors — the run has not finished its first epoch`,
  );
  const { tensors, metadata } = decodeSafetensors(readFileSync(WEIGHTS));
  const refusesMetadata = async (changed: Record<string, string>, message: string): Promise<void> => {
    const file = join(scratch, 'changed.safetensors');
    writeFileSync(file, encodeSafetensors(tensors, { ...metadata, ...changed }));
    await isRefused(file, {}, `${file}: metadata: ${message}`);
  };
  await refusesMetadata(
    { config: '{"model": "vea"}' },
    `model "vea": expected one of ${wordsOf(RUN_OPTIONS.model).join(', ')} — did you mean vae?`,
  );
  for (const images of [
    '{}',
    '[]',
    'null',
    '{"shape": [8], "classes": 4}',
    '{"shape": [8, -8], "classes": 4}',
    '{"train": 0, "shape": [8, 8], "classes": 4}',
    '{"train": "76", "shape": [8, 8], "classes": 4}',
  ])
    await refusesMetadata(
      { images },
      `expected the shape, the classes and the number of images, found ${images}`,
    );
});

test('a model that depends on the number of training images', async () => {
  const folder = join(scratch, 'tc-vae');
  const settings = `--data ${data} --model tc-vae --hidden 6 --latent 2 --batch 16 --validation 20 --epochs 1 --threads 1`;
  await does('train', ...settings.split(' '), '--out', folder);
  const file = join(folder, 'weights.safetensors');
  const isDescribed = async (path: string, count: number): Promise<void> =>
    assert.match(String((await loadRun(path)).model), `TotalCorrelationVAE(dataset size ${count}) (`);
  await isDescribed(folder, 76);
  await isDescribed(file, 76);
  const { tensors, metadata } = decodeSafetensors(readFileSync(file));
  const { train, ...images } = JSON.parse(metadata.images as string);
  assert.is(train, 76);
  writeFileSync(file, encodeSafetensors(tensors, { ...metadata, images: JSON.stringify(images) }));
  await isDescribed(file, 60_000);
});

test('a file whose configuration describes a far larger model is refused before the model is built', async () => {
  const { tensors, metadata } = decodeSafetensors(readFileSync(WEIGHTS));
  const found = Object.values(tensors).reduce((sum, { data }) => sum + data.length, 0);
  const { prior: _, freeBits: __, ...config } = JSON.parse(metadata.config as string);
  const file = join(scratch, 'claims.safetensors');
  for (const [change, images, least] of [
    [{ hidden: [16_384, 16_384, 16_384] }, {}, 64 * 16_384 + 2 * 16_384 ** 2],
    [{}, { shape: [40_000, 40_000] }, 12 * 40_000 ** 2],
    [{ model: 'vae', prior: 'vamp', components: 10_000 }, {}, 640_000],
  ] as const) {
    const about = { ...JSON.parse(metadata.images as string), ...images };
    const changed = { config: JSON.stringify({ ...config, ...change }), images: JSON.stringify(about) };
    writeFileSync(file, encodeSafetensors(tensors, changed));
    await isRefused(
      file,
      {},
      `${file}: the configuration describes a model of at least ${least} weights, and the file has ${found}`,
    );
  }
});

test('a damaged run.json is refused where it is needed', async () => {
  const folder = folderWith('damaged', 'config.json');
  const { tensors } = decodeSafetensors(readFileSync(WEIGHTS));
  writeFileSync(join(folder, 'weights.safetensors'), encodeSafetensors(tensors));
  const path = join(folder, 'run.json');
  for (const text of ['{"images": {"sha', 'null', '{"images": null}', '{"images": {"shape": [8, 8]}}']) {
    writeFileSync(path, text);
    await isRefused(
      folder,
      {},
      `${path}: expected the shape, the classes and the number of images, found ${text}`,
    );
  }
});

test('a damaged metrics.jsonl is refused with its line', async () => {
  const lines = readFileSync(join(run, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
  for (const [i, [changed, bad]] of [
    [[lines[0], lines[1]?.slice(0, 30), lines[2]], 2],
    [[lines[0], '', lines[2]], 2],
    [[lines[0], lines[2]], 2],
    [['null', lines[1], lines[2]], 1],
    [[lines[0], '{"epoch": 2}', lines[2]], 2],
    [[lines[0], lines[1]?.replace(/"loss":[\d.]+/, '"loss":"1"'), lines[2]], 2],
  ].entries() as ArrayIterator<[number, [string[], number]]>) {
    const folder = folderWith(`broken-${i}`, 'config.json', 'weights.safetensors');
    writeFileSync(join(folder, 'metrics.jsonl'), changed.join('\n'));
    await isRefused(
      folder,
      {},
      `${join(folder, 'metrics.jsonl')}: line ${bad} is not the result of epoch ${bad} — restore the file, or start a new run`,
    );
  }
});

test.run();
