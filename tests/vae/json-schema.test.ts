/** The JSON Schema of configuration files, by an independent validator: it accepts what the parser accepts, and nothing else. */
import { Generator } from '@varigrad/core';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { RUN_OPTIONS } from '../../packages/vae/src/run/run-config.js';
import { complete, effective } from '../../packages/vae/src/run/schema/complete.js';
import { jsonSchemaOf } from '../../packages/vae/src/run/schema/json-schema.js';
import { fromJson } from '../../packages/vae/src/run/schema/values.js';
import { UsageError } from '../../packages/vae/src/run/usage-error.js';
import {
  KEYS,
  needsOf,
  optionOf,
  otherValue,
  refusedBy,
  type Values,
  valuesOf,
  withoutIdle,
} from '../helpers/run-options.js';
import { does } from './cli-calls.js';

const SCHEMA = jsonSchemaOf(RUN_OPTIONS, 'a title');
const isValid = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: false }).compile(SCHEMA);

/** The parser's reason to refuse a configuration; '' if it accepts it. */
function refusalOf(contents: unknown): string {
  try {
    complete(RUN_OPTIONS, fromJson(RUN_OPTIONS, contents, 'a.json'));
    return '';
  } catch (error) {
    assert.instance(error, UsageError);
    return (error as Error).message;
  }
}

/** Asserts that the parser and the schema agree. @returns whether they accept the configuration */
function agree(contents: unknown): boolean {
  const refusal = refusalOf(contents);
  const text = `${JSON.stringify(contents)}: the parser says "${refusal}", the schema ${JSON.stringify(isValid.errors)}`;
  assert.is(isValid(contents), refusal === '', text);
  return refusal === '';
}

test('the command prints the schema', async () => {
  const printed = JSON.parse(await does('schema'));
  assert.equal(printed.properties, SCHEMA.properties);
  assert.is(printed.$schema, 'https://json-schema.org/draft/2020-12/schema');
  assert.equal(Object.keys(printed.properties), ['$schema', 'images', ...KEYS]);
});

test('what is no configuration is refused by both', () => {
  for (const contents of [null, 1, 'vae', [], [{}], true]) assert.not.ok(agree(contents));
  assert.ok(agree({}));
  assert.ok(agree({ $schema: './s.json' }));
  assert.ok(agree({ images: { train: 60_000, shape: [28, 28], classes: 10 } }));
  for (const contents of [
    { $schema: 5 },
    { images: [] },
    { images: null },
    { $schema: null },
    { latnet: 2 },
    { constructor: 1 },
    { lr: 0.1 },
  ])
    assert.not.ok(agree(contents));
});

test('every value of every option', () => {
  for (const key of KEYS) {
    const needs = needsOf(key);
    for (const value of valuesOf(optionOf(key))) agree({ ...needs, [key]: value });
    assert.ok(agree({ ...needs, [key]: otherValue(key) }), key);
    for (const value of refusedBy(optionOf(key))) assert.not.ok(agree({ ...needs, [key]: value }), key);
  }
});

test('every pair of options', () => {
  for (const a of KEYS)
    for (const b of KEYS)
      for (const value of valuesOf(optionOf(b))) agree({ ...needsOf(a), [a]: otherValue(a), [b]: value });
});

const generator = new Generator(11);
/** A whole number from 0 to `count` − 1. */
const below = (count: number): number => (generator.words(1)[0] as number) % count;
const oneOf = <T>(list: readonly T[]): T => list[below(list.length)] as T;

/** A random configuration. Without the options that have no effect, it is usually valid. */
function randomConfig(): Values {
  const keys = Array.from({ length: below(12) }, () => oneOf(KEYS));
  return Object.fromEntries([...new Set(keys)].map((key) => [key, oneOf(valuesOf(optionOf(key)))]));
}

test('thousands of random configurations, valid ones and others', () => {
  const counts = { valid: 0, invalid: 0 };
  for (let i = 0; i < 3000; i++) {
    const drawn = randomConfig();
    const contents = i % 2 === 0 ? drawn : withoutIdle(drawn);
    counts[agree(contents) ? 'valid' : 'invalid']++;
    const key = oneOf(KEYS);
    assert.not.ok(agree({ ...contents, [key]: oneOf(refusedBy(optionOf(key))) }), key);
    assert.not.ok(agree({ ...contents, [`${key}s`]: 1 }), `${key}s`);
  }
  assert.ok(counts.valid > 500 && counts.invalid > 500, JSON.stringify(counts));
});

test('the file that a run writes is valid, and is the same run', () => {
  for (let i = 0; i < 500; i++) {
    const contents = withoutIdle(randomConfig());
    if (refusalOf(contents) !== '') continue;
    const config = complete(RUN_OPTIONS, fromJson(RUN_OPTIONS, contents, 'a.json'));
    const written = JSON.parse(JSON.stringify(effective(RUN_OPTIONS, config)));
    assert.ok(agree(written));
    const again = complete(RUN_OPTIONS, fromJson(RUN_OPTIONS, written, 'b.json'));
    assert.equal(effective(RUN_OPTIONS, again), effective(RUN_OPTIONS, config));
  }
});

test.run();
