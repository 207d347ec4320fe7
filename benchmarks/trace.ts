/**
 * `npm run bench:trace`: the cost of the recorder hook without a recorder, and the cost of recording.
 *
 * The library is bundled twice: unchanged, and with the recorder removed from the tape. One training step (forward,
 * backward, Adam, loss read; one thread) of each variant is timed alternately, in one process:
 *
 * - no hook, twice: two copies of the bundle without the recorder; their difference is noise
 * - off: unchanged, no recorder ever used
 * - off after use: unchanged, after a profile and a trace
 * - profile, trace: unchanged, every step recorded
 *
 * Each variant is a separate module instance, so that JIT optimizations for one do not affect another.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { formatTiming, machine, summarize, table } from './measure.js';

type Core = typeof import('@varigrad/core');
type Library = Core &
  Pick<typeof import('@varigrad/core/trace'), 'profile' | 'recordGraph'> &
  Pick<typeof import('@varigrad/nn'), 'Adam'> &
  Pick<typeof import('@varigrad/vae'), 'VAE'>;

const SECONDS = Number(process.argv[2] ?? 20);

/**
 * The source of tape.ts or backward.ts without the recorder.
 * @throws Error if a part of the recorder is left: this function must follow changes of the source
 */
function withoutRecorder(path: string, source: string): string {
  const bare = source
    .replace(/^import \{.*\} from '\.\/recorder\.js';$/m, '')
    .replace(/^.*= activeRecorder\(\);$/gm, '')
    .replace(/^\s*observer\?\..*;$/gm, '')
    .replace(/observer === null \? 0 : performance\.now\(\)(?: - start)?/g, '0')
    .replace(/, observer\)/g, ')')
    .replace(/^\s*observer: Recorder \| null,$/gm, '')
    .replace('withRecorder(null, () => withRecording(createGraph, walk))', 'withRecording(createGraph, walk)')
    .replace(/^\s*const (start|milliseconds) = 0;$/gm, '');
  if (/observer|Recorder|performance/.test(bare))
    throw new Error(`${path}: the recorder was not removed — update withoutRecorder`);
  return bare;
}

const stripped: Plugin = {
  name: 'without-recorder',
  setup: ({ onLoad }) => {
    onLoad({ filter: /core[/\\]src[/\\](tape|backward)\.ts$/ }, async ({ path }) => ({
      contents: withoutRecorder(path, await readFile(path, 'utf8')),
      loader: 'ts',
    }));
  },
};

async function bundle(plugins: Plugin[]): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: {
      contents: `export * from '@varigrad/core';
        export { profile, recordGraph } from '@varigrad/core/trace';
        export { Adam } from '@varigrad/nn';
        export { VAE } from '@varigrad/vae';`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    conditions: ['@varigrad/source'],
    plugins,
  });
  return (outputFiles[0] as (typeof outputFiles)[number]).contents;
}

/** A network and a batch to train it on. */
interface Case {
  readonly name: string;
  readonly inputSize: number;
  readonly hidden: number;
  readonly latent: number;
  readonly batch: number;
}

/** The tiny network is nearly all overhead, so a cost of the hook would show there. */
const CASES: readonly Case[] = [
  { name: 'VAE 16-8-2, batch 8', inputSize: 16, hidden: 8, latent: 2, batch: 8 },
  { name: 'VAE 784-400-20, batch 128', inputSize: 784, hidden: 400, latent: 20, batch: 128 },
];

type Watch = 'none' | 'profile' | 'trace';

/** A training step in a library instance, as a function for repeated calls. */
function trainingStep(
  library: Library,
  { inputSize, hidden, latent, batch }: Case,
  watch: Watch,
): () => void {
  const { Adam, createWasm, Generator, profile, rand, recordGraph, scope, setBackend, VAE } = library;
  setBackend(createWasm({ threads: 1 }));
  const model = new VAE({ inputSize, hidden: [hidden], latent, generator: new Generator(1) });
  const optimizer = new Adam(model.parameters());
  const generator = new Generator(2);
  const x = rand([batch, inputSize], { generator });
  const step = () => {
    const { loss } = model.elbo(x, { generator });
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss.detach();
  };
  const lossOf = {
    none: () => scope(step).itemSync(),
    profile: () => {
      let loss = Number.NaN;
      profile(() => {
        loss = scope(step).itemSync();
      });
      return loss;
    },
    trace: () => {
      const { nodes, result } = recordGraph(() => scope(step));
      return nodes[result]?.output.mean ?? Number.NaN;
    },
  }[watch];
  return () => {
    if (!Number.isFinite(lossOf())) throw new Error('the loss is not finite');
  };
}

