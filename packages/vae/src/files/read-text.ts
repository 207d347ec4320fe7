import { readFileSync } from 'node:fs';
import { FileError, isSystemError } from './file-error.js';

/**
 * The text of a file; undefined if there is no such file. The first bytes of a file may say that it is UTF-16; all others are UTF-8.
 * @throws FileError if the file cannot be read
 */
export function readText(op: string, path: string): string | undefined {
  try {
    const bytes = readFileSync(path);
    return new TextDecoder(encodingOf(bytes)).decode(bytes);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (error.code === 'ENOENT') return undefined;
    throw new FileError(op, path, error.code, error);
  }
}

/** The encoding that a byte order mark names. Windows PowerShell writes UTF-16. */
function encodingOf([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
}
