/** The image files of a folder, without what operating systems and editors leave beside them. */
import { type Dirent, readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isPictureName } from '../files/read-picture.js';
import { UsageError } from './usage-error.js';

/** Names that are never data, besides those that start with a dot. */
const SYSTEM_NAMES: ReadonlySet<string> = new Set(['__MACOSX', 'Thumbs.db', 'desktop.ini', '@eaDir']);

/** The entries of a folder by kind, each sorted. Links count as what they lead to. */
export interface Listing {
  /** Files with the names of PNG, JPEG and WebP pictures. */
  readonly pictures: readonly string[];
  readonly folders: readonly string[];
  /** Files whose names are not those of pictures. */
  readonly others: readonly string[];
  /** Hidden files and folders, and those of operating systems. */
  readonly hidden: readonly string[];
}

/** @throws UsageError if the folder, or a link in it, cannot be read */
export function listFolder(folder: string): Listing {
  const entries = readable(folder, () => readdirSync(folder, { withFileTypes: true }));
  entries.sort((a, b) => compare(a.name, b.name));
  const isHidden = ({ name }: Dirent): boolean => name.startsWith('.') || SYSTEM_NAMES.has(name);
  const visible = entries.filter((entry) => !isHidden(entry));
  const folders = new Set(
    visible.filter((entry) =>
      entry.isSymbolicLink() ? isFolder(join(folder, entry.name)) : entry.isDirectory(),
    ),
  );
  const files = visible.filter((entry) => !folders.has(entry));
  const isPicture = ({ name }: Dirent): boolean => isPictureName(name);
  return {
    pictures: namesOf(files.filter(isPicture)),
    folders: namesOf([...folders]),
    others: namesOf(files.filter((entry) => !isPicture(entry))),
    hidden: namesOf(entries.filter(isHidden)),
  };
}

const namesOf = (entries: readonly Dirent[]): string[] => entries.map(({ name }) => name);

/** Whether the path, or what a link leads to, is a folder. @throws UsageError if a link leads nowhere */
export function isFolder(path: string): boolean {
  return readable(path, () => statSync(path)).isDirectory();
}

/** The path without links. */
export function realPath(path: string): string {
  return readable(path, () => realpathSync(path));
}

function readable<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isLost = code === 'ENOENT' || code === 'ELOOP';
    throw new UsageError(
      `--data ${path}: ${isLost ? 'this link leads nowhere' : `cannot be read: ${message}`}`,
    );
  }
}

/** Sorts `2.png` before `10.png`, in the same way on every machine. */
function compare(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
