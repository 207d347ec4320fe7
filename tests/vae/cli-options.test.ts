/** What the command line of each command means: options, configuration files, help and refusals. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { candidatesOf } from '../../packages/vae/src/cli/compare.js';
import { readMachine } from '../../packages/vae/src/cli/machine.js';
import { COMMANDS } from '../../packages/vae/src/cli/main.js';
import { type Parsed, parseLine } from '../../packages/vae/src/cli/parse.js';
import { readTrainRequest, standardEpochs, type TrainRequest } from '../../packages/vae/src/cli/train.js';
import { completeConfig, readConfigFile } from '../../packages/vae/src/run/complete-config.js';
import { effective, flagOf } from '../../packages/vae/src/run/fields.js';
import { MODELS } from '../../packages/vae/src/run/model-table.js';
import type { RunConfig } from '../../packages/vae/src/run/run-config.js';
import { collapseAdvice, RUN_FIELDS } from '../../packages/vae/src/run/run-options.js';
import { UsageError } from '../../packages/vae/src/run/usage-error.js';
import { refuses } from '../helpers/refuses.js';

const scratch = mkdtempSync(join(tmpdir(), 'varigrad-options-'));
test.after(() => rmSync(scratch, { recursive: true, force: true }));

const parse = (args: readonly string[]): Parsed =>
  parseLine(args, {
    commands: COMMANDS,
    version: '9.9.9',
    calledAs: (name) => `npx varigrad ${name}`.trim(),
    paint: (_, text) => text,
  });

function lineOf(args: readonly string[]): Extract<Parsed, { kind: 'run' }> {
  const parsed = parse(args);
  assert.ok(parsed.kind === 'run', `${args.join(' ')} runs a command`);
  return parsed;
}

function textOf(args: readonly string[]): string {
  const parsed = parse(args);
  assert.ok(parsed.kind === 'text', `${args.join(' ')} prints a text`);
  return parsed.text;
}

/** The lines of a help text, with continued lines joined. */
const entriesOf = (text: string): string[] => text.replace(/\n {5,}(?=\S)/g, ' ').split('\n');

const request = (args: readonly string[]): TrainRequest => readTrainRequest(lineOf(['train', ...args]));

/** The configuration that a new run of these options has. */
function configOf(args: readonly string[]): RunConfig {
  const start = request(args);
  assert.ok(start.kind === 'start');
  return completeConfig(start.given);
}

/** Writes a configuration file. */
function file(name: string, contents: unknown): string {
  const path = join(scratch, name);
  writeFileSync(path, typeof contents === 'string' ? contents : JSON.stringify(contents));
  return path;
}

const DEFAULTS: RunConfig = {
  model: 'vae',
  latent: 20,
  network: 'dense',
  hidden: [400],
  activation: 'relu',
  channels: [32, 64],
  normalization: 'none',
  likelihood: 'bernoulli',
  sigma: 1,
  meanLink: 'sigmoid',
  levels: 256,
  posterior: 'gaussian',
  flowSteps: 4,
  prior: 'standard',
  components: 100,
  samples: 1,
  gradient: 'standard',
  codeActivation: 'none',
  corruption: 'masking',
  noiseLevel: 0.5,
  variables: 20,
  categories: 10,
  estimator: 'relaxed',
  vectors: 10,
  vectorWidth: 8,
  codebookSize: 64,
  commitment: 0.25,
  labelled: 10,
  labelledRepeat: 60,
  alpha: 10,
  data: 'mnist',
  trainLimit: 0,
  validation: 0,
  binarization: 'none',
  epochs: 20,
  batch: 128,
  learningRate: 0.001,
  beta: 1,
  warmUp: 'none',
  warmUpEpochs: 5,
  freeBits: 0,
  patience: 0,
  seed: 1,
};

