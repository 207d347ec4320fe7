/** scripts/ensure.mjs in temporary repositories, with a stub for npm that records its arguments. */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const ENSURE = fileURLToPath(new URL('../../scripts/ensure.mjs', import.meta.url));
const WASM = 'packages/core/src/backend/wasm';
const LOCK = {
  packages: {
    '': {},
    'packages/core': {},
    'node_modules/dep': { version: '1.0.0', integrity: 'sha512-a' },
    'packages/core/node_modules/own': { version: '2.0.0', integrity: 'sha512-d' },
    'node_modules/other-platform': { version: '1.0.0', integrity: 'sha512-b', optional: true },
  },
};

interface Repository {
  write: (path: string, content: unknown) => void;
  remove: (path: string) => void;
  /** Sets the modification time of a file, in s since 1970. */
  touch: (path: string, time: number) => void;
  /** Runs ensure. `npm` holds the arguments of the call of npm; undefined if there was none. */
  ensure: (
    env?: Record<string, string>,
    ...args: string[]
  ) => { code: number | null; says: string; npm: string | undefined };
  has: (path: string) => boolean;
}

/** Passes a repository whose install is up to date and that has no WebAssembly sources. */
function withRepository(use: (repository: Repository) => void): void {
  const root = mkdtempSync(join(tmpdir(), 'varigrad-ensure-'));
  const write = (path: string, content: unknown): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
  };
  const ensure: Repository['ensure'] = (env = {}, ...args) => {
    rmSync(join(root, 'npm.log'), { force: true });
    const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts/ensure.mjs'), ...args], {
      encoding: 'utf8',
      env: { npm_execpath: join(root, 'npm.mjs'), ...env },
    });
    const log = join(root, 'npm.log');
    return { code: status, says: stderr, npm: existsSync(log) ? readFileSync(log, 'utf8') : undefined };
  };
  try {
    mkdirSync(join(root, 'scripts'));
    cpSync(ENSURE, join(root, 'scripts/ensure.mjs'));
    write(
      'npm.mjs',
      `import fs from 'node:fs'; fs.writeFileSync('npm.log', process.argv.slice(2).join(' '));`,
    );
    write('package-lock.json', LOCK);
    write('node_modules/.package-lock.json', {
      packages: {
        'node_modules/dep': LOCK.packages['node_modules/dep'],
        'packages/core/node_modules/own': LOCK.packages['packages/core/node_modules/own'],
      },
    });
    write('node_modules/dep/package.json', {});
    write('packages/core/node_modules/own/package.json', {});
    use({
      write,
      ensure,
      remove: (path) => rmSync(join(root, path), { recursive: true }),
      touch: (path, time) => utimesSync(join(root, path), time, time),
      has: (path) => existsSync(join(root, path)),
    });
  } finally {
    rmSync(root, { recursive: true });
  }
}

test('an up-to-date install is not changed; a package for another platform may be absent', () => {
  withRepository(({ ensure }) => {
    assert.equal(ensure(), { code: 0, says: '', npm: undefined });
  });
});

test('npm ci runs if node_modules is absent, incomplete, or has another version', () => {
  const breakages: ((repository: Repository) => void)[] = [
    ({ remove }) => remove('node_modules'),
    ({ remove }) => remove('node_modules/.package-lock.json'),
    ({ remove }) => remove('node_modules/dep'),
    ({ remove }) => remove('packages/core/node_modules'),
    ({ write }) => write('node_modules/.package-lock.json', { packages: {} }),
    ({ write }) =>
      write('node_modules/.package-lock.json', {
        packages: { 'node_modules/dep': { version: '0.9.0', integrity: 'sha512-c' } },
      }),
  ];
  for (const breakInstall of breakages) {
    withRepository((repository) => {
      breakInstall(repository);
      const { code, says, npm } = repository.ensure();
      assert.is(code, 0, says);
      assert.match(says, 'installing (npm ci)');
      assert.match(npm ?? '', /^ci /);
    });
  }
});

test('a failing npm ci, or a missing npm, is an error', () => {
  withRepository(({ remove, write, ensure }) => {
    remove('node_modules');
    const without = ensure({ npm_execpath: '' });
    assert.is(without.code, 1);
    assert.match(without.says, 'run npm ci');
    write('npm.mjs', 'process.exit(7);');
    const failing = ensure();
    assert.is(failing.code, 1);
    assert.match(failing.says, 'npm ci failed');
  });
});

test('a folder with its own lock file is installed only if it is named', () => {
  withRepository(({ write, ensure, has }) => {
    write('docs/site/package-lock.json', LOCK);
    assert.equal(ensure(), { code: 0, says: '', npm: undefined });
    const { code, says, npm } = ensure({}, 'docs/site');
    assert.is(code, 0, says);
    assert.match(says, 'in docs/site: installing (npm ci)');
    assert.is(npm, undefined, 'the root is up to date');
    assert.ok(has('docs/site/npm.log'), 'npm ran in the folder');
  });
});

test('the WebAssembly module is built when absent or older than a source or the build script, and only then', () => {
  withRepository(({ write, touch, remove, ensure, has }) => {
    const module = `${WASM}/module.generated.ts`;
    const source = `${WASM}/assembly/deep/kernel.ts`;
    const table = 'packages/core/src/functions/rounding.ts';
    const texts = [
      ...['names', 'reference', 'gpu', 'formulas'].map((name) => `functions/${name}`),
      'backend/native/convolutions',
    ].map((name) => `packages/core/src/${name}.generated.ts`);
    write(source, '');
    write(table, '');
    write('scripts/functions.mjs', '');
    const made = JSON.stringify([...texts, module]);
    write(
      'scripts/build-wasm.mjs',
      `import fs from 'node:fs'; import { dirname } from 'node:path';
      for (const path of ${made}) { fs.mkdirSync(dirname(path), { recursive: true }); fs.writeFileSync(path, 'built'); }`,
    );
    const build = (): boolean => /building the WebAssembly kernels/.test(ensure().says);
    assert.is(build(), true, 'absent');
    assert.ok(has(module));
    assert.is(build(), false, 'up to date');
    const later = Date.now() / 1000 + 60;
    touch(source, later);
    assert.is(build(), true, 'a source is newer');
    touch(source, later - 120);
    touch(table, later);
    assert.is(build(), true, 'a table of functions is newer');
    touch(table, later - 120);
    touch('scripts/build-wasm.mjs', later);
    assert.is(build(), true, 'the script is newer');
    touch('scripts/build-wasm.mjs', later - 120);
    assert.is(build(), false, 'up to date again');
    remove(texts[0]!);
    assert.is(build(), true, 'a generated file is absent');
  });
});

test('a failing WebAssembly build is an error', () => {
  withRepository(({ write, ensure }) => {
    write(`${WASM}/assembly/kernel.ts`, '');
    write('scripts/build-wasm.mjs', 'process.exit(1);');
    const { code, says } = ensure();
    assert.is(code, 1);
    assert.match(says, 'building the WebAssembly kernels failed');
  });
});

test.run();
