/** Every error that core's tensors, tape and operations throw: its class, and its message word for word. */
import * as core from '@varigrad/core';
import {
  ArgumentError,
  apply,
  type Backend,
  BackendError,
  concat,
  createReference,
  GradError,
  gather,
  gradients,
  indexAdd,
  type Op,
  ones,
  ShapeError,
  scatterAdd,
  scope,
  stack,
  type Tensor,
  tensor,
  VarigradError,
  valueAndGrad,
  withBackend,
  zeros,
} from '@varigrad/core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

type ErrorClass = new (...args: never[]) => VarigradError;

/** [what is done, the class, the whole message] */
type Row = readonly [() => unknown, ErrorClass, string];

function errorOf(f: () => unknown): unknown {
  try {
    f();
  } catch (error) {
    return error;
  }
  return undefined;
}

function refused(name: string, rows: readonly Row[]): void {
  test(name, () => {
    for (const [f, kind, message] of rows) {
      const error = errorOf(f);
      assert.instance(error, kind, `no ${kind.name} for: ${message}`);
      const found = error as VarigradError;
      assert.is(found.message, message);
      assert.is(found.name, kind.name);
      assert.is(found.op, message.slice(0, message.indexOf(':')));
      assert.instance(found, VarigradError);
    }
  });
}

const leaf = (): Tensor => tensor([1, 2]).requiresGrad_();
const a23 = zeros([2, 3]);

refused('tensor', [
  [
    () => tensor([1, 2, 3], { shape: [2, 2] }),
    ShapeError,
    'tensor: 3 values do not fill [2, 2], which has 4 elements',
  ],
  [
    () => tensor([[1, 2], [3]]),
    ShapeError,
    'tensor: nested arrays are ragged: at depth 1 one is 1 long and the first is 2 long',
  ],
  [
    () => tensor([1, [2]]),
    ShapeError,
    'tensor: nested arrays are ragged: at depth 1 one is 1 long and the first is a number',
  ],
  [
    () => tensor([[1], 2]),
    ShapeError,
    'tensor: nested arrays are ragged: at depth 1 one is a number and the first is 1 long',
  ],
  [() => tensor(['1' as never]), ArgumentError, 'tensor: values are numbers, not string'],
  [
    () => tensor([1], { shape: [1, -1] }),
    ArgumentError,
    'tensor: axis lengths are integers ≥ 0: [1, -1] has -1',
  ],
  [() => a23.itemSync(), ShapeError, 'item: [2, 3] has 6 elements, not one'],
  [() => zeros([0]).itemSync(), ShapeError, 'item: [0] has 0 elements, not one'],
  [() => a23.clone().assign(zeros([3, 2])), ShapeError, 'assign: shapes differ: [2, 3] ← [3, 2]'],
  [
    () => {
      leaf().grad = ones([3]);
    },
    ShapeError,
    "grad: a gradient has its tensor's shape: [3] for [2]",
  ],
  [
    () => leaf().mul(2).requiresGrad_(false),
    ArgumentError,
    'requiresGrad_: only a leaf can be switched — use detach() to make one of this value',
  ],
]);

test('item() refuses as itemSync() does', async () => {
  const error = await a23.item().catch((e: unknown) => e);
  assert.instance(error, ShapeError);
});

refused('creation', [
  [() => core.full([2, 0.5], 1), ArgumentError, 'full: axis lengths are integers ≥ 0: [2, 0.5] has 0.5'],
  [() => core.rand([-2]), ArgumentError, 'rand: axis lengths are integers ≥ 0: [-2] has -2'],
  [() => core.randn([Number.NaN]), ArgumentError, 'randn: axis lengths are integers ≥ 0: [NaN] has NaN'],
  [() => core.eye(-1), ArgumentError, 'eye: axis lengths are integers ≥ 0: [-1] has -1'],
  [() => core.linspace(0, 1, 1.5), ArgumentError, 'linspace: axis lengths are integers ≥ 0: [1.5] has 1.5'],
  [() => core.randperm(-1), ArgumentError, 'randperm: axis lengths are integers ≥ 0: [-1] has -1'],
  [() => core.oneHot([0], -1), ArgumentError, 'oneHot: axis lengths are integers ≥ 0: [-1] has -1'],
  [() => core.arange(0, 1, 0), ArgumentError, 'arange: step must be finite and not 0, found 0'],
  [() => core.arange(0, 1, Number.NaN), ArgumentError, 'arange: step must be finite and not 0, found NaN'],
  [
    () => core.arange(0, Number.POSITIVE_INFINITY),
    ArgumentError,
    'arange: start and end are finite numbers, not 0 and Infinity',
  ],
  [
    () => core.arange(Number.NaN, 3),
    ArgumentError,
    'arange: start and end are finite numbers, not NaN and 3',
  ],
  [() => core.oneHot([0, 3], 3), ArgumentError, 'oneHot: label 3 at place 1 is not a whole number in 0 … 2'],
  [() => core.oneHot([0.5], 3), ArgumentError, 'oneHot: label 0.5 at place 0 is not a whole number in 0 … 2'],
]);

