import { Generator } from '@varigrad/core';
import type { Graph, GraphNode } from '@varigrad/core/trace';
import { Adam, SGD } from '@varigrad/nn';
import { firstOf, fit, type StepResult, TrainingError, VAE } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { recordLastStep } from '../../examples/playground/src/engine/record.js';
import { Trainer } from '../../examples/playground/src/engine/trainer.js';
import { playgroundDigits, settings, usePlainWasm } from '../helpers/playground-digits.js';

usePlainWasm();
const digits = await playgroundDigits();
/** 7 steps per epoch. */
const few = { train: firstOf(digits.train, 700), test: firstOf(digits.test, 100) };

/** All weights in one array. */
function weightsOf({ model }: Pick<Trainer, 'model'>): number[] {
  return Object.values(model.stateDict()).flatMap(({ data }) => Array.from(data as ArrayLike<number>));
}

async function ran(steps: readonly number[], changes: Parameters<typeof settings>[0] = {}): Promise<Trainer> {
  const trainer = new Trainer(settings({ hidden: '32', ...changes }), few);
  for (const count of steps) await trainer.run(count);
  return trainer;
}

test('a training has the bits of fit', async () => {
  const trainer = await ran([20]);
  const model = new VAE({ hidden: [32], latent: 2, generator: new Generator(0) });
  const optimizer = new Adam(model.parameters(), { learningRate: 0.002 });
  const onStep = (): boolean => optimizer.stepCount < 20;
  await fit(model, few, { optimizer, epochs: 3, batchSize: 100, onStep });
  assert.equal(weightsOf(trainer), weightsOf({ model }));
});

test('a training that stops at any step and continues has the same bits', async () => {
  for (const changes of [
    {},
    { binarization: 'dynamic' },
    { binarization: 'static', freeBits: 0.1 },
  ] as const) {
    const whole = weightsOf(await ran([16], changes));
    for (const parts of [
      [1, 15],
      [7, 9],
      [6, 1, 1, 8],
      [14, 2],
    ])
      assert.equal(weightsOf(await ran(parts, changes)), whole, parts.join());
  }
});

test('pause ends the run after the step in progress', async () => {
  let seen = 0;
  const trainer = new Trainer(settings({ hidden: '32' }), few, {
    step: () => {
      if (++seen === 9) trainer.pause();
    },
  });
  await trainer.run(Number.POSITIVE_INFINITY);
  assert.is(trainer.step, 9);
  assert.is(trainer.epoch, 2);
});

test('settings that do not restart the training change from the next step on', async () => {
  const trainer = await ran([5]);
  const before = weightsOf(trainer);
  trainer.change({ ...trainer.settings, learningRate: 1e-7 });
  await trainer.run(1);
  const largest = Math.max(...weightsOf(trainer).map((weight, i) => Math.abs(weight - before[i]!)));
  assert.ok(
    largest > 0 && largest < 1e-6,
    `Adam moves a weight by about the learning rate, found ${largest}`,
  );
});

test('β and its warm-up weigh the KL term', async () => {
  const losses: number[][] = [];
  const listener = {
    step: ({ losses: { loss, recon, kl } }: StepResult) => {
      losses.push([loss, recon, kl].map((t) => t.itemSync()));
    },
  };
  const trainer = new Trainer(settings({ hidden: '32', beta: 4, warmUp: 4 }), few, listener);
  await trainer.run(6);
  losses.forEach(([loss = 0, recon = 0, kl = 0], step) => {
    const weighed = recon + 4 * Math.min(1, step / 4) * kl;
    assert.ok(Math.abs(loss - weighed) < 1e-5 * loss, `step ${step}: ${loss}, ${weighed}`);
  });
});

function named({ nodes }: Graph, name: string): GraphNode {
  const found = nodes.filter((node) => node.name === name);
  assert.is(found.length, 1, name);
  return found[0]!;
}

test('the recorded step has the losses and the gradients of the step that ran', async () => {
  for (const count of [1, 6, 7, 8, 14, 15]) {
    let loss = Number.NaN;
    const norms = new Map<string, number>();
    const trainer = new Trainer(settings({ hidden: '32' }), few, {
      step: ({ losses }) => {
        loss = losses.loss.itemSync();
        for (const [name, parameter] of trainer.model.namedParameters())
          norms.set(name, Math.hypot(...parameter.peekGrad()!.dataSync()));
      },
    });
    await trainer.run(count);
    const after = weightsOf(trainer);
    const graph = (await recordLastStep(trainer)) as Graph;
    assert.is(named(graph, 'loss').output.values![0], loss, `step ${count}`);
    for (const [name, norm] of norms) {
      const found = named(graph, name).gradient!.norm;
      assert.ok(Math.abs(found - norm) <= 1e-6 * norm, `step ${count}, ${name}: ${found}, ${norm}`);
    }
    assert.equal(weightsOf(trainer), after, 'recording changes nothing');
  }
});

test('before the first step there is nothing to record', async () => {
  assert.is(await recordLastStep(new Trainer(settings({ hidden: '8' }), few)), null);
});

test('a training that diverges names the step, the operation and its module, as fit does, and can be recorded', async () => {
  const trainer = new Trainer(settings({ hidden: '32', optimizer: 'sgd', learningRate: 30 }), few);
  await trainer.run(50);
  const { failure } = trainer;
  assert.ok(failure !== undefined);
  const last = trainer.step;
  await trainer.run(5);
  assert.is(trainer.step, last, 'it does not continue');
  const model = new VAE({ hidden: [32], latent: 2, generator: new Generator(0) });
  const optimizer = new SGD(model.parameters(), { learningRate: 30 });
  try {
    await fit(model, few, { optimizer, epochs: 8, batchSize: 100 });
    assert.unreachable('fit must fail, too');
  } catch (error) {
    assert.instance(error, TrainingError);
    const { epoch, step, cause } = error as TrainingError;
    assert.is(failure.step, (epoch - 1) * 7 + step! - 1);
    assert.equal([failure.epoch, failure.operation, failure.module], [epoch, cause!.op, cause!.module]);
  }
  const graph = (await recordLastStep(trainer)) as Graph;
  assert.ok(graph.nodes.some(({ output }) => output.notFinite > 0));
  assert.ok(
    graph.nodes.some(({ op }) => op === failure.operation),
    failure.operation,
  );
});

test.run();
