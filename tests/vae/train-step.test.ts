/** The options of a training step: clipping, schedules, callbacks, dropLast; and `trainStep`, which fit repeats. */
import { Generator, manualSeed, randn, type Tensor } from '@varigrad/core';
import { Adam, BatchNorm1d, cosineSchedule, Dropout, Linear, Module, Sequential, SGD } from '@varigrad/nn';
import {
  type Body,
  batches,
  type Dataset,
  type FitOptions,
  fit,
  GaussianEncoder,
  type GenerativeModel,
  type StepResult,
  type TrainState,
  trainStep,
  VAE,
} from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BATCH, conditional, data, SIZE, STEPS, vae, WatchedAdam } from '../helpers/bars.js';

const PIXELS = SIZE * SIZE;

/** The message with which `fit` refuses a training. */
async function refusal(options: Partial<FitOptions>, train: Dataset = data.train): Promise<string> {
  const model = vae();
  const optimizer = new Adam(model.parameters());
  return fit(model, { ...data, train }, { optimizer, epochs: 1, batchSize: BATCH, ...options }).then(
    () => 'it was not refused',
    (error: Error) => error.message,
  );
}

/** All values of the parameters, one after the other. */
const valuesOf = (model: Module): number[] => model.parameters().flatMap((p) => [...p.dataSync()]);
const normOf = (values: readonly number[]): number => Math.hypot(...values);

test('fit repeats trainStep: the same steps by hand give the same weights, bit for bit', async () => {
  const seed = 3;
  const settings = { beta: (step: number) => 0.1 * step, clipNorm: 5, schedule: cosineSchedule(2 * STEPS) };
  const trained = conditional();
  const optimizer = new Adam(trained.parameters(), { learningRate: 0.01 });
  await fit(trained, data, { ...settings, optimizer, epochs: 2, batchSize: BATCH, seed });

  const model = conditional();
  const own = new Adam(model.parameters(), { learningRate: 0.01 });
  for (const epoch of [1n, 2n]) {
    const generator = new Generator(BigInt(seed) | (epoch << 32n));
    const order = generator.permutation(data.train.count);
    for (const batch of batches(data.train, { batchSize: BATCH, order }))
      trainStep(model, batch, { ...settings, optimizer: own, generator });
  }
  assert.equal(model.stateDict(), trained.stateDict());
  assert.equal(own.stateDict(), optimizer.stateDict());
});

test('trainStep returns scalar losses, and its default step is the number of steps taken', () => {
  const model = vae();
  const optimizer = new Adam(model.parameters());
  const [batch] = batches(data.train, { batchSize: BATCH });
  const seen: number[] = [];
  const beta = (step: number): number => {
    seen.push(step);
    return 1;
  };
  for (let i = 0; i < 3; i++) {
    const { loss, recon, kl } = trainStep(model, batch!, { optimizer, beta });
    for (const t of [loss, recon, kl]) assert.equal(t.shape, []);
    const sum = recon.itemSync() + kl.itemSync();
    assert.ok(Math.abs(loss.itemSync() - sum) < 1e-5 * sum);
    assert.not.ok(loss.requiresGrad);
  }
  assert.equal(seen, [0, 1, 2]);
});

test('clipNorm: the update is g · min(1, clipNorm / ‖g‖)', () => {
  for (const clipNorm of [0.5, 3, 1e6]) {
    const update = (limit: number | undefined): number[] => {
      const model = vae();
      const before = valuesOf(model);
      const optimizer = new SGD(model.parameters(), { learningRate: 1 });
      const [batch] = batches(data.train, { batchSize: BATCH });
      trainStep(model, batch!, { optimizer, clipNorm: limit, generator: new Generator(5) });
      return valuesOf(model).map((value, i) => before[i]! - value);
    };
    const whole = update(undefined);
    const clipped = update(clipNorm);
    const factor = Math.min(1, clipNorm / normOf(whole));
    assert.ok(normOf(whole) > 3, 'the gradient is longer than two of the limits');
    clipped.forEach((value, i) => {
      assert.ok(Math.abs(value - factor * whole[i]!) < 1e-6, `${value} against ${factor * whole[i]!}`);
    });
    if (factor === 1) assert.equal(clipped, whole);
  }
});

test('schedule: each step has the initial rate times the factor of its number in the whole training', async () => {
  const model = vae();
  const optimizer = new WatchedAdam(model.parameters(), { learningRate: 0.02 });
  const rates: number[] = [];
  optimizer.after = () => rates.push(optimizer.learningRate);
  const schedule = (step: number): number => 1 / (1 + step);
  await fit(model, data, { optimizer, epochs: 2, batchSize: BATCH, schedule });
  assert.equal(
    rates,
    Array.from({ length: 2 * STEPS }, (_, step) => 0.02 * (1 / (1 + step))),
  );
});

