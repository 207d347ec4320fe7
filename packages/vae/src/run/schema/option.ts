/**
 * The declaration of an option as plain data. The type of its value, the flag, the key of the configuration file, the help text, the
 * checks, the JSON Schema and the shell completion are all made from it. The fields with JSON Schema's names mean the same as there.
 */

interface Declaration {
  /** Heading in the help text. */
  readonly group: string;
  readonly help: string;
  /** Other flags with the same meaning. Configuration files accept the option's own name only. */
  readonly aliases?: readonly string[];
  /** What stands before the value in the name of a run's folder. Default: the flag. */
  readonly short?: string;
  /** The option has an effect only if this holds. */
  readonly when?: When;
  /** The default as the help text shows it; '' shows none. Default: the value itself. */
  readonly defaultText?: string;
}

/** A number. */
export interface NumberOption extends Declaration {
  readonly type: 'integer' | 'number';
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum: number;
  /** A number, the value of another option, or null if the command chooses. */
  readonly default: number | null | { readonly option: string };
  /** A value for messages. */
  readonly example?: number;
}

/** One of some words. */
export interface WordOption extends Declaration {
  readonly enum: readonly string[];
  readonly default: string | null;
}

/** One entry of a table: a word, and what it brings with it. Most tables add a function that builds the part. */
export interface Part {
  readonly help: string;
  /** The options that have an effect only if this part, or another one that lists them, is chosen. */
  readonly options?: readonly string[];
  /** Defaults of other options that differ with this part. */
  readonly defaults?: Readonly<Record<string, unknown>>;
  /** Choices that do not go together with this part. */
  readonly conflicts?: readonly Conflict[];
}

/** One word of a table of parts. */
export interface PartOption extends Declaration {
  readonly parts: Readonly<Record<string, Part>>;
  readonly default: string;
}

/** A list, separated by commas on the command line. */
export interface ListOption extends Declaration {
  readonly type: 'array';
  readonly items:
    | { readonly type: 'integer'; readonly minimum: number; readonly maximum: number }
    | { readonly enum: readonly string[] };
  readonly minItems: number;
  readonly default: readonly number[] | readonly string[] | null;
  /** What the numbers are, and a value, for messages. */
  readonly unit?: string;
  readonly example?: string;
}

/** What a text must match: it is not empty, and has no NUL character, which no path can have. */
export const TEXT_PATTERN = '^[^\\0]+$';

/** A text, such as the path of a file. */
export interface TextOption extends Declaration {
  readonly type: 'string';
  readonly default: string | null;
}

/** A switch: its flag takes no value. One that is on by default has a second flag, `--no-…`, which turns it off. */
export interface SwitchOption extends Declaration {
  readonly type: 'boolean';
  readonly default: boolean;
}

export type Option = NumberOption | WordOption | PartOption | ListOption | TextOption | SwitchOption;

/** Options by key. A key is camelCase; its flag is the same in kebab-case. */
export type Options = Readonly<Record<string, Option>>;

/** What the values of some options must be, by key: all of it must hold. */
export type When = Readonly<Record<string, Demand>>;

/** A demand on one value: one of these words; none of them; a number in this range; a switch that is on; a part with, or without, a property. */
export type Demand =
  | readonly string[]
  | { readonly not: readonly string[] }
  | { readonly minimum: number }
  | { readonly exclusiveMinimum: number }
  | { readonly const: true }
  | { readonly has: string }
  | { readonly lacks: string };

/** Choices that are valid alone, but not together. */
export interface Conflict {
  readonly when: When;
  readonly message: string;
}

/** The type of an option's value. */
export type ValueOf<O> =
  | (O extends { readonly parts: infer Parts }
      ? keyof Parts & string
      : O extends { readonly enum: readonly (infer Word)[] }
        ? Word
        : O extends { readonly items: { readonly enum: readonly (infer Word)[] } }
          ? readonly Word[]
          : O extends { readonly type: 'array' }
            ? readonly number[]
            : O extends { readonly type: 'boolean' }
              ? boolean
              : O extends { readonly type: 'string' }
                ? string
                : number)
  | (O extends { readonly default: null } ? null : never);

/** The type of the values of options, by key. */
export type ValuesOf<All> = { -readonly [K in keyof All]: ValueOf<All[K]> };

/** `learningRate` → `learning-rate` */
export function flagOf(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The flag that turns a switch off, without its dashes; undefined for other options. */
export function offFlagOf(key: string, option: Option): string | undefined {
  return 'type' in option && option.type === 'boolean' ? `no-${flagOf(key)}` : undefined;
}

/** `offFlagOf` for switches that are on by default. Those of the others, for what a configuration file turned on, are not listed. */
export function listedOffFlagOf(key: string, option: Option): string | undefined {
  return option.default === true ? offFlagOf(key, option) : undefined;
}

/** The words that an option accepts; of a list, the words of its items. Empty if any text or number is accepted. */
export function wordsOf(option: Option): readonly string[] {
  if ('parts' in option) return Object.keys(option.parts);
  if ('enum' in option) return option.enum;
  return 'items' in option && 'enum' in option.items ? option.items.enum : [];
}
