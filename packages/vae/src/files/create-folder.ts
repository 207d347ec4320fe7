import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Creates a folder and the folders above it, as `mkdir -p`. Node's own `recursive` option does not end on file systems such as /proc,
 * which refuse new folders with ENOENT.
 * @throws a system error if a folder cannot be created, or a file is in the way
 */
export async function createFolder(path: string): Promise<void> {
  const parent = dirname(path);
  const made = await tryToMake(path);
  if (made || parent === path) return;
  await createFolder(parent);
  await mkdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error; // another process has made it
  });
}

/** Creates one folder. @returns false if the folder above it is missing */
async function tryToMake(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return false;
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return true;
    throw error;
  }
}
