/** The commands as a user gives them, on small images: runs, resumed runs, evaluation, pictures, comparisons. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tensor } from '@varigrad/core';
import { decodeSafetensors, encodeSafetensors, type StateDict } from '@varigrad/nn';
import { ConditionalVAE, evaluate, SemiSupervisedVAE } from '@varigrad/vae';
import { runCommandLine } from '@varigrad/vae/cli';
import { readIdxDataset } from '@varigrad/vae/node';
import { PNG } from 'pngjs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FIGURES } from '../../packages/vae/src/run/figures.js';
import { RUN_OPTIONS } from '../../packages/vae/src/run/run-config.js';
import { wordsOf } from '../../packages/vae/src/run/schema/option.js';
import { call, does, isRefused, writeIdxFolder } from './cli-calls.js';

const scratch = mkdtempSync(join(tmpdir(), 'varigrad-cli-'));
test.after(() => rmSync(scratch, { recursive: true, force: true }));
const data = writeIdxFolder(join(scratch, 'quarters'));
const HELP = await does('train', '--help');
const SMALL = ['--data', data, '--hidden', '12', '--batch', '16', '--threads', '1'];

interface Record {
  epoch: number;
  train: { loss: number };
  test?: { loss: number };
  validation?: { loss: number };
}

function metrics(run: string): Record[] {
  const lines = readFileSync(join(run, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const { seconds, msPerStep, ...rest } = JSON.parse(line);
    assert.ok(seconds > 0 && msPerStep > 0);
    return rest;
  });
}

const bytes = (run: string, name: string): Buffer => readFileSync(join(run, name));
const weights = (run: string): Buffer => bytes(run, 'weights.safetensors');
/** The weights alone. The files of runs with different options differ in their metadata. */
const tensorsOf = (run: string, name = 'weights.safetensors'): StateDict =>
  decodeSafetensors(bytes(run, name)).tensors;

/** What `sample` prints on a stream like this. */
async function preview(run: string, stream: object): Promise<string> {
  let printed = '';
  const write = (text: string): void => {
    printed += text;
  };
  const out = { ...stream, write } as unknown as NodeJS.WriteStream;
  assert.is(await runCommandLine(['sample', run], { out }), 0);
  return printed;
}

/** The options of a small run of a model. The figures of a latent plane, which take longest, are drawn for two of them. */
function optionsOf(model: string): string[] {
  const hasPlane = ['vae', 'cvae'].includes(model);
  const latent = ['categorical-vae', 'vq-vae', 'made'].includes(model)
    ? []
    : ['--latent', hasPlane ? '2' : '3'];
  return [
    ...SMALL,
    ...latent,
    ...(model === 'm2' ? ['--labelled', '4', '--labelled-repeat', '3'] : []),
    '--model',
    model,
  ];
}

for (const model of wordsOf(RUN_OPTIONS.model)) {
  test(`${model}: trains, goes on bit for bit, is evaluated and drawn`, async () => {
    const straight = join(scratch, model);
    const resumed = join(scratch, `${model}-resumed`);
    await does('train', ...optionsOf(model), '--epochs', '3', '--out', straight);
    await does('train', ...optionsOf(model), '--epochs', '1', '--out', resumed);
    await does('train', '--resume', resumed, '--epochs', '3', '--threads', '1');
    for (const name of ['weights.safetensors', 'checkpoint.safetensors', 'config.json'])
      assert.ok(bytes(resumed, name).equals(bytes(straight, name)), `${name} differ`);
    assert.equal(metrics(resumed), metrics(straight));

    const measured = JSON.parse(await does('evaluate', straight, '--json', '--threads', '1'));
    assert.ok(
      Math.abs(measured.loss - (metrics(straight)[2]?.test?.loss as number)) < 1e-4,
      'as in training',
    );

    const printed = await does('figures', straight, '--threads', '1');
    const drawn = readdirSync(join(straight, 'figures'));
    for (const name of Object.keys(FIGURES)) {
      const isDrawn = drawn.includes(`${name}.png`) || drawn.includes(`${name}.svg`);
      assert.is(isDrawn, !printed.includes(`${name}: left out, since `), `${model}: ${name}`);
    }
    for (const name of drawn.filter((file) => file.endsWith('.png'))) {
      const { data: pixels } = PNG.sync.read(bytes(straight, `figures/${name}`));
      assert.ok(new Set(pixels).size > 5, `${model}: ${name} is blank`);
    }
  });
}

