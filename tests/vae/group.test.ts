/** fit on several processes: the same training as on one, up to rounding, and with the same bits if it is deterministic. */
import { createWasm, Generator, setBackend, type Tensor } from '@varigrad/core';
import { createGroup, type Group } from '@varigrad/core/mpi';
import { Adam, Dropout, Linear, Module, Sequential } from '@varigrad/nn';
import {
  ConditionalVAE,
  ConvolutionalBody,
  ConvolutionalDecoder,
  type Dataset,
  DenoisingAutoencoder,
  type FitOptions,
  fit,
  GaussianEncoder,
  type GenerativeModel,
  IWAE,
  TotalCorrelationVAE,
  VAE,
  VQVAE,
} from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { answer, inThreads, threadTask } from '../helpers/thread-group.js';

const PIXELS = 64;

function images(count: number, seed: number): Dataset {
  const generator = new Generator(seed);
  return {
    images: generator.uniform(count * PIXELS),
    labels: Uint8Array.from(generator.words(count), (word) => word % 3),
    count,
    imageShape: [8, 8],
    classes: 3,
  };
}

const generator = (): Generator => new Generator(7);
const MODELS: Readonly<Record<string, () => GenerativeModel>> = {
  vae: () => new VAE({ inputSize: PIXELS, hidden: [10], latent: 3, generator: generator() }),
  tc: () => new TotalCorrelationVAE({ inputSize: PIXELS, hidden: [10], latent: 3, generator: generator() }),
  iwae: () => new IWAE({ inputSize: PIXELS, hidden: [10], latent: 3, samples: 3, generator: generator() }),
  dae: () => new DenoisingAutoencoder({ inputSize: PIXELS, hidden: [10], latent: 3, generator: generator() }),
  conv: convolutional,
  cvae: () =>
    new ConditionalVAE({ inputSize: PIXELS, hidden: [10], latent: 3, classes: 3, generator: generator() }),
  vq: codebook(16),
  halfBatchVq: codebook(8, 0.9), // as many vectors as each of two processes has images of a batch of 16
  droppingIwae,
};

function codebook(codebookSize: number, restartBelow = 0.03): () => VQVAE {
  const sizes = { inputSize: PIXELS, hidden: [10], vectors: 2, width: 3, codebookSize, restartBelow };
  return () => new VQVAE({ ...sizes, generator: generator() });
}

/** An IWAE with dropout in the decoder, which gets three rows per image. */
function droppingIwae(): IWAE {
  const random = generator();
  const decoder = new Sequential(
    new Linear(3, 10, { generator: random }),
    new Dropout(0.3),
    new Linear(10, PIXELS, { generator: random }),
  );
  return new IWAE({ inputSize: PIXELS, hidden: [10], latent: 3, samples: 3, decoder, generator: random });
}

/** A convolutional body with dropout that has a generator of its own. */
class DroppingBody extends Module {
  readonly body: ConvolutionalBody;
  readonly dropout: Dropout = new Dropout(0.2, { generator: new Generator(3) });

  constructor(body: ConvolutionalBody) {
    super();
    this.body = body;
  }

  get outFeatures(): number {
    return this.body.outFeatures;
  }

  forward(x: Tensor): Tensor {
    return this.dropout.forward(this.body.forward(x));
  }
}

function convolutional(): VAE {
  const random = generator();
  const shape = [8, 8] as const;
  const options = { channels: [3, 4], batchNorm: true, generator: random };
  const body = new DroppingBody(new ConvolutionalBody(shape, options));
  return new VAE({
    inputSize: PIXELS,
    latent: 3,
    encoder: new GaussianEncoder(body, 3, { generator: random }),
    decoder: new ConvolutionalDecoder(3, shape, 1, options),
    generator: random,
  });
}

interface Task {
  readonly model: string;
  readonly options: Partial<FitOptions>;
}

interface Result {
  readonly losses: number[];
  readonly test: number;
  readonly weights: Float32Array[];
}

async function train({ model: name, options }: Task, group?: Group): Promise<Result> {
  setBackend(createWasm({ threads: 1 }));
  const model = MODELS[name]!();
  const optimizer = new Adam(model.parameters(), { learningRate: 1e-2 });
  const losses: number[] = [];
  let last = Number.NaN;
  const data = { train: images(70, 1), test: images(31, 2) };
  await fit(model, data, {
    optimizer,
    epochs: 3,
    batchSize: 16,
    ...options,
    ...(group !== undefined && { group }),
    onStep: (result) => {
      losses.push(result.losses.loss.itemSync());
    },
    onEpoch: ({ test }) => {
      last = test.loss;
    },
  });
  return {
    losses,
    test: last,
    weights: Object.values(model.stateDict()).map(({ data }) => Float32Array.from(data)),
  };
}

const CASES: Readonly<Record<string, Task>> = {
  'a VAE': { model: 'vae', options: {} },
  'not compiled': { model: 'vae', options: { compile: false } },
  'dynamic binarization': { model: 'vae', options: { binarization: 'dynamic' } },
  'clipped gradients': { model: 'vae', options: { clipNorm: 1 } },
  'free bits': { model: 'vae', options: { freeBits: 0.5 } },
  'the total correlation of the whole batch': { model: 'tc', options: { beta: 4 } },
  'several samples': { model: 'iwae', options: {} },
  'noise on the pixels': { model: 'dae', options: {} },
  'a codebook with restarts': { model: 'vq', options: {} },
  'a codebook of half a batch': { model: 'halfBatchVq', options: {} },
  'dropout behind several samples': { model: 'droppingIwae', options: {} },
  'batch normalization and dropout': { model: 'conv', options: {} },
};
const DETERMINISTIC: Readonly<Record<string, Task>> = {
  'four shards of a VAE': { model: 'vae', options: { deterministic: true } },
  'a conditional VAE': { model: 'cvae', options: { deterministic: true, binarization: 'dynamic' } },
  'a convolutional VAE with batch normalization and dropout': {
    model: 'conv',
    options: { deterministic: true },
  },
  'clipped gradients, not compiled': {
    model: 'vae',
    options: { deterministic: true, clipNorm: 1, compile: false },
  },
  'twelve shards': { model: 'vae', options: { deterministic: true, batchSize: 35, shards: 12 } },
};

