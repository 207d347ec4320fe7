/** Compiled trainings: every model has the losses, the weights and the states of an eager training, bit for bit. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CASES, trained } from '../helpers/compiled-training.js';

for (const one of CASES)
  test(`35 steps, eager and compiled, are equal: ${one.name}`, async () => {
    const eager = await trained(one, { epochs: 5, compile: false });
    assert.equal(await trained(one, { epochs: 5, compile: true }), eager);
  });

test.run();
