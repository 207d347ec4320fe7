/** Compiled trainings that stop, resume, fail, are refused, or run side by side; and compiled evaluations. */
import { Generator, type Tensor } from '@varigrad/core';
import {
  Adam,
  AdamW,
  cosineSchedule,
  Dropout,
  Linear,
  Module,
  type Optimizer,
  Sequential,
  SGD,
} from '@varigrad/nn';
import {
  type Body,
  type Dataset,
  type Execution,
  estimateElbo,
  estimateLogLikelihood,
  evaluate,
  type FitOptions,
  fit,
  GaussianEncoder,
  HiddenLayers,
  IWAE,
  type LatentModel,
  latentStatistics,
  linearWarmUp,
  masking,
  reconstructionError,
  TrainingError,
  type TrainState,
  VAE,
} from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BATCH, conditional, data, SIZE, STEPS, vae, WatchedAdam } from '../helpers/bars.js';
import { family } from '../helpers/family.js';

const PIXELS = SIZE * SIZE;

/** Hidden layers with dropout whose masks come from a generator of its own. */
class Dropping extends Module implements Body {
  readonly layers: Sequential = new Sequential(
    new Linear(PIXELS, 16, { generator: new Generator(1) }),
    new Dropout(0.3, { generator: new Generator(4) }),
  );
  readonly outFeatures = 16;

  forward(x: Tensor): Tensor {
    return this.layers.forward(x);
  }
}

function dropping(): VAE {
  const encoder = new GaussianEncoder(new Dropping(), 2, { generator: new Generator(2) });
  return new VAE({ inputSize: PIXELS, hidden: [16], latent: 2, encoder, generator: new Generator(3) });
}

const OPTIONS = {
  epochs: 3,
  batchSize: BATCH,
  binarization: 'dynamic',
  clipNorm: 4,
  schedule: cosineSchedule(3 * STEPS, 0.1),
  beta: linearWarmUp(15),
  seed: 8,
} as const;

/** Trains in parts that end after `stops` steps, each with a new model and optimizer. Every second part is compiled. */
async function inParts(stops: readonly number[], isFirstCompiled: boolean): Promise<unknown> {
  let saved: readonly unknown[] = [];
  let state: TrainState | undefined;
  let compile = isFirstCompiled;
  for (const stop of [...stops, Number.POSITIVE_INFINITY]) {
    const model = dropping();
    const optimizer = new Adam(model.parameters(), { learningRate: 0.02 });
    const [weights, settings] = saved as [never, never];
    if (saved.length > 0) model.loadStateDict(weights);
    if (saved.length > 0) optimizer.loadStateDict(settings);
    let steps = 0;
    const onStep = (): boolean => ++steps < stop;
    state = await fit(model, data, { ...OPTIONS, optimizer, state, onStep, compile });
    saved = [model.stateDict(), optimizer.stateDict()];
    state = JSON.parse(JSON.stringify(state)) as TrainState;
    compile = !compile;
  }
  const { seconds: _, ...rest } = state as TrainState;
  return [...saved, rest];
}

test('a run that stops at any step and goes on eagerly or compiled ends the same', async () => {
  const whole = await inParts([], false);
  assert.equal(await inParts([], true), whole);
  for (let stop = 1; stop < 2 * STEPS + 3; stop++)
    for (const first of [true, false]) assert.equal(await inParts([stop], first), whole);
  assert.equal(await inParts([4, 5, 1, 6], true), whole);
});

test('two trainings side by side, and one model trained twice', async () => {
  const train = async (model: LatentModel, seed: number, compile: boolean): Promise<unknown> => {
    const optimizer = new Adam(model.parameters(), { learningRate: 0.02 });
    await fit(model, data, { ...OPTIONS, optimizer, seed, compile });
    return [model.stateDict(), optimizer.stateDict()];
  };
  const alone = [await train(vae(), 1, false), await train(conditional(), 2, false)];
  assert.equal(await Promise.all([train(vae(), 1, true), train(conditional(), 2, true)]), alone);
  const [eager, compiled] = [vae(), vae()];
  for (const seed of [5, 6]) assert.equal(await train(compiled, seed, true), await train(eager, seed, false));
});