refused('broadcasting', [
  [
    () => a23.add(zeros([2])),
    ShapeError,
    'add: shapes do not broadcast: [2, 3] and [2] (axis -1: 3 ≠ 2) — shapes are aligned at their last axis: did you mean b.reshape([2, 1])?',
  ],
  [
    () => a23.gt(0).where(zeros([4, 1, 1]), zeros([3, 3])),
    ShapeError,
    'where: shapes do not broadcast: [2, 3] and [4, 1, 1] and [3, 3] (axis -2: 2 ≠ 3) — lengths must be equal or 1',
  ],
  [
    () => core.sigmoidCrossEntropy(a23, zeros([2])),
    ShapeError,
    'sigmoidCrossEntropy: shapes do not broadcast: [2, 3] and [2] (axis -1: 3 ≠ 2) — shapes are aligned at their last axis: did you mean b.reshape([2, 1])?',
  ],
  [() => a23.expand([2, 1]), ShapeError, 'expand: [2, 3] does not broadcast to [2, 1]'],
  [() => a23.expand([-1, 3]), ArgumentError, 'expand: axis lengths are integers ≥ 0: [-1, 3] has -1'],
  [() => zeros([3]).sumToSize([2, 3]), ShapeError, 'sumToSize: [2, 3] does not broadcast to [3]'],
  [() => a23.clamp({ min: 2, max: 1 }), ArgumentError, 'clamp: min 2 is above max 1 — exchange them'],
  [
    () => a23.clamp({ min: Number.NaN }),
    ArgumentError,
    'clamp: min NaN is above max Infinity — exchange them',
  ],
]);

const axisTaking: readonly (readonly [string, (axis: number) => unknown])[] = [
  ['sum', (axis) => a23.sum({ axis })],
  ['mean', (axis) => a23.mean({ axis })],
  ['variance', (axis) => a23.variance({ axis })],
  ['amax', (axis) => a23.amax({ axis })],
  ['argmax', (axis) => a23.argmax({ axis })],
  ['softmax', (axis) => a23.softmax({ axis })],
  ['logSoftmax', (axis) => a23.logSoftmax({ axis })],
  ['cumsum', (axis) => a23.cumsum({ axis })],
  ['squeeze', (axis) => a23.squeeze(axis)],
  ['transpose', (axis) => a23.transpose(axis, 0)],
  ['permute', (axis) => a23.permute([0, axis])],
  ['flatten', (axis) => a23.flatten(axis)],
  ['slice', (axis) => a23.slice(0, undefined, { axis })],
  ['split', (axis) => a23.split(1, { axis })],
  ['flip', (axis) => a23.flip({ axis })],
  ['concat', (axis) => concat([a23], { axis })],
  ['indexSelect', (axis) => a23.indexSelect([0], { axis })],
  ['indexAdd', (axis) => indexAdd(a23, [0, 0], 2, { axis })],
  ['gather', (axis) => a23.gather(a23, { axis })],
  ['scatterAdd', (axis) => scatterAdd(a23, a23, 2, { axis })],
];

refused(
  'axes that are not there',
  axisTaking.flatMap(([op, f]) =>
    [2, -3, 0.5].map((axis) => {
      const message = `${op}: no axis ${axis} in a tensor of rank 2 — use -2 … 1`;
      return [() => f(axis), ArgumentError, message] as const;
    }),
  ),
);

refused('axes of scalars, new axes, repeated axes', [
  [
    () => tensor(1).sum({ axis: 0 }),
    ArgumentError,
    'sum: no axis 0 in a tensor of rank 0 — a scalar has no axes',
  ],
  [() => a23.unsqueeze(3), ArgumentError, 'unsqueeze: no axis 3 in a tensor of rank 3 — use -3 … 2'],
  [() => stack([a23], { axis: 3 }), ArgumentError, 'stack: no axis 3 in a tensor of rank 3 — use -3 … 2'],
  [
    () => a23.sum({ axis: [1, -1] }),
    ArgumentError,
    'sum: an axis is named twice: [1,-1] in a tensor of rank 2',
  ],
]);

