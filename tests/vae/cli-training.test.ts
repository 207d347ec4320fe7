/** The options of the optimizer on the command line: what they do to the weights, and runs that are resumed. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Adam, AdamW, decodeSafetensors, type Optimizer, SGD, type StateDict } from '@varigrad/nn';
import { type FitOptions, fit } from '@varigrad/vae';
import { loadRun } from '@varigrad/vae/node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildModel } from '../../packages/vae/src/run/build-model.js';
import { RUN_OPTIONS } from '../../packages/vae/src/run/run-config.js';
import { does, isRefused, writeIdxFolder } from './cli-calls.js';

const scratch = mkdtempSync(join(tmpdir(), 'varigrad-training-'));
test.after(() => rmSync(scratch, { recursive: true, force: true }));
const data = writeIdxFolder(join(scratch, 'quarters'), { train: 40, test: 8 });
const SMALL = `--data ${data} --hidden 6 --latent 3 --batch 16 --threads 1`.split(' ');
const STEPS = 3; // per epoch: 16, 16 and 8 images
const EPOCHS = 4;

let runs = 0;
/** Trains with these options. @returns the folder */
async function train(options: string, epochs: number = EPOCHS): Promise<string> {
  const folder = join(scratch, `run-${++runs}`);
  await does(
    'train',
    ...SMALL,
    ...options.split(' ').filter(Boolean),
    '--epochs',
    String(epochs),
    '--out',
    folder,
  );
  return folder;
}

const tensorsOf = (folder: string): StateDict =>
  decodeSafetensors(readFileSync(join(folder, 'weights.safetensors'))).tensors;

/** The weights after the same training by `fit`, with a learning rate and options written out by hand. */
async function byHand(
  folder: string,
  build: (parameters: ReturnType<Awaited<ReturnType<typeof loadRun>>['model']['parameters']>) => Optimizer,
  options: Partial<FitOptions>,
): Promise<StateDict> {
  const { config, data: images, imageShape, classes } = await loadRun(folder);
  const model = buildModel(config, { imageShape, classes });
  const optimizer = build(model.parameters());
  const { train: set, test: held } = await images();
  await fit(
    model,
    { train: set, test: held },
    { optimizer, epochs: EPOCHS, batchSize: 16, seed: config.seed, ...options },
  );
  return model.stateDict();
}

test('each option is that of fit and of the optimizers', async () => {
  const total = EPOCHS * STEPS;
  const cosine = (step: number): number => (1 + Math.cos((Math.PI * step) / total)) / 2;
  for (const [options, build, settings] of [
    ['', (p) => new Adam(p, { learningRate: 0.001 }), {}],
    ['--clip 0.5', (p) => new Adam(p), { clipNorm: 0.5 }],
    ['--drop-last', (p) => new Adam(p), { dropLast: true }],
    ['--weight-decay 0.3', (p) => new Adam(p, { weightDecay: 0.3 }), {}],
    ['--optimizer adamw --lr 0.01', (p) => new AdamW(p, { learningRate: 0.01, weightDecay: 0.01 }), {}],
    [
      '--optimizer sgd --momentum 0.9 --lr 0.002',
      (p) => new SGD(p, { learningRate: 0.002, momentum: 0.9 }),
      {},
    ],
    ['--schedule cosine', (p) => new Adam(p), { schedule: cosine }],
    [
      '--schedule step --schedule-epochs 2 --schedule-decay 0.5',
      (p) => new Adam(p),
      { schedule: (step: number) => (step < 2 * STEPS ? 1 : 0.5) },
    ],
    [
      '--schedule exponential --schedule-epochs 4 --schedule-decay 0.5',
      (p) => new Adam(p),
      { schedule: (step: number) => (0.5 ** (1 / total)) ** step },
    ],
    [
      '--schedule-warm-up 2',
      (p) => new Adam(p),
      { schedule: (step: number) => Math.min(1, step / (2 * STEPS)) },
    ],
  ] as readonly [string, Parameters<typeof byHand>[1], Partial<FitOptions>][]) {
    const folder = await train(options);
    assert.equal(tensorsOf(folder), await byHand(folder, build, settings), options);
  }
});

