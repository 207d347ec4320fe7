/** `varigrad export` as a user calls it. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadRun } from '@varigrad/vae/node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readOnnx } from '../helpers/onnx-file.js';
import { call, does, writeIdxFolder } from './cli-calls.js';

const scratch = mkdtempSync(join(tmpdir(), 'varigrad-cli-export-'));
test.after(() => rmSync(scratch, { recursive: true, force: true }));
const data = writeIdxFolder(join(scratch, 'quarters'));

/** Trains a small model. @returns the folder of the run */
async function trained(name: string, ...options: readonly string[]): Promise<string> {
  const run = join(scratch, name);
  const small = ['--data', data, '--batch', '16', '--threads', '1', '--epochs', '1', '--out', run];
  await does('train', ...small, ...options);
  return run;
}

const conditional = await trained('conditional', '--model', 'cvae', '--hidden', '12', '--latent', '2');

test('each kind of file is written into export/ of the run, and its path is printed', async () => {
  const printed = await does('export', conditional, '--onnx', '--html', '--esm');
  const names = [
    'encoder.onnx',
    'decoder.onnx',
    'model.onnx',
    'decoder.html',
    'decoder.mjs',
    'decoder.d.mts',
  ];
  assert.equal(
    printed
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/: \d+ kB$/, '')),
    names.map((name) => join(conditional, 'export', name)),
  );
  assert.equal(readdirSync(join(conditional, 'export')).sort(), names.sort());
});

test('the files decode as the model of the run', async () => {
  const out = join(scratch, 'one');
  await does('export', conditional, '--esm', '--onnx', '--out', out);
  assert.equal(readOnnx(readFileSync(join(out, 'decoder.onnx'))).inputs, {
    z: ['batch', 2],
    labels: ['batch', 4],
  });
  const { decode, kind } = await import(pathToFileURL(join(out, 'decoder.mjs')).href);
  const { model } = await loadRun(conditional);
  assert.is(kind, 'cvae');
  const { oneHot, tensor } = await import('@varigrad/core');
  const right = model.likelihood.mean(model.decode(tensor([[0.5, -1]]), oneHot([3], 4))).dataSync();
  const found: Float32Array = decode([0.5, -1], 3);
  assert.ok(right.every((value, i) => Math.abs(value - found[i]!) <= 1e-6));
});

test('the heading of the page is the name of the run, and existing files are replaced', async () => {
  const out = join(scratch, 'two');
  await does('export', conditional, '--html', '--out', out);
  const page = readFileSync(join(out, 'decoder.html'), 'utf8');
  assert.match(
    page,
    /<h1>conditional<\/h1>\n<p>cvae · bernoulli likelihood · z of length 2 · 4 classes · 8 × 8 pixels<\/p>/,
  );
  writeFileSync(join(out, 'decoder.html'), 'old');
  await does('export', conditional, '--html', '--out', out);
  assert.is(readFileSync(join(out, 'decoder.html'), 'utf8'), page);
  assert.equal(readdirSync(out), ['decoder.html']);
});

test('the page of an autoencoder takes its ranges from the codes of test images', async () => {
  const run = await trained('autoencoder', '--model', 'ae', '--hidden', '12', '--latent', '3');
  await does('export', run, '--html');
  const page = readFileSync(join(run, 'export/decoder.html'), 'utf8');
  const controls = JSON.parse(/const controls = (.*);/.exec(page)![1]!);
  assert.is(controls.codes[0].length, 24);
  const { model, data: load } = await loadRun(run);
  const { tensor } = await import('@varigrad/core');
  const { test: set } = await load();
  const codes = model.eval() && model.codes(tensor(set.images, { shape: [24, 64] })).dataSync();
  assert.ok(Math.abs(controls.codes[0][7][1] - codes[7 * 3 + 1]!) < 1e-4);
});

test('convolutional and discrete models are exported', async () => {
  for (const [name, ...options] of [
    ['convolutional', '--model', 'vae', '--latent', '3', '--network', 'convolutional', '--channels', '3,4'],
    ['codebook', '--model', 'vq-vae', '--hidden', '12', '--vectors', '2', '--codebook-size', '8'],
  ] as const) {
    const run = await trained(name, ...options);
    await does('export', run, '--onnx', '--html', '--esm');
    assert.is(readdirSync(join(run, 'export')).length, 6, name);
  }
});

test('wrong calls are refused before anything is written', async () => {
  for (const [args, message] of [
    [[conditional, '--out', join(scratch, 'no')], /^no kind of file given — add --onnx, --html or --esm/],
    [['--html'], /^no run given/],
    [[join(scratch, 'absent'), '--html'], /there is no config\.json/],
    [[conditional, '--htlm'], /did you mean --html/],
    [[conditional, '--html', '--weights', 'best', '--out', join(scratch, 'no')], /best/],
  ] as const) {
    const { code, out, err } = await call('export', ...args);
    assert.is(code, 2, err);
    assert.is(out, '');
    assert.match(err, message);
  }
  assert.not.ok(existsSync(join(scratch, 'no')));
});

test('a file in the place of the folder is an error that names it', async () => {
  const { code, err } = await call(
    'export',
    conditional,
    '--html',
    '--out',
    join(data, 'train-images-idx3-ubyte'),
  );
  assert.is(code, 1);
  assert.match(err, /train-images-idx3-ubyte/);
});

test('the help lists the kinds of files, and the completion the command', async () => {
  const help = await does('export', '--help');
  for (const flag of ['--onnx', '--html', '--esm', '--out', '--weights'])
    assert.ok(help.includes(flag), flag);
  assert.match(await does('--help'), /export <run>\s+write a trained model/);
  assert.match(await does('completion', 'bash'), /export\)\n\s+flags="--onnx --html --esm/);
});

test.run();
