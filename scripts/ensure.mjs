/**
 * Runs before the npm scripts start, test, build, check and bench. Installs dependencies if node_modules is absent or differs
 * from package-lock.json. Builds the generated files if they are absent or older than their sources: those of the tables of
 * elementwise functions, the WebAssembly module, and the kernels of exported functions. Arguments name folders with a lock file of their own, whose dependencies are
 * installed too.
 * It imports nothing from node_modules, which a fresh clone lacks. It returns at once if everything is up to date.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CORE = join(ROOT, 'packages/core/src');

/** What is generated, in order: the script that makes it first, files and folders that it depends on, and its files, the last written last. */
const GENERATED = [
  {
    what: 'the WebAssembly kernels',
    scripts: ['build-wasm.mjs', 'functions.mjs'],
    sources: ['backend/wasm/assembly', 'functions'],
    files: [
      ...['names', 'reference', 'gpu', 'formulas'].map((name) => `functions/${name}.generated.ts`),
      'backend/native/convolutions.generated.ts',
      'backend/wasm/module.generated.ts',
    ],
  },
  {
    what: 'the kernels of exported functions',
    scripts: ['build-runtime.mjs'],
    sources: ['backend/reference', 'functions', 'shape.ts', 'export/script/runtime.ts'],
    files: ['export/script/runtime.generated.ts'],
  },
];

/** Why node_modules in `folder` does not match the lock file there, or undefined if it does. */
function findStaleInstall(folder) {
  const stamp = join(folder, 'node_modules/.package-lock.json');
  if (!existsSync(stamp)) return 'node_modules is absent or incomplete';
  const wanted = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(stamp, 'utf8')).packages;
  for (const [path, entry] of Object.entries(wanted)) {
    if (!path.includes('node_modules/')) continue; // a workspace of the repository
    const present = installed[path];
    if (!present) {
      if (entry.optional || entry.peer) continue; // for another platform, or not required
      return `${path} is not installed`;
    }
    if (present.version !== entry.version || present.integrity !== entry.integrity) {
      return `${path} must have version ${entry.version} of the lock file, found ${present.version}`;
    }
    if (!existsSync(join(folder, path))) return `${path} is missing`;
  }
  return undefined;
}

/** Time of the latest change of a file, or of a file in a folder, in ms since 1970. */
function newestChange(path) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(
    0,
    ...readdirSync(path, { recursive: true }).map((name) => statSync(join(path, name)).mtimeMs),
  );
}

function isStale({ scripts, sources, files }) {
  const paths = scripts.map((name) => join(ROOT, 'scripts', name));
  if (!existsSync(paths[0])) return false;
  const made = files.map((name) => join(CORE, name));
  if (!made.every(existsSync)) return true;
  const newest = [...paths, ...sources.map((name) => join(CORE, name))].map(newestChange);
  return statSync(made.at(-1)).mtimeMs < Math.max(...newest);
}

/** Runs Node on `args`. Its output goes to stderr, so that stdout contains only the output of the npm script. */
function runNode(what, args, cwd = ROOT) {
  const { status, error } = spawnSync(process.execPath, args, { cwd, stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    console.error(`varigrad: ${what} failed${error ? `: ${error.message}` : ''}`);
    process.exit(1);
  }
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`varigrad: Node ${process.versions.node} is too old — use Node 20.19 or newer`);
  process.exit(1);
}
for (const folder of [ROOT, ...process.argv.slice(2).map((name) => join(ROOT, name))]) {
  const stale = findStaleInstall(folder);
  if (!stale) continue;
  const where = folder === ROOT ? '' : ` in ${relative(ROOT, folder)}`;
  const npm = process.env.npm_execpath;
  if (!npm) {
    console.error(`varigrad: ${stale}${where} — run npm ci${where}`);
    process.exit(1);
  }
  console.error(`varigrad: ${stale}${where}: installing (npm ci)`);
  runNode('npm ci', [npm, 'ci', '--no-audit', '--no-fund'], folder);
}
for (const generated of GENERATED) {
  if (!isStale(generated)) continue;
  console.error(`varigrad: building ${generated.what}`);
  runNode(`building ${generated.what}`, [join(ROOT, 'scripts', generated.scripts[0])]);
}
