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
import { collapseAdvice, divergenceAdvice } from '../../packages/vae/src/run/advice.js';
import { RUN_OPTIONS, type RunConfig, readConfigFile } from '../../packages/vae/src/run/run-config.js';
import { complete, effective, partDefaults } from '../../packages/vae/src/run/schema/complete.js';
import { takersOf } from '../../packages/vae/src/run/schema/conditions.js';
import { flagOf, type Options, wordsOf } from '../../packages/vae/src/run/schema/option.js';
import { UsageError } from '../../packages/vae/src/run/usage-error.js';
import { refuses } from '../helpers/refuses.js';
import {
  argumentsOf,
  KEYS,
  needsOf,
  OPTIONS,
  optionOf,
  otherValue,
  type Values,
} from '../helpers/run-options.js';

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
  return complete(RUN_OPTIONS, start.given);
}

/** Writes a configuration file. */
function file(name: string, contents: unknown): string {
  const path = join(scratch, name);
  writeFileSync(path, typeof contents === 'string' ? contents : JSON.stringify(contents));
  return path;
}

const DEFAULTS: RunConfig = complete(RUN_OPTIONS, new Map());
const MODELS = wordsOf(RUN_OPTIONS.model);

test('numbers are written in decimal digits, alone and in lists', () => {
  for (const [text, value] of [
    ['5', 5],
    [' 5 ', 5],
    ['+5', 5],
    ['05', 5],
    ['5.0', 5],
    ['1e2', 100],
  ] as const) {
    assert.is(configOf(['--latent', text]).latent, value, text);
    assert.equal(configOf(['--hidden', `${text},7`]).hidden, [value, 7], text);
    assert.is(configOf(['--beta', text]).beta, value, text);
  }
  assert.is(configOf(['--lr', '.5e-3']).learningRate, 0.0005);
  for (const text of [
    '0x10',
    '0b1',
    '0o7',
    '1_000',
    '5n',
    '٥',
    'NaN',
    'Infinity',
    '1e',
    'e1',
    '.',
    '5 6',
    '5;6',
    '[5]',
  ])
    for (const flag of ['--latent', '--hidden', '--beta', '--lr'])
      assert.throws(() => configOf([flag, text]), /: expected a /, `${flag} ${text}`);
  for (const list of ['5,', ',5', '5,,6', ','])
    assert.throws(() => configOf(['--hidden', list]), /: expected a list/, list);
});

test('a suggestion for another case, and for the start of a word', () => {
  for (const [flag, text, meant] of [
    ['--model', 'VAE', 'vae'],
    ['--network', 'conv', 'convolutional'],
    ['--likelihood', 'Gaussian', 'gaussian'],
    ['--model', ' vae', 'vae'],
  ] as const)
    assert.throws(() => request([flag, text]), ` — did you mean ${meant}?`, text);
  assert.throws(() => parse(['TRAIN']), ' — did you mean train?');
});

test('no options: a VAE with the documented defaults; fewer epochs on the slow backend', () => {
  const { model, latent, hidden, likelihood, epochs, batch, learningRate, optimizer, beta } = configOf([]);
  assert.equal([model, latent, hidden, likelihood], ['vae', 20, [400], 'bernoulli']);
  assert.equal([epochs, batch, learningRate, optimizer, beta], [20, 128, 0.001, 'adam', 1]);
  assert.equal(standardEpochs('wasm'), { epochs: 20 });
  assert.equal(standardEpochs('reference'), { epochs: 2 });
});

test('every key that a declaration names is an option, and every word is one of its words', () => {
  const check = (values: Values, place: string): void => {
    for (const [key, demand] of Object.entries(values)) {
      assert.ok(KEYS.includes(key), `${place}: ${key}`);
      const listed = Array.isArray(demand) ? demand : Object.values(Object(demand)).flat();
      for (const word of listed.filter((one) => typeof one === 'string')) {
        const option = optionOf(key);
        const properties = 'parts' in option ? Object.values(option.parts).flatMap(Object.keys) : [];
        assert.ok([...wordsOf(option), ...properties].includes(word), `${place}: ${key} ${word}`);
      }
    }
  };
  for (const [key, option] of Object.entries(OPTIONS)) {
    check(option.when ?? {}, key);
    for (const [word, part] of Object.entries('parts' in option ? option.parts : {})) {
      for (const name of part.options ?? []) assert.ok(KEYS.includes(name), `${word}: ${name}`);
      for (const { when } of part.conflicts ?? []) check(when, word);
      for (const name of Object.keys(part.defaults ?? {})) assert.ok(KEYS.includes(name), `${word}: ${name}`);
    }
  }
});

