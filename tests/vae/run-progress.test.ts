/** What a run prints, and when it ends. */
import { createReporter, epochLine, lossText, painter, progressLine, wrapped } from '@varigrad/vae/cli';
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

test('on a terminal, long lines are broken between words; elsewhere they stay', () => {
  const text = 'one two three four\n\na-word-that-is-longer-than-the-terminal stays whole';
  const out = { write: () => {}, columns: 9 };
  assert.is(wrapped(text, out), text);
  assert.is(
    wrapped(text, { ...out, isTTY: true }),
    'one two\nthree\nfour\n\na-word-that-is-longer-than-the-terminal\nstays\nwhole',
  );
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

const RESULT = {
  epoch: 3,
  train: { loss: 105.754, recon: 80.505, kl: 25.249 },
  test: { loss: 104.996, recon: 79.754, kl: 25.242 },
  seconds: 2.84,
  msPerStep: 5.96,
};

test('the epoch line has the losses, the parts of the second one, the time, and lines up', () => {
  assert.is(epochLine(RESULT, 20), 'epoch  3/20  train 105.75  test 105.00 = recon 79.75 + KL 25.24  2.8 s');
  assert.is(epochLine(RESULT, 20).length, epochLine({ ...RESULT, epoch: 17 }, 20).length);
  const iwae = { ...RESULT, test: { ...RESULT.test, loss: 103.2 } };
  assert.is(
    epochLine(iwae, 20, { heldOut: 'validation' }),
    'epoch  3/20  train 105.75  validation 103.20 (recon 79.75, KL 25.24)  2.8 s',
  );
  assert.is(epochLine(RESULT, 20, { hasBound: false }), 'epoch  3/20  train 105.75  test 105.00  2.8 s');
});

test('the epoch line is at most 80 characters wide: a long one leaves out the time', () => {
  const large = { loss: -1234.5, recon: -1260, kl: 25.5 };
  const result = { ...RESULT, train: large, test: large };
  const line = epochLine(result, 1000, { heldOut: 'validation' });
  assert.is(line, 'epoch    3/1000  train -1234.50  validation -1234.50 = recon -1260.00 + KL 25.50');
  assert.is(line.length, 80);
});

/** What a reporter and a painter write for one epoch. */
function reported(out: object, environment: Record<string, string>): string {
  const before = { ...process.env };
  delete process.env.FORCE_COLOR;
  delete process.env.NO_COLOR;
  Object.assign(process.env, environment);
  let text = '';
  try {
    const write = (part: string) => {
      text += part;
    };
    createReporter({ ...out, write }).epoch(RESULT, 20);
    text += painter({ ...out, write })('red', 'error');
  } finally {
    process.env = before;
  }
  return text;
}

test('colour only where the terminal has it, unless NO_COLOR or FORCE_COLOR says otherwise', () => {
  const hasColor = (out: object, environment: Record<string, string> = {}) =>
    reported(out, environment).includes('\x1b[');
  const terminal = { isTTY: true, getColorDepth: () => 4 };
  assert.ok(hasColor(terminal));
  assert.not.ok(hasColor({ isTTY: true, getColorDepth: () => 1 }), 'TERM=dumb');
  assert.not.ok(hasColor({ isTTY: true }), 'the depth is unknown');
  assert.not.ok(hasColor({}), 'a pipe');
  assert.not.ok(hasColor(terminal, { NO_COLOR: '1' }));
  assert.ok(hasColor(terminal, { NO_COLOR: '' }), 'an empty NO_COLOR does not count');
  assert.ok(hasColor({}, { FORCE_COLOR: '1' }));
  assert.ok(hasColor({}, { FORCE_COLOR: '1', NO_COLOR: '1' }), 'FORCE_COLOR comes first');
  assert.not.ok(hasColor(terminal, { FORCE_COLOR: '0' }));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the codes of colours
  const plain = reported(terminal, {}).replace(/\x1b\[\d+m/g, '');
  assert.is(plain, `${epochLine(RESULT, 20)}\nerror`);
});

test('colour does not change the progress line otherwise', () => {
  const terminal = painter({ write: () => {}, isTTY: true, getColorDepth: () => 4 });
  for (const columns of [20, 70, 100]) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the codes of colours
    const plain = progressLine(PROGRESS, columns, terminal).replace(/\x1b\[\d+m/g, '');
    assert.is(plain, progressLine(PROGRESS, columns));
  }
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