/** Trains in parts of `stops` steps, each with a new model and optimizer as after a restart. */
async function inParts(
  make: () => GenerativeModel,
  options: Partial<FitOptions>,
  stops: readonly number[],
): Promise<unknown[]> {
  let model = make();
  let optimizer = new Adam(model.parameters(), { learningRate: 0.02 });
  let state: TrainState | undefined;
  for (const stop of [...stops, Number.POSITIVE_INFINITY]) {
    let steps = 0;
    const onStep = (): boolean => ++steps < stop;
    const reached = await fit(model, data, {
      optimizer,
      epochs: 3,
      batchSize: BATCH,
      seed: 8,
      ...options,
      state,
      onStep,
    });
    const { seconds: _, ...rest } = reached;
    const saved = [model.stateDict(), optimizer.stateDict(), rest] as const;
    if (stop === Number.POSITIVE_INFINITY) return [...saved];
    [model, state] = [make(), JSON.parse(JSON.stringify(reached)) as TrainState];
    optimizer = new Adam(model.parameters(), { learningRate: 0.02 });
    model.loadStateDict(saved[0]);
    optimizer.loadStateDict(saved[1]);
    manualSeed(steps); // the default generator of another process
  }
  throw new Error('unreachable');
}

/** Hidden layers with dropout. */
class Dropping extends Module implements Body {
  readonly layers: Sequential;
  readonly outFeatures = 16;

  constructor(dropout: Dropout) {
    super();
    this.layers = new Sequential(new Linear(PIXELS, 16, { generator: new Generator(1) }), dropout);
  }

  forward(x: Tensor): Tensor {
    return this.layers.forward(x);
  }
}

function dropping(dropout: Dropout): VAE {
  const encoder = new GaussianEncoder(new Dropping(dropout), 2, { generator: new Generator(2) });
  return new VAE({ inputSize: PIXELS, hidden: [16], latent: 2, encoder, generator: new Generator(3) });
}

/** A model that ignores the generator it is given. */
class Careless extends VAE {
  override elbo(x: Tensor): ReturnType<VAE['elbo']> {
    return super.elbo(x, { eps: randn([x.shape[0]!, 2]) });
  }
}

const models: Record<string, () => GenerativeModel> = {
  plain: vae,
  'dropout from the default generator': () => dropping(new Dropout(0.3)),
  'dropout with a generator of its own': () => dropping(new Dropout(0.3, { generator: new Generator(4) })),
  'noise from the default generator': () =>
    new Careless({ inputSize: PIXELS, hidden: [16], latent: 2, generator: new Generator(3) }),
};

for (const [name, make] of Object.entries(models)) {
  test(`a run in parts equals a whole one bit for bit: ${name}`, async () => {
    const options = {
      clipNorm: 4,
      schedule: cosineSchedule(3 * STEPS, 0.1),
      binarization: 'dynamic',
    } as const;
    const whole = await inParts(make, options, []);
    for (const stops of [[1], [STEPS], [3, 9, 2]]) assert.equal(await inParts(make, options, stops), whole);
  });
}

test('the masks of dropout come from the seed, and the default generator stays as it was', async () => {
  const weights = async (seed: number, global: number): Promise<unknown> => {
    const model = dropping(new Dropout(0.3));
    manualSeed(global);
    const expected = randn([3]).dataSync();
    manualSeed(global);
    const optimizer = new Adam(model.parameters());
    await fit(model, data, { optimizer, epochs: 1, batchSize: BATCH, seed });
    assert.equal(randn([3]).dataSync(), expected);
    return model.stateDict();
  };
  assert.equal(await weights(1, 5), await weights(1, 6));
  assert.not.equal(await weights(1, 5), await weights(2, 5));
});

test('onStep is called after each step with its losses', async () => {
  const model = vae();
  const optimizer = new Adam(model.parameters());
  const seen: Omit<StepResult, 'losses'>[] = [];
  let sum = 0;
  let mean = 0;
  await fit(model, data, {
    optimizer,
    epochs: 2,
    batchSize: 10,
    onStep({ losses, ...place }) {
      seen.push(place);
      if (place.epoch === 1) sum += losses.loss.itemSync();
    },
    onEpoch({ epoch, train }) {
      if (epoch === 1) mean = train.loss;
    },
  });
  const place = (epoch: number) => [1, 2, 3, 4, 5].map((step) => ({ epoch, step, stepsPerEpoch: 5 }));
  assert.equal(seen, [...place(1), ...place(2)]);
  assert.ok(Math.abs(sum / 5 - mean) < 1e-5 * mean);
});