/** A changed value may change the default of another option. */
function isUntouched(key: string, changed: string): boolean {
  const { default: standard } = optionOf(key);
  const follows = typeof standard === 'object' && standard !== null && 'option' in standard;
  return (
    !(follows && standard.option === changed) &&
    !partDefaults(OPTIONS, key).some(([, , table]) => table === changed)
  );
}

test('every option reaches its place, and no other', () => {
  for (const key of KEYS) {
    const [value, others] = [otherValue(key), argumentsOf(needsOf(key))];
    const [flag, ...text] = argumentsOf({ [key]: value });
    const config: Values = { ...configOf([flag as string, ...text, ...others]) };
    const without: Values = { ...configOf(others) };
    assert.equal(config[key], value, key);
    assert.not.equal(without[key], value, `the value of ${key} is not its default`);
    for (const other of KEYS.filter((name) => name !== key && isUntouched(name, key)))
      assert.equal(config[other], without[other], `${key} leaves ${other}`);
    if (text.length > 0) assert.equal(configOf([`${flag}=${text}`, ...others]), config, 'the form with =');
  }
});

test('an alias means the option itself, and messages name the option', () => {
  for (const [alias, key, text, value] of [
    ['--lr', 'learningRate', '0.01', 0.01],
    ['--batch-size', 'batch', '64', 64],
    ['--latent-dim', 'latent', '3', 3],
  ] as const) {
    assert.is(configOf([alias, text])[key], value);
    assert.is(configOf([`${alias}=${text}`])[key], value);
    const flag = `--${flagOf(key)}`;
    refuses(() => request([alias, text, flag, text]), `${flag} is given twice`);
    refuses(() => request([alias]), `${flag} needs a value`);
  }
  refuses(
    () => request(['--lr', '2']),
    '--learning-rate 2: expected a number above 0 and at most 1, for example 0.001',
  );
});

/** The parts of a table that list an option, as a message names them. */
const takers = (table: string, key: string): string =>
  `--${flagOf(table)} ${takersOf(optionOf(table), key).join(' or ')}`;

test('an option that has no effect is refused, with what it needs', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['--sigma 0.3', `--sigma has no effect here — it needs ${takers('likelihood', 'sigma')}`],
    [
      '--likelihood gaussian --sigma 0.3',
      `--sigma has no effect here — it needs ${takers('likelihood', 'sigma')}`,
    ],
    ['--levels 4', '--levels has no effect here — it needs --likelihood categorical'],
    ['--flow-steps 4', `--flow-steps has no effect here — it needs ${takers('posterior', 'flowSteps')}`],
    ['--components 5', `--components has no effect here — it needs ${takers('prior', 'components')}`],
    ['--gradient dreg', '--gradient has no effect here — it needs --model iwae'],
    ['--warm-up-epochs 3', '--warm-up-epochs has no effect here — it needs --warm-up linear or cyclic'],
    ['--patience 3', '--patience has no effect here — it needs --validation'],
    [
      '--model tc-vae --posterior iaf',
      `--posterior has no effect here — it needs ${takers('model', 'posterior')}`,
    ],
    ['--model iwae --beta 2', `--beta has no effect here — it needs ${takers('model', 'beta')}`],
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
    ['--model vq-vae --latent 4', `--latent has no effect here — it needs ${takers('model', 'latent')}`],
    ['--model iwae --gradient dreg --posterior iaf', 'gradient dreg needs posterior gaussian'],
    [
      '--model dae --corruption masking-rescaled --noise-level 1',
      'corruption masking-rescaled needs a noise-level below 1 — 1 leaves no pixel to rescale',
    ],
    ['--noise-level 0.3', '--noise-level has no effect here — it needs --model dae'],
    [
      '--model vq-vae --flow-steps 3',
      `--flow-steps has no effect here — it needs ${takers('model', 'posterior')} with ${takers('posterior', 'flowSteps')}`,
    ],
    ['--posterior iaf --free-bits 0.1', '--free-bits has no effect here — it needs --posterior gaussian'],
    [
      '--posterior iaf --prior vamp --model iwae --free-bits 0.1',
      `--free-bits has no effect here — it needs ${takers('model', 'freeBits')} with --posterior gaussian and --prior standard or conditional`,
    ],
    ['--momentum 0.9', '--momentum has no effect here — it needs --optimizer sgd'],
    [
      '--schedule-epochs 3',
      `--schedule-epochs has no effect here — it needs ${takers('schedule', 'scheduleEpochs')}`,
    ],
  ];
  for (const [args, message] of cases) refuses(() => request(args.split(' ')), message);
});

