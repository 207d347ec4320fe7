/** Atomic writes: a file is complete even if the writer is killed, fails, or is one of several. */
import { spawn, spawnSync } from 'node:child_process';
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
import { FileError } from '../../packages/vae/src/files/file-error.js';
import { HOST } from '../../packages/vae/src/files/this-process.js';

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
  const error = await writeFileAtomic(target, 'x').catch((e: Error) => e);
  assert.ok(error instanceof FileError);
  assert.is(error.message, `writeFileAtomic: ${target}: it is a folder (EISDIR)`);
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

test('only temporary files of ended processes of this machine are removed', async () => {
  const folder = freshFolder();
  const { pid: ended } = spawnSync(process.execPath, ['--version']);
  const temporary = (host: string, pid: number): string =>
    `.weights.bin.${host}.${pid}.0b0f7a3e-1111-4222-8333-123456789abc.tmp`;
  const leftover = temporary(HOST, ended);
  const others = [
    '.hidden',
    '.notes.tmp',
    'plain.tmp',
    leftover.slice(1),
    `${leftover}.txt`,
    temporary(HOST, process.pid),
    temporary(`${HOST}-2`, ended),
  ];
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
  const error = await removeLeftovers(file).catch((e: Error) => e);
  assert.is(
    (error as FileError).message,
    `removeLeftovers: ${file}: a part of the path is a file, not a folder (ENOTDIR)`,
  );
});

test('a path that cannot hold a file is an error with a reason', async () => {
  const folder = freshFolder();
  writeFileSync(join(folder, 'file'), '');
  const failed = async (...args: Parameters<typeof writeFileAtomic>): Promise<string> =>
    await writeFileAtomic(...args).then(
      () => 'written',
      (error: Error) => error.message.replace(folder, ''),
    );
  assert.is(
    await failed(join(folder, 'file', 'inside'), 'x'),
    'writeFileAtomic: /file/inside: a file of this name is in the way (EEXIST)',
  );
  assert.is(
    await failed(join(folder, 'none', 'file'), 'x', { createFolder: false }),
    'writeFileAtomic: /none/file: there is no such file or folder (ENOENT)',
  );
  assert.equal(readdirSync(folder), ['file']);
  if (existsSync('/proc/self'))
    assert.is(
      await failed('/proc/none/below/file', 'x'),
      'writeFileAtomic: /proc/none/below/file: there is no such file or folder (ENOENT)',
    );
  assert.is(
    await failed(join(folder, 'new'), 'x', { createFolder: 'no' as unknown as boolean }),
    "writeFileAtomic: createFolder must be true or false, found 'no'",
  );
  const long = 'x'.repeat(300);
  assert.is(
    await failed(join(folder, long), 'x'),
    `writeFileAtomic: /${long}: the name is too long (ENAMETOOLONG)`,
  );
});

test.run();
