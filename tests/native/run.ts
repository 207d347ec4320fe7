/**
 * The tests of native products and of the flavours of the wasm kernels in Node 22, 24 and 26, and many starts and exits of processes
 * with worker threads that call a library or run 256-bit code.
 *
 *   npm run test:native            50 starts of each kind
 *   npm run test:native -- 1000    more
 *
 * The last line is `N passed, N failed`.
 */
import { type ExecFileException, execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { ROOT } from '../../scripts/packages.js';
import { runProgram, runSteps, type Step } from '../../scripts/steps.js';
import { installTools, TOOLS } from '../package/tools.js';

const STARTS = Number(process.argv[2] ?? 50);
if (!(STARTS >= 1)) throw new Error('test:native: the number of starts must be at least 1');
/** A process that takes longer hangs. */
const HANG_MS = 60_000;
const ENDS = ['end of the program', 'process.exit', 'dispose'];

/** Inside the repository, so that the program finds koffi. */
const folder = mkdtempSync(join(ROOT, 'node_modules', '.varigrad-starts-'));
const program = join(folder, 'start.mjs');

const nodeOf = (version: number): string => join(TOOLS, `node${version}/bin/node`);

async function bundle(): Promise<void> {
  await build({
    entryPoints: [join(ROOT, 'tests/native/start.ts')],
    outfile: program,
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['@varigrad/source'],
    logLevel: 'silent',
  });
}

/** The test files in one version of Node. */
function tests(version: number): Step {
  return {
    name: `tests in Node ${version}`,
    async run() {
      const flags = [
        '--no-warnings',
        '--conditions=@varigrad/source',
        '--import',
        import.meta.resolve('tsx'),
      ];
      const args = [...flags, join(ROOT, 'tests/run.ts'), 'core/native-', 'core/wasm-simd'];
      const printed = await runProgram(nodeOf(version), args, ROOT);
      console.log(printed.trimEnd().replace(/^/gm, '      '));
    },
  };
}

/** Starts the program `STARTS` times, two at a time, ending in each of the ways in turn. */
function starts(version: number, kind: 'native' | 'wide'): Step {
  return {
    name: `${STARTS} starts of ${kind} in Node ${version}`,
    async run() {
      const problems: string[] = [];
      const refusals: string[] = [];
      let next = 0;
      const worker = async (): Promise<void> => {
        while (next < STARTS && problems.length < 5) {
          const [number, end] = [next, ENDS[next % ENDS.length]!];
          next++;
          const options = { timeout: HANG_MS, killSignal: 'SIGKILL' } as const;
          try {
            const args = ['--no-warnings', program, kind, end];
            const { stdout } = await promisify(execFile)(nodeOf(version), args, options);
            if (stdout !== '') refusals.push(stdout.trim());
          } catch (error) {
            const { signal, code, stderr } = error as ExecFileException;
            problems.push(`start ${number} (${end}): ${signal ?? `exit code ${code}`} ${stderr}`);
          }
        }
      };
      await Promise.all([worker(), worker()]);
      if (refusals.length > 0) console.log(`      ${refusals.length} of ${next} starts ${refusals[0]}`);
      if (problems.length > 0) throw new Error(problems.join('\n'));
    },
  };
}

try {
  await runSteps([
    { name: 'install Node 22, 24 and 26', run: installTools, essential: true },
    { name: 'bundle the program that is started', run: bundle, essential: true },
    ...[22, 24, 26].map(tests),
    ...[22, 24, 26].map((version) => starts(version, 'native')),
    starts(26, 'wide'),
  ]);
} finally {
  if (existsSync(folder)) rmSync(folder, { recursive: true });
}