test('some defaults depend on a part or on another option', () => {
  assert.is(configOf(['--model', 'iwae']).samples, 5);
  assert.is(configOf(['--model', 'iwae', '--samples', '1']).samples, 1);
  assert.is(configOf(['--model', 'tc-vae']).beta, 6);
  assert.is(configOf(['--model', 'tc-vae', '--beta', '2']).beta, 2);
  assert.is(configOf(['--optimizer', 'adamw']).weightDecay, 0.01);
  assert.is(configOf(['--schedule', 'cosine', '--epochs', '7']).scheduleEpochs, 7);
  assert.is(configOf(['--schedule', 'step', '--epochs', '7']).scheduleEpochs, 10);
  assert.is(configOf('--schedule step --epochs 7 --schedule-epochs 2'.split(' ')).scheduleEpochs, 2);
});

test('a configuration file says what options say, and options come first', () => {
  for (const key of KEYS) {
    const [value, others] = [otherValue(key), argumentsOf(needsOf(key))];
    const path = file('one.json', { [key]: value });
    const byFlag = configOf([...argumentsOf({ [key]: value }), ...others]);
    assert.equal(configOf(['--config', path, ...others]), byFlag, key);
  }
  const path = file('both.json', { latent: 2, epochs: 3 });
  assert.equal(configOf(['--config', path, '--epochs', '9']), {
    ...DEFAULTS,
    latent: 2,
    epochs: 9,
    scheduleEpochs: 9,
  });
});

test('a switch that a configuration file turned on is turned off by --no-<switch>', () => {
  for (const [key, option] of Object.entries<Options[string]>(RUN_OPTIONS)) {
    if (!('type' in option) || option.type !== 'boolean') continue;
    const path = file(`${key}.json`, { [key]: true });
    const configured = configOf(['--config', path]);
    assert.is(configured[key as keyof RunConfig], true, key);
    const off = configOf(['--config', path, `--no-${flagOf(key)}`]);
    assert.equal(off, { ...configured, [key]: false }, key);
  }
});

test('a configuration file may name its schema, and may start with a byte order mark', () => {
  const named = file('schema.json', { $schema: './varigrad.schema.json', latent: 2 });
  assert.is(configOf(['--config', named]).latent, 2);
  const marked = file('mark.json', '\uFEFF{"latent": 2}');
  assert.is(configOf(['--config', marked]).latent, 2);
  const bad = file('number.json', { $schema: 5 });
  refuses(() => request(['--config', bad]), `${bad}: $schema 5: expected a text`);
});

