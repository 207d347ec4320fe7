/** Models as folders: what savePretrained writes, fromPretrained and Python read, and what is refused. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manualSeed, noGrad, oneHot, rand, tensor, zeros } from '@varigrad/core';
import { decodeSafetensors, encodeSafetensors } from '@varigrad/nn';
import { ConditionalVAE, type GenerativeModel, isLatentModel, VAE } from '@varigrad/vae';
import { fromPretrained, loadRun, measureRun, type RunConfig, savePretrained } from '@varigrad/vae/node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildModel } from '../../packages/vae/src/run/build-model.js';
import { MODELS } from '../../packages/vae/src/run/options/models.js';
import { zooFolder } from '../../packages/vae/src/run/pretrained.js';
import { parseConfig, RUN_OPTIONS } from '../../packages/vae/src/run/run-config.js';
import { complete } from '../../packages/vae/src/run/schema/complete.js';
import { codeBlocksOf } from '../docs/markdown.js';
import { testIf } from '../helpers/native-here.js';
import { pythonWith, runPython } from '../helpers/python-here.js';
import { does, writeIdxFolder } from './cli-calls.js';

const scratch = mkdtempSync(join(tmpdir(), 'varigrad-pretrained-'));
test.after(() => rmSync(scratch, { recursive: true }));

const images = { imageShape: [8, 8], classes: 4, count: 100 } as const;

const configOf = (values: Partial<RunConfig>): RunConfig =>
  complete(RUN_OPTIONS, parseConfig(JSON.stringify(values), 'test')) as RunConfig;

async function refusal(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => assert.unreachable('nothing was refused') as never,
    (error: Error) => error.message,
  );
}

/** Every model of the command line, with small networks. */
const CONFIGS: readonly Partial<RunConfig>[] = [
  ...Object.keys(MODELS.model.parts).map((model) => ({ model, hidden: [12, 7] }) as Partial<RunConfig>),
  { network: 'convolutional', channels: [3, 4], normalization: 'batch' },
  { prior: 'vamp', components: 5, hidden: [6], likelihood: 'gaussian', activation: 'tanh' },
  { posterior: 'iaf', hidden: [6], likelihood: 'categorical', levels: 3 },
];

test('every model is saved and read back with equal weights and options', async () => {
  for (const [i, values] of CONFIGS.entries()) {
    const config = configOf(values);
    const model = buildModel(config, images);
    const folder = join(scratch, `model-${i}`);
    await savePretrained(folder, { model, config, ...images });
    assert.equal(readdirSync(folder).sort(), ['README.md', 'config.json', 'model.safetensors']);
    const read = await fromPretrained(folder);
    assert.equal(read.model.stateDict(), model.stateDict(), JSON.stringify(values));
    assert.is(String(read.model), String(model));
    assert.equal([read.imageShape, read.classes, read.count], [[8, 8], 4, 100]);
    assert.is(read.weights, 'model.safetensors');
    const alone = await fromPretrained(join(folder, 'model.safetensors'));
    assert.equal(alone.model.stateDict(), model.stateDict());
    assert.equal(alone.config, read.config);
  }
});

test('a model made in code is saved with the options that differ from the defaults', async () => {
  manualSeed(1);
  const model = new VAE({ inputSize: 64, hidden: [10], latent: 3, activation: 'tanh' });
  const folder = join(scratch, 'own');
  const config: Partial<RunConfig> = { hidden: [10], latent: 3, activation: 'tanh' };
  await savePretrained(folder, { model, config, imageShape: [8, 8], classes: 0 });
  const read = await fromPretrained(folder);
  const x = rand([5, 64]);
  assert.equal(read.model.codes(x).dataSync(), model.codes(x).dataSync());
  const saved = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
  assert.equal(saved.images, { shape: [8, 8], classes: 0 });
  assert.is(saved.latent, 3);
  for (const dtype of ['F16', 'BF16'] as const) {
    await savePretrained(folder, { model, config, imageShape: [8, 8], classes: 0 }, { dtype });
    const half = (await fromPretrained(folder)).model.stateDict();
    const file = decodeSafetensors(readFileSync(join(folder, 'model.safetensors')));
    assert.equal(half, file.tensors);
    assert.ok(file.converted.every((tensor) => tensor.dtype === dtype));
    const largest = dtype === 'F16' ? 2 ** -11 : 2 ** -8;
    for (const [name, { data }] of Object.entries(model.stateDict()))
      data.forEach((value, i) => {
        assert.ok(Math.abs(half[name]!.data[i]! - value) <= largest * Math.abs(value) + 2 ** -25);
      });
  }
});

