/** The examples of the core README: each is run, and prints what its comments say. */
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import * as core from '@varigrad/core';
import * as testing from '@varigrad/core/testing';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const readme = readFileSync(new URL('../../packages/core/README.md', import.meta.url), 'utf8');
const examples = [...readme.matchAll(/```js\n(.*?)```/gs)].map((match) => match[1] as string);
const modules: Readonly<Record<string, object>> = {
  '@varigrad/core': core,
  '@varigrad/core/testing': testing,
};
const AsyncFunction = (async () => {}).constructor as new (
  ...args: string[]
) => (...args: unknown[]) => Promise<void>;

test('there are examples', () => assert.is(examples.length, 5));

examples.forEach((example, i) => {
  test(`example ${i + 1} prints what it says`, async () => {
    const expected = [...example.matchAll(/console\.log\(.*\); \/\/ (.*)/g)].map((match) => match[1]);
    const body = example.replace(/import (\{.*\}) from ('.*');/g, 'const $1 = modules[$2];');
    const printed: string[] = [];
    const log = (value: unknown): void => {
      const text = typeof value === 'string' ? value : inspect(value);
      printed.push(text.replace(/\s*\n\s*/g, ' '));
    };
    await new AsyncFunction('modules', 'console', body)(modules, { log });
    assert.ok(expected.length > 0);
    assert.equal(printed, expected);
  });
});

test.run();
