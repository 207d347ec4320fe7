/**
 * Runs before the npm scripts start, test, build, check and bench. Installs dependencies if node_modules is absent or differs
 * from package-lock.json. Builds the files generated from the tables of elementwise functions and the WebAssembly module if
 * they are absent or older than their sources. Arguments name folders with a lock file of their own, whose dependencies are
 * installed too.
 * It imports nothing from node_modules, which a fresh clone lacks. It returns at once if everything is up to date.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const WASM_SCRIPTS = ['build-wasm.mjs', 'functions.mjs'].map((name) => join(ROOT, 'scripts', name));
/** AssemblyScript, and the tables of elementwise functions. */
const WASM_SOURCES = ['backend/wasm/assembly', 'functions'].map((name) =>
  join(ROOT, 'packages/core/src', name),
);
/** The outputs of the build; the module is written last. */
const WASM_MODULE = join(ROOT, 'packages/core/src/backend/wasm/module.generated.ts');
const WASM_TEXTS = [
  ...['names', 'reference', 'gpu', 'formulas'].map((name) => `functions/${name}`),
  'backend/native/convolutions',
].map((name) => join(ROOT, `packages/core/src/${name}.generated.ts`));

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

/** Time of the latest change of a file below `folder`, in ms since 1970. */
function newestChange(folder) {
  let newest = 0;
  for (const name of readdirSync(folder, { recursive: true })) {
    newest = Math.max(newest, statSync(join(folder, name)).mtimeMs);
  }
  return newest;
}

function isWasmStale() {
  if (!existsSync(WASM_SCRIPTS[0])) return false;
  if (![WASM_MODULE, ...WASM_TEXTS].every(existsSync)) return true;
  const scripts = WASM_SCRIPTS.map((path) => statSync(path).mtimeMs);
  return statSync(WASM_MODULE).mtimeMs < Math.max(...scripts, ...WASM_SOURCES.map(newestChange));
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
if (isWasmStale()) {
  console.error('varigrad: building the WebAssembly kernels');
  runNode('building the WebAssembly kernels', [WASM_SCRIPTS[0]]);
}
