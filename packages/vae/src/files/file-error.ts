import { VarigradError } from '@varigrad/core';

/** What the codes of the operating system mean. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EDQUOT: 'the disk quota is used up',
  EEXIST: 'a file of this name is in the way',
  EFBIG: 'the file would be larger than the limit for files',
  EIO: 'the device reports an error',
  EISDIR: 'it is a folder',
  ELOOP: 'a symbolic link points to itself',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'there is no such file or folder',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ERR_FS_FILE_TOO_LARGE: 'it is too large to be read at once',
  ERR_INVALID_ARG_VALUE: 'a path has no NUL characters',
  ERR_STRING_TOO_LONG: 'it is too large to be read as text',
};

/** A file or a folder cannot be read or written. */
export class FileError extends VarigradError {
  override readonly name = 'FileError';
  readonly path: string;
  /** The code of the operating system: 'ENOSPC'. */
  readonly code: string;

  constructor(op: string, path: string, code: string, cause?: unknown) {
    super(op, `${path}: ${reasonOf(code)}`);
    this.path = path;
    this.code = code;
    this.cause = cause;
  }
}

/** The reason of an error, with its code: `it is a folder (EISDIR)`. */
export function reasonOf(code: string): string {
  return `${REASONS[code] ?? 'the operating system reports an error'} (${code})`;
}

/** An error of the operating system. The type of Node's own would make declarations depend on its types. */
export interface SystemError extends Error {
  readonly code: string;
  readonly syscall?: string;
  readonly path?: string;
}

/** Whether it is an error of the operating system, or one of Node.js about a file. */
export function isSystemError(error: unknown): error is SystemError {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) return false;
  return 'syscall' in error || Object.hasOwn(REASONS, error.code);
}

/** Runs `f`; an error of the operating system becomes a `FileError` about `path`. */
export async function withFileErrors<T>(op: string, path: string, f: () => Promise<T>): Promise<T> {
  try {
    return await f();
  } catch (error) {
    throw isSystemError(error) ? new FileError(op, path, error.code, error) : error;
  }
}
