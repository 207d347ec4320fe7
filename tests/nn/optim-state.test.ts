/** Optimizers: updates per parameter, repeated parameters, settings, and the state as plain data. */
import {
  createReference,
  Generator,
  parameter,
  randn,
  type Tensor,
  tensor,
  withBackend,
} from '@varigrad/core';
import { Adam, AdamW, type Optimizer, type OptimizerState, SGD } from '@varigrad/nn';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const scalar = (value: number): Tensor => parameter(tensor(value));

/** Sets the gradients, and steps. A gradient of null is left out. */
function step(optimizer: Optimizer, gradients: ReadonlyMap<Tensor, number | null>): void {
  optimizer.zeroGrad();
  for (const [p, gradient] of gradients) if (gradient !== null) p.grad = tensor(gradient);
  optimizer.step();
}

const near = (found: number, expected: number): void =>
  assert.ok(Math.abs(found - expected) < 1e-5, `${found} against ${expected}`);

test('the first step of Adam is ±learningRate, whenever the first gradient comes', () => {
  for (const idle of [0, 1, 100, 1000]) {
    const [a, b] = [scalar(0), scalar(0)];
    const optimizer = new AdamW([a, b], { learningRate: 0.1, weightDecay: 0 });
    for (let i = 0; i < idle; i++) step(optimizer, new Map([[a, 1]]));
    step(
      optimizer,
      new Map([
        [a, 1],
        [b, -3],
      ]),
    );
    near(b.itemSync(), 0.1);
    assert.equal(optimizer.stateDict().updates, [idle + 1, 1]);
    assert.is(optimizer.stepCount, idle + 1);
  }
});

test('updates per parameter follow Adam as it is defined, for any pattern of missing gradients', () => {
  const generator = new Generator(3);
  const values = [0.5, -1, 2];
  const parameters = values.map(scalar);
  const optimizer = new Adam(parameters, { learningRate: 0.05 });
  const state = values.map((p) => ({ p, m: 0, v: 0, t: 0 }));
  for (let i = 0; i < 60; i++) {
    const draws = randn([3], { generator }).dataSync();
    const present = state.map((_, j) => (i + j) % (j + 2) !== 0);
    step(optimizer, new Map(parameters.map((p, j) => [p, present[j] ? draws[j]! : null])));
    state.forEach((s, j) => {
      if (!present[j]) return;
      s.t++;
      s.m = 0.9 * s.m + 0.1 * draws[j]!;
      s.v = 0.999 * s.v + 0.001 * draws[j]! ** 2;
      s.p -= (0.05 * (s.m / (1 - 0.9 ** s.t))) / (Math.sqrt(s.v / (1 - 0.999 ** s.t)) + 1e-8);
    });
  }
  parameters.forEach((p, j) => {
    near(p.itemSync(), state[j]!.p);
  });
});

test('the first momentum is the gradient, whenever it comes', () => {
  const [a, b] = [scalar(0), scalar(0)];
  const optimizer = new SGD([a, b], { learningRate: 1, momentum: 0.9, dampening: 0.5 });
  step(optimizer, new Map([[a, 1]]));
  step(optimizer, new Map([[b, 2]]));
  assert.is(b.itemSync(), -2);
});

for (const [name, build, expected] of [
  ['SGD', (p: Tensor[]) => new SGD(p, { learningRate: 0.1 }), 0.8],
  ['Adam', (p: Tensor[]) => new Adam(p, { learningRate: 0.1 }), 0.9],
  ['AdamW', (p: Tensor[]) => new AdamW(p, { learningRate: 0.1, weightDecay: 0 }), 0.9],
] as const) {
  test(`${name}: a parameter that is given twice is updated once`, () => {
    const p = scalar(1);
    const optimizer = build([p, p]);
    step(optimizer, new Map([[p, 2]]));
    near(p.itemSync(), expected);
    assert.equal(optimizer.parameters, [p]);
  });
}

