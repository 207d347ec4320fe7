import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { transformSync } from 'esbuild';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const root = new URL('..', import.meta.url);

test('the library example of the README runs and prints what it says', () => {
  const readme = readFileSync(new URL('README.md', root), 'utf8');
  const example = /```ts\n(.*?)```/s.exec(readme)?.[1];
  assert.type(example, 'string');
  const { code } = transformSync(example as string, { loader: 'ts' });
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--conditions=@varigrad/source', '--import', 'tsx', '--input-type=module'],
    { cwd: root, input: code, encoding: 'utf8' },
  );
  assert.is(status, 0, stderr);
  assert.match(stdout, /^wasm \(SIMD/);
  assert.match(stdout, /tensor\(\[\[ 8\., 12\.\]/);
  assert.match(stdout, /\[ 5, 64 \]\n$/);
});

test.run();
