/** Values of options from texts and from JSON: checks and messages. */
import { describeValue, isPlainObject } from '@varigrad/core/checks';
import { shorten, suggest, UsageError } from '../usage-error.js';
import { flagOf, type NumberOption, type Option, type Options, TEXT_PATTERN, wordsOf } from './option.js';

const TEXT = new RegExp(TEXT_PATTERN, 'u');

/** The given values, by key. `name` identifies the option in messages: `--latent`, or `a.json: latent`. */
export type Given = ReadonlyMap<string, { readonly name: string; readonly value: unknown }>;

/** Converts command-line flags: text, or a boolean for a switch. @throws UsageError for a value that the option does not accept */
export function fromFlags(options: Options, flags: ReadonlyMap<string, string | boolean>): Given {
  return new Map(
    Object.entries(options).flatMap(([key, option]) => {
      const name = `--${flagOf(key)}`;
      const text = flags.get(flagOf(key));
      if (text === undefined) return [];
      const value = typeof text === 'boolean' ? text : fromText(option, text);
      if (!isValue(option, value)) throw refusal(name, String(text), option);
      return [[key, { name, value }]];
    }),
  );
}

/**
 * Converts the contents of a configuration file. `images`, which a model's folder adds, is not an option.
 * @throws UsageError for an unknown key, or a value that the option does not accept
 */
export function fromJson(options: Options, contents: unknown, path: string): Given {
  if (typeof contents !== 'object' || contents === null || Array.isArray(contents))
    throw new UsageError(`${path}: a configuration is an object, for example {"model": "vae", "latent": 10}`);
  const {
    $schema = '',
    images = {},
    ...values
  }: Readonly<Record<string, unknown>> = Object.fromEntries(Object.entries(contents));
  if (typeof $schema !== 'string')
    throw new UsageError(`${path}: $schema ${shorten(jsonOf($schema))}: expected a text`);
  if (!isPlainObject(images))
    throw new UsageError(`${path}: images ${shorten(jsonOf(images))}: expected an object`);
  return new Map(
    Object.entries(values).map(([key, value]) => {
      const option = Object.hasOwn(options, key) ? options[key] : undefined;
      if (option === undefined) {
        const advice = suggestOption(key, options, (known) => known);
        throw new UsageError(`${path}: "${shorten(key)}" is not an option${advice}`);
      }
      const name = `${path}: ${key}`;
      if (!isValue(option, value)) throw refusal(name, jsonOf(value), option);
      return [key, { name, value }];
    }),
  );
}

/** ` — did you mean --latent?` for a misspelled name or an alias of an option, or ''. @param shown - how a message writes a key */
export function suggestOption(word: string, options: Options, shown: (key: string) => string): string {
  const keys = new Map(
    Object.entries(options).flatMap(([key, { aliases = [] }]) =>
      [flagOf(key), ...aliases].map((name) => [name.replaceAll('-', ''), key] as const),
    ),
  );
  const folded = word.replace(/[-_]/g, '').toLowerCase();
  return suggest(folded, [...keys.keys()], (name) => shown(keys.get(name) ?? name));
}

/** The value of a flag's text. An invalid text becomes a value that `isValue` refuses. */
function fromText(option: Option, text: string): unknown {
  if ('parts' in option || 'enum' in option || option.type === 'string') return text;
  if (option.type === 'boolean') return true;
  if (option.type !== 'array') return numberOr(text);
  const items = text.split(',').map((item) => item.trim());
  return 'enum' in option.items ? items : items.map(numberOr);
}

/** The number that a text writes in decimal digits, such as `0.001` or `1e-3`; any other text itself. */
function numberOr(text: string): number | string {
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : text;
}

/** Whether an option accepts a value. */
function isValue(option: Option, value: unknown): boolean {
  if ('parts' in option) return typeof value === 'string' && Object.hasOwn(option.parts, value);
  if ('enum' in option) return typeof value === 'string' && option.enum.includes(value);
  if (option.type === 'boolean') return typeof value === 'boolean';
  if (option.type === 'string') return typeof value === 'string' && TEXT.test(value);
  if (option.type !== 'array') return isNumber(option, value);
  const { items, minItems } = option;
  return (
    Array.isArray(value) &&
    value.length >= minItems &&
    value.every((item) => ('enum' in items ? items.enum.includes(item) : isNumber(items, item)))
  );
}

type Range = Pick<NumberOption, 'type' | 'minimum' | 'exclusiveMinimum' | 'maximum'>;

function isNumber({ type, minimum, exclusiveMinimum, maximum }: Range, value: unknown): boolean {
  return (
    typeof value === 'number' &&
    (type === 'number' || Number.isInteger(value)) &&
    (minimum === undefined || value >= minimum) &&
    (exclusiveMinimum === undefined || value > exclusiveMinimum) &&
    value <= maximum
  );
}

/** What an option accepts, for messages: "expected …". */
function expected(option: Option): string {
  if ('parts' in option || 'enum' in option) return `one of ${wordsOf(option).join(', ')}`;
  if (option.type === 'boolean') return 'true or false';
  if (option.type === 'string') return 'a non-empty text without NUL characters';
  if (option.type === 'array') {
    const { items, unit, example } = option;
    if ('enum' in items) return `a list of ${items.enum.join(', ')}`;
    return `a list of ${unit} from ${items.minimum} to ${items.maximum}, for example ${example}`;
  }
  const { type, minimum, exclusiveMinimum, maximum, example } = option;
  if (type === 'integer') return `a whole number from ${minimum} to ${maximum}`;
  const from = minimum === undefined ? `above ${exclusiveMinimum}` : `from ${minimum}`;
  return `a number ${from} and at most ${maximum}, for example ${example}`;
}

/** A value of a configuration file, for messages. JSON has no text for infinite numbers, and none is made of very deep lists. */
function jsonOf(value: unknown): string {
  if (typeof value === 'number') return String(value);
  try {
    return JSON.stringify(value);
  } catch {
    return describeValue(value);
  }
}

function refusal(name: string, text: string, option: Option): UsageError {
  // In a list, the suggestion is for the first unknown word.
  const words = wordsOf(option);
  const odd = text
    .replaceAll('"', '')
    .split(',')
    .find((word) => words.length > 0 && !words.includes(word));
  const advice = odd === undefined ? '' : suggest(odd, words);
  return new UsageError(`${name} ${shorten(text)}: expected ${expected(option)}${advice}`);
}