test('a license and a name of any characters leave the card readable', async () => {
  const folder = join(scratch, 'characters');
  const model = new VAE({ inputSize: 2, hidden: [2], latent: 1 });
  const trained = { model, config: { hidden: [2], latent: 1 }, imageShape: [1, 2], classes: 0 } as const;
  await savePretrained(folder, trained, { license: 'see: "terms"\n#1', name: "./Ann's" });
  const card = readFileSync(join(folder, 'README.md'), 'utf8');
  assert.match(card, '\nlicense: "see: \\"terms\\"\\n#1"\ntags:\n');
  assert.match(card, 'await fromPretrained("./Ann\'s");');
});

test('a run becomes a model, with its measurement on the card; both are read by fromPretrained and evaluate', async () => {
  const run = join(scratch, 'run');
  const data = writeIdxFolder(join(scratch, 'data'));
  await does(
    'train',
    '--model',
    'cvae',
    '--latent',
    '2',
    '--hidden',
    '9',
    '--epochs',
    '1',
    '--data',
    data,
    '--out',
    run,
  );
  const trained = await loadRun(run);
  assert.equal((await fromPretrained(run)).model.stateDict(), trained.model.stateDict());
  const measured = await measureRun(trained, (await trained.data()).test);
  const folder = join(scratch, 'shared');
  await savePretrained(folder, trained, { measured, license: 'cc0-1.0' });
  const card = readFileSync(join(folder, 'README.md'), 'utf8');
  for (const text of [
    'library_name: varigrad\nlicense: cc0-1.0\ntags:\n- cvae\n',
    `| −ELBO | ${(measured.recon + measured.kl).toFixed(2)} |`,
    `| reconstruction | ${measured.recon.toFixed(2)} |`,
    'On 24 test images; binarization of the targets: none.',
    '| seed | 1 |',
    "await fromPretrained('./shared')",
  ])
    assert.ok(card.includes(text), `${text} is not in ${card}`);
  const again = JSON.parse(await does('evaluate', folder, '--json'));
  assert.is(again.loss, measured.loss);
  assert.equal((await loadRun(folder)).metrics, []);
  assert.match(
    await refusal(savePretrained(run, trained)),
    /savePretrained .*run: the folder holds a run — choose another folder$/,
  );
  const restarted = join(scratch, 'restarted');
  await does('train', '--config', join(folder, 'config.json'), '--out', restarted);
  assert.equal((await fromPretrained(restarted)).model.stateDict(), trained.model.stateDict());
});

test('a folder that Python made, without metadata in its weights, is read by its config.json', async () => {
  const folder = join(scratch, 'python');
  mkdirSync(folder);
  const model = new ConditionalVAE({ inputSize: 64, hidden: [5], latent: 2, classes: 4 });
  writeFileSync(join(folder, 'model.safetensors'), encodeSafetensors(model.stateDict()));
  const config = { model: 'cvae', hidden: [5], latent: 2, images: { shape: [8, 8], classes: 4 } };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  assert.equal((await fromPretrained(folder)).model.stateDict(), model.stateDict());
  writeFileSync(
    join(folder, 'config.json'),
    JSON.stringify({ ...config, images: { shape: [8], classes: 4 } }),
  );
  assert.match(
    await refusal(fromPretrained(folder)),
    /config\.json: expected the shape, the classes and the number of images/,
  );
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...config, latent: 3 }));
  assert.match(await refusal(fromPretrained(folder)), /model\.safetensors: .*of another shape/);
});

