/** Progress reports of training, with a clock that the tests control. */
import { type EpochResult, type FitOptions, fit, type Progress, type TrainState } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BATCH, data, STEPS, vae, WatchedAdam } from '../helpers/bars.js';

/** Runs `use` with a clock that only moves by the milliseconds that are added to it. */
async function withClock<T>(use: (advance: (milliseconds: number) => void) => Promise<T>): Promise<T> {
  let now = 5000;
  const before = Object.getOwnPropertyDescriptor(performance, 'now');
  Object.defineProperty(performance, 'now', { value: () => now, configurable: true });
  try {
    return await use((milliseconds) => {
      now += milliseconds;
    });
  } finally {
    if (before === undefined) delete (performance as { now?: unknown }).now;
    else Object.defineProperty(performance, 'now', before);
  }
}

/** A run whose steps take 50 ms each, by that clock. */
function timedRun(options: Partial<FitOptions>): Promise<{ results: EpochResult[]; state: TrainState }> {
  return withClock(async (advance) => {
    const model = vae();
    const optimizer = new WatchedAdam(model.parameters());
    optimizer.after = () => advance(50);
    const results: EpochResult[] = [];
    const onEpoch = (result: EpochResult) => {
      results.push(result);
      advance(1e6); // time spent outside training
    };
    const all = { optimizer, epochs: 2, batchSize: BATCH, onEpoch, ...options };
    return { state: await fit(model, data, all), results };
  });
}

test('progress is reported about ten times per second, with correct values', async () => {
  const seen: Progress[] = [];
  await timedRun({ onProgress: (progress) => seen.push(progress) });
  assert.equal(
    seen.map(({ loss: _, ...rest }) => rest),
    [1, 2].flatMap((epoch) =>
      [3, 6].map((step) => ({ epoch, epochs: 2, step, stepsPerEpoch: STEPS, msPerStep: 50 })),
    ),
  );
  for (const { loss } of seen) assert.ok(loss > 0 && Number.isFinite(loss));
});

test('the time of an epoch is the time of its steps, including those before a stop', async () => {
  const whole = await timedRun({});
  const stop = new AbortController();
  const first = await timedRun({
    signal: stop.signal,
    onProgress: ({ step }) => {
      if (step === 6) stop.abort();
    },
  });
  assert.is(first.state.step, 6);
  assert.is(first.state.seconds, 0.3);
  const second = await timedRun({ state: first.state });
  for (const { results } of [whole, second]) {
    for (const { seconds, msPerStep } of results) {
      assert.ok(Math.abs(seconds - 0.35) < 1e-12);
      assert.ok(Math.abs(msPerStep - 50) < 1e-9);
    }
    assert.is(results.length, 2);
  }
});

test('timers run during an epoch, and one of them can stop it', async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort());
  const { state } = await timedRun({ signal: stop.signal });
  assert.is(state.epoch, 1);
  assert.is(state.step, 3);
});

test.run();
