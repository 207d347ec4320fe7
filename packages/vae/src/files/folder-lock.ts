import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { VarigradError } from '@varigrad/core';
import { isPlainObject } from '@varigrad/core/checks';
import { createFolder } from './create-folder.js';
import { withFileErrors } from './file-error.js';
import { HOST, mayRun, type ProcessName, thisProcess } from './this-process.js';

/** Another process uses the folder. */
export class FolderInUseError extends VarigradError {
  override readonly name = 'FolderInUseError';
  readonly folder: string;
  readonly owner: ProcessName;

  constructor(folder: string, owner: ProcessName, file: string) {
    const where = owner.host === HOST ? '' : ` on ${owner.host}`;
    const advice = where === '' ? '' : `, or delete ${file} if that process has ended`;
    super('lockFolder', `${folder} is in use by process ${owner.pid}${where} — wait until it ends${advice}`);
    this.folder = folder;
    this.owner = owner;
  }
}

/** A folder that this process may write to. */
export interface FolderLock {
  /** Whether the folder is still there and reserved for this process. */
  isHeld(): boolean;
  /** Gives the folder free. */
  release(): Promise<void>;
}

const ATTEMPTS = 4;
const PREFIX = '.lock.';

/**
 * Reserves a folder for this process, until `release` or the end of the process. The reservation is a hidden file in the folder, which
 * names the process. Each process first writes its own file and then looks for others, so that of two processes at most one succeeds;
 * if they meet, both step back and try again after a random pause. Files of processes that have ended are removed.
 * @throws FolderInUseError if another process has the folder; FileError if the folder cannot be written to
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const own = `${PREFIX}${process.pid}.${randomUUID()}`;
  const path = join(folder, own);
  const release = (): Promise<void> => rm(path, { force: true });
  for (let attempt = 1; ; attempt++) {
    const other = await withFileErrors('lockFolder', folder, async () => {
      await writeFile(path, JSON.stringify(thisProcess()), { flag: 'wx' });
      return findOther(folder, own);
    });
    if (other === undefined) return { isHeld: () => existsSync(path), release };
    await release();
    if (attempt === ATTEMPTS) throw new FolderInUseError(folder, other.owner, join(folder, other.file));
    await wait(20 + 80 * Math.random());
  }
}

/**
 * Runs `f` while a folder is reserved for this process. A missing folder is created; a folder that is empty afterwards is removed.
 * @throws FolderInUseError if another process has the folder; FileError if it cannot be created or written to
 */
export async function withFolder<T>(folder: string, f: (lock: FolderLock) => Promise<T>): Promise<T> {
  await withFileErrors('lockFolder', folder, () => createFolder(folder));
  const lock = await lockFolder(folder);
  try {
    return await f(lock);
  } finally {
    await lock.release();
    await rmdir(folder).catch(() => {}); // it is not empty
  }
}

/** The lock file of another process that may still run. Files of ended processes are removed. */
async function findOther(
  folder: string,
  own: string,
): Promise<{ owner: ProcessName; file: string } | undefined> {
  for (const file of await readdir(folder)) {
    if (!file.startsWith(PREFIX) || file === own) continue;
    const owner = await readOwner(join(folder, file));
    if (owner === undefined) continue;
    if (mayRun(owner)) return { owner, file };
    await rm(join(folder, file), { force: true });
  }
  return undefined;
}

/** The process that a lock file names; undefined if the file has been removed. */
async function readOwner(path: string): Promise<ProcessName | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const owner: unknown = JSON.parse(text);
    if (isPlainObject(owner)) return owner as ProcessName;
  } catch {}
  // The other process is still writing, or the file is damaged: the number of the process is in its name.
  return { host: HOST, pid: Number(path.split('.').at(-2)), started: null };
}