test('names that are not there are refused with what to do', async () => {
  assert.is(await refusal(fromPretrained('no/such')), 'fromPretrained no/such: there is no such folder');
  assert.is(
    await refusal(fromPretrained('a.safetensors')),
    'fromPretrained a.safetensors: there is no such folder',
  );
  assert.match(
    await refusal(fromPretrained('cvae-mnist-z3')),
    /fromPretrained cvae-mnist-z3: there is no such folder, and @varigrad\/zoo has .*cvae-mnist-z2.* — did you mean cvae-mnist-z2\?/,
  );
  assert.throws(
    () =>
      zooFolder('cvae-mnist-z2', () => {
        throw new Error("Cannot find module '@varigrad/zoo/package.json'");
      }),
    (error: Error) =>
      error.message ===
      'fromPretrained cvae-mnist-z2: there is no such folder, and the package @varigrad/zoo, which has trained models, is not installed — install it, or name a folder',
  );
});

const python = pythonWith('torch', 'numpy');

/** The images and codes of the library for the inputs of the Python below. The parameters of p(x|z), if there are several per pixel. */
function results(model: GenerativeModel): number[] {
  const { latent } = model;
  const labels = model.classes > 0 ? oneHot([0, 1, 2], model.classes) : undefined;
  return noGrad(() => {
    const z = tensor(
      Array.from({ length: 3 * latent }, (_, i) => Math.sin(i)),
      { shape: [3, latent] },
    );
    const x = tensor(
      Array.from({ length: 3 * 64 }, (_, i) => (i % 5) / 5),
      { shape: [3, 64] },
    );
    const outputs = model.decode(z, labels);
    const mean = model.likelihood.outputsPerPixel === 1 ? model.likelihood.mean(outputs) : outputs;
    const q = isLatentModel(model) ? model.encode(x, labels) : { mu: zeros([1]) };
    return [...mean.dataSync(), ...q.mu.dataSync()];
  });
}

testIf(python !== undefined)("the card's Python computes the codes and images of the library", async () => {
  const programs: string[] = ['import os'];
  const expected: number[][] = [];
  for (const [i, values] of CONFIGS.entries()) {
    const { network } = configOf(values);
    const folder = join(scratch, `model-${i}`);
    const { model } = await fromPretrained(folder);
    const blocks = codeBlocksOf(readFileSync(join(folder, 'README.md'), 'utf8'));
    const code = blocks.find(({ language }) => language === 'python')!.text;
    const labels = model.classes > 0 ? `, torch.eye(${model.classes})[:3]` : '';
    const isFull = isLatentModel(model) && network === 'dense';
    const check = isFull
      ? `z = torch.sin(torch.arange(${3 * model.latent})).reshape(3, -1)
x = (torch.arange(192) % 5 / 5).reshape(3, -1)
print('values', *decode(z${labels}).flatten().tolist(), *encode(x${labels})[0].flatten().tolist())`
      : `print('values', len(w))`;
    programs.push(`os.chdir(${JSON.stringify(folder)})\n${code}\n${check}`);
    expected.push(isFull ? results(model) : [Object.keys(model.stateDict()).length]);
  }
  const lines = runPython(python as string, programs.join('\n')).split('\n');
  const found = lines
    .filter((line) => line.startsWith('values '))
    .map((line) => line.split(' ').slice(1).map(Number));
  assert.is(found.length, expected.length);
  for (const [i, values] of expected.entries()) {
    assert.is(found[i]!.length, values.length, JSON.stringify(CONFIGS[i]));
    for (const [at, value] of values.entries())
      assert.ok(
        Math.abs(found[i]![at]! - value) < 1e-5 * Math.max(1, Math.abs(value)),
        `${JSON.stringify(CONFIGS[i])} ${at}`,
      );
  }
});

test.run();