type Tasks = Readonly<Record<string, Task>>;

async function trainAll(tasks: Tasks, group?: Group): Promise<Record<string, Result>> {
  const results: Record<string, Result> = {};
  for (const [name, task] of Object.entries(tasks)) results[name] = await train(task, group);
  return results;
}

/** Fails unless the numbers agree up to rounding. */
function near(found: readonly number[], expected: readonly number[]): void {
  assert.is(found.length, expected.length);
  for (const [i, value] of found.entries())
    assert.ok(
      Math.abs(value - expected[i]!) <= 1e-5 * Math.abs(expected[i]!),
      `number ${i} is ${value}, and alone ${expected[i]}`,
    );
}

const thread = threadTask<Tasks>();
if (thread !== null) {
  await answer(() => trainAll(thread.task, thread.group));
} else {
  const { 'twelve shards': twelve } = DETERMINISTIC;
  const ofSize: Readonly<Record<number, Tasks>> = {
    2: { ...CASES, ...DETERMINISTIC },
    3: { ...CASES, 'twelve shards': twelve! },
    4: DETERMINISTIC,
  };
  /** The results by number of processes. */
  const found = new Map<number, Promise<Record<string, Result>[]>>();
  let before: Promise<unknown> = Promise.resolve();
  for (const [size, tasks] of Object.entries(ofSize)) {
    const results = before.then(() =>
      inThreads<Record<string, Result>>(import.meta.url, Number(size), tasks),
    );
    results.catch(() => {});
    found.set(Number(size), results);
    before = results;
  }
  for (const [name, task] of Object.entries(CASES)) {
    test(`two and three processes train as one: ${name}`, async () => {
      const alone = await train(task);
      for (const size of [2, 3]) {
        const [first, ...others] = (await found.get(size)!).map((results) => results[name]!);
        near(first!.losses, alone.losses);
        near([first!.test], [alone.test]);
        for (const other of others) assert.equal(other, first);
      }
    });
  }
  for (const [name, task] of Object.entries(DETERMINISTIC)) {
    test(`deterministic: the bits do not depend on the number of processes: ${name}`, async () => {
      const alone = await train(task);
      let compared = 0;
      for (const results of found.values())
        for (const { [name]: other } of await results) {
          if (other === undefined) continue;
          assert.equal(other, alone);
          compared++;
        }
      assert.is(compared, name === 'twelve shards' ? 9 : 6);
    });
  }
  /** Two processes of which this is the first. @param other - changes what the second one sends */
  const pair = (other: (bytes: Uint8Array) => void = () => {}): Group =>
    createGroup(
      {
        rank: 0,
        size: 2,
        description: 'two processes',
        sum() {},
        broadcast() {},
        gather(bytes, into) {
          into.set(bytes);
          const second = into.subarray(bytes.length);
          second.set(bytes);
          other(second);
        },
        swap() {},
        barrier() {},
        end() {},
      },
      1,
    );
  const refused = async (options: object, expected: RegExp, name = 'vae'): Promise<void> => {
    try {
      await train({ model: name, options });
    } catch (error) {
      assert.match((error as Error).message, expected);
      return;
    }
    assert.unreachable(`no error ${expected}`);
  };

  test('what cannot be trained together is refused with a sentence', async () => {
    await refused({ group: 3 }, /fit: group must be a group, such as await mpi\(\), found 3/);
    await refused({ group: Promise.resolve() }, /fit: group must be await mpi\(\), found/);
    await refused({ deterministic: 1 }, /fit: deterministic must be true or false, found 1/);
    await refused({ shards: 2 }, /fit: shards is for deterministic trainings — add deterministic: true/);
    await refused({ deterministic: true, shards: 0 }, /fit: shards must be a whole number above 0, found 0/);
    await refused(
      { group: pair(), deterministic: true, shards: 3 },
      /fit: shards must be a multiple of the number of processes, found 3 for 2 processes/,
    );
    await refused(
      { deterministic: true, shards: 8 },
      /fit: the last batch has 6 images for 8 shards — choose another batchSize, or dropLast/,
    );
    await refused(
      { group: pair(), batchSize: 1 },
      /fit: a batch has 1 image for 2 processes — choose another batchSize/,
    );
    await refused({ deterministic: true }, /fit: deterministic: this model changes its parameters/, 'vq');
  });

  test('a group that has ended is refused', async () => {
    const group = pair();
    group.end();
    await refused({ group }, /the group has ended, and cannot start again/);
  });

  test('other options, models, data or arithmetic on a process are found at the start', async () => {
    const names = [
      'set of options',
      'model',
      'optimizer or state of it',
      'set of training images',
      'set of test images',
      'arithmetic',
    ];
    for (const [i, name] of names.entries()) {
      const group = pair((bytes) => {
        bytes[8 * i]! ^= 1;
      });
      await refused(
        { group },
        new RegExp(`fit: process 1 has another ${name}.* than process 0 — start all processes with`),
      );
    }
  });

  test('weights that differ later are found', async () => {
    let comparisons = 0;
    const group = pair((bytes) => {
      if (bytes.length === 8 && ++comparisons === 1) bytes[0]! ^= 1;
    });
    await refused({ group }, /after step 5 the weights of process 1 differ from those of process 0/);
  });
  test.run();
}
