import { ArgumentError, ShapeError } from '@varigrad/core';
import { nearest } from '@varigrad/core/checks';

/** A request that cannot be carried out. The message names the fix and is shown without a stack trace. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Runs `f` on values that a user chose; what it says about its arguments becomes a `UsageError`. */
export function refusing<T>(f: () => T): T {
  try {
    return f();
  } catch (error) {
    const isAboutValues = error instanceof ArgumentError || error instanceof ShapeError;
    throw isAboutValues ? new UsageError(error.message) : error;
  }
}

const LONGEST_QUOTE = 80;

/** A text as a message quotes it: cut if it is long. */
export function shorten(text: string): string {
  return text.length <= LONGEST_QUOTE ? text : `${text.slice(0, LONGEST_QUOTE)}…`;
}

/** ` — did you mean --latent?`, or '' if no known word is similar or starts with this one. @param shown - how the message writes a known word */
export function suggest(
  word: string,
  known: readonly string[],
  shown: (name: string) => string = (name) => name,
): string {
  const written = word.slice(0, LONGEST_QUOTE).trim().toLowerCase();
  const folded = known.map((name) => name.toLowerCase());
  const near = nearest(written, folded);
  const name =
    known[near >= 0 || written.length < 3 ? near : folded.findIndex((name) => name.startsWith(written))];
  return name === undefined ? '' : ` — did you mean ${shown(name)}?`;
}

/** Throws a `UsageError` if there are more than `count` arguments that are not options. */
export function refuseExtraWords(words: readonly string[], count: number): void {
  const extra = words[count];
  if (extra !== undefined)
    throw new UsageError(`unexpected argument "${shorten(extra)}" — options start with --`);
}
