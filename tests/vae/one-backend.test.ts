/**
 * Asynchronous functions compute all their tensors on the backend that was current at their call, and runs at the same time do not
 * influence each other.
 */
import {
  type Backend,
  backend,
  createReference,
  Generator,
  type Kernels,
  manualSeed,
  randn,
  setBackend,
  type Tensor,
  withBackend,
} from '@varigrad/core';
import { keepsBackend } from '@varigrad/core/checks';
import { Adam, Dropout, Linear, Module, Sequential } from '@varigrad/nn';
import * as vae from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BATCH, data, SIZE } from '../helpers/bars.js';

const PIXELS = SIZE * SIZE;
const SHAPE = [SIZE, SIZE] as const;
const small = vae.firstOf(data.test, 6);

/** A backend on which nothing can be computed. */
function unusable(): Backend {
  const refuse = (): never => {
    throw new Error('computed on the wrong backend');
  };
  const kernels = Object.fromEntries(Object.keys(createReference().kernels).map((name) => [name, refuse]));
  return { ...createReference(), kernels: kernels as unknown as Kernels, upload: refuse, openScope: refuse };
}

const sizes = { inputSize: PIXELS, hidden: [6], latent: 2 };
const machine = createReference();
const onMachine = <T>(f: () => T): T => withBackend(machine, f);
const model = onMachine(() => new vae.VAE({ ...sizes, generator: new Generator(1) }));
const conditional = onMachine(
  () => new vae.ConditionalVAE({ ...sizes, classes: 2, generator: new Generator(1) }),
);
const classifier = onMachine(
  () => new vae.Classifier(new Linear(PIXELS, 2, { generator: new Generator(2) })),
);
const pixels = onMachine(() => randn([3, PIXELS], { generator: new Generator(3) }));

/** Every asynchronous function of the package that computes tensors, with as many batches and images as make it await in between. */
const calls: Readonly<Record<string, () => Promise<unknown>>> = {
  fit: () => {
    const trained = new vae.VAE({ ...sizes, generator: new Generator(1) });
    const optimizer = new Adam(trained.parameters());
    const onStep = (): boolean => backend() === machine;
    const onProgress = (): void => assert.is(backend(), machine);
    const onEpoch = (): void => assert.is(backend(), machine);
    const options = { optimizer, epochs: 2, batchSize: 1, clipNorm: 1, onStep, onProgress, onEpoch };
    return vae.fit(trained, data, options);
  },
  'fit on a stream': () => {
    const trained = new vae.VAE({ ...sizes, generator: new Generator(1) });
    const { count, imageShape, classes } = small;
    const read = ({ batchSize, seed }: vae.StreamReadOptions): AsyncIterable<vae.Batch> =>
      vae.shuffled(vae.batches(small, { batchSize: 1 }), {
        batchSize,
        bufferSize: 2,
        generator: new Generator(seed),
      });
    const train = { count, imageShape, classes, read };
    const onStep = (): boolean => backend() === machine;
    const optimizer = new Adam(trained.parameters());
    return vae.fit(trained, { train, test: small }, { optimizer, epochs: 2, batchSize: 2, onStep });
  },
  'fit at a failure': () => {
    const trained = new vae.VAE({ ...sizes, generator: new Generator(1) });
    const optimizer = new Adam(trained.parameters(), { learningRate: 1e39 });
    return vae.fit(trained, data, { optimizer, epochs: 1, batchSize: 8 });
  },
  'fit at a failure of its evaluation': () => {
    const trained = new vae.VAE({ ...sizes, likelihood: new vae.Gaussian(), generator: new Generator(1) });
    const optimizer = new Adam(trained.parameters());
    const images = small.images.slice().fill(1e30);
    const test = { ...small, images };
    return vae.fit(trained, { train: small, test }, { optimizer, epochs: 1, batchSize: 2 });
  },
  evaluate: () => vae.evaluate(model, small, { batchSize: 2, corruption: vae.gaussianNoise(0.1) }),
  estimateElbo: () => vae.estimateElbo(model, small, { samples: 3, batchSize: 3 }),
  estimateLogLikelihood: () => vae.estimateLogLikelihood(model, small, { samples: 3, batchSize: 3 }),
  latentStatistics: () => vae.latentStatistics(model, small, { batchSize: 2 }),
  reconstructionError: () =>
    vae.reconstructionError(model, small, { batchSize: 2, corruption: vae.gaussianNoise(0.1) }),
  gradientNorms: () => vae.gradientNorms(model),
  trainClassifier: () => vae.trainClassifier(small, { hidden: [4], epochs: 2, batchSize: 2 }),
  predictClasses: () => vae.predictClasses(classifier, pixels),
  classifierAccuracy: () => vae.classifierAccuracy(classifier, small, { batchSize: 2 }),
  classAccuracy: () => vae.classAccuracy(conditional, classifier, { perClass: 4, batchSize: 2 }),
  'classAccuracy from images': () =>
    vae.classAccuracy(conditional, classifier, { from: small, batchSize: 2 }),
  reconstructionFigure: () => vae.reconstructionFigure(model, small),
  sampledReconstructionFigure: () => vae.sampledReconstructionFigure(model, small),
  denoisingFigure: () => vae.denoisingFigure(model, small, { corruption: vae.masking(0.5) }),
  samplesFigure: () => vae.samplesFigure(model, SHAPE, { columns: 2, rows: 2 }),
  classStyleFigure: () => vae.classStyleFigure(conditional, SHAPE, { from: small, styles: 2 }),
  manifoldFigure: () => vae.manifoldFigure(model, SHAPE, { size: 2 }),
  classManifoldsFigure: () => vae.classManifoldsFigure(conditional, SHAPE, { size: 2 }),
  interpolationFigure: () => vae.interpolationFigure(model, small, { pairs: 2, steps: 3 }),
  traversalFigure: () => vae.traversalFigure(model, SHAPE, { steps: 3 }),
  codesOf: () => vae.codesOf(model, small),
  latentScatter: () =>
    vae.latentScatter(
      [
        { title: 'one', model },
        { title: 'two', model },
      ],
      small,
    ),
};

