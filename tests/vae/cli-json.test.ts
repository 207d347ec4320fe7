/** `--json` of every command, and `--backend gpu`, on small images. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Losses } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { COMMANDS } from '../../packages/vae/src/cli/main.js';
import { call, does, isRefused, writeIdxFolder } from './cli-calls.js';

const scratch = mkdtempSync(join(tmpdir(), 'varigrad-json-'));
test.after(() => rmSync(scratch, { recursive: true, force: true }));
const data = writeIdxFolder(join(scratch, 'quarters'));
const SMALL = ['--data', data, '--hidden', '12', '--latent', '3', '--batch', '16', '--threads', '1'];
const vae = join(scratch, 'vae');
await does('train', ...SMALL, '--epochs', '3', '--out', vae);

const jsonOf = async (...args: readonly string[]): Promise<ReturnType<typeof JSON.parse>> =>
  JSON.parse(await does(...args, '--json'));

test('every command prints one JSON object with --json, and nothing else', async () => {
  const run = join(scratch, 'json');
  const config = ['--data', data, '--hidden', '12', '--batch', '16', '--epochs', '1'];
  const calls: Record<string, [args: string[], keys: string[]]> = {
    train: [
      [...SMALL, '--epochs', '2', '--out', run],
      ['run', 'stopped', 'epochs', 'last', 'files'],
    ],
    evaluate: [[run], ['loss', 'recon', 'kl', 'negativeElbo', 'latent']],
    sample: [[run], ['run', 'files', 'width', 'height']],
    reconstruct: [[run], ['run', 'files', 'width', 'height']],
    figures: [
      [run, '--only', 'samples,kl'],
      ['run', 'files', 'leftOut'],
    ],
    compare: [
      ['--models', 'ae,vae', ...config, '--out', join(scratch, 'c')],
      ['stopped', 'report', 'runs'],
    ],
    features: [[run], ['files', 'set', 'scores']],
    inpaint: [
      [run, '--steps', '2'],
      ['one', 'mean', 'trainingMean', 'files'],
    ],
    export: [
      [run, '--esm', '--onnx'],
      ['run', 'files'],
    ],
    datasets: [[], ['datasets']],
    schema: [[], ['$schema', 'properties']],
    completion: [['bash'], ['shell', 'script']],
  };
  for (const name of Object.keys(COMMANDS)) {
    assert.ok(calls[name] !== undefined, `${name} has a call in this test`);
    const [args, keys] = calls[name];
    const printed = await does(name, ...args, '--json');
    assert.is(printed.split('\n').length, 2, `${name} prints one line`);
    const found = JSON.parse(printed);
    for (const key of keys) assert.ok(key in found, `${name}: ${key} in ${printed.slice(0, 200)}`);
    for (const file of found.files ?? [])
      assert.ok(existsSync(name === 'train' ? join(run, file) : file), file);
  }
});

test('the losses of train --json are those of metrics.jsonl, also of a resumed run', async () => {
  const run = join(scratch, 'resumed');
  await jsonOf('train', ...SMALL, '--epochs', '1', '--out', run);
  const found = await jsonOf('train', '--resume', run, '--epochs', '3');
  const lines = readFileSync(join(run, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
  assert.equal([found.run, found.stopped, found.epochs], [run, false, 3]);
  const { train, test } = JSON.parse(lines[2]!) as Record<'train' | 'test', Losses>;
  assert.equal([found.last.train, found.last.test], [train, test]);
});

test('errors are sentences with --json, too', async () => {
  await isRefused(
    ['evaluate', '--json'],
    'no run given — name its folder, for example runs/mnist-vae-z20-none',
  );
  assert.equal(await call('evaluate', 'absent', '--json'), {
    code: 2,
    out: '',
    err: 'absent: there is no config.json — name the folder of a run\n',
  });
});

test('--backend gpu trains, evaluates and draws with gpu.js, with the losses of wasm', async () => {
  const run = join(scratch, 'gpu');
  const gpu = ['--backend', 'gpu', '--mode', 'cpu'];
  const small = SMALL.slice(0, -2); // without --threads
  const text = await does('train', ...small, '--epochs', '3', '--out', run, ...gpu);
  assert.match(text, 'on gpu (gpu.js, cpu: ');
  const [here, there] = [await jsonOf('evaluate', run, ...gpu), await jsonOf('evaluate', vae)];
  assert.ok(Math.abs(here.loss - there.loss) < 1e-3 * there.loss, `${here.loss}, ${there.loss}`);
  await does('reconstruct', run, ...gpu);
  await does('inpaint', run, '--steps', '2', '--images', '8', ...gpu);
  await does('features', run, '--images', '8', '--train-images', '16', ...gpu);
  await does('train', '--resume', run, '--epochs', '4', ...gpu);
});

test('without a GPU, --backend gpu says what each mode lacks, one per line', async () => {
  const { code, out, err } = await call('evaluate', vae, '--backend', 'gpu');
  if (code === 0) return console.log('left out: this machine has a GPU');
  assert.equal([code, out], [1, '']);
  assert.match(
    err,
    /^gpu: no GPU was found:\n- mode 'webgpu': .*\n- mode 'webgl2': .*\n- mode 'headlessgl': .*\n$/,
  );
});

test('--mode belongs to --backend gpu, and --threads does not', async () => {
  await isRefused(['evaluate', vae, '--mode', 'cpu'], '--mode has no effect here — it needs --backend gpu');
  await isRefused(
    ['evaluate', vae, '--backend', 'gpu', '--threads', '1'],
    '--threads has no effect here — it needs --backend auto or wasm or native',
  );
  await isRefused(
    ['evaluate', vae, '--backend', 'gpu', '--mode', 'vulkan'],
    '--mode vulkan: expected one of webgpu, headlessgl, webasm, cpu',
  );
});

test.run();
