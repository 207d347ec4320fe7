import { cyclicWarmUp, linearWarmUp } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { refuses } from '../helpers/refuses.js';

test('linear warm-up: in equal steps from 0 to beta, then constant', () => {
  const beta = linearWarmUp(4, 2);
  assert.equal([0, 1, 2, 3, 4, 100].map(beta), [0, 0.5, 1, 1.5, 2, 2]);
});

test('cyclic warm-up: rises and stays constant in each period', () => {
  const beta = cyclicWarmUp(4);
  assert.equal([0, 1, 2, 3, 4, 5, 6, 7].map(beta), [0, 0.5, 1, 1, 0, 0.5, 1, 1]);
  assert.equal([0, 1, 2, 3, 4].map(cyclicWarmUp(4, { beta: 4, rising: 1 })), [0, 1, 2, 3, 0]);
});

test('schedules refuse invalid numbers of steps', () => {
  refuses(() => linearWarmUp(0), 'linearWarmUp: steps must be a whole number above 0, found 0');
  refuses(() => cyclicWarmUp(1.5), 'cyclicWarmUp: period must be a whole number above 0, found 1.5');
  refuses(
    () => cyclicWarmUp(3, { rising: 0 }),
    'cyclicWarmUp: rising must be a number above 0 and at most 1, found 0',
  );
});

test.run();
