/** Completes given values with defaults, and refuses values that have no effect and choices that conflict. */
import { UsageError } from '../usage-error.js';
import { conflictsOf, effectOf, holds, missing } from './conditions.js';
import type { Option, Options, Part, ValuesOf } from './option.js';
import type { Given } from './values.js';

type Values = Readonly<Record<string, unknown>>;

/**
 * The values of all options: the given ones, and defaults for all others. Some defaults depend on a chosen part.
 * @param defaults - replace the declared defaults
 * @throws UsageError if a given value has no effect with the other values, or two choices conflict
 */
export function complete<O extends Options>(
  options: O,
  given: Given,
  defaults: Partial<ValuesOf<O>> = {},
): ValuesOf<O> {
  const all = fill(options, given, defaults);
  const [idle] = idleKeys(options, given, all);
  if (idle !== undefined)
    throw new UsageError(
      `${given.get(idle)?.name} has no effect here — it needs ${missing(effectOf(options, idle), all)}`,
    );
  const conflict = conflictsOf(options).find(({ condition }) => holds(condition, all));
  if (conflict !== undefined) throw new UsageError(conflict.message);
  return all;
}

/** `complete` without checks. */
export function fill<O extends Options>(
  options: O,
  given: Given,
  defaults: Partial<ValuesOf<O>> = {},
): ValuesOf<O> {
  const values: Record<string, unknown> = { ...defaults };
  const keys = Object.keys(options);
  const tables = keys.filter((key) => 'parts' in (options[key] as Option));
  for (const key of tables) values[key] = given.get(key)?.value ?? standardOf(options, key, values, []);
  const parts = chosenParts(options, values);
  for (const key of keys) values[key] = given.get(key)?.value ?? standardOf(options, key, values, parts);
  return Object.fromEntries(keys.map((key) => [key, values[key]])) as ValuesOf<O>;
}

/** The chosen part of each table. */
function chosenParts(options: Options, values: Values): Part[] {
  return Object.entries(options).flatMap(([key, option]) => {
    const part = 'parts' in option ? option.parts[String(values[key])] : undefined;
    return part === undefined ? [] : [part];
  });
}

/** The value of an option that is not given. @param values - with the chosen parts, earlier options, and defaults that replace the declared ones */
export function standardOf(
  options: Options,
  key: string,
  values: Values,
  parts: readonly Part[] = chosenParts(options, values),
): unknown {
  const part = parts.find(({ defaults = {} }) => Object.hasOwn(defaults, key));
  if (part?.defaults !== undefined) return part.defaults[key];
  const standard = options[key]?.default;
  if (typeof standard === 'object' && standard !== null && 'option' in standard)
    return values[standard.option];
  return values[key] ?? standard;
}

/** The keys of given values that have no effect with the other values. */
export function idleKeys(options: Options, given: Given, all: Values): string[] {
  return Object.keys(options).filter((key) => given.has(key) && !hasEffect(options, key, all));
}

/** Whether an option has an effect with these values. */
export function hasEffect(options: Options, key: string, all: Values): boolean {
  return holds(effectOf(options, key), all);
}

/** The values that have an effect, as written to a configuration file. */
export function effective<T extends object>(options: Options, all: T): Partial<T> {
  const values: Values = Object.fromEntries(Object.entries(all));
  const entries = Object.entries(all).filter(([key]) => hasEffect(options, key, values));
  return Object.fromEntries(entries) as Partial<T>;
}

/** The defaults of an option that come with certain parts: `[5, 'iwae', 'model']`. */
export function partDefaults(
  options: Options,
  key: string,
): (readonly [value: unknown, part: string, table: string])[] {
  return Object.entries(options).flatMap(([table, option]) =>
    Object.entries('parts' in option ? option.parts : {}).flatMap(
      ([word, { defaults = {} }]: [string, Part]) =>
        Object.hasOwn(defaults, key) ? [[defaults[key], word, table] as const] : [],
    ),
  );
}
