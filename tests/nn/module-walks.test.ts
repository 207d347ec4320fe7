/** Walks over modules: shared tensors and layers, containers, deep nesting; and loading a state dict, all or nothing. */
import { Generator, parameter, type Tensor, tensor, zeros } from '@varigrad/core';
import {
  Adam,
  Dropout,
  decodeSafetensors,
  encodeSafetensors,
  Linear,
  Module,
  type Optimizer,
  Sequential,
  SGD,
  type StateDict,
  StateDictError,
} from '@varigrad/nn';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { refuses } from '../helpers/refuses.js';

/** A parameter under two names, and a layer under two. */
class Tied extends Module {
  readonly a: Tensor = parameter(tensor([1]));
  readonly b: Tensor = this.a;
  readonly encoder: Linear = new Linear(2, 2, { generator: new Generator(1) });
  readonly decoder: { weight: Tensor; again: Linear } = { weight: this.encoder.weight, again: this.encoder };
  readonly mean: Tensor = zeros([3]);
  readonly sameMean: Tensor = this.mean;
}

const NAMES = ['a', 'decoder.weight', 'mean', 'encoder.bias'];

test('tied tensors count once, under their first name', () => {
  const model = new Tied();
  assert.equal(
    Array.from(model.namedTensors(), ([name]) => name),
    NAMES,
  );
  assert.equal(Object.keys(model.stateDict()), NAMES);
  assert.equal(
    Array.from(model.namedParameters(), ([name]) => name),
    ['a', 'decoder.weight', 'encoder.bias'],
  );
  assert.equal(
    Array.from(model.namedBuffers(), ([name]) => name),
    ['mean'],
  );
  assert.is(model.parameters().length, 3);
  assert.is(new Set(model.parameters()).size, 3);
  assert.match(String(model), /^Tied \(7 parameters\)\n/);
  assert.equal(
    Array.from(model.namedModules(), ([name]) => name),
    ['', 'encoder'],
  );
});

for (const [name, build, expected] of [
  ['SGD', (p: Tensor[]): Optimizer => new SGD(p, { learningRate: 0.1 }), 0.8],
  ['Adam', (p: Tensor[]): Optimizer => new Adam(p, { learningRate: 0.1 }), 0.9],
] as const) {
  test(`a tied weight is updated once: ${name}`, () => {
    const model = new Tied();
    const optimizer = build(model.parameters());
    model.a.add(model.b).sum().backward(); // d(a + a)/da = 2
    optimizer.step();
    assert.ok(Math.abs(model.b.itemSync() - expected) < 1e-6, `${model.b.itemSync()}`);
    assert.is(model.a, model.b);
    model.zeroGrad();
    assert.is(model.b.grad, null);
  });
}

/** The values of a state dict, which differ from those of a new model. */
function saved(model: Module): StateDict {
  const entries = Object.entries(model.stateDict());
  return Object.fromEntries(
    entries.map(([name, { shape, data }], i) => [name, { shape, data: data.map((x) => x + 10 + i) }]),
  );
}

test('a tied tensor is loaded from its first name, from another, or from several with equal values', () => {
  const state = saved(new Tied());
  const { a, ...rest } = state;
  for (const given of [state, { ...rest, b: a! }, { ...state, b: a! }, { b: a!, ...state }]) {
    const model = new Tied();
    model.loadStateDict({ ...given, 'encoder.weight': state['decoder.weight']! });
    assert.equal(model.stateDict(), state);
  }
  const file = decodeSafetensors(encodeSafetensors(state)).tensors;
  const model = new Tied();
  model.loadStateDict(file);
  assert.equal(model.stateDict(), state);
});

test('different values for one tensor are refused, and nothing is loaded', () => {
  const model = new Tied();
  const before = model.stateDict();
  const state = { ...saved(model), b: { shape: [1], data: new Float32Array([5]) } };
  assert.throws(
    () => model.loadStateDict(state),
    (error: unknown) =>
      error instanceof StateDictError &&
      error.message === 'loadStateDict: different values for one tensor: a and b — nothing was loaded' &&
      error.conflicting.join() === 'a and b',
  );
  assert.equal(model.stateDict(), before);
});

