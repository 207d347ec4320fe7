/** Every error of core's tensors, tape and operations: its class, and its exact message. */
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

/** [a function that throws, the class of the error, the exact message] */
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
    'tensor: nested arrays are ragged: at depth 1, expected an array of length 2, found an array of length 1',
  ],
  [
    () => tensor([1, [2]]),
    ShapeError,
    'tensor: nested arrays are ragged: at depth 1, expected a number, found an array of length 1',
  ],
  [
    () => tensor([[1], 2]),
    ShapeError,
    'tensor: nested arrays are ragged: at depth 1, expected an array of length 1, found a number',
  ],
  [() => tensor(['1' as never]), ArgumentError, "tensor: values must be numbers, found '1'"],
  [
    () => tensor([1], { shape: [1, -1] }),
    ArgumentError,
    'tensor: axis lengths must be integers ≥ 0, found -1 in [1, -1]',
  ],
  [() => a23.itemSync(), ShapeError, 'item: the tensor must have exactly one element, found 6 in [2, 3]'],
  [() => zeros([0]).itemSync(), ShapeError, 'item: the tensor must have exactly one element, found 0 in [0]'],
  [() => a23.clone().assign(zeros([3, 2])), ShapeError, 'assign: shapes differ: [2, 3] ← [3, 2]'],
  [
    () => {
      leaf().grad = ones([3]);
    },
    ShapeError,
    "grad: the gradient must have the tensor's shape [2], found [3]",
  ],
  [
    () => leaf().mul(2).requiresGrad_(false),
    ArgumentError,
    'requiresGrad_: only a leaf can change requiresGrad — use detach() to make a leaf of this value',
  ],
]);

test('item() throws the same error as itemSync()', async () => {
  const error = await a23.item().catch((e: unknown) => e);
  assert.instance(error, ShapeError);
});

refused('creation', [
  [
    () => core.full([2, 0.5], 1),
    ArgumentError,
    'full: axis lengths must be integers ≥ 0, found 0.5 in [2, 0.5]',
  ],
  [() => core.rand([-2]), ArgumentError, 'rand: axis lengths must be integers ≥ 0, found -2 in [-2]'],
  [
    () => core.randn([Number.NaN]),
    ArgumentError,
    'randn: axis lengths must be integers ≥ 0, found NaN in [NaN]',
  ],
  [() => core.eye(-1), ArgumentError, 'eye: axis lengths must be integers ≥ 0, found -1 in [-1]'],
  [
    () => core.linspace(0, 1, 1.5),
    ArgumentError,
    'linspace: axis lengths must be integers ≥ 0, found 1.5 in [1.5]',
  ],
  [() => core.randperm(-1), ArgumentError, 'randperm: axis lengths must be integers ≥ 0, found -1 in [-1]'],
  [() => core.oneHot([0], -1), ArgumentError, 'oneHot: axis lengths must be integers ≥ 0, found -1 in [-1]'],
  [() => core.arange(0, 1, 0), ArgumentError, 'arange: step must be finite and not 0, found 0'],
  [() => core.arange(0, 1, Number.NaN), ArgumentError, 'arange: step must be finite and not 0, found NaN'],
  [
    () => core.arange(0, Number.POSITIVE_INFINITY),
    ArgumentError,
    'arange: start and end must be finite numbers, found 0 and Infinity',
  ],
  [
    () => core.arange(Number.NaN, 3),
    ArgumentError,
    'arange: start and end must be finite numbers, found NaN and 3',
  ],
  [
    () => core.oneHot([0, 3], 3),
    ArgumentError,
    'oneHot: labels must be whole numbers in 0 … 2, found 3 at index 1',
  ],
  [
    () => core.oneHot([0.5], 3),
    ArgumentError,
    'oneHot: labels must be whole numbers in 0 … 2, found 0.5 at index 0',
  ],
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
  [
    () => a23.expand([-1, 3]),
    ArgumentError,
    'expand: axis lengths must be integers ≥ 0, found -1 in [-1, 3]',
  ],
  [() => zeros([3]).sumToSize([2, 3]), ShapeError, 'sumToSize: [2, 3] does not broadcast to [3]'],
  [
    () => a23.clamp({ min: 2, max: 1 }),
    ArgumentError,
    'clamp: min must be at most max, found min 2 and max 1 — swap them',
  ],
  [
    () => a23.clamp({ min: Number.NaN }),
    ArgumentError,
    'clamp: min must be a number other than NaN, found NaN',
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
  'axes that do not exist',
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
    'sum: axes must be distinct, found [1,-1] in a tensor of rank 2',
  ],
]);

