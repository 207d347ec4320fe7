/** The fuzzer notices every kind of failure, and its mutants can be made again. */
import { VarigradError } from '@varigrad/core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Dice, mutate } from '../fuzz/mutate.js';
import { type Failure, fuzz, mutantOf } from '../fuzz/run.js';
import { expect, type Target } from '../fuzz/target.js';

const seeds = [{ bytes: Buffer.from('{"a": [1, 2, 3]}') }, { bytes: new Uint8Array(40).fill(7) }];

async function run(
  read: Target['read'],
  count = 5,
): Promise<{ failures: Failure[]; accepted: number; refused: number }> {
  const failures: Failure[] = [];
  const counts = await fuzz(
    { name: 'x', seeds, read },
    { count, from: 3, seed: 1 },
    { onFailure: (failure) => failures.push(failure) },
  );
  return { failures, ...counts };
}

test('accepted and refused files are counted', async () => {
  const { failures, accepted, refused } = await run((file) => {
    if (file.length > 20) throw new VarigradError('x', 'too long');
  }, 200);
  assert.equal([failures.length, accepted + refused], [0, 200]);
  assert.ok(accepted > 20 && refused > 20, `${accepted} accepted, ${refused} refused`);
});

test('other errors, and accepted files that are wrong, are failures with their index and file', async () => {
  const raw = await run(() => {
    throw new TypeError('Cannot read properties of undefined');
  });
  assert.equal(
    raw.failures.map(({ index }) => index),
    [3, 4, 5, 6, 7],
  );
  assert.match(raw.failures[0]?.reason as string, 'TypeError: Cannot read properties of undefined');
  assert.equal(raw.failures[0]?.file, mutantOf({ seeds }, 1, 3));
  const late = await run(() => Promise.reject(new RangeError('too much')));
  assert.is(late.failures.length, 5);
  const unsound = await run((file) => expect(file.length < 0, 'its length'));
  assert.match(unsound.failures[4]?.reason as string, 'its length');
});

test('too much memory and too much time are failures', async () => {
  const { failures } = await run(() => void new Uint8Array(300 * 2 ** 20).fill(1), 1);
  assert.match(failures[0]?.reason as string, /^memory rose by 3\d\d MiB$/);
  const slow = await run(() => {
    const start = process.cpuUsage();
    let sum = 0;
    while (process.cpuUsage(start).user < 2.1e6) for (let i = 0; i < 1e7; i++) sum += Math.sqrt(i);
    expect(sum > 0, 'the sum');
  }, 1);
  assert.match(slow.failures[0]?.reason as string, /^it took \d+ ms$/);
});

test('mutants depend on seed and index only, differ from each other, and leave the original alone', () => {
  const original = Buffer.from(seeds[0]?.bytes as Uint8Array);
  const made = (seed: number): string[] =>
    Array.from({ length: 300 }, (_, i) => mutate(original, new Dice(seed, i)).toString('hex'));
  assert.equal(made(1), made(1));
  assert.not.equal(made(1), made(2));
  assert.ok(new Set(made(1)).size > 250, `${new Set(made(1)).size} of 300`);
  assert.is(original.toString(), '{"a": [1, 2, 3]}');
});

test.run();
