import {
  createReference,
  createWasm,
  Generator,
  parameter,
  randn,
  type Tensor,
  tensor,
  withBackend,
} from '@varigrad/core';
import {
  Adam,
  AdamW,
  cosineSchedule,
  exponentialSchedule,
  type Optimizer,
  SGD,
  stepSchedule,
  warmupSchedule,
} from '@varigrad/nn';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { refuses } from '../helpers/refuses.js';

const SIZE = 33;

/** Runs 50 steps of an optimizer on given gradients, and compares them with a float64 implementation of the rule. */
function follow(
  build: (parameters: Tensor[]) => Optimizer,
  rule: (p: number, g: number, state: number[], t: number) => number,
): void {
  const generator = new Generator(3);
  const start = randn([SIZE], { generator });
  const p = parameter(start);
  const optimizer = build([p]);
  const expected = Array.from(start.dataSync());
  const states = expected.map((): number[] => []);
  for (let t = 1; t <= 50; t++) {
    const g = randn([SIZE], { generator });
    optimizer.zeroGrad();
    p.mul(g).sum().backward();
    optimizer.step();
    const gradients = g.dataSync();
    expected.forEach((value, i) => {
      expected[i] = rule(value, gradients[i]!, states[i]!, t);
    });
  }
  p.dataSync().forEach((value, i) => {
    assert.ok(
      Math.abs(value - expected[i]!) < 1e-5 * Math.max(1, Math.abs(expected[i]!)),
      `[${i}] ${value} ${expected[i]}`,
    );
  });
}

/** Adam as in Algorithm 1 of the paper. */
function adamRule(learningRate: number, decay: number, decoupled: boolean) {
  return (start: number, gradient: number, s: number[], t: number): number => {
    const p = decoupled ? start * (1 - learningRate * decay) : start;
    const g = decoupled ? gradient : gradient + decay * start;
    s[0] = 0.9 * (s[0] ?? 0) + 0.1 * g;
    s[1] = 0.999 * (s[1] ?? 0) + 0.001 * g * g;
    return p - (learningRate * (s[0] / (1 - 0.9 ** t))) / (Math.sqrt(s[1] / (1 - 0.999 ** t)) + 1e-8);
  };
}

test('Adam follows its definition', () =>
  follow((p) => new Adam(p, { learningRate: 0.01 }), adamRule(0.01, 0, false)));
test('Adam adds the weight decay to the gradient', () =>
  follow((p) => new Adam(p, { learningRate: 0.01, weightDecay: 0.1 }), adamRule(0.01, 0.1, false)));
test('AdamW decays the weights themselves', () =>
  follow((p) => new AdamW(p, { learningRate: 0.01, weightDecay: 0.1 }), adamRule(0.01, 0.1, true)));
test('SGD follows its definition', () =>
  follow(
    (p) => new SGD(p, { learningRate: 0.1, weightDecay: 0.01 }),
    (p, g) => p - 0.1 * (g + 0.01 * p),
  ));
for (const nesterov of [false, true]) {
  test(`SGD with momentum${nesterov ? ' by Nesterov' : ''} follows its definition`, () =>
    follow(
      (p) => new SGD(p, { learningRate: 0.1, momentum: 0.9, nesterov }),
      (p, g, s, t) => {
        s[0] = t === 1 ? g : 0.9 * s[0]! + g;
        return p - 0.1 * (nesterov ? g + 0.9 * s[0] : s[0]);
      },
    ));
}
test('SGD with dampening reduces the gradient after the first step', () =>
  follow(
    (p) => new SGD(p, { learningRate: 0.1, momentum: 0.5, dampening: 0.25 }),
    (p, g, s, t) => {
      s[0] = t === 1 ? g : 0.5 * s[0]! + 0.75 * g;
      return p - 0.1 * s[0];
    },
  ));