test('a convolutional network trains, with batch normalization, and goes on bit for bit', async () => {
  const straight = join(scratch, 'convolutional');
  const resumed = join(scratch, 'convolutional-resumed');
  const network =
    '--network convolutional --channels 3,5 --normalization batch --posterior planar --latent 3';
  const options = ['--data', data, '--batch', '16', '--threads', '1', ...network.split(' ')];
  const printed = await does('train', ...options, '--epochs', '2', '--out', straight);
  assert.ok(printed.includes('Training: VAE 8×8-3-5-3 convolutional, bernoulli decoder, on '), printed);
  await does('train', ...options, '--epochs', '1', '--out', resumed);
  await does('train', '--resume', resumed, '--epochs', '2', '--threads', '1');
  for (const name of ['weights.safetensors', 'checkpoint.safetensors'])
    assert.ok(bytes(resumed, name).equals(bytes(straight, name)), `${name} differ`);
  for (const model of ['ae', 'categorical-vae', 'vq-vae']) {
    const out = join(scratch, `convolutional-${model}`);
    const channels = ['--network', 'convolutional', '--channels', '3'];
    await does('train', '--data', data, '--model', model, ...channels, '--epochs', '1', '--out', out);
    const shapes = Object.values(decodeSafetensors(weights(out)).tensors).map(({ shape }) => shape.join());
    assert.ok(shapes.includes('3,1,4,4'), `${model} has a convolution: ${shapes.join(' ')}`);
  }
});

test('the losses of evaluate are those of the library for the same weights', async () => {
  const run = join(scratch, 'cvae');
  const model = new ConditionalVAE({ inputSize: 64, hidden: [12], latent: 2, classes: 4 });
  model.loadStateDict(decodeSafetensors(weights(run)).tensors);
  const images = await readIdxDataset(
    join(data, 't10k-images-idx3-ubyte'),
    join(data, 't10k-labels-idx1-ubyte'),
  );
  const expected = await evaluate(model, images);
  const measured = JSON.parse(await does('evaluate', run, '--json', '--batch', '7'));
  assert.is(measured.images, 24);
  assert.equal(
    [measured.run, measured.model, measured.weights, measured.targets],
    [run, 'cvae', 'last', 'none'],
  );
  for (const part of ['loss', 'recon', 'kl'] as const)
    assert.ok(Math.abs(measured[part] - expected[part]) < 1e-4, part);
  const text = await does('evaluate', run);
  assert.ok(text.includes(`= −ELBO ${expected.loss.toFixed(2)}\n`), text);
  assert.is(JSON.parse(await does('evaluate', run, '--json', '--images', '5')).images, 5);
});

test('a collapsed posterior is reported, with options to try', async () => {
  const run = join(scratch, 'collapsed');
  const options = [...SMALL, '--latent', '3', '--beta', '50', '--epochs', '30', '--learning-rate', '0.01'];
  const printed = await does('train', ...options, '--out', run);
  assert.match(printed, /\nThe posterior has collapsed: none of the 3 dimensions of z depends on the image/);
  const evaluated = await does('evaluate', run);
  assert.match(evaluated, /\nThe posterior has collapsed: none of the 3 dimensions/);
  for (const text of [printed, evaluated]) {
    assert.match(
      text,
      'Try, in this order: --warm-up linear, --free-bits 0.1, --beta 1, a smaller --learning-rate, ',
    );
    for (const name of text.match(/--[a-z-]+/g) ?? [])
      assert.ok(HELP.includes(`  ${name} `), `${name} exists`);
    // The random name of the folder may look like a name in camelCase.
    assert.not.match(text.replaceAll(scratch, ''), /[a-z][A-Z][a-z]+[A-Z]|linearWarmUp/);
  }
  const { latent } = JSON.parse(await does('evaluate', run, '--json'));
  assert.equal([latent.active, latent.dimensions], [0, 3]);
});