/** A value of each option other than its default, with what else it needs to have an effect. */
const VALUES: Readonly<Record<keyof RunConfig, readonly [text: string, value: unknown, needs?: string]>> = {
  model: ['cvae', 'cvae'],
  latent: ['2', 2],
  hidden: ['500,250', [500, 250]],
  network: ['convolutional', 'convolutional'],
  activation: ['tanh', 'tanh'],
  channels: ['8,16', [8, 16], '--network convolutional'],
  normalization: ['batch', 'batch', '--network convolutional'],
  likelihood: ['gaussian', 'gaussian'],
  sigma: ['0.3', 0.3, '--likelihood gaussian-fixed'],
  meanLink: ['identity', 'identity', '--likelihood gaussian'],
  levels: ['16', 16, '--likelihood categorical'],
  posterior: ['iaf', 'iaf'],
  flowSteps: ['8', 8, '--posterior planar'],
  prior: ['mixture', 'mixture'],
  components: ['10', 10, '--prior vamp'],
  samples: ['3', 3],
  gradient: ['dreg', 'dreg', '--model iwae'],
  codeActivation: ['tanh', 'tanh', '--model ae'],
  corruption: ['salt-and-pepper', 'salt-and-pepper', '--model dae'],
  noiseLevel: ['0.3', 0.3, '--model dae'],
  variables: ['4', 4, '--model categorical-vae'],
  categories: ['5', 5, '--model categorical-vae'],
  estimator: ['sum', 'sum', '--model categorical-vae'],
  vectors: ['4', 4, '--model vq-vae'],
  vectorWidth: ['3', 3, '--model vq-vae'],
  codebookSize: ['16', 16, '--model vq-vae'],
  commitment: ['0.5', 0.5, '--model vq-vae'],
  labelled: ['5', 5, '--model m2'],
  labelledRepeat: ['8', 8, '--model m2'],
  alpha: ['2', 2, '--model m2'],
  data: ['digits/', 'digits/'],
  trainLimit: ['1000', 1000],
  validation: ['50', 50],
  binarization: ['dynamic', 'dynamic'],
  epochs: ['7', 7],
  batch: ['64', 64],
  learningRate: ['3e-4', 3e-4],
  beta: ['4', 4],
  warmUp: ['cyclic', 'cyclic'],
  warmUpEpochs: ['2.5', 2.5, '--warm-up linear'],
  freeBits: ['0.1', 0.1],
  patience: ['3', 3, '--validation 10'],
  seed: ['9', 9],
};
const KEYS = Object.keys(VALUES) as (keyof RunConfig)[];

test('no options: the documented defaults; fewer epochs on the slow backend', () => {
  assert.equal(configOf([]), DEFAULTS);
  assert.equal(standardEpochs('wasm'), { epochs: 20 });
  assert.equal(standardEpochs('reference'), { epochs: 2 });
});

test('every option reaches its place, and no other', () => {
  for (const key of KEYS) {
    const [text, value, needs = ''] = VALUES[key];
    const others = needs === '' ? [] : needs.split(' ');
    const config = configOf([`--${flagOf(key)}`, text, ...others]);
    const without = configOf(others);
    assert.equal(config, { ...without, [key]: value }, key);
    assert.not.equal(without[key], value, `the value of ${key} is not its default`);
    assert.equal(configOf([`--${flagOf(key)}=${text}`, ...others]), config, 'the form with =');
  }
});

