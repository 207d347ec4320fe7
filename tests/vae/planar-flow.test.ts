/** The planar step: its determinant, invertibility and gradients; and the two sources of its parameters. */
import { createReference, Generator, rand, randn, type Tensor, tensor, withBackend } from '@varigrad/core';
import { gradcheck } from '@varigrad/core/testing';
import {
  type FitOptions,
  type FlowParameters,
  fit,
  GaussianPosterior,
  PlanarFlow,
  planarStep,
  VAE,
} from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BATCH, data, SIZE, STEPS, WatchedAdam } from '../helpers/bars.js';
import { refuses } from '../helpers/refuses.js';

const float64 = createReference(Float64Array);
const SOURCES: readonly FlowParameters[] = ['encoder', 'shared'];

type StepArguments = Parameters<typeof planarStep>;

/** u, w and b of one step; w is `[−1, 0.5, 2]` times `size`, and wᵀu is `inner`. */
const stepWith = (inner: number, size = 1): [Tensor, Tensor, Tensor] => {
  const w = [-size, 0.5 * size, 2 * size];
  // [2, 0, 1] is orthogonal to w; the last term gives wᵀu its value.
  const u = [2, 0, 1].map((v, i) => v + (inner * w[i]!) / (5.25 * size ** 2));
  return [tensor([u]), tensor([w]), tensor([[0.3]])];
};

test('û: wᵀû is wᵀu / (1 + log(1 + exp(−wᵀu))), above −1, and rises with wᵀu', () => {
  withBackend(float64, () => {
    let last = -1;
    for (const inner of [-500, -30, -5, -1, -0.1, 0, 0.1, 1, 5, 30, 500]) {
      const [u, w] = stepWith(inner);
      // With b = 50, tanh is 1 and its slope 0: the step adds û.
      const z = tensor([[0, 0, 0]]);
      const uHat = planarStep(z, u, w, tensor([[50]])).z;
      const found = w.mul(uHat).sum().itemSync();
      const expected = inner / (1 + Math.max(-inner, 0) + Math.log1p(Math.exp(-Math.abs(inner))));
      assert.ok(Math.abs(found - expected) < 1e-12 * Math.max(1, Math.abs(expected)), `${inner}: ${found}`);
      assert.ok(found > last, `${inner}: ${found} > ${last}`);
      last = found;
    }
  });
});

test('a step is invertible: along w it is increasing with the slope that logDet tells, for any u', () => {
  withBackend(float64, () => {
    for (const inner of [-1e4, -20, -1.5, -0.5, 0, 3, 100]) {
      const [u, w, b] = stepWith(inner);
      const along = (t: number): number => {
        const z = w.mul(t / 5.25); // wᵀz = t
        return w
          .mul(planarStep(z, u, w, b).z)
          .sum()
          .itemSync();
      };
      for (const t of [-4, -1, -0.3, 0, 0.7, 3]) {
        const h = 1e-4;
        const slope = (8 * (along(t + h) - along(t - h)) - (along(t + 2 * h) - along(t - 2 * h))) / (12 * h);
        const told = Math.exp(planarStep(w.mul(t / 5.25), u, w, b).logDet.itemSync());
        assert.ok(told > 0);
        assert.ok(
          Math.abs(slope - told) < 1e-8 * Math.max(1, told),
          `wᵀu ${inner}, wᵀz ${t}: ${slope} ${told}`,
        );
      }
    }
  });
});

test('the gradients of a step agree with finite differences, also at and near w = 0 and u = 0', () => {
  const generator = new Generator(5);
  const z = randn([2, 3], { generator });
  const random = randn([2, 3], { generator });
  const b = tensor([[0.4], [-1]]);
  const moved = (...step: Tensor[]): Tensor => planarStep(...(step as StepArguments)).z;
  const logDet = (...step: Tensor[]): Tensor => planarStep(...(step as StepArguments)).logDet;
  for (const size of [0, 1e-12, 1e-6, 1e-3, 1]) {
    for (const [u, w] of [
      [random, randn([2, 3], { generator }).mul(size)],
      [randn([2, 3], { generator }).mul(size), random],
    ] as const) {
      gradcheck(moved, [z, u, w, b], { order: 2 });
      gradcheck(logDet, [z, u, w, b], { order: 2 });
    }
  }
});

test('a step with u = 0 is the identity, whatever w is', () => {
  const z = tensor([[0.5, -1, 2]]);
  for (const w of [
    [1, -2, 0.3],
    [0, 0, 0],
    [1e4, -1e4, 1e4],
  ]) {
    const step = planarStep(z, tensor([[0, 0, 0]]), tensor([w]), tensor([[0.1]]));
    assert.equal([...step.z.dataSync()], [...z.dataSync()]);
    assert.is(step.logDet.itemSync(), 0);
  }
});

