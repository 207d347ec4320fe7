/** When an option has an effect, and which choices conflict, as formulas that the parser and the JSON Schema share. */
import {
  type Conflict,
  type Demand,
  flagOf,
  type Option,
  type Options,
  type When,
  wordsOf,
} from './option.js';

/** A formula about the values of options. */
export type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly key: string; readonly words: readonly string[] }
  | { readonly key: string; readonly minimum: number }
  | { readonly key: string; readonly exclusiveMinimum: number }
  | { readonly key: string; readonly const: true };

type Values = Readonly<Record<string, unknown>>;

/** The condition under which an option has an effect: a part that lists it is chosen and has an effect itself, and its `when` holds. */
export function effectOf(options: Options, key: string): Condition {
  const tables = Object.entries(options).flatMap(([table, option]): Condition[] => {
    const words = takersOf(option, key);
    return words.length === 0 ? [] : [{ all: [effectOf(options, table), { key: table, words }] }];
  });
  const listed = tables.length === 0 ? [] : [{ any: tables }];
  return { all: [...listed, ...demandsOf(options, options[key]?.when ?? {})] };
}

/** The parts of a table that list an option. */
export function takersOf(table: Option, key: string): string[] {
  if (!('parts' in table)) return [];
  return Object.entries(table.parts).flatMap(([word, part]) => (part.options?.includes(key) ? [word] : []));
}

/** The conflicts of all parts, each as the condition under which it occurs. */
export function conflictsOf(options: Options): { condition: Condition; message: string }[] {
  return Object.entries(options).flatMap(([key, option]) => {
    const parts = 'parts' in option ? Object.entries(option.parts) : [];
    return parts.flatMap(([word, { conflicts = [] }]) =>
      conflicts.map(({ when, message }: Conflict) => ({
        condition: { all: [{ key, words: [word] }, ...demandsOf(options, when)] },
        message,
      })),
    );
  });
}

function demandsOf(options: Options, when: When): Condition[] {
  return Object.entries(when).map(([key, demand]) => demandOf(key, demand, options[key] as Option));
}

function demandOf(key: string, demand: Demand, option: Option): Condition {
  if ('minimum' in demand || 'exclusiveMinimum' in demand || 'const' in demand) return { key, ...demand };
  if ('has' in demand || 'lacks' in demand) {
    const parts = 'parts' in option ? Object.entries(option.parts) : [];
    const words = parts.flatMap(([word, part]) => {
      const property = 'has' in demand ? demand.has : demand.lacks;
      return property in part === 'has' in demand ? [word] : [];
    });
    return { key, words };
  }
  if ('not' in demand) return { key, words: wordsOf(option).filter((word) => !demand.not.includes(word)) };
  return { key, words: demand };
}

/** Whether a condition holds for these values. */
export function holds(condition: Condition, values: Values): boolean {
  if ('all' in condition) return condition.all.every((part) => holds(part, values));
  if ('any' in condition) return condition.any.some((part) => holds(part, values));
  return accepts(condition, values[condition.key]);
}

/** Whether a value satisfies a condition on it. */
export function accepts(
  condition: Exclude<Condition, { all: unknown } | { any: unknown }>,
  value: unknown,
): boolean {
  if ('words' in condition) return condition.words.includes(value as string);
  if ('const' in condition) return value === condition.const;
  if (typeof value !== 'number') return false;
  return 'minimum' in condition ? value >= condition.minimum : value > condition.exclusiveMinimum;
}

/** The flags that would make a condition hold, as text: `--model vae or iwae with --posterior planar or iaf`. Empty if it holds. */
export function missing(condition: Condition, values: Values): string {
  if (holds(condition, values)) return '';
  if ('any' in condition) return condition.any.map((part) => missing(part, values)).join(' or ');
  if ('all' in condition) {
    const [first, ...others] = condition.all.map((part) => missing(part, values)).filter(Boolean);
    return [first, others.join(' and ')].filter(Boolean).join(' with ');
  }
  const flag = `--${flagOf(condition.key)}`;
  if ('words' in condition) return `${flag} ${condition.words.join(' or ')}`;
  if ('const' in condition) return flag;
  if ('exclusiveMinimum' in condition) return `${flag} above ${condition.exclusiveMinimum}`;
  return condition.minimum === 1 ? flag : `${flag} ${condition.minimum} or more`;
}