test('negative settings and NaN are refused, in every optimizer', () => {
  const p = scalar(1);
  const optimizers = { Adam, AdamW, SGD } as unknown as Readonly<
    Record<string, new (p: Tensor[], options: object) => Optimizer>
  >;
  const settings: Readonly<Record<string, readonly string[]>> = {
    Adam: ['learningRate', 'beta1', 'beta2', 'epsilon', 'weightDecay'],
    AdamW: ['learningRate', 'beta1', 'beta2', 'epsilon', 'weightDecay'],
    SGD: ['learningRate', 'momentum', 'dampening', 'weightDecay'],
  };
  for (const [name, names] of Object.entries(settings)) {
    for (const setting of names) {
      for (const value of [-1, -1e-9, Number.NaN, '1', null]) {
        const range = setting.startsWith('beta') ? 'in [0, 1)' : 'of at least 0';
        const found = typeof value === 'string' ? `'${value}'` : value;
        assert.throws(
          () => new optimizers[name]!([p], { [setting]: value }),
          `${name}: ${setting} must be a number ${range}, found ${found}`,
        );
      }
      new optimizers[name]!([p], { [setting]: 0 });
    }
  }
  assert.throws(
    () => new SGD([p], { nesterov: 1 as unknown as boolean }),
    'SGD: nesterov must be true or false, found 1',
  );
});

/** An optimizer of two parameters after some steps, of which only the first had gradients in all. */
function trained(build: (p: Tensor[]) => Optimizer): { optimizer: Optimizer; parameters: Tensor[] } {
  const parameters = [parameter(tensor([1, 2])), parameter(tensor([[3]])), scalar(4)];
  const optimizer = build(parameters);
  for (let i = 0; i < 5; i++) {
    optimizer.zeroGrad();
    parameters[0]!.grad = tensor([i, -i]);
    if (i > 2) parameters[1]!.grad = tensor([[i]]);
    optimizer.step();
  }
  return { optimizer, parameters };
}

const kinds = {
  adam: (p: Tensor[]) => new Adam(p),
  momentum: (p: Tensor[]) => new SGD(p, { momentum: 0.9 }),
  sgd: (p: Tensor[]) => new SGD(p),
};

for (const [kind, build] of Object.entries(kinds)) {
  test(`${kind}: a state is restored completely, also over a later one`, () => {
    const { optimizer } = trained(build);
    optimizer.learningRate = 0.5;
    const saved = optimizer.stateDict();
    const fresh = build(trained(build).parameters);
    fresh.loadStateDict(saved);
    assert.equal(fresh.stateDict(), saved);
    assert.is(fresh.initialLearningRate, 1e-3);
    const later = trained(build);
    later.parameters[2]!.grad = tensor(1);
    later.optimizer.step();
    later.optimizer.loadStateDict(saved);
    assert.equal(later.optimizer.stateDict(), saved);
  });

  test(`${kind}: a state without counts per parameter is still read`, () => {
    const { optimizer, parameters } = trained(build);
    const { updates: _, initialLearningRate: __, ...old } = optimizer.stateDict();
    const fresh = build(parameters);
    fresh.loadStateDict(old);
    const updates = kind === 'sgd' ? [5, 5, 5] : [5, 5, 0];
    assert.equal(fresh.stateDict(), { ...optimizer.stateDict(), updates });
  });
}

