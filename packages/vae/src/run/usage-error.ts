import { nearest } from '@varigrad/core/checks';

/** A request that cannot be carried out. The message names the fix and is shown without a stack trace. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** ` — did you mean --latent?`, or '' if no known word is similar. */
export function suggest(word: string, known: readonly string[], prefix = ''): string {
  const name = known[nearest(word, known)];
  return name === undefined ? '' : ` — did you mean ${prefix}${name}?`;
}

/** Throws a `UsageError` if there are more than `count` arguments that are not options. */
export function refuseExtraWords(words: readonly string[], count: number): void {
  const extra = words[count];
  if (extra !== undefined) throw new UsageError(`unexpected argument "${extra}" — options start with --`);
}
