/** Values of command-line options. */

/** @throws Error unless the text is a whole number of at least `min` */
export function wholeNumber(name: string, text: string, min: number): number {
  if (/^\d+$/.test(text) && Number(text) >= min) return Number(text);
  throw new Error(`--${name} ${text}: expected a whole number of at least ${min}`);
}

/** @throws Error unless the text is one of the words */
export function oneOf<Word extends string>(name: string, text: string, words: readonly Word[]): Word {
  const word = words.find((known) => known === text);
  if (word !== undefined) return word;
  throw new Error(`--${name} ${text}: expected one of ${words.join(', ')}`);
}

/** @throws Error unless the text is a list of whole numbers of at least `min`, separated by commas */
export function wholeNumbers(name: string, text: string, min: number): number[] {
  return text.split(',').map((part) => wholeNumber(name, part, min));
}

/** Ends the process with an error's message. */
export function fail(error: unknown): void {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
