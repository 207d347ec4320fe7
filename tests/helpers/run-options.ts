/** Configurations of runs, made from the declarations of the options. */
import { RUN_OPTIONS } from '../../packages/vae/src/run/run-config.js';
import { fill, idleKeys } from '../../packages/vae/src/run/schema/complete.js';
import { takersOf } from '../../packages/vae/src/run/schema/conditions.js';
import { flagOf, type Option, type Options, wordsOf } from '../../packages/vae/src/run/schema/option.js';
import { fromJson } from '../../packages/vae/src/run/schema/values.js';

export type Values = Readonly<Record<string, unknown>>;

/** All options of a run. */
export const OPTIONS: Options = RUN_OPTIONS;
export const KEYS: readonly string[] = Object.keys(OPTIONS);

export function optionOf(key: string): Option {
  return OPTIONS[key] as Option;
}

/** Values that an option accepts, its limits among them. */
export function valuesOf(option: Option): readonly unknown[] {
  if ('parts' in option || 'enum' in option) return wordsOf(option);
  if (option.type === 'boolean') return [true, false];
  if (option.type === 'string') return ['mnist', 'a folder/of images', 'a.idx,b.idx'];
  if (option.type === 'array') return [[1], [3, 5], [16_384, 1, 2]];
  const { type, minimum, exclusiveMinimum = 0, maximum } = option;
  const least = minimum ?? exclusiveMinimum + 1e-6;
  return [least, maximum, type === 'integer' ? least + 1 : least + 0.25];
}

/** Values that an option refuses. */
export function refusedBy(option: Option): readonly unknown[] {
  const strangers = [null, {}, [], [[]], Number.NaN];
  if ('parts' in option || 'enum' in option)
    return [...strangers, '', 'vaee', 'constructor', 3, true, ['vae']];
  if (option.type === 'boolean') return [...strangers, 'true', 1];
  if (option.type === 'string') return [...strangers, '', 5, false, 'a\0b'];
  if (option.type === 'array') return [...strangers, [0], [1, 'a'], [1.5], [16_385], '400', 400, [null]];
  const outside = [(option.minimum ?? 0) - 1, option.maximum * 1.5, Number.POSITIVE_INFINITY];
  return [
    ...strangers,
    ...outside,
    '3',
    true,
    ...(option.type === 'integer' ? [2.5] : [option.exclusiveMinimum ?? -1]),
  ];
}

/** A value of an option other than its default. */
export function otherValue(key: string): unknown {
  const option = optionOf(key);
  return valuesOf(option).find((value) => JSON.stringify(value) !== JSON.stringify(option.default));
}

/** Choices under which an option has an effect. */
export function needsOf(key: string): Values {
  const table = KEYS.find((name) => takersOf(optionOf(name), key).length > 0);
  const listed = table === undefined ? {} : { ...needsOf(table), [table]: takersOf(optionOf(table), key)[0] };
  const demands = Object.entries(optionOf(key).when ?? {}).map(([other, demand]) => {
    if ('minimum' in demand) return [other, demand.minimum];
    if ('const' in demand) return [other, demand.const];
    if (Array.isArray(demand)) return [other, demand[0]];
    throw new Error(`this helper does not know the demand on ${other}`);
  });
  const usual = ([other, value]: unknown[]): boolean => optionOf(String(other)).default === value;
  return { ...listed, ...Object.fromEntries(demands.filter((demand) => !usual(demand))) };
}

/** The valid values without those that have no effect. */
export function withoutIdle(contents: Values): Values {
  const given = fromJson(RUN_OPTIONS, contents, 'a.json');
  const idle = idleKeys(RUN_OPTIONS, given, { ...fill(RUN_OPTIONS, given) });
  if (idle.length === 0) return contents;
  return withoutIdle(Object.fromEntries(Object.entries(contents).filter(([key]) => !idle.includes(key))));
}

/** The arguments of a command line with these values. */
export function argumentsOf(values: Values): string[] {
  return Object.entries(values).flatMap(([key, value]) =>
    value === true ? [`--${flagOf(key)}`] : [`--${flagOf(key)}`, String(value)],
  );
}