refused('reductions', [
  [
    () => zeros([2, 0]).amax(),
    ArgumentError,
    'amax: [2, 0] has an axis of length 0, and nothing has no maximum',
  ],
  [
    () => zeros([2, 0]).amin({ axis: 1 }),
    ArgumentError,
    'amin: [2, 0] has an axis of length 0, and nothing has no minimum',
  ],
  [() => zeros([2, 0]).argmax({ axis: 1 }), ArgumentError, 'argmax: axis 1 of [2, 0] is empty'],
  [() => zeros([2, 0]).argmax(), ArgumentError, 'argmax: axis 0 of [0] is empty'],
]);

const pixels = zeros([64, 784]).named('pixels', ['batch', 'pixel']);
const weight = zeros([400, 784]).named('W', ['out', 'in']);

refused('operands with names', [
  [
    () => pixels.matmul(weight),
    ShapeError,
    'matmul: inner dimensions differ: [64, 784] × [400, 784] (784 ≠ 400) — did you mean pixels.matmul(W.transpose())?' +
      ' (pixels is [batch 64, pixel 784], W is [out 400, in 784])',
  ],
  [
    () => weight.matmul(pixels),
    ShapeError,
    'matmul: inner dimensions differ: [400, 784] × [64, 784] (784 ≠ 64) — did you mean W.matmul(pixels.transpose())?' +
      ' (W is [out 400, in 784], pixels is [batch 64, pixel 784])',
  ],
  [
    () => pixels.matmul(zeros([64, 10])),
    ShapeError,
    'matmul: inner dimensions differ: [64, 784] × [64, 10] (784 ≠ 64) — did you mean pixels.transpose().matmul(b)?' +
      ' (pixels is [batch 64, pixel 784])',
  ],
  [
    () => pixels.add(zeros([64]).named('bias')),
    ShapeError,
    'add: shapes do not broadcast: [64, 784] and [64] (axis -1: 784 ≠ 64) — shapes are aligned at their last axis: ' +
      'did you mean bias.reshape([64, 1])? (pixels is [batch 64, pixel 784], bias is [64])',
  ],
  [
    () => pixels.mul(weight),
    ShapeError,
    'mul: shapes do not broadcast: [64, 784] and [400, 784] (axis -2: 64 ≠ 400) — lengths must be equal or 1' +
      ' (pixels is [batch 64, pixel 784], W is [out 400, in 784])',
  ],
  [
    () => core.linear(pixels, zeros([784, 400]).named('W')),
    ShapeError,
    'linear: x [64, 784] does not fit the weight [784, 400] — the weight is [out, in]: did you mean W.transpose()?' +
      ' (pixels is [batch 64, pixel 784], W is [784, 400])',
  ],
  [
    () => concat([pixels, weight], { axis: 1 }),
    ShapeError,
    'concat: shapes differ beside axis 1: [64, 784] and [400, 784]' +
      ' (pixels is [batch 64, pixel 784], W is [out 400, in 784])',
  ],
  [
    () => zeros([2, 3]).named('x', ['batch']),
    ArgumentError,
    'named: 1 names for the axes of [2, 3], which has 2',
  ],
]);

refused('matrix products', [
  [
    () => zeros([64, 784]).matmul(zeros([400, 784])),
    ShapeError,
    'matmul: inner dimensions differ: [64, 784] × [400, 784] (784 ≠ 400) — did you mean a.matmul(b.transpose())?',
  ],
  [
    () => zeros([784, 64]).matmul(zeros([784, 400])),
    ShapeError,
    'matmul: inner dimensions differ: [784, 64] × [784, 400] (64 ≠ 784) — did you mean a.transpose().matmul(b)?',
  ],
  [
    () => zeros([64, 784]).matmul(zeros([783, 400])),
    ShapeError,
    'matmul: inner dimensions differ: [64, 784] × [783, 400] (784 ≠ 783) — transpose or reshape one operand',
  ],
  [
    () => a23.matmul(a23, { transposeA: true, transposeB: true }),
    ShapeError,
    'matmul: inner dimensions differ: [2, 3]ᵀ × [2, 3]ᵀ (2 ≠ 3) — did you mean a.transpose().matmul(b)?',
  ],
  [
    () => zeros([2, 2, 3]).matmul(zeros([3, 3, 1])),
    ShapeError,
    'matmul: shapes do not broadcast: [2] and [3] (axis -1: 2 ≠ 3) — lengths must be equal or 1',
  ],
  [() => a23.matmul(3), ArgumentError, 'matmul: a scalar is no matrix — use mul to scale'],
  [
    () => zeros([2]).matmul(a23, { transposeA: true }),
    ArgumentError,
    'matmul: a vector cannot be transposed — leave the transpose flag out',
  ],
  [
    () => core.linear(a23, zeros([4, 2])),
    ShapeError,
    'linear: x [2, 3] does not fit the weight [4, 2] — x is […, in] and the weight [out, in]',
  ],
  [
    () => core.linear(tensor(1), zeros([4, 2])),
    ShapeError,
    'linear: x [] does not fit the weight [4, 2] — x is […, in] and the weight [out, in]',
  ],
  [
    () => core.linear(a23, zeros([4, 3]), zeros([3])),
    ShapeError,
    'linear: bias [3] for 4 outputs — it is [out]',
  ],
]);

