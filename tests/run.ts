/**
 * Runs every *.test.ts below tests/, each in its own process, and proves that each one ran at least one test.
 *
 *   npm test                     all
 *   npm test -- optim vae/elbo   the files whose path contains one of the words
 *
 * Lines `left out: …` that a file prints are shown: tests that this machine cannot run. The last line is `N passed, N failed`; a file that
 * crashes, does not end, or runs nothing without such a line counts as one failure.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { FileReport } from './run-file.js';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const FILES_AT_ONCE = Math.min(2, availableParallelism());
const HANG_MS = 600_000;
const LINGER_MS = 30_000;

interface FileResult extends FileReport {
  output: string;
  seconds: number;
}

function findTests(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts') && !path.split(sep).includes('node_modules'))
    .map((path) => path.split(sep).join('/'))
    .sort();
}

/** Kills `child` after `ms` and records the reason in `failures`. */
function killAfter(child: ChildProcess, ms: number, failures: string[], why: string): NodeJS.Timeout {
  return setTimeout(() => {
    failures.push(why);
    child.kill('SIGKILL');
  }, ms);
}

function runFile(path: string): Promise<FileResult> {
  const start = performance.now();
  const failures: string[] = [];
  let output = '';
  let report: FileReport | undefined;
  const child = fork(join(HERE, 'run-file.ts'), [path], {
    execArgv: ['--conditions=@varigrad/source', '--import', import.meta.resolve('tsx')],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let timer = killAfter(child, HANG_MS, failures, `still running after ${HANG_MS / 1000} s: killed`);
  const collect = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  child.on('message', (message) => {
    report = message as FileReport;
    clearTimeout(timer);
    const why = `its tests have ended but the process has not exited after ${LINGER_MS / 1000} s: killed`;
    timer = killAfter(child, LINGER_MS, failures, why);
  });
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (!report) failures.push(`ended before its tests did (${signal ?? `exit code ${code}`})`);
      else if (code !== 0 && failures.length === 0)
        failures.push(`ended with ${signal ?? `exit code ${code}`}`);
      const ran = report ?? { passed: 0, failed: 0, skipped: 0, failures: [] };
      if (ran.skipped > 0 && ran.passed + ran.failed === 0 && !/^left out: /m.test(output))
        failures.push('all its tests are skipped — print a line `left out: …` that says why');
      const seconds = (performance.now() - start) / 1000;
      done({ ...ran, failures: [...ran.failures, ...failures], output, seconds });
    });
  });
}

function countFailures(result: FileResult): number {
  return result.failed + (result.failures.length > 0 ? 1 : 0);
}

function describe(name: string, result: FileResult): string {
  const failed = countFailures(result);
  const counts = [
    `${result.passed} passed`,
    failed > 0 ? `${failed} failed` : '',
    result.skipped > 0 ? `${result.skipped} skipped` : '',
  ];
  const head = `${failed > 0 ? 'FAIL' : 'ok  '}  ${name}  ${counts.filter(Boolean).join(', ')}  ${result.seconds.toFixed(1)} s`;
  const printed = result.output.trimEnd().split('\n');
  const details =
    failed === 0 ? printed.filter((line) => line.startsWith('left out: ')) : [...result.failures, ...printed];
  return [head, ...details.map((line) => `      ${line}`.trimEnd())].join('\n');
}

/** Runs the files, FILES_AT_ONCE at a time, printing each as it ends. */
async function runAll(root: string, names: string[]): Promise<FileResult[]> {
  const results: FileResult[] = [];
  const waiting = names.values();
  const worker = async (): Promise<void> => {
    for (const name of waiting) {
      const result = await runFile(join(root, name));
      console.log(describe(name, result));
      results.push(result);
    }
  };
  await Promise.all(Array.from({ length: FILES_AT_ONCE }, worker));
  return results;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { root: { type: 'string' } },
    allowPositionals: true,
  });
  const root = resolve(values.root ?? HERE);
  const all = findTests(root);
  const wanted = positionals.map((word) => word.toLowerCase().replace(/^(\.\/)?tests\//, ''));
  const unmatched = wanted.filter((word) => !all.some((name) => name.toLowerCase().includes(word)));
  if (unmatched.length > 0) throw new Error(`no test file's path contains ${unmatched.join(', ')}`);
  const names =
    wanted.length === 0 ? all : all.filter((name) => wanted.some((w) => name.toLowerCase().includes(w)));
  if (names.length === 0) throw new Error(`no *.test.ts under ${relative(process.cwd(), root) || '.'}`);

  const results = await runAll(root, names);
  const sum = (of: (result: FileResult) => number): number => results.reduce((total, r) => total + of(r), 0);
  const [passed, failed, skipped] = [sum((r) => r.passed), sum(countFailures), sum((r) => r.skipped)];
  if (skipped > 0) console.log(`${skipped} skipped`);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}

try {
  await main();
} catch (error) {
  console.error(`npm test: ${(error as Error).message}`);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
}