test('a semi-supervised model says how many classes it reads right', async () => {
  const run = join(scratch, 'm2');
  const { accuracy } = JSON.parse(await does('evaluate', run, '--json'));
  const model = new SemiSupervisedVAE({ inputSize: 64, hidden: [12], latent: 3, classes: 4 });
  model.loadStateDict(decodeSafetensors(weights(run)).tensors);
  const images = await readIdxDataset(
    join(data, 't10k-images-idx3-ubyte'),
    join(data, 't10k-labels-idx1-ubyte'),
  );
  const logQ = await model.classify(tensor(images.images, { shape: [24, 64] })).toArray();
  const right = (logQ as number[][]).filter((row, i) => row.indexOf(Math.max(...row)) === images.labels[i]);
  assert.is(accuracy, right.length / 24);
  const text = await does('evaluate', run);
  assert.ok(
    text.includes(`\nimages assigned to their class: ${((100 * right.length) / 24).toFixed(2)} %\n`),
    text,
  );
});

test('importance samples tighten −ELBO, and are refused where z has no density', async () => {
  const run = join(scratch, 'vae');
  const { negativeElbo, nll } = JSON.parse(
    await does('evaluate', run, '--json', '--importance-samples', '200'),
  );
  assert.ok(nll.nll < negativeElbo + 3 * nll.standardError, `${nll.nll} < ${negativeElbo}`);
  assert.equal([nll.samples, nll.of], [200, 'p(x)']);
  const text = await does('evaluate', run, '--importance-samples', '200');
  assert.ok(
    text.includes(`−log p(x) = ${nll.nll.toFixed(2)} ± ${Number(nll.standardError.toPrecision(1))} by 200 `),
    text,
  );
  await isRefused(
    ['evaluate', join(scratch, 'ae'), '--importance-samples', '5'],
    '--importance-samples: model ae has no continuous z with a density, so log p(x) cannot be estimated',
  );
});

test('a run on validation images keeps its best epoch, and tests that', async () => {
  const run = join(scratch, 'validated');
  const args = [...SMALL, '--latent', '3', '--learning-rate', '0.03', '--validation', '20', '--seed', '5'];
  const printed = await does('train', ...args, '--epochs', '60', '--patience', '4', '--out', run);
  const losses = metrics(run).map(({ validation }) => validation?.loss as number);
  assert.ok(losses.length < 60, 'it ended early');
  const best = losses.indexOf(Math.min(...losses)) + 1;
  assert.is(losses.length, best + 4, 'four epochs after the best');
  assert.match(printed, /\nEnded early: no better validation loss in 4 epochs\.\n/);
  assert.ok(
    printed.includes(`\nBest epoch on the validation images: ${best}, saved in best.safetensors.\n`),
    printed,
  );
  assert.match(printed, /\n76 images, 60 epochs, /);
  assert.match(printed, /\nSet aside for validation: 20 images\.\n/);

  // The best weights are those of a run that ends there, and what is printed is their loss on the test images.
  const short = join(scratch, 'ends-at-best');
  await does('train', ...args, '--epochs', String(best), '--out', short);
  assert.equal(tensorsOf(run, 'best.safetensors'), tensorsOf(short));
  const { loss, weights: which } = JSON.parse(await does('evaluate', run, '--json'));
  assert.is(which, 'best');
  assert.ok(
    printed.includes(`Losses on 24 test images: recon `) && printed.includes(`= −ELBO ${loss.toFixed(2)}`),
  );
  const last = JSON.parse(await does('evaluate', run, '--json', '--weights', 'last'));
  assert.is.not(last.loss, loss);

  // Going on finds that nothing is left to do.
  const before = weights(run);
  assert.match(await does('train', '--resume', run), /\nEnded early/);
  assert.is(metrics(run).length, losses.length);
  assert.ok(weights(run).equals(before));
});

