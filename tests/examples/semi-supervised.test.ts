/** The semi-supervised example as a user runs it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ExampleRun, runExample } from '../helpers/example.js';

const scratch = mkdtempSync(join(tmpdir(), 'varigrad-semi-'));
test.after(() => rmSync(scratch, { recursive: true, force: true }));

const run = (...args: string[]): ExampleRun => runExample('semi-supervised/main.ts', ...args);

test('--help names every option', () => {
  const { status, stdout } = run('--help');
  assert.is(status, 0);
  for (const name of [
    'labels',
    'm1-epochs',
    'epochs',
    'repeat',
    'alpha',
    'train-limit',
    'seed',
    'threads',
    'out',
  ])
    assert.match(stdout, `--${name} `);
});

test('invalid options are refused before the run starts', () => {
  for (const [args, message] of [
    [['--labels', '0'], '--labels 0: expected a whole number of at least 1'],
    [['--alpha', 'much'], '--alpha much: expected a number of at least 0'],
    [['--epoch', '2'], "Unknown option '--epoch'"],
  ] as const) {
    const { status, stdout, stderr } = run(...args);
    assert.is(status, 1);
    assert.is(stdout, '');
    assert.ok(stderr.startsWith(message), stderr);
  }
});

test('a small run writes its result and a picture, and prints the numbers of the file', () => {
  const small = '--labels 2 --train-limit 500 --m1-epochs 1 --epochs 1 --repeat 3 --threads 1 --out'.split(
    ' ',
  );
  const { status, stdout, stderr } = run(...small, scratch);
  assert.is(status, 0, stderr);
  const { settings, result } = JSON.parse(readFileSync(join(scratch, 'result.json'), 'utf8'));
  assert.is(settings.labels, 2);
  for (const name of ['classifierOnPixels', 'classifierOnCodes', 'm2']) {
    assert.ok(result[name] > 0 && result[name] < 100, `${name} ${result[name]}`);
    assert.match(stdout, `${result[name].toFixed(2)}%`);
  }
  assert.ok(PNG.sync.read(readFileSync(join(scratch, 'classes.png'))).width > 280);
});

test.run();