test('a run with any optimizer and schedule goes on bit for bit', async () => {
  const choices = [
    ...Object.keys(RUN_OPTIONS.optimizer.parts).map((word) => `--optimizer ${word}`),
    ...Object.keys(RUN_OPTIONS.schedule.parts).map((word) => `--schedule ${word} --clip 1 --drop-last`),
    '--schedule cosine --schedule-warm-up 1.5 --optimizer sgd --momentum 0.9',
  ];
  for (const options of choices) {
    const length = options.includes('--schedule ') && !options.includes('none') ? ' --schedule-epochs 4' : '';
    const straight = await train(options + length);
    const resumed = await train(options + length, 2);
    await does('train', '--resume', resumed, '--epochs', String(EPOCHS), '--threads', '1');
    for (const name of ['weights.safetensors', 'checkpoint.safetensors', 'config.json'])
      assert.ok(
        readFileSync(join(resumed, name)).equals(readFileSync(join(straight, name))),
        `${options}: ${name} differ`,
      );
  }
});

test('the length of a schedule is that of the first run, also if more epochs follow', async () => {
  const folder = await train('--schedule cosine', 2);
  assert.is((await loadRun(folder)).config.scheduleEpochs, 2);
  const before = tensorsOf(folder);
  const printed = await does('train', '--resume', folder, '--epochs', '3', '--threads', '1');
  assert.match(printed, /cosine schedule over 2 epochs/);
  assert.match(printed, /The learning rate is 0 after epoch 2: later epochs change nothing\./);
  assert.is((await loadRun(folder)).config.scheduleEpochs, 2);
  assert.equal(tensorsOf(folder), before, 'the learning rate of the last epoch is 0');
});

test('--no-compile gives the same files, and either kind of run continues the other', async () => {
  const files = ['weights.safetensors', 'checkpoint.safetensors', 'config.json'];
  const bytes = (folder: string): Buffer[] => files.map((name) => readFileSync(join(folder, name)));
  const compiled = await train('');
  const plain = await train('--no-compile');
  assert.equal(bytes(plain), bytes(compiled));
  for (const [first, second] of [
    ['--no-compile', '--compile'],
    ['--compile', '--no-compile'],
  ] as const) {
    const folder = await train(first, 2);
    const printed = await does(
      'train',
      '--resume',
      folder,
      '--epochs',
      String(EPOCHS),
      '--threads',
      '1',
      second,
    );
    assert.equal(bytes(folder), bytes(compiled));
    const text =
      second === '--compile'
        ? /Steps: compiled, \d+ kernels in \d+ instructions, [\d.]+ MB\./
        : /Steps: not compiled: turned off\./;
    assert.match(printed, text);
    const metrics = readFileSync(join(folder, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
    assert.equal(
      metrics.map((line) => JSON.parse(line).execution.compiled),
      [first, first, second, second].map((flag) => flag === '--compile'),
    );
    const measured = await does('evaluate', folder, '--json', '--importance-samples', '3', '--batch', '2');
    assert.is(
      await does('evaluate', folder, '--json', '--importance-samples', '3', '--batch', '2', '--no-compile'),
      measured,
    );
  }
});

test('options that the images do not allow are refused before the folder holds a run', async () => {
  const out = join(scratch, 'refused');
  const refuses = (options: string, message: string): Promise<void> =>
    isRefused(['train', ...SMALL, ...options.split(' '), '--out', out], message);
  await refuses(
    '--deterministic --shards 9',
    'fit: the last batch has 8 images for 9 shards — choose another batchSize, or dropLast',
  );
  await refuses('--model m2 --labelled 11', 'labelledSubset: class 0 has 10 images, not 11 — ask for fewer');
  assert.equal(existsSync(out) ? readdirSync(out) : [], []);
});

test('drop-last must leave a step', async () => {
  await isRefused(
    ['train', ...SMALL, '--batch-size', '41', '--drop-last', '--out', join(scratch, 'none')].filter(
      (word, i, all) => word !== '--batch' && all[i - 1] !== '--batch',
    ),
    '--drop-last leaves no step: there are 40 training images, and a step has 41 — choose a smaller --batch',
  );
});

test.run();
