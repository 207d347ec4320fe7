/** Where the results of a run may be. */
import { resolve, sep } from 'node:path';
import { pictureFolders } from './read-data.js';
import type { RunConfig } from './run-config.js';
import { UsageError } from './usage-error.js';

/** The pictures of a run must not become its data. @throws UsageError if `out` is in a folder of pictures that the run reads */
export function checkPlace(out: string, { data }: Pick<RunConfig, 'data'>): void {
  const folder = pictureFolders(data).find((path) => isInside(out, path));
  if (folder === undefined) return;
  throw new UsageError(
    `--out ${out}: it is in the folder of the images, ${folder}, where all pictures and folders are read as data — name a folder elsewhere with --out`,
  );
}

function isInside(path: string, folder: string): boolean {
  return `${resolve(path)}${sep}`.startsWith(`${resolve(folder)}${sep}`);
}
