/**
 * The packages as a stranger gets them: packs all three, installs the tarballs into an empty project outside the
 * repository, type-checks a program there with the strict flags, runs it in Node, and bundles it for the browser.
 * The bundle is made from the packed dist and from the sources, and both must print what the Node run printed.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { buildAndPack } from '../../scripts/pack.js';
import { ROOT } from '../../scripts/packages.js';
import { runNpm, runSteps, runTool } from '../../scripts/steps.js';

const CONSUMER = fileURLToPath(new URL('consumer', import.meta.url));
const project = mkdtempSync(join(tmpdir(), 'varigrad-consumer-'));
let printed = '';

async function install(): Promise<void> {
  const manifest = { name: 'consumer', private: true, type: 'module' };
  const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  cpSync(CONSUMER, project, { recursive: true });
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
  const tarballs = await buildAndPack(project);
  const others = [`@types/node@${devDependencies['@types/node']}`];
  const flags = ['--prefix', project, '--prefer-offline', '--no-audit', '--no-fund'];
  await runNpm(['install', ...flags, ...tarballs.values(), ...others], project);
}

function compile(config: string): Promise<string> {
  return runTool('typescript/bin/tsc', ['--project', join(project, config)], project);
}

async function runInNode(): Promise<void> {
  printed = await runTool(join(project, 'main.js'), [], project);
  if (!printed.startsWith('wasm\n') || !printed.endsWith('done\n'))
    throw new Error(`unexpected output: ${printed}`);
}

async function runNodeEntry(): Promise<void> {
  await compile('tsconfig.node.json');
  await runTool(join(project, 'node-entry.js'), [], project);
}

/** The command line, as its package's `bin` names it. */
async function runCommand(): Promise<void> {
  const folder = join(project, 'node_modules/@varigrad/vae');
  const { bin, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const printed = await runTool(join(folder, bin.varigrad), ['--version'], project);
  if (printed !== `${version}\n`) throw new Error(`varigrad --version printed: ${printed}`);
}

/** Bundles the program for browsers and runs the bundle: it must not import anything, and must print the same. */
async function bundleForBrowser(name: string, folder: string, conditions: string[]): Promise<void> {
  const outfile = join(project, `${name}.mjs`);
  const result = await build({
    absWorkingDir: folder,
    stdin: { contents: readFileSync(join(CONSUMER, 'main.ts'), 'utf8'), resolveDir: folder, loader: 'ts' },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions,
    outfile,
    metafile: true,
    logLevel: 'silent',
  });
  const imports = Object.values(result.metafile.outputs).flatMap((output) => output.imports);
  const warnings = result.warnings.map(({ text }) => text);
  const left = [...imports.map(({ path }) => `import left: ${path}`), ...warnings];
  if (left.length > 0) throw new Error(left.join('\n'));
  const output = await runTool(outfile, [], project);
  if (output !== printed) throw new Error(`the bundle prints:\n${output}\nbut Node printed:\n${printed}`);
}

/**
 * The smallest program. Its bundle has the methods of tensors, although the program does not import the file that attaches
 * them. It contains no code of the other entries.
 */
async function bundleOneTensor(): Promise<void> {
  const outfile = join(project, 'one-tensor.mjs');
  const { metafile } = await build({
    absWorkingDir: project,
    stdin: {
      contents: "import { tensor } from '@varigrad/core'; console.log(tensor([1]).mul(2).itemSync());",
      resolveDir: project,
    },
    bundle: true,
    format: 'esm',
    outfile,
    metafile: true,
    logLevel: 'silent',
  });
  const output = await runTool(outfile, [], project);
  if (output !== '2\n') throw new Error(`1 · 2 is printed as ${output}`);
  const others = Object.keys(metafile.inputs).filter((file) => /dist\/(trace|testing|backend)\//.test(file));
  if (others.length > 0) throw new Error(`the bundle has ${others.join(', ')}`);
}

try {
  await runSteps([
    { name: 'pack and install into an empty project', run: install, essential: true },
    { name: 'strict type check', run: async () => void (await compile('tsconfig.json')) },
    { name: 'run in Node', run: runInNode },
    { name: 'type check and run of the Node-only entry', run: runNodeEntry },
    { name: 'the varigrad command', run: runCommand },
    { name: 'bundle of one tensor', run: bundleOneTensor },
    { name: 'browser bundle of the packed packages', run: () => bundleForBrowser('packed', project, []) },
    {
      name: 'browser bundle of the sources',
      run: () => bundleForBrowser('source', ROOT, ['@varigrad/source']),
    },
  ]);
} finally {
  rmSync(project, { recursive: true });
}