test('the images set aside are the last ones, and are not trained on', async () => {
  const other = writeIdxFolder(join(scratch, 'shorter'), { train: 76 });
  const args = ['--hidden', '12', '--batch', '16', '--latent', '3', '--epochs', '2', '--threads', '1'];
  await does('train', '--data', other, ...args, '--out', join(scratch, 'shorter-run'));
  await does('train', '--data', data, '--validation', '20', ...args, '--out', join(scratch, 'aside-run'));
  assert.equal(tensorsOf(join(scratch, 'aside-run')), tensorsOf(join(scratch, 'shorter-run')));
});

test('a run whose loss is NaN or infinite stops with one line, and keeps its last good checkpoint', async () => {
  const wild =
    `--data ${data} --likelihood pixel-gaussian --hidden 12 --latent 3 --batch 48 --threads 1`.split(' ');
  const atOnce = join(scratch, 'diverges-at-once');
  const { code, err } = await call('train', ...wild, '--learning-rate', '1', '--out', atOnce);
  assert.is(code, 1);
  assert.match(
    err,
    /^train: (step \d+ of|the evaluation after) epoch 1: .*NaN or Infinity.*; nothing was saved yet — try a new run with --clip 100 or a smaller --learning-rate, such as 0\.1\n$/,
  );
  assert.not.ok(existsSync(join(atOnce, 'checkpoint.safetensors')));

  // A good epoch, and then the same long steps.
  const run = join(scratch, 'diverges');
  await does('train', ...wild, '--epochs', '1', '--out', run);
  const checkpoint = join(run, 'checkpoint.safetensors');
  const { tensors, metadata } = decodeSafetensors(readFileSync(checkpoint));
  const optimizer = JSON.stringify({ ...JSON.parse(metadata.optimizer as string), learningRate: 1 });
  writeFileSync(checkpoint, encodeSafetensors(tensors, { ...metadata, optimizer }));
  const later = await call('train', '--resume', run, '--epochs', '50');
  assert.is(later.code, 1);
  const message =
    /^train: (?:step \d+ of|the evaluation after) epoch (\d+): .*NaN or Infinity.*; the checkpoint after epoch (\d+) is kept — try a new run with --clip 100 or a smaller --learning-rate, such as 0\.0001\n$/;
  const [, bad, good] = message.exec(later.err) ?? [];
  assert.ok(Number(good) === Number(bad) - 1, later.err);
  assert.is(metrics(run).length, Number(good));
  for (const [name, { data: values }] of Object.entries(decodeSafetensors(readFileSync(checkpoint)).tensors))
    assert.ok(values.every(Number.isFinite), `${name} is finite`);
});

test('sample and reconstruct write sheets of the asked size', async () => {
  const run = join(scratch, 'cvae');
  const sizeOf = (path: string): readonly [number, number] => {
    const { width, height } = PNG.sync.read(readFileSync(path));
    return [width, height];
  };
  const small = join(scratch, 'small.png');
  const wide = join(scratch, 'wide.png');
  assert.match(
    await does('sample', run, '--rows', '2', '--columns', '30', '--out', small),
    /small\.png: \d+ × \d+ pixels\n$/,
  );
  await does('sample', run, '--rows', '2', '--columns', '60', '--out', wide);
  assert.ok(sizeOf(wide)[0] > 1.7 * sizeOf(small)[0]);
  assert.is(sizeOf(wide)[1], sizeOf(small)[1]);
  await does('sample', run);
  await does('reconstruct', run);
  assert.ok(existsSync(join(run, 'samples.png')) && existsSync(join(run, 'reconstructions.png')));
  const draws = join(scratch, 'draws.png');
  const means = join(scratch, 'means.png');
  await does('reconstruct', run, '--rows', '2', '--draws', '--out', draws);
  await does('reconstruct', run, '--rows', '2', '--out', means);
  assert.ok(sizeOf(draws)[1] > sizeOf(means)[1], 'three lines a row instead of two');
});

test('sample shows some images on a terminal with colour, and on no other', async () => {
  const run = join(scratch, 'cvae');
  // 8 columns of half-blocks an image and a space between: 3 images on 30 columns, 4 lines for 8 rows of pixels.
  const shown = await preview(run, { isTTY: true, columns: 30, getColorDepth: () => 24 });
  assert.is(shown.match(/▀/g)?.length, 3 * 8 * 4);
  assert.ok(shown.includes('\u001b[38;2;'));
  const few = await preview(run, { isTTY: true, columns: 30, getColorDepth: () => 8 });
  assert.ok(few.includes('\u001b[38;5;'));
  for (const plain of [
    { isTTY: true, columns: 30, getColorDepth: () => 4 },
    { isTTY: true, columns: 7, getColorDepth: () => 24 },
    { columns: 30 },
  ])
    assert.is((await preview(run, plain)).includes('▀'), false);
});

