import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { transformSync } from 'esbuild';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const root = new URL('..', import.meta.url);

const readme = readFileSync(new URL('README.md', root), 'utf8');
const [library, family, tracing, ...others] = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(
  (match) => match[1],
);

test('every example of the README is run here', () => assert.equal(others, []));

/** What a program prints, run as a module beside the README. */
function output(example = ''): string {
  const { code } = transformSync(example, { loader: 'ts' });
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--conditions=@varigrad/source', '--import', 'tsx', '--input-type=module'],
    { cwd: root, input: code, encoding: 'utf8' },
  );
  assert.is(status, 0, stderr);
  return stdout;
}

test('the library example of the README runs and prints what it says', () => {
  const stdout = output(library);
  assert.match(stdout, /^wasm \(SIMD/);
  assert.match(stdout, /tensor\(\[\[ 8\., 12\.\]/);
  assert.match(stdout, /\[ 5, 64 \]\n$/);
});

test('the example of a model made of parts prints what it says', () => {
  assert.is(output(family), 'vae 16\n');
});

test('the tracing example of the README explains a gradient and finds the detached loss', () => {
  const stdout = output(tracing);
  assert.match(stdout, /∂loss\/∂w/);
  assert.match(stdout, /They agree\./);
  assert.match(stdout, /reason: 'detached'/);
});

test.run();