for (const [name, call] of Object.entries(calls)) {
  test(`${name} stays on the backend of its call`, async () => {
    const before = backend();
    setBackend(unusable());
    try {
      const outcome = await withBackend(machine, call).catch((error: unknown) => error);
      if (!name.includes('failure')) assert.not.instance(outcome, Error, String(outcome));
      else assert.match(String(outcome), /^TrainingError: fit: .* — a smaller learning rate/);
      if (name === 'fit' || name === 'fit on a stream') assert.is((outcome as vae.TrainState).epoch, 3);
    } finally {
      setBackend(before);
    }
  });
}

test('every asynchronous function of the package is in this test', () => {
  const tested = new Set(Object.keys(calls).map((name) => name.split(' ')[0]));
  const withoutTensors = new Set(['readIdx', 'shuffled']);
  const returnsPromise = Object.entries(vae).filter(
    ([name, value]) => typeof value === 'function' && isAsynchronous(value) && !withoutTensors.has(name),
  );
  const names = returnsPromise.map(([name]) => name);
  assert.ok(names.length > 15, names.join());
  assert.equal(
    names.filter((name) => !tested.has(name)),
    [],
  );
});

/** Whether the source of a function is asynchronous, or keeps its backend. */
function isAsynchronous(f: unknown): boolean {
  const text = String(f);
  return /^async /.test(text) || /\bonOneBackend\b/.test(text);
}

/** A model with dropout from the default generator. */
function dropping(): vae.VAE {
  class Body extends Module implements vae.Body {
    readonly layers = new Sequential(
      new Linear(PIXELS, 8, { generator: new Generator(1) }),
      new Dropout(0.3),
    );
    readonly outFeatures = 8;
    forward(x: Tensor): Tensor {
      return this.layers.forward(x);
    }
  }
  const encoder = new vae.GaussianEncoder(new Body(), 2, { generator: new Generator(2) });
  return new vae.VAE({ ...sizes, encoder, generator: new Generator(3) });
}

/** Trains a new model. @returns its weights, and the losses of the epochs */
async function training(seed: number): Promise<unknown> {
  const trained = dropping();
  const optimizer = new Adam(trained.parameters(), { learningRate: 0.01 });
  const losses: unknown[] = [];
  await vae.fit(trained, data, {
    ...{ optimizer, epochs: 3, batchSize: BATCH, binarization: 'dynamic', clipNorm: 3, seed },
    onEpoch: ({ epoch, train, test: tested }) => {
      losses.push([epoch, train, tested]);
    },
  });
  return [trained.stateDict(), losses];
}

const promised = (machine_: Backend, seed: number): Promise<unknown> => {
  let promise: Promise<unknown> | undefined;
  withBackend(machine_, () => {
    promise = training(seed);
  });
  return promise as Promise<unknown>;
};

test('two trainings at the same time, on one backend or two, have the results that each has alone', async () => {
  const wasm = backend();
  const alone = {
    wasm1: await promised(wasm, 1),
    wasm2: await promised(wasm, 2),
    reference: await promised(machine, 1),
  };
  assert.not.equal(
    alone.wasm1,
    alone.reference,
    'the backends round differently, so that a mixture would show',
  );
  manualSeed(99);
  assert.equal(await Promise.all([promised(wasm, 1), promised(wasm, 2)]), [alone.wasm1, alone.wasm2]);
  assert.equal(await Promise.all([promised(machine, 1), promised(wasm, 1)]), [alone.reference, alone.wasm1]);
});

test('setBackend in between does not change a training', async () => {
  const wasm = backend();
  const alone = await promised(wasm, 1);
  const running = promised(wasm, 1);
  setBackend(machine);
  try {
    const [first, second] = await Promise.all([running, training(1)]);
    assert.equal(first, alone);
    assert.equal(second, await promised(machine, 1));
  } finally {
    setBackend(wasm);
  }
});

test('withBackend accepts fit and returns its promise', async () => {
  const trained = dropping();
  const optimizer = onMachine(() => new Adam(trained.parameters()));
  const promise = onMachine(() => vae.fit(trained, data, { optimizer, epochs: 1, batchSize: BATCH }));
  assert.ok(keepsBackend(promise));
  assert.is((await promise).epoch, 2);
});

test('two evaluations of a model at the same time agree with each alone, and the model keeps its modes', async () => {
  const one = dropping();
  const frozen = one.encoder as unknown as { hidden: { layers: Sequential } };
  const layer = frozen.hidden.layers.layers[0]!;
  layer.training = false; // a frozen layer, as of batch normalization
  const alone = [
    await vae.evaluate(one, data.test, { batchSize: 5 }),
    await vae.latentStatistics(one, small),
  ];
  const both = [
    vae.evaluate(one, data.test, { batchSize: 5 }),
    vae.latentStatistics(one, small, { batchSize: 1 }),
  ];
  assert.ok(one.training, 'the training mode is restored whenever other code runs');
  const found = await Promise.all(both);
  assert.equal(found[0], alone[0]);
  assert.ok(one.training);
  assert.not.ok(layer.training);
});

test.run();
