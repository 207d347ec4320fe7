import { parseArgs } from 'node:util';

/** What the command line decides about a run; kept in the run's config.json. */
export interface RunConfig {
  model: 'vae' | 'cvae';
  latent: number;
  hidden: number[];
  epochs: number;
  batch: number;
  learningRate: number;
  binarization: 'none' | 'threshold' | 'static' | 'dynamic';
  likelihood: 'bernoulli' | 'gaussian';
  seed: number;
  /** 0 means all 60,000 images. */
  trainLimit: number;
}

/** The command line, understood: a new run, the continuation of one, or a request for help. */
export type Command =
  | { kind: 'help' }
  | {
      kind: 'start';
      config: Omit<RunConfig, 'epochs'> & { epochs: number | null };
      backend: BackendChoice;
      out: string | null;
    }
  | { kind: 'resume'; folder: string; epochs: number | null; backend: BackendChoice };

export type BackendChoice = 'auto' | 'wasm' | 'reference';

/** A command line that cannot be followed; the message says what would do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const MODELS = ['vae', 'cvae'] as const;
const BINARIZATIONS = ['none', 'threshold', 'static', 'dynamic'] as const;
const LIKELIHOODS = ['bernoulli', 'gaussian'] as const;
const BACKENDS = ['auto', 'wasm', 'reference'] as const;

/** What each option is, and its default. */
const OPTIONS: Readonly<Record<string, readonly [text: string, standard: string]>> = {
  model: ['vae, or cvae (which is told the digit)', 'vae'],
  latent: ['dimensions of z; 2 also draws the manifold', '20'],
  hidden: ['widths of the hidden layers, comma-separated', '400'],
  epochs: ['passes over the training images', '20, or 2 on reference'],
  batch: ['images a step', '128'],
  'learning-rate': ['of Adam', '0.001'],
  binarization: ['none, threshold, static or dynamic: how grey becomes 0/1', 'none'],
  likelihood: ['bernoulli, or gaussian (with one learned sigma)', 'bernoulli'],
  seed: ['of weights, shuffling and noise', '1'],
  backend: ['auto, wasm or reference', 'auto'],
  out: ['folder for the results', 'runs/<name>'],
  'train-limit': ['use only the first N training images; 0 is all 60,000', '0'],
  resume: ['folder of a run to go on with; --epochs may be raised', ''],
};

/** The text of --help. */
export function helpText(): string {
  const lines = Object.entries(OPTIONS).map(([name, [text, standard]]) =>
    `  --${name.padEnd(15)}${text.padEnd(58)}${standard}`.trimEnd(),
  );
  return [
    'Trains a variational autoencoder on MNIST and leaves pictures, curves and weights in a folder.',
    '',
    '  npm start -- [options]',
    '',
    'Options and their defaults:',
    ...lines,
    '  --help           this text',
    '',
    'Losses are in nats per image: summed over pixels and latent dimensions, averaged over images.',
    'Ctrl-C saves the run; --resume continues it exactly where it stopped.',
  ].join('\n');
}

/** Reads the command line. @throws UsageError with a suggestion */
export function parseCommand(args: readonly string[]): Command {
  const options = Object.fromEntries(Object.keys(OPTIONS).map((name) => [name, { type: 'string' as const }]));
  const { tokens } = parseArgs({
    args: [...args],
    options: { ...options, help: { type: 'boolean', short: 'h' } },
    strict: false,
    tokens: true,
  });
  const given = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === 'positional')
      throw new UsageError(`"${token.value}" is not an option — options start with --`);
    if (token.kind !== 'option') continue;
    if (token.name === 'help' || token.rawName === '-h') return { kind: 'help' };
    if (!Object.hasOwn(OPTIONS, token.name)) throw unknownOption(token.rawName);
    if (given.has(token.name)) throw new UsageError(`--${token.name} is given twice`);
    const { value = '', inlineValue } = token;
    const isNextOption = inlineValue === false && value.startsWith('--');
    if (value === '' || isNextOption) throw new UsageError(`--${token.name} needs a value`);
    given.set(token.name, value);
  }
  return given.has('resume') ? resumeCommand(given) : startCommand(given);
}