for (const build of [(p: Tensor[]) => new Adam(p), (p: Tensor[]) => new SGD(p, { momentum: 0.9 })]) {
  test(`${build([parameter(tensor([1]))]).kind}: a saved state continues exactly`, () => {
    const gradients = Array.from({ length: 6 }, (_, i) => randn([4], { generator: new Generator(i) }));
    const run = (interrupted: boolean): number[] => {
      let p = parameter(tensor([1, 2, 3, 4]));
      let optimizer: Optimizer = build([p]);
      gradients.forEach((g, i) => {
        if (interrupted && i === 3) {
          const saved = JSON.parse(
            JSON.stringify(optimizer.stateDict(), (_, v) =>
              ArrayBuffer.isView(v) ? [...(v as Float32Array)] : v,
            ),
          );
          for (const t of Object.values(saved.tensors) as { data: Float32Array }[])
            t.data = Float32Array.from(t.data);
          p = parameter(p.detach());
          optimizer = build([p]);
          optimizer.loadStateDict(saved);
        }
        p.zeroGrad();
        p.mul(g).sum().backward();
        optimizer.step();
      });
      return [...p.dataSync()];
    };
    assert.equal(run(true), run(false));
  });
}

test('a parameter without a gradient does not change', () => {
  const [used, unused] = [parameter(tensor([1])), parameter(tensor([5]))];
  const optimizer = new Adam([used, unused]);
  used.sum().backward();
  optimizer.step();
  assert.is(unused.itemSync(), 5);
  assert.is.not(used.itemSync(), 1);
});

test('schedules follow their formulas', () => {
  assert.equal([0, 9, 10, 20].map(stepSchedule(10)), [1, 1, 0.1, 0.1 ** 2]);
  assert.is(exponentialSchedule(0.5)(3), 0.125);
  const cosine = cosineSchedule(100, 0.1);
  assert.equal([cosine(0), cosine(50), cosine(100), cosine(500)], [1, 0.55, 0.1, 0.1]);
  const warm = warmupSchedule(4, stepSchedule(2));
  assert.equal([0, 2, 4, 5, 6].map(warm), [0, 0.5, 1, 1, 0.1]);
});

test('optimizers refuse wrong parameters, settings and states', () => {
  const p = parameter(tensor([1, 2]));
  refuses(
    () => new Adam([]),
    'Adam: there are no parameters to train — parameters() of a module finds tensors and layers in its properties, but not in #private fields',
  );
  refuses(
    () => new Adam([p], { learningRate: -1 }),
    'Adam: learningRate must be a number of at least 0, found -1',
  );
  refuses(() => new Adam([p], { beta2: 1 }), 'Adam: beta2 must be a number in [0, 1), found 1');
  refuses(() => new SGD([p], { momentum: -1 }), 'SGD: momentum must be a number of at least 0, found -1');
  refuses(() => new SGD([p], { nesterov: true }), 'SGD: nesterov needs momentum above 0 and dampening 0');
  refuses(() => stepSchedule(0), 'stepSchedule: size must be a number above 0, found 0');
  const sgd = new SGD([p], { momentum: 0.9 });
  const adam = new Adam([p]);
  refuses(
    () => adam.loadStateDict(sgd.stateDict()),
    "loadStateDict: the state is for 'sgd', and this optimizer is 'adam'",
  );
  const other = new Adam([parameter(tensor([1, 2, 3]))]);
  p.sum().backward();
  adam.step();
  refuses(
    () => other.loadStateDict(adam.stateDict()),
    "loadStateDict: 'm.0' has shape [2], the parameter [3]",
  );
});

for (const backend of [createReference(), createWasm({ threads: 1 })])
  test(`a squared gradient beyond float32 leaves the parameter where it is, as in PyTorch (${backend.name})`, () =>
    withBackend(backend, () => {
      const after = (g: number): number => {
        const p = parameter(tensor([1]));
        p.grad = tensor([g]);
        new Adam([p], { learningRate: 0.5 }).step();
        return p.itemSync();
      };
      assert.is(after(1e30), 1); // (1 − β₂)g² is infinite in float32
      assert.ok(Math.abs(after(1e20) - 0.5) < 1e-6); // g² is infinite, and (1 − β₂)g² is not
    }));

test.run();