refused('movement', [
  [() => a23.reshape([4]), ShapeError, 'reshape: [2, 3] has 6 elements and cannot become [4]'],
  [() => a23.reshape([-1, 4]), ShapeError, 'reshape: [2, 3] has 6 elements and cannot become [-1, 4]'],
  [() => a23.reshape([-1, -1]), ShapeError, 'reshape: [2, 3] has 6 elements and cannot become [-1, -1]'],
  [() => a23.reshape([-2, -3]), ShapeError, 'reshape: [2, 3] has 6 elements and cannot become [-2, -3]'],
  [() => a23.flatten(1, 0), ArgumentError, 'flatten: axis 1 comes after axis 0'],
  [() => a23.squeeze(0), ShapeError, 'squeeze: axis 0 of [2, 3] has length 2, not 1'],
  [() => a23.permute([0]), ArgumentError, 'permute: [0] is no permutation of the 2 axes'],
  [() => a23.permute([0, -2]), ArgumentError, 'permute: [0, -2] is no permutation of the 2 axes'],
  [() => a23.slice(0.5), ArgumentError, 'slice: positions are integers: 0.5'],
  [() => a23.slice(0, Number.NaN), ArgumentError, 'slice: positions are integers: NaN'],
  [() => a23.split(0), ArgumentError, 'split: pieces need a positive whole size, not 0'],
  [() => a23.split(1.5), ArgumentError, 'split: pieces need a positive whole size, not 1.5'],
  [() => a23.split([1, 2]), ArgumentError, 'split: sizes [1, 2] do not add up to the axis of length 2'],
  [() => a23.split([3, -1]), ArgumentError, 'split: axis lengths are integers ≥ 0: [3, -1] has -1'],
  [() => a23.pad([[0, 1]]), ArgumentError, 'pad: widths are 2 pairs of whole numbers ≥ 0, not [[0, 1]]'],
  [
    () =>
      a23.pad([
        [0, 1],
        [-1, 0],
      ]),
    ArgumentError,
    'pad: widths are 2 pairs of whole numbers ≥ 0, not [[0, 1], [-1, 0]]',
  ],
  [() => concat([a23, zeros([2, 2])]), ShapeError, 'concat: shapes differ beside axis 0: [2, 3] and [2, 2]'],
  [
    () => concat([a23, zeros([3])], { axis: 1 }),
    ShapeError,
    'concat: shapes differ beside axis 1: [2, 3] and [3]',
  ],
  [() => concat([]), ArgumentError, 'concat: there is nothing to join — pass at least one tensor'],
  [() => stack([]), ArgumentError, 'stack: there is nothing to join — pass at least one tensor'],
  [() => stack([a23, zeros([3])]), ShapeError, 'stack: shapes differ: [2, 3] and [3]'],
]);