refused('reductions', [
  [
    () => zeros([2, 0]).amax(),
    ArgumentError,
    'amax: cannot reduce an empty axis (axis 1 of [2, 0] has length 0)',
  ],
  [
    () => zeros([2, 0]).amin({ axis: 1 }),
    ArgumentError,
    'amin: cannot reduce an empty axis (axis 1 of [2, 0] has length 0)',
  ],
  [
    () => zeros([2, 0]).argmax({ axis: 1 }),
    ArgumentError,
    'argmax: cannot reduce an empty axis (axis 1 of [2, 0] has length 0)',
  ],
  [
    () => zeros([2, 0]).argmax(),
    ArgumentError,
    'argmax: cannot reduce an empty axis (axis 0 of [0] has length 0)',
  ],
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
    'linear: x [64, 784] does not fit the weight [784, 400] — the weight must be [out, in]: did you mean W.transpose()?' +
      ' (pixels is [batch 64, pixel 784], W is [784, 400])',
  ],
  [
    () => concat([pixels, weight], { axis: 1 }),
    ShapeError,
    'concat: shapes must be equal except on axis 1, found [64, 784] and [400, 784]' +
      ' (pixels is [batch 64, pixel 784], W is [out 400, in 784])',
  ],
  [
    () => zeros([2, 3]).named('x', ['batch']),
    ArgumentError,
    'named: there must be one name per axis of [2, 3], found 1',
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
  [
    () => a23.matmul(3),
    ArgumentError,
    'matmul: operands must have at least one axis, found a scalar — use mul to scale',
  ],
  [
    () => zeros([2]).matmul(a23, { transposeA: true }),
    ArgumentError,
    'matmul: a vector cannot be transposed — leave the transpose flag out',
  ],
  [
    () => core.linear(a23, zeros([4, 2])),
    ShapeError,
    'linear: x [2, 3] does not fit the weight [4, 2] — x must be […, in] and the weight [out, in]',
  ],
  [
    () => core.linear(tensor(1), zeros([4, 2])),
    ShapeError,
    'linear: x [] does not fit the weight [4, 2] — x must be […, in] and the weight [out, in]',
  ],
  [
    () => core.linear(a23, zeros([4, 3]), zeros([3])),
    ShapeError,
    'linear: the bias must be [4], one value per output, found [3]',
  ],
]);

refused('movement', [
  [() => a23.reshape([4]), ShapeError, 'reshape: [2, 3] has 6 elements and cannot become [4]'],
  [() => a23.reshape([-1, 4]), ShapeError, 'reshape: [2, 3] has 6 elements and cannot become [-1, 4]'],
  [() => a23.reshape([-1, -1]), ShapeError, 'reshape: [2, 3] has 6 elements and cannot become [-1, -1]'],
  [() => a23.reshape([-2, -3]), ShapeError, 'reshape: [2, 3] has 6 elements and cannot become [-2, -3]'],
  [() => a23.flatten(1, 0), ArgumentError, 'flatten: startAxis must not come after endAxis, found 1 and 0'],
  [() => a23.squeeze(0), ShapeError, 'squeeze: axis 0 of [2, 3] must have length 1, found 2'],
  [() => a23.permute([0]), ArgumentError, 'permute: axes must be a permutation of the 2 axes, found [0]'],
  [
    () => a23.permute([0, -2]),
    ArgumentError,
    'permute: axes must be a permutation of the 2 axes, found [0, -2]',
  ],
  [() => a23.slice(0.5), ArgumentError, 'slice: positions must be integers, found 0.5'],
  [() => a23.slice(0, Number.NaN), ArgumentError, 'slice: positions must be integers, found NaN'],
  [() => a23.split(0), ArgumentError, 'split: the size must be a positive whole number, found 0'],
  [() => a23.split(1.5), ArgumentError, 'split: the size must be a positive whole number, found 1.5'],
  [() => a23.split([1, 2]), ArgumentError, 'split: sizes must add up to the axis length 2, found [1, 2]'],
  [() => a23.split([3, -1]), ArgumentError, 'split: axis lengths must be integers ≥ 0, found -1 in [3, -1]'],
  [
    () => a23.pad([[0, 1]]),
    ArgumentError,
    'pad: widths must be 2 pairs of whole numbers ≥ 0, found [[0, 1]]',
  ],
  [
    () =>
      a23.pad([
        [0, 1],
        [-1, 0],
      ]),
    ArgumentError,
    'pad: widths must be 2 pairs of whole numbers ≥ 0, found [[0, 1], [-1, 0]]',
  ],
  [
    () => concat([a23, zeros([2, 2])]),
    ShapeError,
    'concat: shapes must be equal except on axis 0, found [2, 3] and [2, 2]',
  ],
  [
    () => concat([a23, zeros([3])], { axis: 1 }),
    ShapeError,
    'concat: shapes must be equal except on axis 1, found [2, 3] and [3]',
  ],
  [() => concat([]), ArgumentError, 'concat: the list of tensors is empty — pass at least one tensor'],
  [() => stack([]), ArgumentError, 'stack: the list of tensors is empty — pass at least one tensor'],
  [() => stack([a23, zeros([3])]), ShapeError, 'stack: shapes must be equal, found [2, 3] and [3]'],
]);

