/** Training: the loss falls, the results are reported, and a stopped run continues exactly like an uninterrupted one. */
import { ArgumentError } from '@varigrad/core';
import { Adam, type OptimizerState, type StateDict } from '@varigrad/nn';
import {
  type Binarization,
  type EpochResult,
  evaluate,
  type FitOptions,
  fit,
  type LatentModel,
  type TrainState,
} from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BATCH, conditional, data, SIZE, STEPS, vae, WatchedAdam } from '../helpers/bars.js';

/** The saved state of a run. */
interface Saved {
  weights: StateDict;
  optimizer: OptimizerState;
  state: TrainState;
}

/** Runs a new model, from the start or from a saved state, and stops after `stopAfter` steps if given. */
async function run(
  make: () => LatentModel,
  options: Omit<FitOptions, 'optimizer'>,
  { from, stopAfter }: { from?: Saved | undefined; stopAfter?: number } = {},
): Promise<{ saved: Saved; results: EpochResult[]; steps: number }> {
  const model = make();
  const optimizer = new WatchedAdam(model.parameters(), { learningRate: 0.01 });
  if (from !== undefined) {
    model.loadStateDict(from.weights);
    optimizer.loadStateDict(from.optimizer);
  }
  const stop = new AbortController();
  let steps = 0;
  optimizer.after = (step) => {
    steps = step;
    if (step === stopAfter) stop.abort();
  };
  const results: EpochResult[] = [];
  const state = await fit(model, data, {
    batchSize: BATCH,
    ...options,
    optimizer,
    signal: stop.signal,
    ...(from && { state: JSON.parse(JSON.stringify(from.state)) as TrainState }),
    onEpoch: (result) => {
      results.push(result);
    },
  });
  return { saved: { weights: model.stateDict(), optimizer: optimizer.stateDict(), state }, results, steps };
}

/** All results except the times, which differ between runs. */
const timeless = ({ seconds: _, ...rest }: TrainState) => rest;
const losses = (results: readonly EpochResult[]) =>
  results.map(({ epoch, train, test: t }) => [epoch, train, t]);

test('the loss falls on training images and on test images', async () => {
  for (const make of [vae, conditional]) {
    const { results, steps } = await run(make, { epochs: 30, binarization: 'threshold' });
    assert.is(steps, 30 * STEPS);
    const [first, last] = [results[0], results.at(-1)] as [EpochResult, EpochResult];
    assert.ok(last.train.loss < 0.7 * first.train.loss, `${first.train.loss} to ${last.train.loss}`);
    assert.ok(last.test.loss < 0.7 * first.test.loss, `${first.test.loss} to ${last.test.loss}`);
  }
});

for (const binarization of ['none', 'threshold', 'static', 'dynamic'] as const satisfies Binarization[]) {
  test(`a stopped and continued run equals an uninterrupted one bit for bit: ${binarization}`, async () => {
    const options = { epochs: 3, binarization, seed: 9 };
    for (const make of binarization === 'dynamic' ? [vae, conditional] : [vae]) {
      const whole = await run(make, options);
      for (const stopAfter of [1, 6, 7, 9, 20]) {
        const first = await run(make, options, { stopAfter });
        assert.is(first.steps, stopAfter, 'it stops after the step in progress');
        const second = await run(make, options, { from: first.saved });
        assert.is(first.steps + second.steps, 3 * STEPS);
        assert.equal(second.saved.weights, whole.saved.weights);
        assert.equal(second.saved.optimizer, whole.saved.optimizer);
        assert.equal(timeless(second.saved.state), timeless(whole.saved.state));
        assert.equal(losses([...first.results, ...second.results]), losses(whole.results));
      }
    }
  });
}

test('a run stopped at every step gives the same result', async () => {
  const options = { epochs: 2, binarization: 'dynamic', seed: 4 } as const;
  const whole = await run(vae, options);
  let from: Saved | undefined;
  for (let step = 0; step < 2 * STEPS; step++) from = (await run(vae, options, { from, stopAfter: 1 })).saved;
  assert.equal(from?.weights, whole.saved.weights);
});

test('a finished run can continue with more epochs', async () => {
  const whole = await run(vae, { epochs: 3 });
  const first = await run(vae, { epochs: 2 });
  assert.is(first.saved.state.epoch, 3);
  assert.is(first.saved.state.step, 0);
  const again = await run(vae, { epochs: 2 }, { from: first.saved });
  assert.is(again.steps, 0, 'no step is left');
  const second = await run(vae, { epochs: 3 }, { from: first.saved });
  assert.equal(second.saved.weights, whole.saved.weights);
});

test('the state contains the position of the run', async () => {
  const { saved } = await run(vae, { epochs: 3 }, { stopAfter: STEPS + 2 });
  assert.is(saved.state.epoch, 2);
  assert.is(saved.state.step, 2);
  assert.is(saved.state.sums.count, 2 * BATCH);
});

test('a signal that is aborted before the start changes nothing', async () => {
  const model = vae();
  const before = model.stateDict();
  const optimizer = new Adam(model.parameters());
  const state = await fit(model, data, { optimizer, epochs: 1, signal: AbortSignal.abort() });
  assert.is(state.epoch, 1);
  assert.is(state.step, 0);
  assert.equal(model.stateDict(), before);
});

