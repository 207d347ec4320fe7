/** The MNIST example as a user runs it: a process of its own, files on disk, signals. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeSafetensors } from '@varigrad/nn';
import { PNG } from 'pngjs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROGRAM = ['--conditions=@varigrad/source', '--import', 'tsx', 'examples/mnist/main.ts'];
const SMALL = '--train-limit 600 --hidden 16 --latent 2'.split(' ');
/** 1500 steps per epoch: long enough to be interrupted in the middle of one. */
const LONG = '--train-limit 6000 --batch 4 --hidden 16 --latent 2 --epochs 2 --seed 4'.split(' ');

const scratch = mkdtempSync(join(tmpdir(), 'varigrad-mnist-'));
test.after(() => rmSync(scratch, { recursive: true, force: true }));

interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

interface Program {
  child: ChildProcessWithoutNullStreams;
  /** Resolves once standard output contains `text`. */
  printed: (text: string) => Promise<void>;
  done: Promise<Outcome>;
}

function start(args: readonly string[], program: readonly string[] = PROGRAM): Program {
  const child = spawn(process.execPath, [...program, ...args], { cwd: ROOT });
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  const done = new Promise<Outcome>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  const printed = (text: string): Promise<void> =>
    new Promise((resolve, fail) => {
      const look = (): void => {
        if (stdout.includes(text)) resolve();
      };
      child.stdout.on('data', look);
      child.on('close', () => fail(new Error(`ended without printing "${text}": ${stdout}${stderr}`)));
      look();
    });
  return { child, printed, done };
}

const run = (args: readonly string[], program?: readonly string[]): Promise<Outcome> =>
  start(args, program).done;

async function succeeds(args: readonly string[], program?: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(args, program);
  assert.is(code, 0, stderr);
  assert.is(stderr, '');
  return stdout;
}

/** Exit code 2 and exactly this line on standard error, nothing else anywhere. */
async function isRefused(args: readonly string[], message: string): Promise<void> {
  assert.equal(await run(args), { code: 2, signal: null, stdout: '', stderr: `${message}\n` });
}

const sheets = (epochs: number, kinds: readonly string[]): string[] =>
  kinds.flatMap((kind) => Array.from({ length: epochs }, (_, i) => `${kind}-00${i + 1}.png`));

/** The images of a sheet, and the sheet with its labels. */
const bothFiles = (png: string): string[] => [png, png.replace('.png', '.svg')];

const RECORDS = [
  'checkpoint.safetensors',
  'config.json',
  'curves.svg',
  'metrics.csv',
  'metrics.jsonl',
  'run.json',
  'weights.safetensors',
];

/** The metrics without the two fields that depend on the clock. */
function metrics(folder: string): unknown[] {
  const lines = readFileSync(join(folder, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const { seconds, msPerStep, ...losses } = JSON.parse(line);
    assert.ok(seconds > 0 && msPerStep > 0, 'the clock runs');
    return losses;
  });
}

/** Reads every visible file of the folder whole. @throws if one of them is cut short or not what its name says */
function readEverything(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => !name.startsWith('.'));
  for (const name of names) {
    const bytes = readFileSync(join(folder, name));
    if (name.endsWith('.png')) PNG.sync.read(bytes);
    else if (name.endsWith('.safetensors')) decodeSafetensors(bytes, name);
    else if (name.endsWith('.json')) JSON.parse(bytes.toString());
    else if (name.endsWith('.jsonl')) {
      assert.is(bytes.at(-1), 0x0a, `${name} ends in the middle of a line`);
      for (const line of bytes.toString().trimEnd().split('\n')) JSON.parse(line);
    } else if (name.endsWith('.csv')) assert.match(bytes.toString(), /^epoch,[\w,]+\n(\d+(,[\d.]+){8}\n)+$/);
    else assert.match(bytes.toString(), /^<svg [\s\S]*<\/svg>\s*$/);
  }
  return names;
}