test('an option that has no effect is refused, with what it needs', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['--sigma 0.3', '--sigma has no effect here — it needs --likelihood gaussian-fixed'],
    [
      '--likelihood gaussian --sigma 0.3',
      '--sigma has no effect here — it needs --likelihood gaussian-fixed',
    ],
    ['--levels 4', '--levels has no effect here — it needs --likelihood categorical'],
    ['--flow-steps 4', '--flow-steps has no effect here — it needs --posterior planar or iaf'],
    ['--components 5', '--components has no effect here — it needs --prior mixture or vamp'],
    ['--gradient dreg', '--gradient has no effect here — it needs --model iwae'],
    ['--warm-up-epochs 3', '--warm-up-epochs has no effect here — it needs --warm-up linear or cyclic'],
    ['--patience 3', '--patience has no effect here — it needs --validation'],
    [
      '--model iwae --beta 2',
      '--beta has no effect here — it needs --model vae or cvae or categorical-vae or m2',
    ],
    ['--network convolutional --hidden 3', '--hidden has no effect here — it needs --network dense'],
    ['--channels 3', '--channels has no effect here — it needs --network convolutional'],
    ['--prior conditional', 'prior conditional needs labels — use model cvae'],
    [
      '--model cvae --prior vamp',
      'prior vamp has no labels for its pseudo-images — use another prior, or model vae',
    ],
    [
      '--likelihood squared-error',
      'likelihood squared-error is for autoencoders, and gives no bound on log p(x) — use gaussian or gaussian-fixed',
    ],
    [
      '--model dae --noise-level 2',
      'noise-level is a probability, at most 1 — or use corruption gaussian, where it is sigma',
    ],
    [
      '--model vq-vae --latent 4',
      '--latent has no effect here — it needs --model ae or dae or vae or cvae or iwae or m2',
    ],
    ['--model iwae --gradient dreg --posterior iaf', 'gradient dreg needs posterior gaussian'],
  ];
  for (const [args, message] of cases) refuses(() => request(args.split(' ')), message);
});

test('a model has defaults of its own', () => {
  assert.is(configOf(['--model', 'iwae']).samples, 5);
  assert.is(configOf(['--model', 'iwae', '--samples', '1']).samples, 1);
});

test('a configuration file says what options say, and options come first', () => {
  for (const key of KEYS) {
    const [text, value, needs = ''] = VALUES[key];
    const others = needs === '' ? [] : needs.split(' ');
    const path = file('one.json', { [key]: value });
    const byFlag = configOf([`--${flagOf(key)}`, text, ...others]);
    assert.equal(configOf(['--config', path, ...others]), byFlag, key);
  }
  const path = file('both.json', { latent: 2, epochs: 3 });
  assert.equal(configOf(['--config', path, '--epochs', '9']), { ...DEFAULTS, latent: 2, epochs: 9 });
});

test('the configuration of any run, written as a file, reads back as the same run', () => {
  for (const key of KEYS) {
    const [text, , needs = ''] = VALUES[key];
    const config = configOf([`--${flagOf(key)}`, text, ...(needs === '' ? [] : needs.split(' '))]);
    const path = file('round.json', effective(RUN_FIELDS, config));
    assert.equal(completeConfig(readConfigFile(path)), config, key);
  }
});

test('a configuration file that cannot be is refused with its path and what would do', () => {
  const refusesFile = (contents: unknown, message: (path: string) => string): void => {
    const path = file('bad.json', contents);
    refuses(() => request(['--config', path]), message(path));
  };
  refusesFile({ latnet: 2 }, (path) => `${path}: "latnet" is not an option — did you mean latent?`);
  refusesFile(
    { 'learning-rate': 2 },
    (path) => `${path}: "learning-rate" is not an option — did you mean learningRate?`,
  );
  refusesFile({ constructor: 2 }, (path) => `${path}: "constructor" is not an option`);
  refusesFile({ latent: '2' }, (path) => `${path}: latent "2": expected a whole number from 1 to 1024`);
  refusesFile(
    { hidden: [4, -1] },
    (path) => `${path}: hidden [4,-1]: expected a list of widths from 1 to 16384, for example 400 or 500,250`,
  );
  refusesFile(
    { model: 'veae' },
    (path) => `${path}: model "veae": expected one of ${Object.keys(MODELS).join(', ')} — did you mean vae?`,
  );
  refusesFile(
    { sigma: 2 },
    (path) => `${path}: sigma has no effect here — it needs --likelihood gaussian-fixed`,
  );
  refusesFile(
    [1],
    (path) => `${path}: a configuration is an object, for example {"model": "vae", "latent": 10}`,
  );
  const path = file('bad.json', '{"latent": 2');
  assert.throws(
    () => request(['--config', path]),
    (error: Error) => error.message.startsWith(`${path}: not JSON: `),
  );
  const absent = join(scratch, 'absent.json');
  refuses(() => request(['--config', absent]), `--config ${absent}: there is no such file`);
});

