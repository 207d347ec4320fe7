/** The JSON Schema of a configuration file. It accepts what the parser accepts. */

import { partDefaults } from './complete.js';
import { accepts, type Condition, conflictsOf, effectOf } from './conditions.js';
import type { Option, Options } from './option.js';
import { TEXT_PATTERN, wordsOf } from './option.js';

type Json = Readonly<Record<string, unknown>>;

/** @param title - of the schema, for editors; @see https://json-schema.org/draft/2020-12 */
export function jsonSchemaOf(options: Options, title: string): Json {
  const keys = Object.keys(options);
  const effects = keys.flatMap((key) => {
    const rule = schemaOfCondition(options, effectOf(options, key));
    return Object.keys(rule).length === 0 ? [] : [[key, rule] as const];
  });
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title,
    type: 'object',
    properties: {
      $schema: { type: 'string' },
      images: { type: 'object', description: 'the images of a trained model; not an option' },
      ...Object.fromEntries(keys.map((key) => [key, schemaOfValue(options, key)])),
    },
    additionalProperties: false,
    // An option that is given must have an effect.
    dependentSchemas: Object.fromEntries(effects),
    allOf: conflictsOf(options).map(({ condition, message }) => ({
      $comment: message,
      not: schemaOfCondition(options, condition),
    })),
  };
}

/** The keywords that JSON Schema and a declaration share. */
const SHARED = [
  'type',
  'enum',
  'minimum',
  'exclusiveMinimum',
  'maximum',
  'items',
  'minItems',
  'default',
] as const;

function schemaOfValue(options: Options, key: string): Json {
  const option = options[key] as Option;
  const declared: Json =
    'parts' in option ? { enum: wordsOf(option), default: option.default } : { ...option };
  // A default that another option changes is not one that an editor may write.
  const isFixed = partDefaults(options, key).length === 0 && typeof declared.default !== 'object';
  const entries = SHARED.filter(
    (name) => name in declared && (name !== 'default' || isFixed || Array.isArray(declared.default)),
  );
  const parts =
    'parts' in option ? Object.entries(option.parts).map(([word, { help }]) => `${word}: ${help}`) : [];
  return {
    description: [option.help, ...parts].join('\n'),
    ...Object.fromEntries(entries.map((name) => [name, declared[name]])),
    ...(declared.type === 'string' && { pattern: TEXT_PATTERN }),
  };
}

/** A schema for the whole configuration that holds where the condition does. An absent value counts as its default. */
function schemaOfCondition(options: Options, condition: Condition): Json {
  if ('all' in condition)
    return gathered(
      'allOf',
      condition.all.map((part) => schemaOfCondition(options, part)),
    );
  if ('any' in condition)
    return gathered(
      'anyOf',
      condition.any.map((part) => schemaOfCondition(options, part)),
    );
  const { key, ...demand } = condition;
  const value =
    'words' in demand ? { enum: demand.words } : 'const' in demand ? demand : { type: 'number', ...demand };
  const isMet = accepts(condition, options[key]?.default);
  const others = partDefaults(options, key).filter(([standard]) => accepts(condition, standard) !== isMet);
  const given = { properties: { [key]: value }, required: [key] };
  if (others[0] === undefined) return isMet ? { properties: given.properties } : given;
  // With some parts of a table, an absent value counts as another default.
  const [, , table] = others[0];
  const words = wordsOf(options[table] as Option).filter(
    (word) => others.some(([, part]) => part === word) !== isMet,
  );
  const absent = { not: { required: [key] } };
  return { anyOf: [given, { allOf: [absent, schemaOfCondition(options, { key: table, words })] }] };
}

/** Several schemas as one. */
function gathered(how: 'allOf' | 'anyOf', schemas: readonly Json[]): Json {
  const own = schemas.filter((schema) => Object.keys(schema).length > 0);
  if (how === 'anyOf' && own.length < schemas.length) return {}; // one of them accepts everything
  return own.length === 1 ? (own[0] as Json) : own.length === 0 ? {} : { [how]: own };
}
