/** Checks of options objects: every name must be an option of the function. Messages suggest the nearest name. */

import { ArgumentError } from '../errors.js';
import { callee, describeValue, isLiteral, isPlainObject } from './arguments.js';

/** All names of an options interface, the most common one first. An incomplete list does not compile. */
export type OptionNames<Options extends object> = Readonly<Record<keyof Options, true>>;

/**
 * Refuses a value that is not an options object, and unknown options.
 * @param op - the name of the function or class
 * @param names - the options; the first one is used in the example of a correct call
 * @param before - the arguments before the options in that example: `'size, '`
 * @throws ArgumentError
 */
export function checkOptions<Options extends object>(
  op: string,
  options: Options,
  names: OptionNames<NoInfer<Options>>,
  before = '',
): void {
  if (!isPlainObject(options)) throw notAnObject(op, options, Object.keys(names), before);
  for (const name in options) {
    if (!Object.hasOwn(names, name)) throw unknownOption(op, name, Object.keys(names));
  }
}

function notAnObject(op: string, found: unknown, names: readonly string[], before: string): ArgumentError {
  const value = isLiteral(found, ['number', 'string', 'boolean']) ? describeValue(found) : '…';
  const call = `${callee(op)}(${before}{ ${names[0]}: ${value} })`;
  return new ArgumentError(op, `options must be an object, found ${describeValue(found)} — write ${call}`);
}

function unknownOption(op: string, name: string, names: readonly string[]): ArgumentError {
  const meant = suggestions(name, names)
    .map((suggestion) => `'${suggestion}'`)
    .join(' and ');
  const question = meant === '' ? '' : ` — did you mean ${meant}?`;
  return new ArgumentError(
    op,
    `unknown option ${describeValue(name)}${question} (options: ${names.join(', ')})`,
  );
}

/** @throws ArgumentError unless `value` is one of the keys of `choices` */
export function checkChoice<Choice extends string>(
  op: string,
  name: string,
  value: Choice,
  choices: Readonly<Record<Choice, true>>,
): void {
  if (Object.hasOwn(choices, value)) return;
  const words = Object.keys(choices);
  const near = typeof value === 'string' ? nearest(fold(value), words.map(fold)) : -1;
  const question = near < 0 ? '' : ` — did you mean '${words[near]}'?`;
  const list = words.map((word) => `'${word}'`).join(', ');
  throw new ArgumentError(op, `${name} must be one of ${list}, found ${describeValue(value)}${question}`);
}

/** Folded names of other libraries' options, and the names used here. */
const elsewhere: ReadonlyMap<string, readonly string[]> = new Map([
  ['dim', ['axis']],
  ['dims', ['axis']],
  ['axes', ['axis']],
  ['keepdim', ['keepDims']],
  ['ddof', ['correction']],
  ['unbiased', ['correction']],
  ['diag', ['diagonal']],
  ['constantvalues', ['value']],
  ['size', ['shape']],
  ['label', ['name']],
  ['device', ['backend']],
  ['lr', ['learningRate']],
  ['stepsize', ['learningRate']],
  ['betas', ['beta1', 'beta2']],
  ['eps', ['epsilon']],
]);

/** The option or options that were probably meant. */
function suggestions(name: string, names: readonly string[]): readonly string[] {
  const written = fold(name);
  const translated = (elsewhere.get(written) ?? []).filter((known) => names.includes(known));
  if (translated.length > 0) return translated;
  const near = nearest(written, names.map(fold));
  return near < 0 ? [] : [names[near]!];
}

/** Makes spellings such as `requires_grad` and `requiresGrad` equal. */
function fold(name: string): string {
  return name.replaceAll(/[_-]/g, '').toLowerCase();
}

/** Texts with more letters than this are not compared: the time grows with the product of two lengths. */
const LONGEST_NAME = 100;

/** The index of the word with the smallest edit distance; −1 if none is near. */
export function nearest(written: string, words: readonly string[]): number {
  let smallest = Math.max(1, Math.floor(written.length / 3));
  let found = -1;
  if (written.length > LONGEST_NAME) return found;
  words.forEach((word, i) => {
    // The lengths differ by the distance at most.
    if (Math.abs(word.length - written.length) > smallest) return;
    const distance = editDistance(written, word);
    if (distance > smallest || (distance === smallest && found >= 0)) return;
    smallest = distance;
    found = i;
  });
  return found;
}

/**
 * The minimum number of inserted, deleted and replaced letters and of swapped neighbours (optimal string alignment).
 * fastest-levenshtein is not used because it counts a swap, the most frequent typing error, as two edits.
 */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(i - 1, j - 1) + Number(a[i - 1] !== b[j - 1]);
      const isSwap = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(
        Math.min(replaced, at(i - 1, j) + 1, at(i, j - 1) + 1, isSwap ? at(i - 2, j - 2) + 1 : replaced),
      );
    }
  }
  return at(a.length, b.length);
}