function startCommand(given: ReadonlyMap<string, string>): Command {
  return {
    kind: 'start',
    backend: choice(given, 'backend', BACKENDS, 'auto'),
    out: given.get('out') ?? null,
    config: {
      model: choice(given, 'model', MODELS, 'vae'),
      latent: wholeNumber(given, 'latent', 1, 1024) ?? 20,
      hidden: widths(given),
      epochs: wholeNumber(given, 'epochs', 1, 100_000),
      batch: wholeNumber(given, 'batch', 1, 60_000) ?? 128,
      learningRate: positive(given, 'learning-rate', 1) ?? 1e-3,
      binarization: choice(given, 'binarization', BINARIZATIONS, 'none'),
      likelihood: choice(given, 'likelihood', LIKELIHOODS, 'bernoulli'),
      seed: wholeNumber(given, 'seed', 0, 2 ** 31 - 1) ?? 1,
      trainLimit: wholeNumber(given, 'train-limit', 0, 60_000) ?? 0,
    },
  };
}

/** A resumed run keeps its configuration; only its length and the backend may change. */
function resumeCommand(given: ReadonlyMap<string, string>): Command {
  for (const name of given.keys()) {
    if (!['resume', 'epochs', 'backend'].includes(name)) {
      throw new UsageError(`--${name} cannot change in a resumed run — start a new one, or leave it out`);
    }
  }
  return {
    kind: 'resume',
    folder: given.get('resume') as string,
    epochs: wholeNumber(given, 'epochs', 1, 100_000),
    backend: choice(given, 'backend', BACKENDS, 'auto'),
  };
}

function choice<T extends string>(
  given: ReadonlyMap<string, string>,
  name: string,
  allowed: readonly T[],
  otherwise: T,
): T {
  const value = given.get(name);
  if (value === undefined) return otherwise;
  const found = allowed.find((a) => a === value);
  if (found !== undefined) return found;
  throw new UsageError(
    `--${name} ${value}: it is one of ${allowed.join(', ')}${suggest(value, allowed, '')}`,
  );
}

function wholeNumber(
  given: ReadonlyMap<string, string>,
  name: string,
  min: number,
  max: number,
): number | null {
  const text = given.get(name);
  if (text === undefined) return null;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new UsageError(`--${name} ${text}: it is a whole number from ${min} to ${max}`);
}

function positive(given: ReadonlyMap<string, string>, name: string, max: number): number | null {
  const text = given.get(name);
  if (text === undefined) return null;
  const value = Number(text);
  if (value > 0 && value <= max) return value;
  throw new UsageError(`--${name} ${text}: it is a number above 0 and at most ${max}, for example 0.001`);
}

function widths(given: ReadonlyMap<string, string>): number[] {
  const text = given.get('hidden') ?? '400';
  const list = text.split(',').map(Number);
  if (list.every((n) => Number.isInteger(n) && n >= 1 && n <= 16_384)) return list;
  throw new UsageError(
    `--hidden ${text}: it is a list of widths from 1 to 16384, for example 400 or 500,250`,
  );
}

function unknownOption(rawName: string): UsageError {
  const names = [...Object.keys(OPTIONS), 'help'];
  return new UsageError(
    `${rawName} is no option${suggest(rawName.replace(/^-+/, ''), names, '--') || ' — see --help'}`,
  );
}

function suggest(word: string, known: readonly string[], prefix: string): string {
  const ranked = known
    .map((name) => ({ name, distance: editDistance(word, name) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(2, word.length / 3)
    ? ` — did you mean ${prefix}${best.name}?`
    : '';
}

/** Levenshtein distance: the fewest insertions, deletions and replacements of a letter. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] as number) + Number(a[i - 1] !== b[j - 1]);
      next.push(Math.min(replace, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
