import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ArgumentError } from '@varigrad/core';
import { describeValue } from '@varigrad/core/checks';
import { checkText } from '../checks.js';

/**
 * Writes a file atomically: at any moment the path holds either the old or the complete new contents. The contents go into a temporary
 * file in the same folder, are flushed to disk, and the file is renamed. Missing folders are created. A process killed during a write
 * can leave the hidden temporary file, which is never read; see `removeLeftovers`.
 */
export async function writeFileAtomic(path: string, contents: string | Uint8Array): Promise<void> {
  checkText('writeFileAtomic', 'path', path);
  if (typeof contents !== 'string' && !(contents instanceof Uint8Array))
    throw new ArgumentError(
      'writeFileAtomic',
      `contents must be a string or a Uint8Array, found ${describeValue(contents)}`,
    );
  await mkdir(dirname(path), { recursive: true });
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
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

/** Names of temporary files: `.name.uuid.tmp`. */
const TEMPORARY = /^\..+\.[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}\.tmp$/;

/**
 * Removes the temporary files that killed processes left in a folder. Call it only while no other process writes there, such as at the
 * start of a run.
 * @returns the names of the removed files; an empty list if the folder does not exist
 */
export async function removeLeftovers(folder: string): Promise<string[]> {
  checkText('removeLeftovers', 'folder', folder);
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const leftovers = names.filter((name) => TEMPORARY.test(name));
  await Promise.all(leftovers.map((name) => rm(join(folder, name), { force: true })));
  return leftovers;
}
