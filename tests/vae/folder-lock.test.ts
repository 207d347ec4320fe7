/** Locks of folders, among processes that start together, are killed, or run elsewhere. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FolderInUseError, lockFolder } from '../../packages/vae/src/files/folder-lock.js';
import { HOST, mayRun, thisProcess } from '../../packages/vae/src/files/this-process.js';

const test = suite('folder-lock');
const root = mkdtempSync(join(tmpdir(), 'varigrad-lock-'));
test.after(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
function freshFolder(): string {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  return folder;
}

const CLAIMER = fileURLToPath(new URL('../helpers/folder-claimer.ts', import.meta.url));

/** Starts a process that locks the folder; `says` is its first line. */
function claim(folder: string): { child: ChildProcess; says: Promise<string>; ended: Promise<unknown> } {
  const child = spawn(
    process.execPath,
    ['--conditions=@varigrad/source', '--import', import.meta.resolve('tsx'), CLAIMER, folder],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const ended = once(child, 'close');
  const says = once(child.stdout as NodeJS.EventEmitter, 'data').then(([chunk]) => String(chunk).trim());
  return { child, says, ended };
}

async function refusal(folder: string): Promise<FolderInUseError> {
  const error = await lockFolder(folder).catch((e: Error) => e);
  assert.instance(error, FolderInUseError);
  return error as FolderInUseError;
}

test('a folder is locked once, and again after its release', async () => {
  const folder = freshFolder();
  const lock = await lockFolder(folder);
  const { message } = await refusal(folder);
  assert.is(message, `lockFolder: ${folder} is in use by process ${process.pid} — wait until it ends`);
  await lock.release();
  assert.equal(readdirSync(folder), []);
  await (await lockFolder(folder)).release();
});

test('of processes that start together at most one gets the folder; the others name it', async () => {
  const folder = freshFolder();
  const claims = Array.from({ length: 6 }, () => claim(folder));
  const answers = await Promise.all(claims.map(({ says }) => says));
  const winners = claims.filter((_, i) => answers[i] === 'locked');
  assert.ok(winners.length <= 1, answers.join('\n'));
  const numbers = claims.map(({ child }) => String(child.pid));
  for (const answer of answers.filter((text) => text !== 'locked'))
    assert.ok(numbers.includes(/in use by process (\d+)/.exec(answer)?.[1] ?? ''), answer);
  for (const { child } of claims) child.stdin?.end();
  await Promise.all(claims.map(({ ended }) => ended));
  assert.equal(readdirSync(folder), [], 'every lock is released');
});

test('the lock of a killed process is taken over', async () => {
  const folder = freshFolder();
  const { child, says, ended } = claim(folder);
  assert.is(await says, 'locked');
  assert.is((await refusal(folder)).owner.pid, child.pid);
  child.kill('SIGKILL');
  await ended;
  assert.is(readdirSync(folder).length, 1, 'the lock file of the killed process');
  const lock = await lockFolder(folder);
  assert.is(readdirSync(folder).length, 1, 'only the new lock file');
  await lock.release();
});

test('a lock of another machine is respected, and the message names the file', async () => {
  const folder = freshFolder();
  const file = join(folder, '.lock.17.other');
  writeFileSync(file, JSON.stringify({ host: 'elsewhere', pid: 17, started: null }));
  assert.is(
    (await refusal(folder)).message,
    `lockFolder: ${folder} is in use by process 17 on elsewhere — wait until it ends, or delete ${file} if that process has ended`,
  );
});

test('a lock file cut short counts for the process in its name', async () => {
  const folder = freshFolder();
  writeFileSync(join(folder, `.lock.${process.pid}.cut`), '{"ho');
  assert.is((await refusal(folder)).owner.pid, process.pid);
  writeFileSync(join(folder, `.lock.${process.pid}.cut`), 'null');
  assert.is((await refusal(folder)).owner.pid, process.pid);
  rmSync(join(folder, `.lock.${process.pid}.cut`));
  const { pid } = spawnSync(process.execPath, ['--version']);
  writeFileSync(join(folder, `.lock.${pid}.cut`), '');
  await (await lockFolder(folder)).release();
});

test('a process with the same number that started later is another process', () => {
  const own = thisProcess();
  assert.ok(mayRun(own));
  assert.ok(mayRun({ ...own, started: null }));
  if (own.started !== null) assert.not.ok(mayRun({ ...own, started: `${Number(own.started) - 1}` }));
  assert.is(own.host, HOST);
});

test('a folder that does not exist or cannot be written to is an error with a reason', async () => {
  const folder = join(freshFolder(), 'none');
  const error = (await lockFolder(folder).catch((e: Error) => e)) as Error;
  assert.is(error.message, `lockFolder: ${folder}: there is no such file or folder (ENOENT)`);
});

test.run();
