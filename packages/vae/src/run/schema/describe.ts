/** The text of the help about options. */

import { partDefaults } from './complete.js';
import { takersOf } from './conditions.js';
import { flagOf, listedOffFlagOf, type Option, type Options, wordsOf } from './option.js';

/** Placeholder of an option's value in the help text: `n` in `--latent <n>`. A switch has none. */
export function placeholderOf(option: Option): string {
  if ('parts' in option || 'enum' in option) return 'word';
  if (option.type === 'array') return 'enum' in option.items ? 'words' : String(option.unit);
  return { integer: 'n', number: 'x', string: 'path', boolean: '' }[option.type];
}

/** The description of an option: its purpose, words, the parts that it belongs to, aliases and default. */
export function helpOf(options: Options, key: string): string {
  const option = options[key] as Option;
  const off = listedOffFlagOf(key, option);
  const words = 'parts' in option || 'enum' in option ? [`: ${wordsOf(option).join(', ')}`] : [];
  const notes = [
    partsWith(options, key).join(', '),
    (option.aliases ?? []).map((alias) => `also --${alias}`).join(', '),
    off === undefined ? '' : `--${off} turns it off`,
    defaultTextOf(options, key),
  ].filter(Boolean);
  return `${option.help}${words}${notes.map((note) => ` (${note})`).join('')}`;
}

/** More parts are not listed: the option belongs to almost all of them. */
const MOST_PARTS = 4;

/** The parts that an option belongs to. Empty if it belongs to all or many. */
function partsWith(options: Options, key: string): readonly string[] {
  const [table] = Object.entries(options).filter(([, option]) => takersOf(option, key).length > 0);
  if (table === undefined) return [];
  const [name, option] = table;
  const takers = takersOf(option, key);
  if (takers.length === wordsOf(option).length) return partsWith(options, name);
  return takers.length > MOST_PARTS ? [] : takers;
}

function defaultTextOf(options: Options, key: string): string {
  const { default: standard, defaultText } = options[key] as Option;
  if (defaultText !== undefined) return defaultText === '' ? '' : `default ${defaultText}`;
  if (standard === null || standard === false) return '';
  const usual =
    typeof standard === 'object' && 'option' in standard ? `that of --${flagOf(standard.option)}` : standard;
  const others = partDefaults(options, key).map(([value, part]) => `, or ${value} with ${part}`);
  return `default ${usual}${others.join('')}`;
}

/** A line for each word of each table of parts, under a heading for each table. */
export function partLists(options: Options): string {
  return Object.entries(options)
    .flatMap(([key, option]) => ('parts' in option ? [[key, option.parts] as const] : []))
    .map(([key, parts]) => {
      const width = Math.max(...Object.keys(parts).map((word) => word.length)) + 2;
      const lines = Object.entries(parts).map(([word, { help }]) => `  ${word.padEnd(width)}${help}`);
      return [`--${flagOf(key)}:`, ...lines].join('\n');
    })
    .join('\n\n');
}