test('a latent plane leaves an animation with one frame per epoch', async () => {
  const run = join(scratch, 'vae');
  const { tensors } = decodeSafetensors(bytes(run, 'codes.safetensors'));
  assert.equal(Object.keys(tensors).map(Number), [1, 2, 3]);
  for (const { shape } of Object.values(tensors)) assert.equal(shape, [24, 2]);
  const animation = bytes(run, 'scatter-animation.svg');
  assert.equal(
    animation.toString().match(/>after epoch \d</g),
    [1, 2, 3].map((i) => `>after epoch ${i}<`),
  );
  assert.ok(
    animation.toString().includes(' keyTimes="0;0.16667;0.33333;1" dur="3s" '),
    'the last frame stays',
  );
  assert.ok(animation.equals(bytes(join(scratch, 'vae-resumed'), 'scatter-animation.svg')));
});

test('a label that is no class is refused', async () => {
  await isRefused(['sample', join(scratch, 'cvae'), '--label', '4'], '--label 4: the classes are 0 to 3');
  await isRefused(
    ['sample', join(scratch, 'vae'), '--label', '0'],
    '--label 0: a vae is not conditional — leave --label out',
  );
  const one = join(scratch, 'one.png');
  const each = join(scratch, 'each.png');
  await does('sample', join(scratch, 'cvae'), '--label', '2', '--out', one);
  await does('sample', join(scratch, 'cvae'), '--out', each);
  assert.not.ok(readFileSync(one).equals(readFileSync(each)));
});

test('figures draws what is asked for, and refuses what the model cannot', async () => {
  const run = join(scratch, 'vae');
  const out = join(scratch, 'chosen');
  await does('figures', run, '--only', 'curves,samples', '--out', out);
  assert.equal(readdirSync(out).sort(), ['curves.svg', 'samples.png', 'samples.svg']);
  await isRefused(['figures', run, '--only', 'styles'], '--only styles: the model is not conditional');
  const { err } = await call('figures', run, '--only', 'smaples');
  assert.match(err, /^--only smaples: expected a list of .* — did you mean samples\?\n$/);
});

test('commands on a run refuse what is no run, or not yet one', async () => {
  const absent = join(scratch, 'vaae');
  for (const command of ['evaluate', 'sample', 'reconstruct', 'figures']) {
    await isRefused(
      [command, absent],
      `${absent}: there is no config.json — did you mean ${join(scratch, 'vae')}?`,
    );
    await isRefused([command], 'no run given — name its folder, for example runs/mnist-vae-z20-none');
    await isRefused([command, 'a', 'b'], 'unexpected argument "b" — options start with --');
  }
  await isRefused(
    ['evaluate', join(scratch, 'vae'), '--weights', 'best'],
    `${join(scratch, 'vae')}: there is no best.safetensors — the run had no --validation images, or the file was deleted`,
  );
  await isRefused(
    ['evaluate', join(scratch, 'vae'), '--data', 'mnist'],
    `--data mnist: expected images of 8 × 8 pixels, found 28 × 28`,
  );
});

test('a damaged file is refused with its path', async () => {
  const run = join(scratch, 'vae-resumed');
  writeFileSync(join(run, 'weights.safetensors'), weights(run).subarray(0, 400));
  const cut = await call('evaluate', run);
  assert.is(cut.code, 1);
  assert.ok(cut.err.includes(join(run, 'weights.safetensors')), cut.err);
  writeFileSync(join(run, 'config.json'), '{"model": "vae", "latent": 0}');
  await isRefused(
    ['evaluate', run],
    `${join(run, 'config.json')}: latent 0: expected a whole number from 1 to 1024`,
  );
});