test('the seed determines the run: same seed, same weights', async () => {
  const weights = async (seed: number) => (await run(vae, { epochs: 1, seed })).saved.weights;
  assert.equal(await weights(1), await weights(1));
  assert.not.equal(await weights(1), await weights(2));
});

/** Records the images of each step without changing the weights. */
async function imagesSeen(epochs: number, binarization: Binarization): Promise<Float32Array[]> {
  const model = vae();
  const seen: Float32Array[] = [];
  const elbo = model.elbo.bind(model);
  model.elbo = (x, options) => {
    if (model.training) seen.push(Float32Array.from(x.dataSync()));
    return elbo(x, options);
  };
  model.eval(); // fit must switch back to training
  const optimizer = new Adam(model.parameters(), { learningRate: 0 });
  await fit(model, data, { optimizer, epochs, batchSize: BATCH, binarization });
  return seen;
}

/** The images of one epoch as sorted strings. */
function imagesOf(steps: readonly Float32Array[]): string[] {
  const images: string[] = [];
  for (const step of steps)
    for (let at = 0; at < step.length; at += SIZE * SIZE)
      images.push(step.subarray(at, at + SIZE * SIZE).join());
  return images;
}

test('an epoch uses every image once, in its own order', async () => {
  const seen = await imagesSeen(2, 'none');
  assert.equal(
    seen.map((step) => step.length / SIZE ** 2),
    [8, 8, 8, 8, 8, 8, 2, 8, 8, 8, 8, 8, 8, 2],
  );
  const [first, second] = [imagesOf(seen.slice(0, STEPS)), imagesOf(seen.slice(STEPS))];
  const all = imagesOf([data.train.images]);
  assert.not.equal(first, second);
  assert.not.equal(first, all);
  for (const epoch of [first, second]) assert.equal(epoch.sort(), [...all].sort());
});

test('static targets are the same in each epoch, dynamic ones are new', async () => {
  const epochs = async (binarization: Binarization): Promise<string[]> => {
    const seen = await imagesSeen(2, binarization);
    assert.ok(seen.every((step) => step.every((x) => x === 0 || x === 1)));
    return [seen.slice(0, STEPS), seen.slice(STEPS)].map((epoch) => imagesOf(epoch).sort().join('\n'));
  };
  const [first, second] = await epochs('static');
  assert.is(first, second);
  const [third, fourth] = await epochs('dynamic');
  assert.is.not(third, fourth);
});

test('the results of an epoch are averages over its images', async () => {
  const model = vae();
  const optimizer = new Adam(model.parameters(), { learningRate: 0 });
  const results: EpochResult[] = [];
  const states: TrainState[] = [];
  await fit(model, data, {
    optimizer,
    epochs: 2,
    batchSize: BATCH,
    beta: 3,
    onEpoch: async (result, next) => {
      await new Promise((resolve) => setTimeout(resolve)); // training must wait for this
      results.push(result);
      states.push(next);
    },
  });
  const training = await evaluate(model, data.train);
  const testing = await evaluate(model, data.test);
  assert.equal(
    results.map(({ epoch }) => epoch),
    [1, 2],
  );
  assert.equal(
    states.map(({ epoch, step }) => [epoch, step]),
    [
      [2, 0],
      [3, 0],
    ],
  );
  for (const { train, test: tested } of results) {
    // The KL term uses no noise, so with constant weights its value is known.
    assert.ok(Math.abs(train.kl - training.kl) < 1e-5 * training.kl, `${train.kl} and ${training.kl}`);
    assert.ok(Math.abs(train.loss - (train.recon + 3 * train.kl)) < 1e-5 * train.loss);
    assert.equal(tested, testing);
  }
});

test('an error of onEpoch ends the run', async () => {
  const model = vae();
  const outcome = await fit(model, data, {
    optimizer: new Adam(model.parameters()),
    epochs: 2,
    onEpoch: () => Promise.reject(new Error('the disk is full')),
  }).catch((error: Error) => error.message);
  assert.is(outcome, 'the disk is full');
});

test('refuses an invalid batch size', async () => {
  const model = vae();
  const optimizer = new Adam(model.parameters());
  const outcome = await fit(model, data, { optimizer, epochs: 1, batchSize: 0 }).catch(
    (e: Error) => e.message,
  );
  assert.is(outcome, 'fit: batchSize must be a whole number above 0, found 0');
});

test('refuses a seed that is invalid, or would share the random streams of its epochs with another seed', async () => {
  const model = vae();
  const optimizer = new Adam(model.parameters());
  for (const seed of [-1, 0.5, Number.NaN, 2 ** 32]) {
    for (const binarization of ['none', 'dynamic'] as const) {
      const error = await fit(model, data, { optimizer, epochs: 1, seed, binarization }).catch(
        (e: Error) => e,
      );
      assert.instance(error, ArgumentError);
      assert.is(
        (error as Error).message,
        `fit: seed must be a whole number from 0 to 2³² − 1, found ${seed}`,
      );
    }
  }
  const { steps } = await run(vae, { epochs: 1, seed: 2 ** 32 - 1 });
  assert.is(steps, STEPS);
});

test.run();