test('every optimizer, with and without momentum', async () => {
  const makers: readonly ((parameters: Tensor[]) => Optimizer)[] = [
    (parameters) => new SGD(parameters, { learningRate: 1e-3 }),
    (parameters) => new SGD(parameters, { learningRate: 1e-3, momentum: 0.9, weightDecay: 0.1 }),
    (parameters) => new AdamW(parameters),
  ];
  for (const make of makers) {
    const saved = [];
    for (const compile of [false, true]) {
      const model = vae();
      const optimizer = make(model.parameters());
      await fit(model, data, { ...OPTIONS, optimizer, compile });
      saved.push([model.stateDict(), optimizer.stateDict()]);
    }
    assert.equal(saved[1], saved[0]);
  }
});

/** Trains a VAE, and returns how the steps of the last epoch ran. */
async function executionOf(model: VAE, options: Partial<FitOptions> = {}): Promise<Execution> {
  let found: Execution | undefined;
  await fit(model, data, {
    optimizer: new Adam(model.parameters()),
    epochs: 2,
    batchSize: BATCH,
    onEpoch: ({ execution }) => {
      found = execution;
    },
    ...options,
  });
  return found as Execution;
}

/** The reason why the steps of a training were not compiled. */
async function reasonOf(model: VAE, options: Partial<FitOptions> = {}): Promise<string> {
  const execution = await executionOf(model, options);
  return execution.compiled ? 'they were compiled' : execution.reason;
}

const SIZES = { inputSize: PIXELS, hidden: [16], latent: 2 };

/** A VAE whose training loss is multiplied by a number. */
class Odd extends VAE {
  readonly factor: (x: Tensor) => number;

  constructor(factor: (x: Tensor) => number) {
    super({ ...SIZES, generator: new Generator(1) });
    this.factor = factor;
  }

  override elbo(...[x, options]: Parameters<VAE['elbo']>): ReturnType<VAE['elbo']> {
    const { loss, ...parts } = super.elbo(x, options);
    return { loss: this.training ? loss.mul(this.factor(x)) : loss, ...parts };
  }
}

test('the result says how the steps ran', async () => {
  const execution = await executionOf(new VAE({ ...SIZES, generator: new Generator(1) }));
  assert.ok(execution.compiled);
  const { kernels, instructions, bytes } = execution;
  assert.ok(kernels > 20 && instructions > 0 && instructions <= kernels && bytes >= 0);
  const model = (): VAE => new VAE(SIZES);
  assert.is(await reasonOf(model(), { compile: false }), 'turned off');
  assert.is(await reasonOf(model(), { batchSize: 50, epochs: 1 }), 'no step has run twice yet');
  const own = model();
  const optimizer = new WatchedAdam(own.parameters());
  assert.is(await reasonOf(own, { optimizer }), "the optimizer's own step() would not run in replays");
});

test('a step that cannot be compiled runs as it is, with the same result', async () => {
  let factor = 1;
  const cases = [
    [
      () => factor,
      /^compile: a number that changes from call to call is no constant: mul.* — pass it as a tensor/,
    ],
    [(x: Tensor) => 1 + x.sum().itemSync() / 1e4, /^compile: values are read by \w+\(\)/],
  ] as const;
  for (const [odd, reason] of cases) {
    const train = async (compile: boolean): Promise<unknown> => {
      const model = new Odd(odd);
      const optimizer = new Adam(model.parameters());
      const onStep = ({ step }: { step: number }): void => {
        factor = 1 / (1 + step);
      };
      factor = 1;
      assert.match(await reasonOf(model, { optimizer, compile, onStep }), compile ? reason : /^turned off$/);
      return [model.stateDict(), optimizer.stateDict()];
    };
    assert.equal(await train(true), await train(false));
  }
});

test('a number of the model that changes after the step was compiled is refused at the next comparison', async () => {
  let [factor, steps] = [1, 0];
  const model = new Odd(() => factor);
  const training = fit(
    model,
    { ...data, test: { ...data.test, count: 0 } },
    {
      optimizer: new Adam(model.parameters()),
      epochs: 1000,
      batchSize: BATCH,
      dropLast: true,
      onStep: () => {
        if (++steps === 900) factor = 2;
      },
    },
  );
  const error = await training.then(
    () => null,
    (refused: Error) => refused,
  );
  assert.match(
    error?.message ?? '',
    /^compile: a number that changes from call to call is no constant: mul.*: 2 was 1/,
  );
  assert.is(steps, 1002);
});

