import { UsageError } from '../run/usage-error.js';

/** Refuses words that are no options after the first `count`. */
export function refuseWords(words: readonly string[], count: number): void {
  const extra = words[count];
  if (extra !== undefined) throw new UsageError(`"${extra}" is not an option — options start with --`);
}

/** The folder of a run, the only word of a command. */
export function runWord(words: readonly string[]): string {
  const [run] = words;
  if (run === undefined)
    throw new UsageError('which run? — name its folder, for example runs/mnist-vae-z20-none');
  refuseWords(words, 1);
  return run;
}
