/** Tests of calls that do not compile: each is text, as a caller without a type checker writes it. */
import { ArgumentError } from '@varigrad/core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** Defines a test: each call, with the names of the scope, throws or rejects with an ArgumentError of exactly this message. */
export type Refused = (name: string, rows: readonly (readonly [call: string, message: string])[]) => void;

export function refusedCalls(scope: Readonly<Record<string, unknown>>): Refused {
  const call = (text: string): unknown =>
    new Function(...Object.keys(scope), `return ${text};`)(...Object.values(scope));
  return (name, rows) => {
    test(name, async () => {
      for (const [text, message] of rows) {
        let found: unknown;
        try {
          await call(text);
        } catch (error) {
          found = error;
        }
        assert.instance(found, ArgumentError, `${text}: ${found}`);
        assert.is((found as Error).message, message, text);
      }
    });
  };
}
