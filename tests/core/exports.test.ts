/** The exports of core's entry points. */
import * as core from '@varigrad/core';
import * as compiled from '@varigrad/core/compile';
import * as exported from '@varigrad/core/export';
import * as testing from '@varigrad/core/testing';
import * as trace from '@varigrad/core/trace';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** Maximum number of exported values that are not operations on tensors: creation functions, classes, engine functions. */
const MOST_VALUES = 45;

test(`the main entry exports at most ${MOST_VALUES} values in addition to the operations of the op-case table`, () => {
  const operations = new Set(testing.opCases.map(({ op }) => op));
  const values = Object.keys(core).filter((name) => !operations.has(name));
  assert.ok(values.length <= MOST_VALUES, `${values.length}: ${values.join(', ')}`);
});

test('no name is exported by two entries', () => {
  const names = [core, compiled, exported, trace, testing].flatMap((entry) => Object.keys(entry));
  assert.equal(
    names.filter((name, i) => names.indexOf(name) !== i),
    [],
  );
});

test.run();