/** Layers in every kind of container. */
class Containers extends Module {
  readonly blocks: unknown = {
    first: new Linear(1, 1),
    nested: [[new Linear(1, 1)], { deep: [new Linear(1, 1), null, 'text', 3] }],
  };
  readonly map: ReadonlyMap<string | number, unknown> = new Map<string | number, unknown>([
    ['key', new Linear(1, 1)],
    [2, zeros([1])],
  ]);
  readonly set: ReadonlySet<unknown> = new Set([parameter(zeros([1]))]);
  readonly grid: Tensor[][] = [[parameter(zeros([1]))], [zeros([2])]];
  readonly numbers: number[] = [1, 2, 3];
  readonly nothing: null = null;
  readonly values: Float32Array = new Float32Array(3);
}

test('tensors and layers are found in plain objects, nested arrays, maps and sets', () => {
  const model = new Containers();
  const layers = ['blocks.first', 'blocks.nested.0.0', 'blocks.nested.1.deep.0', 'map.key'];
  assert.equal(
    Array.from(model.namedModules(), ([name]) => name),
    ['', ...layers],
  );
  assert.equal(
    Array.from(model.namedTensors(), ([name]) => name),
    [
      'map.2',
      'set.0',
      'grid.0.0',
      'grid.1.0',
      ...layers.flatMap((name) => [`${name}.weight`, `${name}.bias`]),
    ],
  );
  assert.is(model.parameters().length, 10);
  const state = saved(model);
  model.loadStateDict(state);
  assert.equal(model.stateDict(), state);
  model.eval();
  assert.ok(Array.from(model.namedModules()).every(([, module]) => !module.training));
});

test('containers and modules that contain themselves end', () => {
  class Cyclic extends Module {
    readonly data: Record<string, unknown> = { weight: parameter(zeros([2])) };
    readonly child: Module[] = [];
  }
  const model = new Cyclic();
  model.data.self = model.data;
  const child = new Cyclic();
  model.child.push(child, child);
  child.child.push(model);
  assert.equal(
    Array.from(model.namedTensors(), ([name]) => name),
    ['data.weight', 'child.0.data.weight'],
  );
  assert.is(
    String(model),
    'Cyclic (4 parameters)\n├─ data.weight: [2]  2\n├─ child.0: Cyclic\n│  ├─ data.weight: [2]  2\n│  └─ child.0: Cyclic, the same as the whole\n' +
      '└─ child.1: Cyclic, the same as child.0',
  );
  assert.throws(
    () => model.loadStateDict({ 'child.0.child.0.x': { shape: [], data: new Float32Array(1) } }),
    /unexpected/,
  );
});

