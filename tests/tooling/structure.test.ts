/** The structure check on temporary repositories, each of which breaks one rule. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findStructureFaults } from '../../scripts/check-structure.js';
import { findCycles, findUpwardImports, importsOf } from '../../scripts/import-graph.js';

const graph = (edges: Record<string, string[]>): Map<string, string[]> => new Map(Object.entries(edges));

/** The faults that the check finds in a repository of these files (path → content). */
function faultsOf(files: Record<string, string>): string[] {
  const root = mkdtempSync(join(tmpdir(), 'varigrad-structure-'));
  try {
    execFileSync('git', ['init', '--quiet'], { cwd: root });
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
    return findStructureFaults(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

const lines = (count: number): string => 'x;\n'.repeat(count);

test('a file of 300 lines passes, and one of 301 lines is refused, in every language', () => {
  const ok = { 'packages/core/src/a.ts': lines(300) };
  assert.equal(faultsOf(ok), []);
  const long = ['packages/core/src/b.ts', 'examples/style.css', 'scripts/c.mjs', 'benchmarks/d.py'];
  assert.equal(
    faultsOf({ ...ok, ...Object.fromEntries(long.map((path) => [path, lines(301)])) }).sort(),
    long.map((path) => `${path} has 301 lines, at most 300 are allowed`).sort(),
  );
});

test('lessons, generated files, tests and ignored files may be long', () => {
  const exempt = [
    'examples/lessons/1.ts',
    'packages/a.generated.ts',
    'tests/a.test.ts',
    'packages/dist/a.js',
  ];
  assert.equal(
    faultsOf({
      '.gitignore': 'dist/\n',
      'scripts/a.ts': '',
      ...Object.fromEntries(exempt.map((path) => [path, lines(301)])),
    }),
    [],
  );
});

test('a cycle is reported with its files, without the files that only lead to it', () => {
  assert.equal(
    faultsOf({
      'scripts/main.ts': `import { a } from './a.js';\n`,
      'scripts/a.ts': `import { b } from './b.js';\nimport fs from 'node:fs';\n`,
      'scripts/b.ts': `export { a } from './a.js';\n`,
    }),
    ['import cycle of 2 files:', '  scripts/a.ts → scripts/b.ts', '  scripts/b.ts → scripts/a.ts'],
  );
});

test('type imports count, in each of their forms', () => {
  const forms = [
    `import type { B } from './b.js';\n`,
    `import {\n  other,\n  type B,\n} from './b.js';\n`,
    `export type { B } from './b.js';\n`,
    `const b: import('./b.js').B = 1;\n`,
  ];
  for (const form of forms) {
    const faults = faultsOf({ 'packages/a.ts': form, 'packages/b.ts': `import type { A } from './a.js';\n` });
    assert.is(faults[0], 'import cycle of 2 files:', form);
  }
});

test('AssemblyScript imports without an extension count', () => {
  const folder = 'packages/core/src/backend/wasm/assembly';
  const faults = faultsOf({
    [`${folder}/a.ts`]: `import { b } from './math/b';\n`,
    [`${folder}/math/b.ts`]: `import { a } from '../a';\n`,
  });
  assert.is(faults[0], 'import cycle of 2 files:');
});

test('a cycle through a generated file is found; a generated file may be absent', () => {
  const files = {
    'scripts/a.ts': `import { b } from './b.generated.js';\n`,
    '.gitignore': '*.generated.ts\n',
  };
  assert.equal(faultsOf(files), []);
  const faults = faultsOf({ ...files, 'scripts/b.generated.ts': `import { a } from './a.js';\n` });
  assert.is(faults[0], 'import cycle of 2 files:');
});

test('an import that does not resolve to a file is ignored', () => {
  assert.equal(faultsOf({ 'scripts/a.ts': 'const program = `\nimport { b } from "./absent.js";\n`;\n' }), []);
});

test('more than 40 casts to number are refused and counted by file', () => {
  const casts = (count: number): string => 'x as number;\n'.repeat(count);
  const few = { 'packages/a.ts': casts(30), 'scripts/b.ts': `${casts(10)}y as number[];\n` };
  assert.equal(faultsOf(few), []);
  assert.equal(faultsOf({ ...few, 'examples/c.ts': casts(1) }), [
    '41 casts to number, at most 40 are allowed:',
    '  30 in packages/a.ts',
    '  10 in scripts/b.ts',
    '  1 in examples/c.ts',
  ]);
});

test('a repository without source files is an error', () => {
  assert.is(faultsOf({ 'tests/a.ts': '' }).length, 1);
});

test('a diamond is not a cycle; each cycle is found; a file that imports itself is one', () => {
  assert.equal(findCycles(graph({ a: ['b', 'c'], b: ['d'], c: ['d'], d: [] })), []);
  assert.equal(findCycles(graph({ a: ['b'], b: ['c', 'e'], c: ['d'], d: ['b'], e: ['f'], f: ['e'] })), [
    ['e', 'f'],
    ['b', 'c', 'd'],
  ]);
  assert.equal(findCycles(graph({ a: ['a'] })), [['a']]);
});

test('imports may go down vae → nn → core and stay inside a package, but not go up', () => {
  const core = 'packages/core/src/index.ts';
  const nn = 'packages/nn/src/index.ts';
  const vae = 'packages/vae/src/index.ts';
  const inner = 'packages/core/src/tensor.ts';
  assert.equal(findUpwardImports(graph({ [vae]: [nn, core], [nn]: [core], [core]: [inner] })), []);
  assert.equal(findUpwardImports(graph({ 'scripts/a.ts': [vae] })), []);
  assert.equal(findUpwardImports(graph({ [core]: [nn], [nn]: [vae] })), [
    `${core} → ${nn}`,
    `${nn} → ${vae}`,
  ]);
  const faults = faultsOf({ 'packages/core/src/a.ts': `import { Adam } from '@varigrad/nn';\n`, [nn]: '' });
  assert.equal(faults, [`import against vae → nn → core: packages/core/src/a.ts → ${nn}`]);
});

test('likelihoods, posteriors and priors do not import one another', () => {
  const [likelihood, posterior, prior] = ['likelihoods', 'posteriors', 'priors'].map(
    (part) => `packages/vae/src/${part}/a.ts`,
  ) as [string, string, string];
  const shared = 'packages/vae/src/distributions/a.ts';
  assert.equal(
    faultsOf({
      [likelihood]: `import { b } from '../posteriors/a.js';\n`,
      [posterior]: `import { b } from '../distributions/a.js';\n`,
      [prior]: `import type { B } from '../likelihoods/a.js';\nimport { c } from './b.js';\n`,
      'packages/vae/src/priors/b.ts': '',
      [shared]: '',
    }),
    [`${likelihood} → ${posterior}`, `${prior} → ${likelihood}`].map(
      (edge) => `import between likelihoods, posteriors and priors: ${edge}`,
    ),
  );
});

test('text that only looks like an import is ignored', () => {
  const text = ` * import { a } from './a.js';\nconst b = "import c from './c.js'";\nexport const d = 'from';\n`;
  assert.equal(importsOf(text), []);
});

test.run();
