/**
 * Tables of fields. A field is one option of a command or of a configuration file. Flags, file keys, help text, defaults and error
 * messages all come from the same table.
 */
import { suggest, UsageError } from './usage-error.js';

/** The type of a field's value. */
export interface Kind<T> {
  /** What is expected, for messages: "expected …". */
  readonly says: string;
  /** Converts a flag's text. If the text is invalid, the result is a value that `accepts` refuses. */
  fromText(text: string): unknown;
  accepts(value: unknown): value is T;
  /** Placeholder of the value in the help text: `<n>`. */
  readonly shown: string;
  /** The allowed words, if only certain words are allowed. */
  readonly words?: readonly string[];
  /** Whether the flag takes no value. */
  readonly isSwitch?: boolean;
}

/** One field. Its key is camelCase; its flag is the same in kebab-case. */
export interface Field<T, All> {
  readonly kind: Kind<T>;
  readonly standard: T;
  readonly help: string;
  /** Heading in the help text. */
  readonly group: string;
  /** The default as shown in the help text; '' shows none. Default: the value itself. */
  readonly standardText?: string;
  /** Condition under which the field has an effect. Giving it otherwise is an error. */
  readonly needs?: { readonly words: string; holds(all: All): boolean };
}

/** A table with one field per property. */
export type Fields<T> = { readonly [K in keyof T]: Field<T[K], T> };

/** The given values, by key. `name` identifies the field in messages: `--latent`, or `a.json: latent`. */
export type Given = ReadonlyMap<string, { readonly name: string; readonly value: unknown }>;

/** `learningRate` → `learning-rate` */
export function flagOf(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Converts command-line flags: text, or true for a switch. @throws UsageError for a value that the field does not accept */
export function fromFlags<T>(fields: Fields<T>, flags: ReadonlyMap<string, string | true>): Given {
  const own = Object.entries(fields) as [string, Field<unknown, T>][];
  return new Map(
    own.flatMap(([key, { kind }]) => {
      const name = `--${flagOf(key)}`;
      const text = flags.get(flagOf(key));
      if (text === undefined) return [];
      const value = text === true ? true : kind.fromText(text);
      if (!kind.accepts(value)) throw refusal(name, String(text), kind);
      return [[key, { name, value }]];
    }),
  );
}

/** Converts the contents of a configuration file. @throws UsageError for an unknown key, or a value that the field does not accept */
export function fromJson<T>(fields: Fields<T>, contents: unknown, path: string): Given {
  if (typeof contents !== 'object' || contents === null || Array.isArray(contents))
    throw new UsageError(`${path}: a configuration is an object, for example {"model": "vae", "latent": 10}`);
  return new Map(
    Object.entries(contents).map(([key, value]) => {
      if (!Object.hasOwn(fields, key))
        throw new UsageError(`${path}: "${key}" is not an option${suggest(key, Object.keys(fields))}`);
      const { kind } = fields[key as keyof T];
      if (!kind.accepts(value)) throw refusal(`${path}: ${key}`, JSON.stringify(value), kind);
      return [key, { name: `${path}: ${key}`, value }];
    }),
  );
}

function refusal(name: string, value: string, { says, words }: Kind<unknown>): UsageError {
  // In a list, the suggestion is for the first unknown word.
  const odd = value
    .replaceAll('"', '')
    .split(',')
    .find((word) => words?.includes(word) === false);
  return new UsageError(
    `${name} ${value}: expected ${says}${odd === undefined ? '' : suggest(odd, words ?? [])}`,
  );
}

/**
 * Completes the given values with defaults.
 * @param defaults - replace the table's defaults
 * @throws UsageError if a given value has no effect with the other values
 */
export function complete<T>(fields: Fields<T>, given: Given, defaults: Partial<T> = {}): T {
  const all = fill(fields, given, defaults);
  const [idle] = idleKeys(fields, given, all);
  if (idle !== undefined)
    throw new UsageError(
      `${given.get(idle)?.name} has no effect here — it needs ${fields[idle].needs?.words}`,
    );
  return all;
}

/** `complete` without the check for values that have no effect. */
export function fill<T>(fields: Fields<T>, given: Given, defaults: Partial<T> = {}): T {
  const own = Object.entries(fields) as [string, Field<unknown, T>][];
  const standards: Readonly<Record<string, unknown>> = { ...defaults };
  const entries = own.map(([key, { standard }]) => {
    const value = given.get(key);
    return [key, value === undefined ? (standards[key] ?? standard) : value.value];
  });
  return Object.fromEntries(entries) as T;
}

/** The keys of given values that have no effect with the other values. */
export function idleKeys<T>(fields: Fields<T>, given: Given, all: T): (keyof T & string)[] {
  const keys = Object.keys(fields) as (keyof T & string)[];
  return keys.filter((key) => given.has(key) && fields[key].needs?.holds(all) === false);
}

/** The values that have an effect, as written to a configuration file. */
export function effective<T extends object>(fields: Fields<T>, all: T): Partial<T> {
  const entries = Object.entries(all).filter(([key]) => fields[key as keyof T].needs?.holds(all) ?? true);
  return Object.fromEntries(entries) as Partial<T>;
}

/** A whole number from `min` to `max`. */
export function wholeNumber(min: number, max: number): Kind<number> {
  return {
    shown: 'n',
    says: `a whole number from ${min} to ${max}`,
    fromText: (text) => (/^\d+$/.test(text) ? Number(text) : text),
    accepts: (value): value is number =>
      typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max,
  };
}

/** A number above 0 (or at least 0) and at most `max`. */
export function amount(max: number, example: number, from0 = false): Kind<number> {
  return {
    shown: 'x',
    says: `a number ${from0 ? 'from' : 'above'} 0 and at most ${max}, for example ${example}`,
    fromText: (text) => (text.trim() === '' ? text : Number(text)),
    accepts: (value): value is number =>
      typeof value === 'number' && (from0 ? value >= 0 : value > 0) && value <= max,
  };
}

/** One of several words. */
export function oneOf<T extends string>(words: readonly T[]): Kind<T> {
  return {
    shown: 'word',
    says: `one of ${words.join(', ')}`,
    fromText: (text) => text,
    accepts: (value): value is T => words.includes(value as T),
    words,
  };
}

/** Several of the words, separated by commas. */
export function someOf<T extends string>(words: readonly T[]): Kind<readonly T[]> {
  return {
    shown: 'words',
    says: `a list of ${words.join(', ')}`,
    fromText: (text) => text.split(','),
    accepts: (value): value is readonly T[] =>
      Array.isArray(value) && value.every((word) => words.includes(word)),
    words,
  };
}

/** Widths of layers, separated by commas. */
export const widths: Kind<readonly number[]> = {
  shown: 'widths',
  says: 'a list of widths from 1 to 16384, for example 400 or 500,250',
  fromText: (text) => text.split(',').map(Number),
  accepts: (value): value is readonly number[] =>
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((n) => Number.isInteger(n) && n >= 1 && n <= 16_384),
};

/** A non-empty text, such as the path of a file or a folder. */
export const path: Kind<string> = {
  shown: 'path',
  says: 'a non-empty text',
  fromText: (text) => text,
  accepts: (value): value is string => typeof value === 'string' && value !== '',
};

/** A switch. */
export const onOff: Kind<boolean> = {
  shown: '',
  says: 'true or false',
  fromText: () => true,
  accepts: (value): value is boolean => typeof value === 'boolean',
  isSwitch: true,
};
