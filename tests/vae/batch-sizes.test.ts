/** The loss of a data set does not depend on the batch size, for any model. */
import { Generator } from '@varigrad/core';
import { type Dataset, evaluate, masking } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { family } from '../helpers/family.js';

const COUNT = 150;
const data: Dataset = {
  images: Float32Array.from(new Generator(1).words(COUNT * 9), (word) => word / 2 ** 32),
  labels: Uint8Array.from({ length: COUNT }, (_, i) => i % 3),
  count: COUNT,
  imageShape: [3, 3],
  classes: 3,
};

for (const [name, make] of Object.entries(family({ side: 3, classes: 3 }))) {
  test(`batches of 1, 7 and 128: ${name}`, async () => {
    const model = make();
    for (const corruption of [undefined, masking(0.3)]) {
      const options = { binarization: 'dynamic', ...(corruption && { corruption }) } as const;
      const whole = await evaluate(model, data, { ...options, batchSize: COUNT });
      for (const batchSize of [1, 7, 128]) {
        const parts = await evaluate(model, data, { ...options, batchSize });
        for (const part of ['loss', 'recon', 'kl'] as const) {
          const apart = Math.abs(parts[part] - whole[part]);
          assert.ok(apart <= 1e-5 * Math.max(1, Math.abs(whole[part])), `${part}, ${batchSize}: ${apart}`);
        }
      }
    }
  });
}

test.run();
