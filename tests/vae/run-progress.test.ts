/** What a run prints, and when it ends. */
import { epochLine, lossText, progressLine } from '@varigrad/vae/cli';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bestEpoch, isPatienceOver } from '../../packages/vae/src/run/early-stopping.js';

// step 305 of 500 in epoch 3 of 20: 17·500 + 195 = 8695 steps left at 5.94 ms = 51.6 s
const PROGRESS = { epoch: 3, epochs: 20, step: 305, stepsPerEpoch: 500, loss: 109.416, msPerStep: 5.94 };

test('the progress line says where the run is and how long it will take', () => {
  const line = progressLine(PROGRESS, 100);
  const [, full = '', empty = ''] =
    /^epoch 3\/20 (█*)(░*) 61% {2}loss 109\.42 {2}5\.9 ms\/step {2}ETA 0:52$/.exec(line) ?? [];
  assert.is(full.length + empty.length, 30, line);
  assert.is(full.length, 18, '61 % of 30');
  const hours = progressLine({ ...PROGRESS, msPerStep: 1000 }, 100);
  assert.match(hours, /ETA 144:55$/); // 8695 s
  assert.match(progressLine({ ...PROGRESS, step: 500 }, 100), / █{30} 100% /);
});

test('the progress line is always narrower than the terminal, so it never wraps', () => {
  for (let columns = 2; columns <= 130; columns++) {
    const { length } = progressLine(PROGRESS, columns);
    assert.ok(length < columns, `${length} characters on ${columns} columns`);
  }
  const narrow = progressLine(PROGRESS, 70);
  assert.is(narrow.length, 69, 'the bar takes what the words leave');
  assert.match(narrow, /61% {2}loss 109\.42/);
});

test('the epoch line has all six losses, the time, and lines up', () => {
  const result = {
    epoch: 3,
    train: { loss: 105.754, recon: 80.505, kl: 25.249 },
    test: { loss: 104.996, recon: 79.754, kl: 25.242 },
    seconds: 2.84,
    msPerStep: 5.96,
  };
  assert.is(
    epochLine(result, 20),
    'epoch  3/20   train recon 80.50 + KL 25.25 = −ELBO 105.75   ' +
      'test recon 79.75 + KL 25.24 = −ELBO 105.00   (2.8 s, 6.0 ms/step)',
  );
  assert.is(epochLine(result, 20).length, epochLine({ ...result, epoch: 17 }, 20).length);
});

test('the sum of the parts is −ELBO; a loss that is something else is said beside it', () => {
  const beta4 = { loss: 180.507, recon: 80.505, kl: 25 };
  assert.is(lossText(beta4), 'recon 80.50 + KL 25.00 = −ELBO 105.50, loss 180.51');
  assert.is(lossText({ ...beta4, loss: 105.505 }), 'recon 80.50 + KL 25.00 = −ELBO 105.50');
  // float32 sums of large numbers agree to seven digits
  assert.is(
    lossText({ loss: 610049344, recon: 44.42, kl: 610049280 }),
    'recon 44.42 + KL 610049280.00 = −ELBO 610049324.42',
  );
});

/** Epochs with these held-out losses. */
const epochs = (losses: readonly number[]): Parameters<typeof bestEpoch>[0] =>
  losses.map((loss, i) => ({
    epoch: i + 1,
    train: { loss: 0, recon: 0, kl: 0 },
    test: { loss, recon: loss, kl: 0 },
    seconds: 1,
    msPerStep: 1,
  }));

test('the best epoch is the first of those with the lowest held-out loss', () => {
  assert.is(bestEpoch([]), undefined);
  assert.is(bestEpoch(epochs([3, 2, 2, 4]))?.epoch, 2);
  assert.is(bestEpoch(epochs([1, 2, 3]))?.epoch, 1);
});

test('patience counts the epochs since the best one; none is endless', () => {
  assert.not.ok(isPatienceOver([], 1));
  assert.not.ok(isPatienceOver(epochs([3, 2, 4]), 2));
  assert.ok(isPatienceOver(epochs([3, 2, 4, 2]), 2), 'as good is not better');
  assert.not.ok(isPatienceOver(epochs([3, 2, 4, 1]), 2));
  assert.not.ok(isPatienceOver(epochs([1, 2, 3, 4, 5]), 0));
});

test.run();