test('onStep stops the run after a step; at the end of an epoch, the epoch is finished', async () => {
  for (const stop of [1, STEPS - 1, STEPS, STEPS + 2]) {
    const model = vae();
    let [steps, epochs] = [0, 0];
    const state = await fit(model, data, {
      optimizer: new Adam(model.parameters()),
      epochs: 3,
      batchSize: BATCH,
      onStep: () => ++steps < stop,
      onEpoch: () => {
        epochs++;
      },
    });
    assert.is(steps, stop);
    assert.is(epochs, Math.floor(stop / STEPS));
    assert.equal([state.epoch, state.step], [1 + Math.floor(stop / STEPS), stop % STEPS]);
  }
});

test('an asynchronous onStep is refused', async () => {
  const onStep = (async () => true) as unknown as () => boolean;
  assert.is(await refusal({ onStep }), 'onStep: the function is asynchronous — await outside of onStep');
});

test('dropLast leaves out the smaller batch at the end, and only that', async () => {
  const sizes = async (batchSize: number, dropLast: boolean): Promise<number[]> => {
    const model = vae();
    const seen: number[] = [];
    const elbo = model.elbo.bind(model);
    model.elbo = (x, options) => {
      if (model.training) seen.push(x.shape[0]!);
      return elbo(x, options);
    };
    await fit(model, data, {
      optimizer: new Adam(model.parameters()),
      epochs: 1,
      batchSize,
      dropLast,
      compile: false,
    });
    return seen;
  };
  assert.equal(await sizes(8, false), [8, 8, 8, 8, 8, 8, 2]);
  assert.equal(await sizes(8, true), [8, 8, 8, 8, 8, 8]);
  assert.equal(await sizes(10, true), [10, 10, 10, 10, 10]);
});

test('dropLast lets batch normalization train when one image is left over', async () => {
  const train = { ...data.train, count: 9 };
  const make = (): VAE => {
    class Normalized extends Module implements Body {
      readonly layers = new Sequential(new Linear(PIXELS, 16), new BatchNorm1d(16));
      readonly outFeatures = 16;
      forward(x: Tensor): Tensor {
        return this.layers.forward(x);
      }
    }
    const encoder = new GaussianEncoder(new Normalized(), 2);
    return new VAE({ inputSize: PIXELS, hidden: [16], latent: 2, encoder });
  };
  const outcome = async (dropLast: boolean): Promise<string> => {
    const model = make();
    const optimizer = new Adam(model.parameters());
    return fit(model, { ...data, train }, { optimizer, epochs: 1, batchSize: 4, dropLast }).then(
      ({ epoch }) => `epoch ${epoch}`,
      (error: Error) => error.message,
    );
  };
  assert.match(await outcome(false), /^batchNorm|^BatchNorm/);
  assert.is(await outcome(true), 'epoch 2');
});

test('trainings without a batch are refused', async () => {
  assert.is(
    await refusal({ dropLast: true, batchSize: 51 }),
    'fit: dropLast leaves no batch: there are 50 training images, and a batch has 51 — choose a smaller batchSize',
  );
  const none = { ...data.train, images: new Float32Array(), labels: new Uint8Array(), count: 0 };
  for (const dropLast of [false, true])
    assert.is(await refusal({ dropLast }, none), 'fit: the training set has no images');
});

test('a state that no run can have is refused', async () => {
  const model = vae();
  const right = await fit(model, data, {
    ...{ optimizer: new Adam(model.parameters()), epochs: 1, batchSize: BATCH },
    onStep: () => false,
  });
  const wrong: object[] = [
    { epoch: 0 },
    { epoch: '5' },
    { epoch: 8.5 },
    { step: -3 },
    { step: Number.NaN },
    { sums: null },
    { sums: { ...right.sums, loss: Number.NaN } },
    { sums: { ...right.sums, count: -1 } },
    { seconds: null },
    { generator: undefined },
  ];
  for (const change of wrong) {
    const message = await refusal({ state: { ...right, ...change } as TrainState });
    assert.match(message, /^fit: state must be what fit returned, found \{ /);
  }
  for (const state of [null, 3, [], {}]) {
    const message = await refusal({ state: state as unknown as TrainState });
    assert.match(message, /^fit: state must be what fit returned, found /);
  }
  const broken = { ...right, generator: { key: [1], counter: [0, 0] } } as unknown as TrainState;
  assert.match(await refusal({ state: broken }), /^Generator: the state must be /);
  assert.is(
    await refusal({ state: { ...right, step: 1e6 } }),
    "fit: state is at step 1000000 of an epoch, and an epoch has 7 steps — use the images and the batchSize of the run's start",
  );
});

test('the generators of a state are checked before training, also at the start of an epoch', async () => {
  const model = vae();
  const right = await fit(model, data, {
    optimizer: new Adam(model.parameters()),
    epochs: 0,
    batchSize: BATCH,
  });
  for (const change of [{ generator: {} }, { layerGenerators: { 'dropout.generator': 5 } }])
    assert.match(
      await refusal({ state: { ...right, ...change } as unknown as TrainState }),
      /^Generator: the state must be /,
    );
});

test.run();
