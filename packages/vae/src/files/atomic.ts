import { randomUUID } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ArgumentError } from '@varigrad/core';
import { checkBoolean, checkOptions, checkText, describeValue } from '@varigrad/core/checks';
import { createFolder } from './create-folder.js';
import { withFileErrors } from './file-error.js';
import { HOST, mayRun } from './this-process.js';

/** Options of `writeFileAtomic`. */
export interface WriteOptions {
  /** Create missing folders. Default true. */
  createFolder?: boolean;
}

/**
 * Writes a file atomically: at any moment the path holds either the old or the complete new contents. The contents go into a temporary
 * file in the same folder, are flushed to disk, and the file is renamed. A process killed during a write can leave the hidden temporary
 * file, which is never read; see `removeLeftovers`.
 * @throws FileError if the file cannot be written; the old file is then unchanged
 */
export async function writeFileAtomic(
  path: string,
  contents: string | Uint8Array,
  options: WriteOptions = {},
): Promise<void> {
  checkText('writeFileAtomic', 'path', path);
  if (typeof contents !== 'string' && !(contents instanceof Uint8Array))
    throw new ArgumentError(
      'writeFileAtomic',
      `contents must be a string or a Uint8Array, found ${describeValue(contents)}`,
    );
  checkOptions('writeFileAtomic', options, { createFolder: true }, 'path, contents, ');
  const { createFolder: creates = true } = options;
  checkBoolean('writeFileAtomic', 'createFolder', creates);
  await withFileErrors('writeFileAtomic', path, async () => {
    if (creates) await createFolder(dirname(path));
    await replace(path, contents);
  });
}

async function replace(path: string, contents: string | Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${HOST}.${process.pid}.${randomUUID()}.tmp`);
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(contents);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Names of temporary files: `.name.host.pid.uuid.tmp`. */
const TEMPORARY = /^\..+\.([\w-]+)\.(\d+)\.[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}\.tmp$/;

/**
 * Removes the temporary files that killed processes left in a folder. Files of processes that still run, and of other machines, are
 * left alone.
 * @returns the names of the removed files; an empty list if the folder does not exist
 * @throws FileError if the folder cannot be read
 */
export async function removeLeftovers(folder: string): Promise<string[]> {
  checkText('removeLeftovers', 'folder', folder);
  const names = await withFileErrors('removeLeftovers', folder, () =>
    readdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    }),
  );
  const leftovers = names.filter((name) => {
    const [, host, pid] = TEMPORARY.exec(name) ?? [];
    return host !== undefined && !mayRun({ host, pid: Number(pid), started: null });
  });
  await Promise.all(leftovers.map((name) => rm(join(folder, name), { force: true })));
  return leftovers;
}