test('--resume takes --epochs and the machine, and refuses to change what the run is', () => {
  assert.equal(request(['--resume', 'runs/a']), { kind: 'resume', folder: 'runs/a', epochs: null });
  assert.equal(request('--epochs 30 --resume runs/a --backend wasm --threads 1'.split(' ')), {
    kind: 'resume',
    folder: 'runs/a',
    epochs: 30,
  });
  const others = KEYS.filter((key) => key !== 'epochs').map((key) => [flagOf(key), VALUES[key][0]] as const);
  for (const [flag, value] of [...others, ['out', 'b'], ['config', 'c.json']] as const) {
    refuses(
      () => request(['--resume', 'runs/a', `--${flag}`, value]),
      `--${flag} cannot change in a resumed run — leave it out, or start a new run`,
    );
  }
});

test('--help wins over everything after it, for every command', () => {
  for (const name of Object.keys(COMMANDS)) {
    for (const args of [['--help'], ['-h'], ['--seed', '3', '--help', '--nonsense']])
      assert.ok(textOf([name, ...args]).startsWith(`Usage: npx varigrad ${name} `), args.join(' '));
  }
});

test('the help of each command lists each option once, with its default, and fits a terminal', () => {
  for (const [name, { flags, usage }] of Object.entries(COMMANDS)) {
    const text = textOf([name, '--help']);
    assert.is(text.split('\n')[0], `Usage: npx varigrad ${name} ${usage === '' ? '' : `${usage} `}[options]`);
    for (const [key, { standard, standardText, kind }] of Object.entries(flags)) {
      const [first, ...more] = text.split(new RegExp(`^  --${flagOf(key)}(?= )`, 'm')).slice(1);
      assert.ok(first !== undefined && more.length === 0, `${name} --help lists --${flagOf(key)} once`);
      const entry = first.split(/\n(?= {0,2}\S)|\n\n/)[0]?.replace(/\s+/g, ' ') ?? '';
      const shown = standardText ?? (kind.isSwitch === true || standard === null ? '' : String(standard));
      if (shown !== '') assert.ok(entry.endsWith(`(default ${shown})`), `${name}: ${entry}`);
    }
    for (const line of text.split('\n')) assert.ok(line.length <= 80, `${line.length} characters: ${line}`);
  }
});

test('the help of train describes every model', () => {
  const entries = entriesOf(textOf(['train', '--help']));
  for (const [name, { help }] of Object.entries(MODELS))
    assert.ok(
      entries.some((line) => line.startsWith(`  ${name} `) && line.endsWith(help)),
      name,
    );
});

test('the program without a command lists the commands', () => {
  for (const args of [[], ['--help'], ['-h']]) {
    const text = textOf(args);
    assert.ok(text.startsWith('Usage: npx varigrad <command> [options]\n'));
    for (const [name, { summary }] of Object.entries(COMMANDS))
      assert.ok(
        entriesOf(text).some((line) => line.startsWith(`  ${name} `) && line.endsWith(summary)),
        name,
      );
  }
  assert.is(textOf(['--version']), '9.9.9');
});

const LIKELIHOODS =
  'bernoulli, continuous-bernoulli, gaussian, gaussian-fixed, pixel-gaussian, categorical, squared-error';

