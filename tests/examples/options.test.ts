/** The command line of `npm start`, and the lines it prints. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { helpText, parseCommand, UsageError } from '../../examples/mnist/options.js';
import { epochLine, progressLine } from '../../examples/mnist/progress.js';
import { refuses } from '../refuses.js';

const DEFAULTS = {
  model: 'vae',
  latent: 20,
  hidden: [400],
  epochs: null,
  batch: 128,
  learningRate: 0.001,
  binarization: 'none',
  likelihood: 'bernoulli',
  seed: 1,
  trainLimit: 0,
};

/** Every option and whether `--resume` allows it next to itself. */
const NAMES: readonly (readonly [name: string, value: string, resumes: boolean])[] = [
  ['model', 'vae', false],
  ['latent', '2', false],
  ['hidden', '10', false],
  ['epochs', '3', true],
  ['batch', '32', false],
  ['learning-rate', '0.01', false],
  ['binarization', 'none', false],
  ['likelihood', 'bernoulli', false],
  ['seed', '5', false],
  ['backend', 'reference', true],
  ['out', 'somewhere', false],
  ['train-limit', '600', false],
];

test('no options: the documented defaults', () => {
  assert.equal(parseCommand([]), { kind: 'start', backend: 'auto', out: null, config: DEFAULTS });
});

test('every option reaches its place', () => {
  const args =
    '--model cvae --latent 2 --hidden 500,250 --epochs 7 --batch 64 --learning-rate=3e-4 --binarization dynamic ' +
    '--likelihood gaussian --seed 9 --backend wasm --out results/a --train-limit 1000';
  assert.equal(parseCommand(args.split(' ')), {
    kind: 'start',
    backend: 'wasm',
    out: 'results/a',
    config: {
      model: 'cvae',
      latent: 2,
      hidden: [500, 250],
      epochs: 7,
      batch: 64,
      learningRate: 3e-4,
      binarization: 'dynamic',
      likelihood: 'gaussian',
      seed: 9,
      trainLimit: 1000,
    },
  });
});

test('--resume takes --epochs and --backend, and refuses to change what the run is', () => {
  assert.equal(parseCommand(['--resume', 'runs/a']), {
    kind: 'resume',
    folder: 'runs/a',
    epochs: null,
    backend: 'auto',
  });
  assert.equal(parseCommand(['--epochs', '30', '--resume', 'runs/a', '--backend', 'reference']), {
    kind: 'resume',
    folder: 'runs/a',
    epochs: 30,
    backend: 'reference',
  });
  for (const [name, value, resumes] of NAMES) {
    if (resumes) continue;
    refuses(
      () => parseCommand(['--resume', 'runs/a', `--${name}`, value]),
      `--${name} cannot change in a resumed run — start a new one, or leave it out`,
    );
  }
});

test('--help wins over everything after it', () => {
  for (const args of [['--help'], ['-h'], ['--seed', '3', '--help', '--nonsense']]) {
    assert.equal(parseCommand(args), { kind: 'help' });
  }
});

test('the help lists every option with its default and fits a terminal', () => {
  const lines = helpText().split('\n');
  for (const name of [...NAMES.map(([n]) => n), 'resume', 'help']) {
    assert.is(lines.filter((line) => line.startsWith(`  --${name} `)).length, 1, `--${name}`);
  }
  const written: Record<string, string> = {
    model: 'vae',
    latent: '20',
    hidden: '400',
    batch: '128',
    'learning-rate': '0.001',
    binarization: 'none',
    likelihood: 'bernoulli',
    seed: '1',
    backend: 'auto',
    'train-limit': '0',
  };
  for (const [name, value] of Object.entries(written)) {
    const line = lines.find((l) => l.startsWith(`  --${name} `));
    assert.is(line?.split(/\s+/).at(-1), value, `the default of --${name}`);
  }
  for (const line of lines) assert.ok(line.length <= 100, `${line.length} characters: ${line}`);
});

