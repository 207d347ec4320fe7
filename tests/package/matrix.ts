/**
 * The packed packages in other runtimes, bundlers and compilers. The tarballs are installed once, into an empty project
 * outside the repository; the tools are installed once, into tests/package/matrix/, by this command only.
 *
 *   npm run test:matrix                    all cells of the matrix
 *   npm run test:matrix -- node20 vite     the cells whose name starts with one of the words
 *
 * All cells run even if one fails; the last line is `N passed, N failed`.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, transform } from 'esbuild';
import { buildAndPack } from '../../scripts/pack.js';
import { entryPoints, PACKAGES } from '../../scripts/packages.js';
import { runNpm, runProgram, runSteps, runTool, type Step } from '../../scripts/steps.js';
import { installTools, MATRIX, TOOLS } from './tools.js';

const project = mkdtempSync(join(tmpdir(), 'varigrad-matrix-'));

/** The programs, as TypeScript; each is written to `<name>/main.ts` of the project. */
const PROGRAMS = {
  train: readFileSync(join(MATRIX, 'train.ts'), 'utf8'),
  methods: readFileSync(join(MATRIX, 'methods.ts'), 'utf8'),
  entries: importEntries(),
};
type Program = keyof typeof PROGRAMS;

/** A program that imports every entry point, also those that need Node. */
function importEntries(): string {
  const specifiers = PACKAGES.flatMap((name) => entryPoints(name).map(({ specifier }) => specifier));
  return [
    ...specifiers.map((specifier, i) => `import * as entry${i} from '${specifier}';`),
    `const entries: object[] = [${specifiers.map((_, i) => `entry${i}`)}];`,
    `if (entries.some((entry) => Object.keys(entry).length === 0)) throw new Error('an entry point is empty');`,
  ].join('\n');
}

/** Installs the tarballs, and writes the programs as TypeScript, as ES modules and as CommonJS. */
async function installPackages(): Promise<void> {
  const manifest = { name: 'consumer', private: true, type: 'module' };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
  const tarballs = await buildAndPack(project);
  const flags = ['--prefix', project, '--prefer-offline', '--no-audit', '--no-fund'];
  await runNpm(['install', ...flags, ...tarballs.values()], project);
  cpSync(join(MATRIX, 'tsconfig.json'), join(project, 'tsconfig.json'));
  for (const [name, source] of Object.entries(PROGRAMS)) await writeProgram(join(project, name), source);
}

async function writeProgram(folder: string, source: string): Promise<void> {
  mkdirSync(folder);
  writeFileSync(join(folder, 'main.ts'), source);
  const esm = await transform(source, { loader: 'ts', format: 'esm', target: 'es2022' });
  writeFileSync(join(folder, 'main.js'), esm.code);
  const commonJs = await transform(source, { loader: 'ts', format: 'cjs', target: 'es2022' });
  writeFileSync(join(folder, 'main.cjs'), commonJs.code);
}

/** Runs `file` of a program in a runtime. Training must take place on the wasm backend and print nothing unexpected. */
async function runMain(runtime: readonly string[], program: Program, file: string): Promise<void> {
  const [path, ...args] = runtime as [string, ...string[]];
  if (!existsSync(path)) throw new Error(`${path} is absent: its package has binaries for Linux on x64 only`);
  const printed = await runProgram(path, [...args, file], join(project, program));
  if (program !== 'train') return;
  if (!/^wasm \(.*\)\ndone\n$/.test(printed)) throw new Error(`${file} printed:\n${printed}`);
  console.log(`      ${printed.split('\n')[0]}`);
}

/** Cells of a runtime: the packages by `import`, and by `require` from CommonJS. */
function runtimeCells(name: string, path: string, ...args: readonly string[]): Step[] {
  const runtime = [join(TOOLS, path), ...args];
  const cell = (how: string, file: string): Step => ({
    name: `${name} ${how}`,
    run: async () => {
      await runMain(runtime, 'train', file);
      await runMain(runtime, 'entries', file);
    },
  });
  return [cell('import', 'main.js'), cell('require', 'main.cjs')];
}

/** Makes a bundle for browsers of the main.js in `folder`. */
type Bundle = (folder: string) => Promise<unknown>;

/** A cell that bundles two programs and runs the bundles in this Node. */
function bundlerCell(name: string, bundle: Bundle, output: string): Step {
  return {
    name,
    run: async () => {
      for (const program of ['train', 'methods'] as const) {
        await bundle(join(project, program));
        await runMain([process.execPath], program, output);
      }
    },
  };
}

/** A bundler's command line with its configuration in tests/package/matrix/. */
function commandLine(name: string, script: string, ...args: readonly string[]): Bundle {
  const config = join(MATRIX, `${name}.config.js`);
  return (folder) => runTool(join(TOOLS, script), [...args, '--config', config], folder);
}

const esbuild: Bundle = (folder) =>
  build({
    absWorkingDir: folder,
    entryPoints: ['main.js'],
    outfile: 'esbuild/main.mjs',
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    logLevel: 'silent',
  });

/** Cells of a compiler: with skipLibCheck=false the declarations themselves are checked, all entry points' included. */
function compilerCells(name: string): Step[] {
  return ['false', 'true'].map((skip) => ({
    name: `${name} skipLibCheck=${skip}`,
    run: async () => {
      await runTool(join(TOOLS, name, 'bin/tsc'), ['--project', project, '--skipLibCheck', skip], project);
    },
  }));
}

const DENO = ['@deno/linux-x64-glibc/deno', 'run', '--allow-all', '--node-modules-dir=manual'] as const;
const WEBPACK = commandLine('webpack', 'webpack-cli/bin/cli.js');
const ROLLUP = commandLine('rollup', 'rollup/dist/bin/rollup');

const CELLS: readonly Step[] = [
  ...runtimeCells('node20', 'node20/bin/node'),
  ...runtimeCells('node22', 'node22/bin/node'),
  ...runtimeCells('node24', 'node24/bin/node'),
  ...runtimeCells('node26', 'node26/bin/node'),
  ...runtimeCells('deno', ...DENO),
  ...runtimeCells('bun', '@oven/bun-linux-x64-baseline/bin/bun'),
  bundlerCell('vite', commandLine('vite', 'vite/bin/vite.js', 'build'), 'vite/main.mjs'),
  bundlerCell('webpack', WEBPACK, 'webpack/main.cjs'),
  bundlerCell('rollup', ROLLUP, 'rollup/main.mjs'),
  bundlerCell('esbuild', esbuild, 'esbuild/main.mjs'),
  ...compilerCells('typescript54'),
  ...compilerCells('typescript7'),
];

const words = process.argv.slice(2);
const wanted = CELLS.filter(({ name }) => words.length === 0 || words.some((word) => name.startsWith(word)));
const unknown = words.filter((word) => !CELLS.some(({ name }) => name.startsWith(word)));
try {
  if (unknown.length > 0) {
    console.error(`no such cell: ${unknown.join(', ')} — use ${CELLS.map(({ name }) => name).join(', ')}`);
    process.exitCode = 1;
  } else {
    await runSteps([
      { name: 'install the tools', run: installTools, essential: true },
      { name: 'pack and install into an empty project', run: installPackages, essential: true },
      ...wanted,
    ]);
  }
} finally {
  rmSync(project, { recursive: true });
}