test('the program on one page trains, and writes a picture of new digits', async () => {
  const out = join(scratch, 'page', 'samples.png');
  const program = [...PROGRAM.slice(0, -1), 'examples/mnist/vae.ts'];
  const stdout = await succeeds(['--epochs', '2', '--images', '800', '--out', out], program);
  assert.match(stdout, /^VAE 784-400-20 on 800 digits, backend wasm\nLosses in nats per image; /);
  const line = /^epoch \d\/2 {2}train ([\d.]+) {2}test −ELBO ([\d.]+) = recon ([\d.]+) \+ KL ([\d.]+)$/gm;
  const epochs = Array.from(stdout.matchAll(line), ([, ...numbers]) => numbers.map(Number));
  assert.is(epochs.length, 2, stdout);
  const [first, second] = epochs as [number[], number[]];
  assert.ok(second[0]! < first[0]! && second[1]! < first[1]!, 'both losses fall');
  assert.ok(second[1]! < 784 * Math.log(2), 'better than a fair coin for each pixel');
  for (const [, bound, recon, kl] of epochs) assert.ok(Math.abs(recon! + kl! - bound!) < 0.02);
  assert.ok(stdout.endsWith(`\nNew digits: ${out}\n`), stdout);
  const { width, height, data } = PNG.sync.read(readFileSync(out));
  assert.equal([width, height], [16 * 28, 8 * 28]);
  assert.ok(new Set(data).size > 50, 'the picture has grey values');

  const refused = await run(['--epochs', 'many'], program);
  assert.is(refused.code, 1);
  assert.match(refused.stderr, '--epochs many: expected a whole number');
});

test('a small run leaves every promised file, and each one is whole', async () => {
  const folder = join(scratch, 'small');
  const stdout = await succeeds([...SMALL, '--epochs', '2', '--out', folder]);
  assert.match(stdout, /^Training: VAE 784-16-2, bernoulli decoder, on /);
  assert.match(stdout, /600 digits, 2 epochs, batch 128, adam 0\.001, seed 1\n/);
  assert.match(stdout, /Losses in nats per image/);
  assert.is(
    stdout.match(/^epoch [12]\/2 {2}train [\d.]+ {2}test [\d.]+ = recon .* \+ KL .* s$/gm)?.length,
    2,
  );
  assert.not.ok(stdout.includes('\r') || stdout.includes('\x1b'), 'no terminal codes into a pipe');

  const [, files = '', next = ''] =
    /\nDone\. Files in .*:\n([\s\S]*?)\n\nNext:\n([\s\S]*)$/.exec(stdout) ?? [];
  const listed = files.split('\n').map((row) => row.trim().split(/ {2,}/));
  for (const [name = '', description = ''] of listed) {
    assert.ok(existsSync(join(folder, name)), `${name} is a file`);
    assert.ok(description.length > 5, `${name} has a description`);
  }
  for (const name of ['config.json', 'weights.safetensors', 'samples-002.png'])
    assert.ok(files.includes(name), name);
  assert.not.match(files, 'samples-001', 'only the last of numbered pictures');
  for (const command of ['evaluate', 'sample', 'figures'])
    assert.match(next, `  npm run varigrad -- ${command} ${folder} `);
  assert.match(next, `  npm start -- --resume ${folder} --epochs 4`);

  const pictures = sheets(2, ['manifold', 'reconstructions', 'samples']);
  const latentPlane = ['codes.safetensors', 'scatter-animation.svg'];
  assert.equal(
    readdirSync(folder).sort(),
    [...RECORDS, ...pictures.flatMap(bothFiles), ...latentPlane].sort(),
  );
  readEverything(folder);
  for (const name of pictures) {
    const { width, height, data } = PNG.sync.read(readFileSync(join(folder, name)));
    assert.ok(width >= 8 * 28 && height >= 28, `${name}: ${width}×${height}`);
    assert.ok(new Set(data).size > 10, `${name} is blank`);
  }
  const curves = readFileSync(join(folder, 'curves.svg'), 'utf8');
  for (const text of ['train −ELBO', 'test −ELBO', 'nats per image', 'epoch']) {
    assert.ok(curves.includes(text), `curves.svg names ${text}`);
  }
});