const REFUSALS: readonly (readonly [args: readonly string[], message: string])[] = [
  [['--epoch', '3'], 'unknown option --epoch — did you mean --epochs?'],
  [['--learning_rate', '3'], 'unknown option --learning_rate — did you mean --learning-rate?'],
  [['--binarisation', 'none'], 'unknown option --binarisation — did you mean --binarization?'],
  [['--resme', 'a'], 'unknown option --resme — did you mean --resume?'],
  [['--hepl'], 'unknown option --hepl — did you mean --help?'],
  [['--temperature', '3'], 'unknown option --temperature — see --help'],
  [['-x', '3'], 'unknown option -x — see --help'],
  // names that every JavaScript object has
  [['--constructor=3'], 'unknown option --constructor — see --help'],
  [['--toString', '3'], 'unknown option --toString — see --help'],

  [['runs/a'], 'unexpected argument "runs/a" — options start with --'],
  [['--seed', '3', '4'], 'unexpected argument "4" — options start with --'],
  [['--seed', '3', '--seed', '4'], '--seed is given twice'],
  [['--seed'], '--seed needs a value'],
  [['--out='], '--out needs a value'],
  [['--out', ''], '--out needs a value'],
  [['--out', '--seed', '3'], '--out needs a value'],
  [['--resume'], '--resume needs a value'],

  [['--latent', '0'], '--latent 0: expected a whole number from 1 to 1024'],
  [['--latent', '1025'], '--latent 1025: expected a whole number from 1 to 1024'],
  [['--latent', '2.5'], '--latent 2.5: expected a whole number from 1 to 1024'],
  [['--epochs', '0'], '--epochs 0: expected a whole number from 1 to 100000'],
  [['--epochs', '100001'], '--epochs 100001: expected a whole number from 1 to 100000'],
  [['--epochs', 'many'], '--epochs many: expected a whole number from 1 to 100000'],
  [['--resume', 'runs/a', '--epochs', '0'], '--epochs 0: expected a whole number from 1 to 100000'],
  [['--batch', '0'], '--batch 0: expected a whole number from 1 to 60000'],
  [['--batch', '60001'], '--batch 60001: expected a whole number from 1 to 60000'],
  [['--seed', '-1'], '--seed -1: expected a whole number from 0 to 2147483647'],
  [['--seed', '2147483648'], '--seed 2147483648: expected a whole number from 0 to 2147483647'],
  [['--train-limit', '-1'], '--train-limit -1: expected a whole number from 0 to 10000000'],
  [['--train-limit', '10000001'], '--train-limit 10000001: expected a whole number from 0 to 10000000'],

  [['--learning-rate', '0'], '--learning-rate 0: expected a number above 0 and at most 1, for example 0.001'],
  [
    ['--learning-rate', '1.1'],
    '--learning-rate 1.1: expected a number above 0 and at most 1, for example 0.001',
  ],
  [['--learning-rate', 'x'], '--learning-rate x: expected a number above 0 and at most 1, for example 0.001'],

  [['--hidden', '0'], '--hidden 0: expected a list of widths from 1 to 16384, for example 400 or 500,250'],
  [
    ['--hidden', '16385'],
    '--hidden 16385: expected a list of widths from 1 to 16384, for example 400 or 500,250',
  ],
  [
    ['--hidden', '500,'],
    '--hidden 500,: expected a list of widths from 1 to 16384, for example 400 or 500,250',
  ],
  [
    ['--hidden', '9x9'],
    '--hidden 9x9: expected a list of widths from 1 to 16384, for example 400 or 500,250',
  ],

  [['--model', 'vea'], `--model vea: expected one of ${Object.keys(MODELS).join(', ')} — did you mean vae?`],
  [['--model', 'transformer'], `--model transformer: expected one of ${Object.keys(MODELS).join(', ')}`],
  [
    ['--binarization', 'dinamic'],
    '--binarization dinamic: expected one of none, threshold, static, dynamic — did you mean dynamic?',
  ],
  [
    ['--likelihood', 'gausian'],
    `--likelihood gausian: expected one of ${LIKELIHOODS} — did you mean gaussian?`,
  ],
];

for (const [args, message] of REFUSALS) {
  test(`train refuses ${args.join(' ')}`, () => {
    refuses(() => request(args), message);
    assert.throws(
      () => request(args),
      (error: unknown) => error instanceof UsageError,
    );
  });
}