/** A timed variant, and the variant that it is compared with. */
interface Row {
  readonly name: string;
  readonly run: () => void;
  readonly times: number[];
}

/** Approximate time of one turn, which has several steps if they are short. */
const TURN_MS = 10;

/** Runs all rows alternately for `seconds`. Every other round is in reverse order, so that no row always follows the same one. */
async function alternate(rows: readonly Row[], seconds: number): Promise<void> {
  for (const { run } of rows) for (let i = 0; i < 50; i++) run();
  const before = performance.now();
  for (let i = 0; i < 20; i++) rows[0]?.run();
  const steps = Math.max(1, Math.round((20 * TURN_MS) / (performance.now() - before)));
  const end = performance.now() + 1000 * seconds;
  for (let round = 0; performance.now() < end; round++) {
    for (const { run, times } of round % 2 === 0 ? rows : rows.toReversed()) {
      const start = performance.now();
      for (let i = 0; i < steps; i++) run();
      times.push((performance.now() - start) / steps);
    }
    if (round % 8 === 0) await new Promise((resolve) => setTimeout(resolve));
  }
}

/** `+0.4% (−1.0 … +1.9)`: median and quartiles of the differences within the rounds, as a share of the base's median. */
function difference(row: Row, base: Row): string {
  const whole = summarize(base.times).median;
  const { median, low, high } = summarize(row.times.map((t, i) => (t - base.times[i]!) / whole));
  const percent = (share: number): string => `${share < 0 ? '−' : '+'}${Math.abs(100 * share).toFixed(1)}`;
  return `${percent(median)}% (${percent(low)} … ${percent(high)})`;
}

async function measure(which: Case, load: (kind: 'bare' | 'whole') => Promise<Library>): Promise<void> {
  const row = async (
    name: string,
    kind: 'bare' | 'whole',
    watch: Watch,
    usedBefore = false,
  ): Promise<Row> => {
    const library = await load(kind);
    if (usedBefore) {
      for (const how of ['profile', 'trace'] as const) trainingStep(library, which, how)();
    }
    return { name, run: trainingStep(library, which, watch), times: [] };
  };
  const rows = [
    await row('no hook', 'bare', 'none'),
    await row('no hook (copy)', 'bare', 'none'),
    await row('off', 'whole', 'none'),
    await row('off after use', 'whole', 'none', true),
    await row('profile', 'whole', 'profile'),
    await row('trace', 'whole', 'trace'),
  ];
  // Recorded steps are slow, so they are timed separately, next to a step that is not recorded.
  await alternate(rows.slice(0, 4), SECONDS);
  const [base] = rows as [Row, ...Row[]];
  const off = rows
    .slice(0, 4)
    .map((r) => [
      r.name,
      formatTiming(summarize(r.times)),
      r === base ? '' : difference(r, base),
      String(r.times.length),
    ]);
  base.times.length = 0;
  await alternate([base, ...rows.slice(4)], SECONDS / 2);
  const on = rows
    .slice(4)
    .map((r) => [r.name, formatTiming(summarize(r.times)), difference(r, base), String(r.times.length)]);
  console.log(`\n${which.name}`);
  console.log(table([['variant', 'step', 'against no hook, in the same round', 'rounds'], ...off, ...on]));
}

async function main(): Promise<void> {
  console.log(
    `${machine()}\nTraining step, one thread, median (quartiles); ${1.5 * SECONDS} s for each network`,
  );
  const folder = await mkdtemp(join(tmpdir(), 'varigrad-bench-'));
  try {
    await writeFile(join(folder, 'bare.mjs'), await bundle([stripped]));
    await writeFile(join(folder, 'whole.mjs'), await bundle([]));
    let instances = 0;
    const load = (kind: 'bare' | 'whole'): Promise<Library> =>
      import(`${pathToFileURL(join(folder, `${kind}.mjs`)).href}?${instances++}`);
    for (const which of CASES) await measure(which, load);
  } finally {
    await rm(folder, { recursive: true });
  }
}

await main();