test('the configuration of any run, written as a file, reads back as the same run', () => {
  for (const key of KEYS) {
    const config = configOf(argumentsOf({ ...needsOf(key), [key]: otherValue(key) }));
    const path = file('round.json', effective(RUN_OPTIONS, config));
    assert.equal(complete(RUN_OPTIONS, readConfigFile(path)), config, key);
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
  for (const [key, meant] of [
    ['lr', 'learningRate'],
    ['batchSize', 'batch'],
    ['batch-size', 'batch'],
    ['latent_dim', 'latent'],
    ['warm_up', 'warmUp'],
  ])
    refusesFile(
      { [key as string]: 2 },
      (path) => `${path}: "${key}" is not an option — did you mean ${meant}?`,
    );
  const long = 'k'.repeat(120_000);
  refusesFile({ [long]: 2 }, (path) => `${path}: "${long.slice(0, 80)}…" is not an option`);
  refusesFile(
    { latent: long },
    (path) => `${path}: latent "${long.slice(0, 79)}…: expected a whole number from 1 to 1024`,
  );
  refusesFile({ constructor: 2 }, (path) => `${path}: "constructor" is not an option`);
  refusesFile({ latent: '2' }, (path) => `${path}: latent "2": expected a whole number from 1 to 1024`);
  refusesFile(
    { hidden: [4, -1] },
    (path) => `${path}: hidden [4,-1]: expected a list of widths from 1 to 16384, for example 400 or 500,250`,
  );
  refusesFile(
    { model: 'veae' },
    (path) => `${path}: model "veae": expected one of ${MODELS.join(', ')} — did you mean vae?`,
  );
  refusesFile(
    { sigma: 2 },
    (path) => `${path}: sigma has no effect here — it needs ${takers('likelihood', 'sigma')}`,
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
  assert.equal(request(['--resume', 'runs/a']), { kind: 'resume', folder: 'runs/a', changes: {} });
  assert.equal(request('--epochs 30 --data b --resume runs/a --backend wasm --threads 1'.split(' ')), {
    kind: 'resume',
    folder: 'runs/a',
    changes: { epochs: 30, data: 'b' },
  });
  const others = KEYS.filter((key) => key !== 'epochs' && key !== 'data').map((key) =>
    argumentsOf({ [key]: otherValue(key) }),
  );
  for (const [flag = '', ...value] of [...others, ['--out', 'b'], ['--config', 'c.json']]) {
    refuses(
      () => request(['--resume', 'runs/a', flag, ...value]),
      `${flag} cannot change in a resumed run — leave it out, or start a new run`,
    );
  }
});

test('--help wins over everything after it, for every command', () => {
  for (const name of Object.keys(COMMANDS)) {
    for (const args of [['--help'], ['-h'], ['--seed', '3', '--help', '--nonsense']])
      assert.ok(textOf([name, ...args]).startsWith(`Usage: npx varigrad ${name} `), args.join(' '));
  }
});

/** The default that the help text must show; '' if there is none. */
function shownDefault(options: Options, key: string): string {
  const { default: standard, defaultText } = options[key] ?? { default: null };
  if (defaultText !== undefined) return defaultText;
  if (standard === null || standard === false) return '';
  const usual =
    typeof standard === 'object' && 'option' in standard ? `that of --${standard.option}` : `${standard}`;
  return [usual, ...partDefaults(options, key).map(([value, part]) => `or ${value} with ${part}`)].join(', ');
}

test('the help of each command lists each option once, with its default, and fits a terminal', () => {
  for (const [name, { options, usage }] of Object.entries(COMMANDS)) {
    const text = textOf([name, '--help']);
    assert.is(text.split('\n')[0], `Usage: npx varigrad ${name} ${usage === '' ? '' : `${usage} `}[options]`);
    for (const [key, option] of Object.entries(options)) {
      const [first, ...more] = text.split(new RegExp(`^  --${flagOf(key)}(?= )`, 'm')).slice(1);
      assert.ok(first !== undefined && more.length === 0, `${name} --help lists --${flagOf(key)} once`);
      const entry = first.split(/\n(?= {0,2}\S)|\n\n/)[0]?.replace(/\s+/g, ' ') ?? '';
      const shown = shownDefault(options, key);
      if (shown !== '') assert.ok(entry.endsWith(`(default ${shown})`), `${name}: ${entry}`);
      for (const word of wordsOf(option)) assert.ok(text.includes(word), `${name} --help names ${word}`);
    }
    for (const line of text.split('\n')) assert.ok(line.length <= 80, `${line.length} characters: ${line}`);
  }
});

test('the help of train describes every part', () => {
  const entries = entriesOf(textOf(['train', '--help']));
  for (const option of Object.values(OPTIONS))
    for (const [name, { help }] of Object.entries('parts' in option ? option.parts : {}))
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

const REFUSALS: readonly (readonly [args: readonly string[], message: string])[] = [
  [['--epoch', '3'], 'unknown option --epoch — did you mean --epochs?'],
  [['--learning_rate', '3'], 'unknown option --learning_rate — did you mean --learning-rate?'],
  [['--binarisation', 'none'], 'unknown option --binarisation — did you mean --binarization?'],
  [['--bach-size', '3'], 'unknown option --bach-size — did you mean --batch?'],
  [['--latentDim', '3'], 'unknown option --latentDim — did you mean --latent?'],
  [['--resme', 'a'], 'unknown option --resme — did you mean --resume?'],
  [['--hepl'], 'unknown option --hepl — did you mean --help?'],
  [['--temperature', '3'], 'unknown option --temperature — see --help'],
  [['-x', '3'], 'unknown option -x — see --help'],
  // names that every JavaScript object has
  [['--constructor=3'], 'unknown option --constructor — see --help'],
  [['--toString', '3'], 'unknown option --toString — see --help'],

  // switches take no value
  [['--drop-last=true'], '--drop-last takes no value'],
  [['--help=train'], '--help takes no value'],
  [['--compile=yes'], '--compile takes no value'],
  [['--no-compile=yes'], '--no-compile takes no value'],
  [['--no-drop-last=true'], '--no-drop-last takes no value'],
  [['--no-compil'], 'unknown option --no-compil — did you mean --no-compile?'],
  [['--lat', '3'], 'unknown option --lat — did you mean --latent?'],

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

  [['--model', 'vea'], `--model vea: expected one of ${MODELS.join(', ')} — did you mean vae?`],
  [['--model', 'transformer'], `--model transformer: expected one of ${MODELS.join(', ')}`],
  [
    ['--binarization', 'dinamic'],
    '--binarization dinamic: expected one of none, threshold, static, dynamic — did you mean dynamic?',
  ],
  [
    ['--likelihood', 'gausian'],
    `--likelihood gausian: expected one of ${wordsOf(RUN_OPTIONS.likelihood).join(', ')} — did you mean gaussian?`,
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

test('a message names the parts of the table that list an option', () => {
  const options: Options = {
    part: {
      group: 'g',
      help: 'h',
      default: 'a',
      parts: { a: { help: 'a' }, b: { help: 'b', options: ['x'] }, c: { help: 'c', options: ['x'] } },
    },
    x: { group: 'g', help: 'h', type: 'integer', minimum: 0, maximum: 9, default: 1 },
  };
  const given = (values: Values) =>
    new Map(Object.entries(values).map(([key, value]) => [key, { name: key, value }]));
  refuses(() => complete(options, given({ x: 3 })), 'x has no effect here — it needs --part b or c');
  assert.equal(complete(options, given({ x: 3, part: 'c' })), { x: 3, part: 'c' });
});

test('the machine is refused in the same words', () => {
  const start = (args: readonly string[]): unknown => readMachine(lineOf(['train', ...args]));
  refuses(
    () => start(['--backend', 'wsam']),
    '--backend wsam: expected one of auto, wasm, native, reference, gpu — did you mean wasm?',
  );
  refuses(
    () => start(['--backend', 'cuda']),
    '--backend cuda: expected one of auto, wasm, native, reference, gpu',
  );
  refuses(() => start(['--threads', '0']), '--threads 0: expected a whole number from 1 to 64');
  refuses(
    () => start(['--backend', 'reference', '--threads', '2']),
    '--threads has no effect here — it needs --backend auto or wasm or native',
  );
  assert.equal(start([]), { backend: 'auto', threads: null, mode: null });
  assert.equal(start(['--threads', '2', '--backend', 'wasm']), { backend: 'wasm', threads: 2, mode: null });
});

test('an unknown command gets a suggestion, or the list', () => {
  refuses(() => parse(['trian']), 'unknown command "trian" — did you mean train?');
  refuses(
    () => parse(['serve-the-model']),
    'unknown command "serve-the-model" — the commands are train, evaluate, sample, reconstruct, figures, export, compare, features, inpaint, datasets, schema, completion',
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

test('after a NaN, the advice names options that may help', () => {
  assert.is(divergenceAdvice(configOf([])), '--clip 100 or a smaller --learning-rate, such as 0.0001');
  assert.is(
    divergenceAdvice(configOf(['--clip', '50', '--lr', '1'])),
    '--clip 5 or a smaller --learning-rate, such as 0.1',
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
    scheduleEpochs: 100000,
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
    { name: 'wide', config: { ...DEFAULTS, hidden: [800], epochs: 5, scheduleEpochs: 5 } },
    { name: 'cvae', config: { ...DEFAULTS, model: 'cvae', epochs: 5, scheduleEpochs: 5 } },
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
    `--models vae,cvaee: expected a list of ${MODELS.join(', ')} — did you mean cvae?`,
  );
  refuses(() => compared(['--model', 'vae']), 'unknown option --model — did you mean --models?');
});

test.run();
