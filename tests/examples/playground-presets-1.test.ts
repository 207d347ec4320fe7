import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PRESETS } from '../../examples/playground/src/presets.js';
import { playgroundDigits, usePlainWasm } from '../helpers/playground-digits.js';
import { faultsOf } from '../helpers/preset-figures.js';

usePlainWasm();
const digits = await playgroundDigits();

// The presets with one model; playground-presets-2.test.ts has the others. A file takes a minute.
for (const preset of PRESETS.filter(({ second }) => second === undefined))
  test(`${preset.id}: five seeds lie in the ranges that the page shows`, async () => {
    assert.equal(await faultsOf(preset, digits), []);
  });

test.run();