const REFUSALS: readonly (readonly [args: readonly string[], message: string])[] = [
  [['--epoch', '3'], '--epoch is no option — did you mean --epochs?'],
  [['--learning_rate', '3'], '--learning_rate is no option — did you mean --learning-rate?'],
  [['--binarisation', 'none'], '--binarisation is no option — did you mean --binarization?'],
  [['--resme', 'a'], '--resme is no option — did you mean --resume?'],
  [['--hepl'], '--hepl is no option — did you mean --help?'],
  [['--temperature', '3'], '--temperature is no option — see --help'],
  [['-x', '3'], '-x is no option — see --help'],
  // names that every JavaScript object has
  [['--constructor=3'], '--constructor is no option — see --help'],
  [['--toString', '3'], '--toString is no option — see --help'],

  [['runs/a'], '"runs/a" is not an option — options start with --'],
  [['--seed', '3', '4'], '"4" is not an option — options start with --'],
  [['--seed', '3', '--seed', '4'], '--seed is given twice'],
  [['--seed'], '--seed needs a value'],
  [['--out='], '--out needs a value'],
  [['--out', ''], '--out needs a value'],
  [['--out', '--seed', '3'], '--out needs a value'],
  [['--resume'], '--resume needs a value'],

  [['--latent', '0'], '--latent 0: it is a whole number from 1 to 1024'],
  [['--latent', '1025'], '--latent 1025: it is a whole number from 1 to 1024'],
  [['--latent', '2.5'], '--latent 2.5: it is a whole number from 1 to 1024'],
  [['--epochs', '0'], '--epochs 0: it is a whole number from 1 to 100000'],
  [['--epochs', '100001'], '--epochs 100001: it is a whole number from 1 to 100000'],
  [['--epochs', 'many'], '--epochs many: it is a whole number from 1 to 100000'],
  [['--resume', 'runs/a', '--epochs', '0'], '--epochs 0: it is a whole number from 1 to 100000'],
  [['--batch', '0'], '--batch 0: it is a whole number from 1 to 60000'],
  [['--batch', '60001'], '--batch 60001: it is a whole number from 1 to 60000'],
  [['--seed', '-1'], '--seed -1: it is a whole number from 0 to 2147483647'],
  [['--seed', '2147483648'], '--seed 2147483648: it is a whole number from 0 to 2147483647'],
  [['--train-limit', '60001'], '--train-limit 60001: it is a whole number from 0 to 60000'],

  [['--learning-rate', '0'], '--learning-rate 0: it is a number above 0 and at most 1, for example 0.001'],
  [
    ['--learning-rate', '1.1'],
    '--learning-rate 1.1: it is a number above 0 and at most 1, for example 0.001',
  ],
  [['--learning-rate', 'x'], '--learning-rate x: it is a number above 0 and at most 1, for example 0.001'],

  [['--hidden', '0'], '--hidden 0: it is a list of widths from 1 to 16384, for example 400 or 500,250'],
  [
    ['--hidden', '16385'],
    '--hidden 16385: it is a list of widths from 1 to 16384, for example 400 or 500,250',
  ],
  [['--hidden', '500,'], '--hidden 500,: it is a list of widths from 1 to 16384, for example 400 or 500,250'],
  [['--hidden', '9x9'], '--hidden 9x9: it is a list of widths from 1 to 16384, for example 400 or 500,250'],

  [['--model', 'vea'], '--model vea: it is one of vae, cvae — did you mean vae?'],
  [['--model', 'transformer'], '--model transformer: it is one of vae, cvae'],
  [
    ['--binarization', 'dinamic'],
    '--binarization dinamic: it is one of none, threshold, static, dynamic — did you mean dynamic?',
  ],
  [
    ['--likelihood', 'gausian'],
    '--likelihood gausian: it is one of bernoulli, gaussian — did you mean gaussian?',
  ],
  [['--backend', 'wsam'], '--backend wsam: it is one of auto, wasm, reference — did you mean wasm?'],
  [['--resume', 'runs/a', '--backend', 'cuda'], '--backend cuda: it is one of auto, wasm, reference'],
];

for (const [args, message] of REFUSALS) {
  test(`refuses ${args.join(' ')}`, () => {
    refuses(() => parseCommand(args), message);
    assert.throws(
      () => parseCommand(args),
      (error: unknown) => error instanceof UsageError,
    );
  });
}

test('the limits themselves are allowed', () => {
  const args =
    '--latent 1024 --epochs 100000 --batch 60000 --seed 2147483647 --train-limit 60000 --learning-rate 1';
  const command = parseCommand([...args.split(' '), '--hidden', '1,16384']);
  assert.ok(command.kind === 'start');
  assert.equal(command.config, {
    ...DEFAULTS,
    latent: 1024,
    hidden: [1, 16384],
    epochs: 100000,
    batch: 60000,
    learningRate: 1,
    seed: 2147483647,
    trainLimit: 60000,
  });
});

// step 305 of 500 in epoch 3 of 20: 17·500 + 195 = 8695 steps left at 5.94 ms = 51.6 s
const PROGRESS = { epoch: 3, epochs: 20, step: 305, stepsPerEpoch: 500, loss: 109.416, msPerStep: 5.94 };

test('the progress line says where the run is and how long it will take', () => {
  const line = progressLine(PROGRESS, 100);
  const [, full = '', empty = ''] =
    /^epoch 3\/20 (█*)(░*) 61% {2}loss 109\.42 {2}5\.9 ms\/step {2}ETA 0:52$/.exec(line) ?? [];
  assert.is(full.length + empty.length, 30, line);
  assert.is(full.length, 18, '61 % of 30');
  const hours = progressLine({ ...PROGRESS, msPerStep: 1000 }, 100);
  assert.match(hours, /ETA 144:55$/); // 8695 s
  assert.match(progressLine({ ...PROGRESS, step: 500 }, 100), / █{30} 100% /);
});

test('the progress line is always narrower than the terminal, so it never wraps', () => {
  for (let columns = 2; columns <= 130; columns++) {
    const { length } = progressLine(PROGRESS, columns);
    assert.ok(length < columns, `${length} characters on ${columns} columns`);
  }
  const narrow = progressLine(PROGRESS, 70);
  assert.is(narrow.length, 69, 'the bar takes what the words leave');
  assert.match(narrow, /61% {2}loss 109\.42/);
});

test('the epoch line has all six losses, the time, and lines up', () => {
  const result = {
    epoch: 3,
    train: { loss: 105.754, recon: 80.505, kl: 25.249 },
    test: { loss: 104.996, recon: 79.754, kl: 25.242 },
    seconds: 2.84,
    msPerStep: 5.96,
  };
  assert.is(
    epochLine(result, 20),
    'epoch  3/20   train recon 80.50 + KL 25.25 = −ELBO 105.75   ' +
      'test recon 79.75 + KL 25.24 = −ELBO 105.00   (2.8 s, 6.0 ms/step)',
  );
  assert.is(epochLine(result, 20).length, epochLine({ ...result, epoch: 17 }, 20).length);
});

test.run();