test('the machine is refused in the same words', () => {
  const start = (args: readonly string[]): unknown => readMachine(lineOf(['train', ...args]));
  refuses(
    () => start(['--backend', 'wsam']),
    '--backend wsam: expected one of auto, wasm, reference — did you mean wasm?',
  );
  refuses(() => start(['--backend', 'cuda']), '--backend cuda: expected one of auto, wasm, reference');
  refuses(() => start(['--threads', '0']), '--threads 0: expected a whole number from 1 to 64');
  refuses(
    () => start(['--backend', 'reference', '--threads', '2']),
    '--threads has no effect here — it needs --backend auto or wasm',
  );
  assert.equal(start([]), { backend: 'auto', threads: null });
  assert.equal(start(['--threads', '2', '--backend', 'wasm']), { backend: 'wasm', threads: 2 });
});

test('an unknown command gets a suggestion, or the list', () => {
  refuses(() => parse(['trian']), 'unknown command "trian" — did you mean train?');
  refuses(
    () => parse(['serve-the-model']),
    'unknown command "serve-the-model" — the commands are train, evaluate, sample, reconstruct, figures, compare',
  );
});

test('against a collapsed posterior, only options are named that have an effect on such a run', () => {
  const advice = (args: string): string => collapseAdvice(configOf(args.split(' ')));
  assert.is(
    advice('--beta 4'),
    '--warm-up linear, --free-bits 0.1, --beta 1, a smaller --learning-rate, fewer or narrower --hidden layers',
  );
  assert.is(
    advice('--model iwae --network convolutional'),
    'a smaller --learning-rate, fewer --channels',
    'the KL of an IWAE has no weight',
  );
  assert.is(
    advice('--warm-up cyclic --prior mixture'),
    'a smaller --learning-rate, fewer or narrower --hidden layers',
  );
});

test('the limits themselves are allowed', () => {
  const args =
    '--latent 1024 --epochs 100000 --batch 60000 --seed 2147483647 --train-limit 10000000 --learning-rate 1';
  assert.equal(configOf([...args.split(' '), '--hidden', '1,16384']), {
    ...DEFAULTS,
    latent: 1024,
    hidden: [1, 16384],
    epochs: 100000,
    batch: 60000,
    learningRate: 1,
    seed: 2147483647,
    trainLimit: 10000000,
  });
});

const compared = (args: readonly string[]): ReturnType<typeof candidatesOf> =>
  candidatesOf(lineOf(['compare', ...args]));

test('compare gives each model the options that it can take', () => {
  const runs = compared('--models vae,iwae --beta 2 --gradient dreg --latent 3'.split(' '));
  assert.equal(
    runs.map(({ name }) => name),
    ['vae', 'iwae'],
  );
  const [vae, iwae] = runs.map(({ config }) => config);
  assert.equal(vae, { ...DEFAULTS, beta: 2, latent: 3 });
  assert.equal(iwae, { ...DEFAULTS, model: 'iwae', samples: 5, gradient: 'dreg', latent: 3 });
});

test('compare takes files, which options override', () => {
  const path = file('wide.json', { hidden: [800], epochs: 3 });
  assert.equal(compared([path, '--models', 'cvae', '--epochs', '5']), [
    { name: 'wide', config: { ...DEFAULTS, hidden: [800], epochs: 5 } },
    { name: 'cvae', config: { ...DEFAULTS, model: 'cvae', epochs: 5 } },
  ]);
});

test('compare refuses what compares nothing', () => {
  refuses(
    () => compared([]),
    'nothing to compare — name configuration files, or models as --models vae,cvae',
  );
  refuses(
    () => compared(['--models', 'vae,vae']),
    '"vae" is named twice — give each configuration its own name',
  );
  refuses(
    () => compared(['--models', 'vae,cvae', '--gradient', 'dreg']),
    '--gradient has no effect on any of the models',
  );
  refuses(
    () => compared(['--models', 'vae,cvaee']),
    `--models vae,cvaee: expected a list of ${Object.keys(MODELS).join(', ')} — did you mean cvae?`,
  );
  refuses(() => compared(['--model', 'vae']), 'unknown option --model — did you mean --models?');
});

test.run();