test('compare trains each model and writes one page that needs nothing else', async () => {
  const out = join(scratch, 'compared');
  const args = ['compare', '--models', 'vae,cvae,ae', ...SMALL, '--latent', '3', '--beta', '2', '--out', out];
  await does(...args, '--epochs', '2', '--importance-samples', '10');
  const page = readFileSync(join(out, 'report.html'), 'utf8');
  assert.not.match(
    page,
    /<link|https?:\/\/(?!www\.w3\.org\/2000\/svg)|(src|href)="(?!data:image\/png;base64,)/,
  );
  assert.is(page.match(/<figure class="chart"[^>]*><svg /g)?.length, 4);
  const embedded = Array.from(
    page.matchAll(/href="data:image\/png;base64,([^"]*)"/g),
    ([, base64 = '']) => base64,
  );
  assert.is(embedded.length, 7, 'reconstructions and samples of each model, styles of the cvae');
  assert.is(new Set(embedded).size, 7, 'no picture is embedded twice');
  for (const base64 of embedded) PNG.sync.read(Buffer.from(base64, 'base64'));
  const [script = ''] = page.match(/(?<=<script type="module">)[\s\S]*(?=<\/script>)/) ?? [];
  assert.not.throws(() => new Function(script), 'the script can be parsed');
  assert.is(page.match(/<figcaption>cvae<\/figcaption>/g)?.length, 3, 'reconstructions, samples, styles');
  for (const name of ['vae', 'cvae', 'ae']) {
    const { loss, recon } = JSON.parse(await does('evaluate', join(out, name), '--json'));
    const row = page.match(new RegExp(`<tr><td>${name}</td>.*</tr>`))?.[0] as string;
    assert.ok(row.includes(`<td>${loss.toFixed(2)}</td>`), row);
    assert.is(row.includes(`<td>${recon.toFixed(2)}</td>`), true, row);
  }
  // 64·12 + 12; 12·3 + 3 twice, for mean and log-variance; 3·12 + 12; 12·64 + 64
  assert.ok(
    page.includes(
      `<td>${(64 * 12 + 12 + 2 * (12 * 3 + 3) + 3 * 12 + 12 + 12 * 64 + 64).toLocaleString('en')}</td>`,
    ),
  );
  assert.match(page, /<tr><td>beta<\/td><td>2<\/td><td>2<\/td><td>–<\/td><\/tr>/);

  // What is finished is kept, and may become longer; other options need another folder.
  const trained = ['vae', 'cvae', 'ae'].map((name) => weights(join(out, name)));
  await does(...args, '--epochs', '2');
  assert.equal(
    ['vae', 'cvae', 'ae'].map((name) => weights(join(out, name))),
    trained,
  );
  await does(...args, '--epochs', '3');
  assert.is(metrics(join(out, 'ae')).length, 3);
  await isRefused(
    [...args, '--epochs', '3', '--seed', '8'],
    `--out ${join(out, 'vae')} holds a run with other options — take another folder`,
  );
});

test('losses that cannot be compared are said to be so', async () => {
  const out = join(scratch, 'different');
  const grey = join(scratch, 'grey.json');
  const black = join(scratch, 'black.json');
  writeFileSync(grey, JSON.stringify({ data, hidden: [12], latent: 3, epochs: 1 }));
  writeFileSync(
    black,
    JSON.stringify({ data, hidden: [12], latent: 3, epochs: 1, binarization: 'threshold' }),
  );
  await does('compare', grey, black, '--out', out);
  assert.match(
    readFileSync(join(out, 'report.html'), 'utf8'),
    /The runs differ in binarization: their losses are/,
  );
});

test('the folder of a run is not touched by what is refused', async () => {
  const run = join(scratch, 'vae');
  const before = statSync(join(run, 'config.json')).mtimeMs;
  await isRefused(
    ['train', '--resume', run, '--epochs', '2'],
    '--epochs 2: the run has already finished 3 epochs — choose 3 or more, counted from the start of the run',
  );
  await isRefused(
    ['train', ...SMALL, '--out', run],
    `--out ${run} already holds a run — choose another folder, or continue it with --resume`,
  );
  assert.is(statSync(join(run, 'config.json')).mtimeMs, before);
});

test.run();
