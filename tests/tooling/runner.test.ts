/** The test runner on temporary folders: each way in which a test run could pass without running its tests. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const HEAD = `import { suite, test } from 'uvu';\nimport * as assert from 'uvu/assert';\n`;
const PASS = `${HEAD}test('passes', () => assert.ok(true));\ntest.run();\n`;

interface Run {
  code: number | null;
  output: string;
  lastLine: string;
}

/** Runs the runner on a temporary folder that holds `files` (path → content). */
function run(files: Record<string, string>, args: string[] = [], env: Record<string, string> = {}): Run {
  const root = mkdtempSync(join(tmpdir(), 'varigrad-runner-'));
  try {
    symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
    const command = [
      '--import',
      import.meta.resolve('tsx'),
      join(ROOT, 'tests/run.ts'),
      '--root',
      root,
      ...args,
    ];
    const child = spawnSync(process.execPath, command, {
      encoding: 'utf8',
      env: { ...process.env, CI: '', ...env },
    });
    const output = child.stdout + child.stderr;
    return { code: child.status, output, lastLine: child.stdout.trimEnd().split('\n').at(-1) ?? '' };
  } finally {
    rmSync(root, { recursive: true });
  }
}

test('passing tests are counted over all files, including those in folders', () => {
  const two = `${HEAD}const s = suite('s');\ns('1', () => {});\ns('2', () => {});\ns.run();\n`;
  const { code, output, lastLine } = run({ 'a.test.ts': PASS, 'deep/b.test.ts': two, 'c.ts': 'not a test' });
  assert.is(code, 0, output);
  assert.is(lastLine, '3 passed, 0 failed');
  assert.match(output, /ok\s+deep\/b\.test\.ts\s+2 passed/);
});

test('a failing test fails the run and is shown with its values', () => {
  const failing = `${HEAD}test('sum', () => assert.is(1 + 1, 3));\ntest('fine', () => {});\ntest.run();\n`;
  const { code, output, lastLine } = run({ 'a.test.ts': failing, 'b.test.ts': PASS });
  assert.is(code, 1);
  assert.is(lastLine, '2 passed, 1 failed');
  assert.match(output, /FAIL\s+a\.test\.ts\s+1 passed, 1 failed/);
  assert.match(output, /"sum".*\+\+3.*--2/s);
});

test('a forgotten test.run() fails the run', () => {
  const { code, output, lastLine } = run({
    'a.test.ts': `${HEAD}test('never run', () => {});\n`,
    'b.test.ts': PASS,
  });
  assert.is(code, 1);
  assert.is(lastLine, '1 passed, 1 failed');
  assert.match(output, 'no test ran');
});

test('a test after run(), or one of several suites that is never run, fails the run', () => {
  const late = `${PASS}test('too late', () => {});\n`;
  const suites = `${PASS}const lost = suite('lost');\nlost('never run', () => {});\n`;
  const { code, output, lastLine } = run({ 'a.test.ts': late, 'b.test.ts': suites });
  assert.is(code, 1);
  assert.is(lastLine, '2 passed, 2 failed');
  assert.match(output, 'test.run() is missing');
  assert.match(output, 'lost.run() is missing');
});

test('a file without any test fails the run', () => {
  const { code, output } = run({ 'a.test.ts': 'export {};\n' });
  assert.is(code, 1);
  assert.match(output, 'no test ran');
});

test('a file that leaves out all its tests says why, or fails the run', () => {
  const skipped = `${HEAD}test.skip('needs a library', () => {});\ntest.run();\n`;
  const silent = run({ 'a.test.ts': skipped, 'b.test.ts': PASS });
  assert.is(silent.code, 1);
  assert.is(silent.lastLine, '1 passed, 1 failed');
  assert.match(silent.output, 'all its tests are skipped');
  const telling = run({ 'a.test.ts': `console.log('left out: no library');\n${skipped}`, 'b.test.ts': PASS });
  assert.is(telling.code, 0, telling.output);
  assert.is(telling.lastLine, '1 passed, 0 failed');
  assert.match(telling.output, /1 skipped\s.*\n\s+left out: no library/);
});

test('a file that throws, or ends the process early, fails the run', () => {
  const exits = `${HEAD}test('exits', () => process.exit(0));\ntest.run();\n`;
  const { code, output, lastLine } = run({
    'a.test.ts': `throw new Error('at import');\n`,
    'b.test.ts': exits,
  });
  assert.is(code, 1);
  assert.is(lastLine, '0 passed, 2 failed');
  assert.match(output, 'at import');
  assert.match(output, /b\.test\.ts.*ended before its tests did \(exit code 0\)/s);
});

test('an error outside the tests fails the run even if all tests passed', () => {
  const late = `${PASS}setTimeout(() => { throw new Error('late'); }, 50);\n`;
  const { code, output, lastLine } = run({ 'a.test.ts': late });
  assert.is(code, 1);
  assert.is(lastLine, '1 passed, 1 failed');
  assert.match(output, 'ended with exit code 1');
});

test('.only is refused on CI; elsewhere the omitted tests are counted as skipped', () => {
  const only = `${HEAD}test('a', () => {});\ntest.only('b', () => {});\ntest.run();\n`;
  const here = run({ 'a.test.ts': only });
  assert.is(here.code, 0, here.output);
  assert.match(here.output, '1 skipped');
  const ci = run({ 'a.test.ts': only }, [], { CI: 'true' });
  assert.is(ci.code, 1);
  assert.match(ci.output, 'marked .only');
});

test('a pattern selects files by path; a pattern without a match is an error', () => {
  const files = { 'core/a.test.ts': PASS, 'nn/b.test.ts': PASS };
  assert.is(run(files, ['NN/b']).lastLine, '1 passed, 0 failed');
  assert.is(run(files, ['tests/core', 'nn']).lastLine, '2 passed, 0 failed');
  const { code, output } = run(files, ['core', 'nowhere']);
  assert.is(code, 1);
  assert.match(output, "no test file's path contains nowhere");
});

test('a folder without test files, or an unknown option, is an error', () => {
  const { code, output, lastLine } = run({});
  assert.is(code, 1);
  assert.match(output, 'no *.test.ts');
  assert.is(lastLine, '0 passed, 1 failed');
  assert.is(run({ 'a.test.ts': PASS }, ['--fast']).code, 1);
});

test.run();