test('extreme parameters: values and gradients are finite in float32, and logDet is that of float64', () => {
  const run = (inner: number, size: number) => {
    const [u, w, b] = stepWith(inner, size).map((t) => {
      return tensor(t.dataSync(), { shape: t.shape, requiresGrad: true });
    }) as [Tensor, Tensor, Tensor];
    const { z, logDet } = planarStep(tensor([[0.01, -0.02, 0.03]]), u, w, b);
    z.sum().add(logDet.sum()).backward();
    const all = [z, logDet, u.grad, w.grad, b.grad] as Tensor[];
    return { numbers: all.flatMap((t) => [...t.dataSync()]), logDet: logDet.itemSync() };
  };
  for (const inner of [-1e12, -1e8, -2e7, -1000, -17, -1, 0, 1, 17, 1000, 1e8, 1e12]) {
    for (const size of [1e-10, 1e-4, 1, 1e4]) {
      const found = run(inner, size);
      assert.ok(found.numbers.every(Number.isFinite), `wᵀu ${inner}, w ${size}: ${found.numbers}`);
      const exact = withBackend(float64, () => run(inner, size)).logDet;
      assert.ok(
        Math.abs(found.logDet - exact) < 1e-3 * Math.max(1, Math.abs(exact)),
        `${inner} ${size}: ${found.logDet} ${exact}`,
      );
    }
  }
});

for (const parameters of SOURCES) {
  test(`new flows are near the identity, but not at it: parameters ${parameters}`, () => {
    const generator = new Generator(8);
    const flow = new PlanarFlow(20, { parameters, generator });
    const q = {
      mu: randn([64, 20], { generator }),
      logVar: randn([64, 20], { generator }),
      context: rand([64, 400], { generator }),
    };
    const eps = randn([64, 20], { generator });
    const [bent, straight] = [flow.draw(q, eps), new GaussianPosterior().draw(q, eps)];
    const moved = bent.z.sub(straight.z).abs().amax().itemSync();
    assert.ok(moved > 0 && moved < 0.1, `z moves by up to ${moved}`);
    const logDet = bent.logProb().sub(straight.logProb()).abs().amax().itemSync();
    assert.ok(logDet > 0 && logDet < 0.1, `logDet is up to ${logDet}`);
  });

  test(`a stopped and continued run equals an uninterrupted one bit for bit: parameters ${parameters}`, async () => {
    const make = () => {
      const generator = new Generator(1);
      const features = parameters === 'encoder' ? { features: 16 } : {};
      const posterior = new PlanarFlow(2, { parameters, length: 3, generator, ...features });
      return new VAE({ inputSize: SIZE ** 2, hidden: [16], latent: 2, posterior, generator });
    };
    const train = async (model: VAE, optimizer: WatchedAdam, from: Pick<FitOptions, 'state' | 'signal'>) =>
      fit(model, data, { optimizer, epochs: 2, batchSize: BATCH, binarization: 'dynamic', ...from });
    const adam = (model: VAE) => new WatchedAdam(model.parameters(), { learningRate: 0.01 });
    const whole = make();
    await train(whole, adam(whole), {});

    const first = make();
    const before = adam(first);
    const stop = new AbortController();
    before.after = (step) => {
      if (step === STEPS + 2) stop.abort();
    };
    const state = await train(first, before, { signal: stop.signal });
    const second = make();
    second.loadStateDict(first.stateDict());
    const after = adam(second);
    after.loadStateDict(before.stateDict());
    await train(second, after, { state });
    assert.not.equal(first.stateDict(), whole.stateDict());
    assert.equal(second.stateDict(), whole.stateDict());
  });
}

test('the parameters of the flows and their names in a state dict', () => {
  const names = (flow: PlanarFlow) =>
    [...new VAE({ latent: 3, posterior: flow }).namedParameters()]
      .filter(([name]) => name.startsWith('posterior'))
      .map(([name, { shape }]) => `${name} ${shape.join('×')}`);
  assert.equal(names(new PlanarFlow(3, { length: 4 })), [
    'posterior.u.weight 12×400',
    'posterior.u.bias 12',
    'posterior.w.weight 12×400',
    'posterior.w.bias 12',
    'posterior.b.weight 4×400',
    'posterior.b.bias 4',
  ]);
  assert.equal(names(new PlanarFlow(3, { parameters: 'shared', length: 4 })), [
    'posterior.u 1×12',
    'posterior.w 1×12',
    'posterior.b 1×4',
  ]);
});

test('options that do not go together, and unknown words, are refused', () => {
  refuses(
    () => new PlanarFlow(2, { parameters: 'share' as FlowParameters }),
    "PlanarFlow: parameters must be one of 'encoder', 'shared', found 'share' — did you mean 'shared'?",
  );
  refuses(
    () => new PlanarFlow(2, { parameters: 'shared', features: 5 }),
    "PlanarFlow: features has no effect with parameters 'shared', found 5 — leave it out",
  );
});

test.run();