test('#private fields are invisible, and an optimizer of such a module says so', () => {
  class Hidden extends Module {
    readonly #layer = new Linear(2, 2);
    forward(x: Tensor): Tensor {
      return this.#layer.forward(x);
    }
  }
  const model = new Hidden();
  assert.equal(model.forward(zeros([1, 2])).shape, [1, 2]);
  assert.equal(model.parameters(), []);
  assert.throws(() => new Adam(model.parameters()), /properties, but not in #private fields$/);
});

/** Modules inside modules, `depth` of them. */
function nested(depth: number): Module {
  let model: Module = new Linear(1, 1);
  for (let i = 0; i < depth; i++) model = new Sequential(model as Linear);
  return model;
}

test('deep nesting: a thousand levels work, and 20,000 are refused with a sentence', () => {
  const deep = nested(1000);
  assert.is(deep.parameters().length, 2);
  assert.is(String(deep).split('\n').length, 1001);
  deep.loadStateDict(saved(deep));
  const expected =
    "Module: modules must be nested at most 1,000 deep, found '0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.…' — put them side by side, as in a Sequential";
  const deeper = nested(20_000);
  const uses = [
    () => deeper.parameters(),
    () => deeper.stateDict(),
    () => deeper.eval(),
    () => String(deeper),
    () => deeper.loadStateDict({}),
    () => [...deeper.namedModules()],
  ];
  for (const use of uses) assert.throws(use, expected);
});

test('a tensor in an array that is nested 20,000 deep is found', () => {
  class Deep extends Module {
    items: unknown = parameter(zeros([1]));
  }
  const model = new Deep();
  for (let i = 0; i < 20_000; i++) model.items = [model.items];
  assert.is(model.parameters().length, 1);
});

test('generators in properties are found, each once', () => {
  const shared = new Generator(1);
  const model = new Sequential(
    new Dropout(0.1, { generator: shared }),
    new Dropout(0.2, { generator: shared }),
    new Dropout(0.3, { generator: new Generator(2) }),
    new Dropout(0.4),
  );
  assert.equal(
    Array.from(model.namedGenerators(), ([name]) => name),
    ['0.generator', '2.generator'],
  );
});

/** Wrong states for a module of four tensors, made from a right one. */
const wrong: readonly [name: string, change: (state: StateDict) => unknown, message: string][] = [
  [
    'the fourth tensor is too short',
    (s) => ({ ...s, '1.bias': { shape: [1], data: new Float32Array() } }),
    "'1.bias' has 0 values, and its shape [1] needs 1",
  ],
  [
    'the fourth tensor is too long',
    (s) => ({ ...s, '1.bias': { shape: [1], data: new Float32Array(2) } }),
    "'1.bias' has 2 values, and its shape [1] needs 1",
  ],
  [
    'the fourth tensor has another shape',
    (s) => ({ ...s, '1.bias': { shape: [2], data: new Float32Array(2) } }),
    'of another shape: 1.bias ([2], the module has [1]) — nothing was loaded',
  ],
  ['a null entry', (s) => ({ ...s, '1.bias': null }), "'1.bias' must be { shape, data }, found null"],
  [
    'NaN in a shape',
    (s) => ({ ...s, '1.bias': { shape: [Number.NaN], data: new Float32Array(1) } }),
    "'1.bias' must be { shape, data }, found { shape: [NaN], data: Float32Array(1) }",
  ],
  [
    'a negative length',
    (s) => ({ ...s, '1.bias': { shape: [-1, -1], data: new Float32Array(1) } }),
    "'1.bias' must be { shape, data }, found { shape: [-1, -1], data: Float32Array(1) }",
  ],
  [
    'a shape that is no array',
    (s) => ({ ...s, '1.bias': { shape: '1', data: new Float32Array(1) } }),
    "'1.bias' must be { shape, data }, found { shape: '1', data: Float32Array(1) }",
  ],
  [
    'whole numbers',
    (s) => ({ ...s, '1.bias': { shape: [1], data: new Int8Array(1) } }),
    "'1.bias' must have a Float32Array as data, found Int8Array(1)",
  ],
  [
    'text',
    (s) => ({ ...s, '1.bias': { shape: [1], data: ['1'] } }),
    "'1.bias' must have a Float32Array as data, found ['1']",
  ],
  [
    'no data',
    (s) => ({ ...s, '1.bias': { shape: [1] } }),
    "'1.bias' must be { shape, data }, found { shape: [1] }",
  ],
  [
    'a missing and an unexpected name',
    ({ '0.weight': _, ...s }) => ({ ...s, x: { shape: [], data: new Float32Array(1) } }),
    'missing: 0.weight; unexpected: x — nothing was loaded',
  ],
];

for (const [name, change, message] of wrong) {
  test(`a wrong state changes nothing: ${name}`, () => {
    const model = new Sequential(new Linear(3, 2), new Linear(2, 1));
    const before = model.stateDict();
    assert.throws(() => model.loadStateDict(change(saved(model)) as StateDict), `loadStateDict: ${message}`);
    assert.equal(model.stateDict(), before);
  });
}

/** A module with the given properties. */
class Holder extends Module {
  constructor(parts: object) {
    super();
    Object.assign(this, parts);
  }
}

test('computed tensors in properties are neither parameters nor buffers', () => {
  const weight = parameter(tensor([[1, 2]]));
  const module = new Holder({ weight, tied: weight.transpose(), activation: weight.square() });
  assert.equal([...module.namedTensors()], [['weight', weight]]);
  assert.equal(Object.keys(module.stateDict()), ['weight']);
});

test('two tensors with one name are refused: one would be missing from the state dict', () => {
  const [one, two] = [parameter(tensor([1])), parameter(tensor([2]))];
  const cases = [
    [{ 'a.b': one, a: { b: two } }, 'a.b'],
    [
      {
        m: new Map<unknown, Tensor>([
          [1, one],
          ['1', two],
        ]),
      },
      'm.1',
    ],
  ] as const;
  for (const [parts, name] of cases)
    refuses(() => new Holder(parts).stateDict(), `Module: two tensors are named '${name}' — rename one`);
});

test('a state dict with a hole changes nothing', () => {
  const layer = new Linear(1, 2);
  const before = layer.stateDict();
  const holey = {
    ...before,
    weight: { shape: [2, 1], data: [7, 7] },
    bias: { shape: [2], data: new Array<number>(2) },
  };
  assert.throws(() => layer.loadStateDict(holey as unknown as StateDict), /'bias' must have a Float32Array/);
  assert.equal(layer.stateDict(), before);
});

test.run();
