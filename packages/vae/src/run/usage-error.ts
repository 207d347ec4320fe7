import { nearest } from '@varigrad/core/checks';

/** A request that cannot be followed; the message says what would do. It is shown without a stack trace. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** ` — did you mean --latent?`, or nothing if no known word is near. */
export function suggest(word: string, known: readonly string[], prefix = ''): string {
  const name = known[nearest(word, known)];
  return name === undefined ? '' : ` — did you mean ${prefix}${name}?`;
}
