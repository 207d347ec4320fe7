/** Atomic writes: a file is complete even if the writer is killed, fails, or is one of several. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Generator } from '@varigrad/core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { removeLeftovers, writeFileAtomic } from '../../packages/vae/src/files/atomic.js';

const test = suite('atomic');
const root = mkdtempSync(join(tmpdir(), 'varigrad-atomic-'));
test.after(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
function freshFolder(): string {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  return folder;
}

test('writes text and bytes, and creates missing folders', async () => {
  const folder = freshFolder();
  await writeFileAtomic(join(folder, 'a', 'b', 'text'), 'σ = 1\n');
  await writeFileAtomic(join(folder, 'a', 'b', 'bytes'), Uint8Array.of(0, 255, 10));
  assert.is(readFileSync(join(folder, 'a', 'b', 'text'), 'utf8'), 'σ = 1\n');
  assert.equal([...readFileSync(join(folder, 'a', 'b', 'bytes'))], [0, 255, 10]);
  assert.equal(readdirSync(join(folder, 'a', 'b')), ['bytes', 'text']);
});

test('a file name without a folder is written to the working folder', async () => {
  const folder = freshFolder();
  const before = process.cwd();
  process.chdir(folder);
  await writeFileAtomic('here', '1').finally(() => process.chdir(before));
  assert.equal(readdirSync(folder), ['here']);
});

test('replaces an older file that is shorter or longer', async () => {
  const path = join(freshFolder(), 'file');
  for (const contents of ['long '.repeat(100), 'short', 'longer again '.repeat(9), '']) {
    await writeFileAtomic(path, contents);
    assert.is(readFileSync(path, 'utf8'), contents);
  }
});

test('a failure keeps the old file and leaves no temporary file', async () => {
  const folder = freshFolder();
  const target = join(folder, 'target');
  mkdirSync(join(target, 'full'), { recursive: true }); // a folder that is not empty cannot be replaced
  const error = await writeFileAtomic(target, 'x').catch((e: NodeJS.ErrnoException) => e);
  assert.ok(error instanceof Error);
  assert.equal(readdirSync(folder), ['target']);
  assert.equal(readdirSync(target), ['full']);
});

test('several simultaneous writers leave the contents of one of them', async () => {
  const folder = freshFolder();
  const path = join(folder, 'file');
  const contents = ['a', 'b', 'c', 'd'].map((letter, i) => letter.repeat(100_000 + i));
  await Promise.all(contents.map((text) => writeFileAtomic(path, text)));
  assert.ok(contents.includes(readFileSync(path, 'utf8')));
  assert.equal(readdirSync(folder), ['file']);
});

const WRITER = fileURLToPath(new URL('../helpers/atomic-writer.ts', import.meta.url));
const ROUNDS = 8;

test('a killed writer leaves a complete file, and its temporary files can be removed', async () => {
  const folder = freshFolder();
  const path = join(folder, 'file');
  const delays = new Generator(1).words(ROUNDS);
  for (const word of delays) {
    const child = spawn(
      process.execPath,
      ['--conditions=@varigrad/source', '--import', import.meta.resolve('tsx'), WRITER, path],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const ended = once(child, 'close');
    await once(child.stdout, 'data');
    await wait(word % 40);
    child.kill('SIGKILL');
    await ended;
    const text = readFileSync(path, 'utf8');
    const digit = text[0] as string;
    assert.is(text.length, 3_000_000 + Number(digit));
    assert.ok(text === digit.repeat(text.length), 'the contents come from one write');
  }
  const removed = await removeLeftovers(folder);
  assert.equal(readdirSync(folder), ['file']);
  assert.ok(removed.length <= ROUNDS && removed.every((name) => name.startsWith('.file.')));
});

test('only temporary files are removed', async () => {
  const folder = freshFolder();
  const leftover = '.weights.bin.0b0f7a3e-1111-4222-8333-123456789abc.tmp';
  const others = ['.hidden', '.notes.tmp', 'plain.tmp', leftover.slice(1), `${leftover}.txt`];
  for (const name of [leftover, ...others]) writeFileSync(join(folder, name), 'x');
  assert.equal(await removeLeftovers(folder), [leftover]);
  assert.equal(readdirSync(folder).sort(), [...others].sort());
});

test('a missing folder has no temporary files; a path that is not a folder is an error', async () => {
  const folder = freshFolder();
  assert.equal(await removeLeftovers(join(folder, 'none')), []);
  assert.not.ok(existsSync(join(folder, 'none')));
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const error = await removeLeftovers(file).catch((e: NodeJS.ErrnoException) => e);
  assert.is((error as NodeJS.ErrnoException).code, 'ENOTDIR');
});

test.run();