test('metrics.jsonl has one object per epoch, with the losses of both sets', () => {
  const lines = readFileSync(join(scratch, 'small', 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n');
  const results = lines.map((line) => JSON.parse(line));
  assert.equal(
    results.map(({ epoch }) => epoch),
    [1, 2],
  );
  for (const result of results) {
    assert.equal(Object.keys(result), ['epoch', 'train', 'test', 'seconds', 'msPerStep', 'execution']);
    assert.is(result.execution.compiled, true);
    for (const losses of [result.train, result.test]) {
      assert.equal(Object.keys(losses), ['loss', 'recon', 'kl']);
      assert.ok(losses.kl > 0 && losses.recon > 100 && losses.recon < 600, JSON.stringify(losses));
      assert.ok(Math.abs(losses.recon + losses.kl - losses.loss) < 1e-2, '−ELBO = recon + KL');
    }
    // 600 images in batches of 128 are 5 steps
    assert.ok(Math.abs(result.msPerStep * 5 - result.seconds * 1000) < 1e-6);
  }
  assert.ok(results[1].test.loss < results[0].test.loss, 'the second epoch is better');
});

test('config.json decides about the run, run.json says the rest; the weights have the shapes they imply', () => {
  const folder = join(scratch, 'small');
  assert.equal(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')), {
    model: 'vae',
    latent: 2,
    network: 'dense',
    hidden: [16],
    activation: 'relu',
    likelihood: 'bernoulli',
    posterior: 'gaussian',
    prior: 'standard',
    samples: 1,
    data: 'mnist',
    trainLimit: 600,
    validation: 0,
    binarization: 'none',
    epochs: 2,
    batch: 128,
    learningRate: 0.001,
    beta: 1,
    warmUp: 'none',
    freeBits: 0,
    seed: 1,
    dropLast: false,
    optimizer: 'adam',
    weightDecay: 0,
    clip: 0,
    schedule: 'none',
    scheduleWarmUp: 0,
    size: 0,
    crop: 0,
    grey: false,
    deterministic: false,
  });
  const { backend, ...facts } = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8'));
  const { digest, ...images } = facts.images;
  assert.equal(
    { ...facts, images },
    {
      units: 'nats per image',
      images: { train: 600, test: 10_000, shape: [28, 28], classes: 10 },
    },
  );
  assert.match(digest, /^[\da-f]{64}$/);
  assert.match(backend, /^(wasm|reference)/);

  const { tensors } = decodeSafetensors(readFileSync(join(folder, 'weights.safetensors')));
  const count = Object.values(tensors).reduce((sum, { data }) => sum + data.length, 0);
  // 784→16, 16→2·2 (mean and log-variance), 2→16, 16→784, each with its biases
  assert.is(count, 784 * 16 + 16 + 16 * 4 + 4 + 2 * 16 + 16 + 16 * 784 + 784);
});

test('a conditional Gaussian run draws the styles of the classes', async () => {
  const folder = join(scratch, 'conditional');
  const args = '--model cvae --likelihood gaussian --train-limit 256 --hidden 16 --latent 3 --epochs 1'.split(
    ' ',
  );
  await succeeds([...args, '--binarization', 'dynamic', '--out', folder]);
  assert.equal(
    readdirSync(folder).sort(),
    [...RECORDS, ...sheets(1, ['reconstructions', 'samples', 'styles']).flatMap(bothFiles)].sort(),
  );
  readEverything(folder);
});

test('what cannot be done is refused in one line with exit code 2, and nothing is written', async () => {
  const absent = join(scratch, 'absent');
  await isRefused(['--epoch', '3', '--out', absent], 'unknown option --epoch — did you mean --epochs?');
  await isRefused(['--latent', '0', '--out', absent], '--latent 0: expected a whole number from 1 to 1024');
  await isRefused(
    ['--resume', absent],
    `--resume ${absent}: there is no config.json — name the folder of a run`,
  );
  assert.not.ok(existsSync(absent));
  const near = join(scratch, 'smal');
  await isRefused(
    ['--resume', near],
    `--resume ${near}: there is no config.json — did you mean ${join(scratch, 'small')}?`,
  );

  const small = join(scratch, 'small');
  const before = readFileSync(join(small, 'config.json'));
  await isRefused(
    [...SMALL, '--seed', '7', '--out', small],
    `--out ${small} already holds a run — choose another folder, or continue it with --resume`,
  );
  assert.equal(readFileSync(join(small, 'config.json')), before);
});

test('--help prints the options and does nothing else', async () => {
  const stdout = await succeeds(['--help']);
  assert.match(stdout, /^Usage: npm start -- \[options\]$/m);
  assert.match(stdout, /^ {2}--train-limit /m);
});

test('a run stopped by Ctrl-C goes on with --resume to the same weights, bit for bit', async () => {
  const straight = join(scratch, 'straight');
  const broken = join(scratch, 'broken');
  const uninterrupted = run([...LONG, '--out', straight]);

  const program = start([...LONG, '--out', broken]);
  await program.printed('Results: ');
  program.child.kill('SIGINT');
  const { code, stdout, stderr } = await program.done;
  assert.is(code, 0, stderr);
  const [, epoch, step] = /\nStopped in epoch (\d+) after step (\d+)\. The run is saved\./.exec(stdout) ?? [];
  assert.ok(Number(epoch) === 1 && Number(step) > 0, `stopped inside the first epoch: ${stdout}`);
  assert.ok(stdout.endsWith(`To continue:\n  npm start -- --resume ${broken}\n`), stdout);
  readEverything(broken);
  assert.not.ok(existsSync(join(broken, 'weights.safetensors')), 'no epoch was finished');

  const resumed = await succeeds(['--resume', broken]);
  assert.ok(resumed.startsWith(`Resuming from epoch 1, step ${step}: VAE 784-16-2`), resumed);
  assert.is((await uninterrupted).code, 0);
  const weights = (folder: string): Buffer => readFileSync(join(folder, 'weights.safetensors'));
  assert.ok(weights(broken).equals(weights(straight)), 'the weights differ');
  assert.equal(metrics(broken), metrics(straight));
  assert.equal(readdirSync(broken).sort(), readdirSync(straight).sort());
});

test('--resume with more --epochs lengthens a finished run as if it had been that long from the start', async () => {
  const short = join(scratch, 'short');
  const long = join(scratch, 'long');
  await succeeds([...SMALL, '--epochs', '1', '--out', short]);
  await succeeds(['--resume', short, '--epochs', '3']);
  await succeeds([...SMALL, '--epochs', '3', '--out', long]);
  const weights = (folder: string): Buffer => readFileSync(join(folder, 'weights.safetensors'));
  assert.ok(weights(short).equals(weights(long)), 'the weights differ');
  assert.equal(metrics(short), metrics(long));
  assert.is(JSON.parse(readFileSync(join(short, 'config.json'), 'utf8')).epochs, 3);
});

test('a run killed at any moment leaves whole files, and resumes or says why it cannot', async () => {
  for (let round = 0; round < 6; round++) {
    const folder = join(scratch, `killed-${round}`);
    mkdirSync(folder);
    const program = start([...SMALL, '--epochs', '500', '--out', folder]);
    await program.printed('Results: ');
    const delay = round === 0 ? 0 : Math.random() * 700;
    await new Promise((resolve) => setTimeout(resolve, delay));
    program.child.kill('SIGKILL');
    const { signal, stderr } = await program.done;
    assert.is(signal, 'SIGKILL', stderr);

    const files = readEverything(folder);
    const when = `killed after ${delay.toFixed(0)} ms, leaving ${files.join(' ')}`;
    const epochs = files.includes('metrics.jsonl') ? metrics(folder).length : 0;
    const resumed = await run(['--resume', folder, '--epochs', String(epochs + 1)]);
    assert.is(resumed.code, 0, `${when}: ${resumed.stderr}`);
    const hasCheckpoint = files.includes('checkpoint.safetensors');
    assert.match(resumed.stdout, hasCheckpoint ? /^Resuming from epoch \d+, step 0: / : /^Resuming: /);
    assert.equal(
      readdirSync(folder).filter((name) => name.startsWith('.')),
      [],
      'the temporary files of the killed run are gone',
    );
    assert.equal(
      metrics(folder).map((m) => (m as { epoch: number }).epoch),
      Array.from({ length: epochs + 1 }, (_, i) => i + 1),
      when,
    );
  }
});

test('a run cannot be made shorter than it is', async () => {
  const folder = join(scratch, 'long');
  const before = readFileSync(join(folder, 'config.json'));
  await isRefused(
    ['--resume', folder, '--epochs', '2'],
    '--epochs 2: the run has already finished 3 epochs — choose 3 or more, counted from the start of the run',
  );
  assert.equal(readFileSync(join(folder, 'config.json')), before);
  const stdout = await succeeds(['--resume', folder]);
  assert.match(stdout, /\nDone\./, 'nothing is left to do');
});

test.run();