refused('positions', [
  [
    () => a23.indexSelect([2]),
    ArgumentError,
    'indexSelect: an index must be a whole number in 0 … 1, found 2',
  ],
  [
    () => a23.indexSelect([-1]),
    ArgumentError,
    'indexSelect: an index must be a whole number in 0 … 1, found -1',
  ],
  [
    () => gather(a23, zeros([2, 1]).add(0.5)),
    ArgumentError,
    'gather: an index must be a whole number in 0 … 2, found 0.5',
  ],
  [
    () => a23.indexSelect(zeros([1, 1])),
    ShapeError,
    'indexSelect: the index must be a vector, found shape [1, 1]',
  ],
  [
    () => gather(a23, zeros([3, 1])),
    ShapeError,
    'gather: the index must match [2, 3] except on axis 1, found [3, 1] — expand it first',
  ],
  [
    () => scatterAdd(a23, zeros([2, 2]), 5, { axis: 0 }),
    ShapeError,
    "scatterAdd: the index must have the source's shape [2, 3], found [2, 2] — expand it first",
  ],
  [
    () => scatterAdd(a23, zeros([1, 3]), 5, { axis: 0 }),
    ShapeError,
    "scatterAdd: the index must have the source's shape [2, 3], found [1, 3] — expand it first",
  ],
  [
    () => indexAdd(a23, [0], 5),
    ShapeError,
    'indexAdd: the index must have shape [2], the length of axis 0 of [2, 3], found [1]',
  ],
  [
    () => indexAdd(a23, [0, 0], -1),
    ArgumentError,
    'indexAdd: axis lengths must be integers ≥ 0, found -1 in [-1]',
  ],
  [
    () => scatterAdd(a23, a23, 1.5, { axis: 0 }),
    ArgumentError,
    'scatterAdd: axis lengths must be integers ≥ 0, found 1.5 in [1.5]',
  ],
  [() => zeros([3]).tril(), ShapeError, 'tril: the tensor must have at least two axes, found [3]'],
  [() => tensor(1).triu(), ShapeError, 'triu: the tensor must have at least two axes, found []'],
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
    'backward: the tensor does not require a gradient — set requiresGrad on an input, and compute it outside of noGrad',
  ],
  [
    () => gradients(a23.sum(), [a23]),
    GradError,
    'gradients: the tensor does not require a gradient — set requiresGrad on an input, and compute it outside of noGrad',
  ],
  [
    () => leaf().mul(1).backward(),
    GradError,
    'backward: the tensor must be a scalar, found shape [2] — reduce it to a scalar, or pass dy',
  ],
  [() => leaf().backward(ones([3])), GradError, "backward: dy must have the tensor's shape [2], found [3]"],
  [
    () => {
      const y = leaf().exp().sum();
      y.backward();
      y.backward();
    },
    GradError,
    "backward: the graph behind 'sum' was freed by an earlier backward — pass { retainGraph: true } to that call",
  ],
  [
    () => apply(badOp, [leaf()], undefined).sum().backward(),
    GradError,
    'bad: vjp must return a gradient of shape [2] for input 0, found [3]',
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
    'tensor: its memory was released by dispose() or at the end of its scope — return it from the scope, or clone() it',
  ],
  [
    () => {
      const host = withBackend(createReference(), () => tensor([1]));
      withBackend({ ...createReference(), name: 'gpu', memory: 'device' } as Backend, () => host.add(host));
    },
    BackendError,
    "add: operands must be on backend 'gpu', found one on 'reference' — create all tensors on one backend",
  ],
]);

test('errors have fields for the operation and the shapes', () => {
  const error = errorOf(() => a23.matmul(a23)) as ShapeError;
  assert.equal(error.shapes, [
    [2, 3],
    [2, 3],
  ]);
  assert.is(error.op, 'matmul');
});

test('an operation that throws runs no kernel and records nothing', () => {
  const x = leaf();
  assert.throws(() => x.add(zeros([3])));
  x.sum().backward();
  assert.equal([...(x.grad as Tensor).dataSync()], [1, 1]);
});

test.run();