/** Features that overflow for a completely white image. */
class Trap extends Module implements Body {
  readonly layers: HiddenLayers = new HiddenLayers(PIXELS, [16], { generator: new Generator(1) });
  readonly dropout: Dropout = new Dropout(0.2);
  readonly outFeatures = 16;

  forward(x: Tensor): Tensor {
    const alarm = x.mean({ axis: 1, keepDims: true }).sub(0.95).relu().mul(10_000).exp();
    return this.dropout.forward(this.layers.forward(x)).mul(alarm);
  }
}

/** A data set with one white image. */
function withWhite(part: Dataset, image: number): Dataset {
  return { ...part, images: part.images.slice().fill(1, image * PIXELS, (image + 1) * PIXELS) };
}

test('a NaN in a compiled step or evaluation is explained as in an eager one', async () => {
  const seed = 5;
  const order = new Generator(BigInt(seed) | (1n << 32n)).permutation(data.train.count);
  const late = order[5 * BATCH]!; // in the sixth step, which is a replay
  for (const failing of [
    { ...data, train: withWhite(data.train, late) },
    { ...data, test: withWhite(data.test, 17) },
  ]) {
    const errors = [];
    for (const compile of [false, true]) {
      const encoder = new GaussianEncoder(new Trap(), 2, { generator: new Generator(1) });
      const model = new VAE({ ...SIZES, encoder, generator: new Generator(2) });
      const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
      const options = { ...OPTIONS, binarization: 'none', optimizer, seed, compile } as const;
      const error: TrainingError = await fit(model, failing, options).then(
        () => assert.unreachable(),
        (found) => found,
      );
      assert.instance(error, TrainingError);
      assert.is(error.cause?.module, 'encoder.hidden');
      const { message, step, epoch } = error;
      errors.push({ message, step, epoch, model: model.stateDict(), optimizer: optimizer.stateDict() });
    }
    assert.equal(errors[1], errors[0]);
    assert.is(errors[0]!.step, failing.test === data.test ? 6 : null);
  }
});

test('images outside the support are refused by a replayed step, too', async () => {
  const bright = { ...data.train, images: data.train.images.slice() };
  const order = new Generator(1n << 32n).permutation(data.train.count);
  bright.images[order[4 * BATCH]! * PIXELS] = 1.5;
  for (const model of [vae(), new IWAE({ ...SIZES, samples: 3 })])
    for (const compile of [false, true]) {
      const steps: number[] = [];
      const optimizer = new Adam(model.parameters());
      const onStep = ({ step }: { step: number }): void => {
        steps.push(step);
      };
      const training = fit(
        model,
        { ...data, train: bright },
        { optimizer, epochs: 1, batchSize: BATCH, compile, onStep },
      );
      const message = await training.then(
        () => '',
        (error: Error) => error.message,
      );
      assert.match(message, /targets lie in \[0, 1\]/);
      assert.equal(steps, [1, 2, 3, 4]);
    }
});

test('evaluations, estimates and statistics are equal, eager and compiled, for every model', async () => {
  for (const [name, make] of Object.entries(family({ side: SIZE, classes: 2 }))) {
    const model = make();
    const options = { batchSize: 4, binarization: 'dynamic' } as const;
    for (const corruption of [undefined, masking(0.3)]) {
      const run = async (compile: boolean): Promise<unknown> => [
        await evaluate(model, data.test, { ...options, corruption, compile }),
        await reconstructionError(model, data.test, { ...options, corruption, compile }),
        await latentStatistics(model, data.test, { ...options, compile }),
      ];
      assert.equal(await run(true), await run(false), name);
    }
    if (!('sampleTerms' in model)) continue;
    const draws = { ...options, samples: 6, batchSize: 12 };
    const run = async (compile: boolean): Promise<unknown> => [
      await estimateElbo(model as LatentModel, data.test, { ...draws, compile }),
      await estimateLogLikelihood(model as LatentModel, data.test, { ...draws, compile }),
    ];
    assert.equal(await run(true), await run(false), name);
  }
});

test.run();