refused('positions', [
  [() => a23.indexSelect([2]), ArgumentError, 'indexSelect: index 2 is not a whole number in 0 … 1'],
  [() => a23.indexSelect([-1]), ArgumentError, 'indexSelect: index -1 is not a whole number in 0 … 1'],
  [
    () => gather(a23, zeros([2, 1]).add(0.5)),
    ArgumentError,
    'gather: index 0.5 is not a whole number in 0 … 2',
  ],
  [() => a23.indexSelect(zeros([1, 1])), ShapeError, 'indexSelect: the index is a vector, not [1, 1]'],
  [
    () => gather(a23, zeros([3, 1])),
    ShapeError,
    'gather: the index [3, 1] must equal [2, 3] beside axis 1 — expand it first',
  ],
  [
    () => scatterAdd(a23, zeros([2, 2]), 5, { axis: 0 }),
    ShapeError,
    'scatterAdd: the index [2, 2] must equal the source [2, 3] — expand it first',
  ],
  [
    () => scatterAdd(a23, zeros([1, 3]), 5, { axis: 0 }),
    ShapeError,
    'scatterAdd: the index [1, 3] must equal the source [2, 3] — expand it first',
  ],
  [
    () => indexAdd(a23, [0], 5),
    ShapeError,
    'indexAdd: the index [1] must name a place for each of the 2 along axis 0 of [2, 3]',
  ],
  [() => indexAdd(a23, [0, 0], -1), ArgumentError, 'indexAdd: axis lengths are integers ≥ 0: [-1] has -1'],
  [
    () => scatterAdd(a23, a23, 1.5, { axis: 0 }),
    ArgumentError,
    'scatterAdd: axis lengths are integers ≥ 0: [1.5] has 1.5',
  ],
  [() => zeros([3]).tril(), ShapeError, 'tril: [3] is no matrix — it needs two axes'],
  [() => tensor(1).triu(), ShapeError, 'triu: [] is no matrix — it needs two axes'],
]);

const badOp: Op<readonly [Tensor]> = {
  name: 'bad',
  shape: ([x]) => x,
  forward: (k, [x]) => k.unary('neg', x.values),
  vjp: () => [() => zeros([3])],
};

function changed(label: string): Tensor {
  const x = leaf().named(label);
  const y = x.square().sum();
  x.assign(zeros([2]));
  return y;
}

refused('the tape', [
  [
    () => a23.sum().backward(),
    GradError,
    'backward: this tensor needs no gradient — no operand had requiresGrad, or it was made in noGrad',
  ],
  [
    () => gradients(a23.sum(), [a23]),
    GradError,
    'gradients: this tensor needs no gradient — no operand had requiresGrad, or it was made in noGrad',
  ],
  [
    () => leaf().mul(1).backward(),
    GradError,
    'backward: the tensor has shape [2], so one gradient is not defined — reduce it to a scalar, or pass dy',
  ],
  [() => leaf().backward(ones([3])), GradError, 'backward: dy has shape [3], the tensor [2]'],
  [
    () => {
      const y = leaf().exp().sum();
      y.backward();
      y.backward();
    },
    GradError,
    "backward: the graph behind 'sum' was freed by an earlier backward — pass { retainGraph: true } to that one",
  ],
  [
    () => apply(badOp, [leaf()], undefined).sum().backward(),
    GradError,
    'bad: its vjp gave input 0 a gradient of shape [3] instead of [2]',
  ],
  [
    () => changed('').backward(),
    GradError,
    'square: input 0 ([2]) was changed in place after the operation used it — call backward before updating, or clone() first',
  ],
  [
    () => changed('weight').backward(),
    GradError,
    "square: 'weight' was changed in place after the operation used it — call backward before updating, or clone() first",
  ],
  [
    () => {
      const y = leaf().exp();
      y.assign(zeros([2]));
      y.sum().backward();
    },
    GradError,
    'exp: its result ([2]) was changed in place after the operation made it — call backward before updating, or clone() first',
  ],
  [
    () => valueAndGrad(() => tensor(1))(tensor(1)),
    GradError,
    'valueAndGrad: the value does not depend on the inputs — nothing to differentiate',
  ],
]);

refused('memory', [
  [
    () => scope(() => Promise.resolve(1)),
    ArgumentError,
    'scope: the function is asynchronous — await outside of scope',
  ],
  [
    () => {
      const x = tensor([1]);
      x.dispose();
      x.add(1);
    },
    BackendError,
    'tensor: its memory was given back by dispose() or when its scope ended — return it from the scope, or clone() it',
  ],
  [
    () => {
      const host = withBackend(createReference(), () => tensor([1]));
      withBackend({ ...createReference(), name: 'gpu', memory: 'device' } as Backend, () => host.add(host));
    },
    BackendError,
    "add: a tensor of backend 'reference' met an operation on 'gpu' — make all tensors on one backend",
  ],
]);

test('errors carry what they are about', () => {
  const error = errorOf(() => a23.matmul(a23)) as ShapeError;
  assert.equal(error.shapes, [
    [2, 3],
    [2, 3],
  ]);
  assert.is(error.op, 'matmul');
});

test('a refused operation has run no kernel and recorded nothing', () => {
  const x = leaf();
  assert.throws(() => x.add(zeros([3])));
  x.sum().backward();
  assert.equal([...(x.grad as Tensor).dataSync()], [1, 1]);
});

test.run();
