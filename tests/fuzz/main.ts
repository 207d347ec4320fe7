/**
 * Reads many damaged files. Every mutant has its own random numbers, so that it does not depend on the others.
 *
 *   npm run fuzz                                 100,000 mutants of each target
 *   npm run fuzz -- --count 2000 png checkpoint  some of the targets
 *   npm run fuzz -- --seed 7                     other mutants
 *   npm run fuzz -- --from 12345 --count 1 png   one mutant
 *
 * A failure is: an error that is not a refusal; a file accepted whose own lengths, checksums or values are wrong; more than 256 MiB of
 * memory, or more than 2 s of processor time, for a file under 1 MiB. The file of each failure is saved. The last line is
 * `N passed, N failed`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DATASET_TARGETS } from './dataset-targets.js';
import { IMAGE_TARGETS } from './image-targets.js';
import { NUMPY_TARGETS } from './numpy-targets.js';
import { type Failure, fuzz } from './run.js';
import { RUN_TARGETS } from './run-targets.js';
import type { Target } from './target.js';
import { TENSOR_TARGETS } from './tensor-targets.js';

const TARGETS: readonly Target[] = [
  ...IMAGE_TARGETS,
  ...DATASET_TARGETS,
  ...TENSOR_TARGETS,
  ...NUMPY_TARGETS,
  ...RUN_TARGETS,
];
const MOST_SAVED = 20;

const HELP = `npm run fuzz -- [options] [targets]

  --count <n>   mutants of each target (default: 100000)
  --from <n>    index of the first mutant (default: 0)
  --seed <n>    seed, from 0 to 2³² − 1 (default: 1)
  --help        this text

Targets: ${TARGETS.map(({ name }) => name).join(', ')} (default: all).
`;

/** Prints a failure, and saves the file of the first ones. */
function tell(name: string, { index, file, reason }: Failure, count: number): void {
  showProgress();
  if (count > MOST_SAVED) return;
  console.log(`${name} ${index}: ${reason}\n  saved as ${save(name, index, file)}`);
}

function save(name: string, index: number, file: Uint8Array): string {
  const folder = join(tmpdir(), 'varigrad-fuzz');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}-${index}.bin`);
  writeFileSync(path, file);
  return path;
}

/** Draws a bar on a terminal; without arguments it removes the bar. */
function showProgress(name?: string, share = 0): void {
  if (!process.stderr.isTTY) return;
  const bar = '█'.repeat(Math.round(30 * share)).padEnd(30, '░');
  process.stderr.write(
    name === undefined ? '\r\x1b[K' : `\r${name.padEnd(12)}${bar} ${Math.round(100 * share)}%`,
  );
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`--${name} ${text}: expected a whole number from ${least} to ${most}`);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      count: { type: 'string', default: '100000' },
      from: { type: 'string', default: '0' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  if (values.help) return console.log(HELP);
  const unknown = positionals.find((word) => !TARGETS.some(({ name }) => name === word));
  if (unknown !== undefined)
    throw new Error(`no such target: ${unknown} — use ${TARGETS.map(({ name }) => name).join(', ')}`);
  const settings = {
    count: wholeNumber('count', values.count, 1, 2 ** 31),
    from: wholeNumber('from', values.from, 0, 2 ** 31),
    seed: wholeNumber('seed', values.seed, 0, 2 ** 32 - 1),
  };
  let [passed, failed] = [0, 0];
  console.log('target        accepted    refused   failed   slowest ms');
  for (const target of TARGETS.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
    let bad = 0;
    const { accepted, refused, slowest } = await fuzz(target, settings, {
      onProgress: (share) => showProgress(target.name, share),
      onFailure: (failure) => tell(target.name, failure, ++bad),
    });
    showProgress();
    console.log(
      `${target.name.padEnd(12)}${[accepted, refused, bad].map((n, i) => n.toLocaleString('en').padStart([10, 11, 9][i] as number)).join('')}${slowest.toFixed(0).padStart(13)}`,
    );
    passed += settings.count - bad;
    failed += bad;
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

try {
  await main();
} catch (error) {
  console.error(`npm run fuzz: ${(error as Error).message}`);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
}