/** Wrong states, made from a right one, and the message. */
const wrong: readonly [name: string, change: (state: OptimizerState) => unknown, message: string][] = [
  ['no object', () => 3, "the state must be what the optimizer's stateDict() returned, found 3"],
  ['no tensors', (s) => ({ ...s, tensors: {} }), 'missing: m.0, v.0, m.1, v.1 — nothing was loaded'],
  [
    'no tensors in an older state',
    ({ updates: _, ...s }) => ({ ...s, tensors: {} }),
    'missing: m.0, v.0, m.1, v.1, m.2, v.2 — nothing was loaded',
  ],
  ['another kind', (s) => ({ ...s, kind: 'sgd' }), "the state is for 'sgd', and this optimizer is 'adam'"],
  ['negative step', (s) => ({ ...s, step: -3 }), 'step must be a whole number of at least 0, found -3'],
  ['half a step', (s) => ({ ...s, step: 1.5 }), 'step must be a whole number of at least 0, found 1.5'],
  ['text as step', (s) => ({ ...s, step: '5' }), "step must be a whole number of at least 0, found '5'"],
  [
    'more updates than steps',
    (s) => ({ ...s, step: 4 }),
    'updates must be 3 whole numbers, one per parameter, from 0 to step, 4, found [5, 2, 0]',
  ],
  [
    'too few counts',
    (s) => ({ ...s, updates: [5] }),
    'updates must be 3 whole numbers, one per parameter, from 0 to step, 5, found [5]',
  ],
  [
    'no rate',
    (s) => ({ ...s, learningRate: null }),
    'learningRate must be a number of at least 0, found null',
  ],
  [
    'NaN as initial rate',
    (s) => ({ ...s, initialLearningRate: Number.NaN }),
    'initialLearningRate must be a number of at least 0, found NaN',
  ],
  [
    'a null entry',
    (s) => ({ ...s, tensors: { ...s.tensors, 'v.1': null } }),
    "'v.1' must be { shape, data }, found null",
  ],
  [
    'another shape',
    (s) => ({ ...s, tensors: { ...s.tensors, 'v.1': { shape: [1], data: new Float32Array(1) } } }),
    "'v.1' has shape [1], the parameter [1, 1]",
  ],
  [
    'too few values',
    (s) => ({ ...s, tensors: { ...s.tensors, 'v.1': { shape: [1, 1], data: new Float32Array() } } }),
    "'v.1' has 0 values, and its shape [1, 1] needs 1",
  ],
  [
    'whole numbers as values',
    (s) => ({ ...s, tensors: { ...s.tensors, 'v.1': { shape: [1, 1], data: new Int32Array(1) } } }),
    "'v.1' must have a Float32Array as data, found Int32Array(1)",
  ],
  [
    'an unknown tensor',
    (s) => ({ ...s, tensors: { ...s.tensors, 'w.1': { shape: [1, 1], data: new Float32Array(1) } } }),
    "'w.1' has shape [1, 1], this 'adam' of 3 parameters has no such tensor",
  ],
  [
    'a parameter too many',
    (s) => ({ ...s, tensors: { ...s.tensors, 'm.3': { shape: [1], data: new Float32Array(1) } } }),
    "'m.3' has shape [1], this 'adam' of 3 parameters has no such tensor",
  ],
];

for (const [name, change, message] of wrong) {
  test(`a wrong state changes nothing: ${name}`, () => {
    const { optimizer } = trained(kinds.adam);
    const other = trained(kinds.adam).optimizer;
    other.learningRate = 7;
    const before = other.stateDict();
    const state = change(optimizer.stateDict()) as OptimizerState;
    assert.throws(() => other.loadStateDict(state), `loadStateDict: ${message}`);
    assert.equal(other.stateDict(), before);
  });
}

test('the state of an optimizer lies on the backend of its parameters', () => {
  const machine = createReference();
  const parameters = withBackend(machine, () => [scalar(1), scalar(2)]);
  const optimizer = new Adam(parameters);
  for (const p of parameters) p.grad = withBackend(machine, () => tensor(1));
  const device = { ...createReference(), name: 'gpu', memory: 'device' } as const;
  withBackend(device, () => optimizer.step());
  const saved = optimizer.stateDict();
  withBackend(device, () => optimizer.loadStateDict(saved));
  optimizer.step();
  assert.equal(optimizer.stateDict().updates, [2, 2]);
});

test.run();
