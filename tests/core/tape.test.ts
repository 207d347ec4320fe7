/** The tape: gradients of leaves, freeing of graphs, and deep and wide graphs. */
import {
  backward,
  createReference,
  gradients,
  isGradEnabled,
  noGrad,
  ones,
  parameter,
  stack,
  type Tensor,
  tensor,
  updateInPlace,
  withBackend,
  zeros,
} from '@varigrad/core';
import { assertClose } from '@varigrad/core/testing';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const leaf = (values: number | number[]): Tensor => tensor(values).requiresGrad_();
const gradOf = (t: Tensor): number[] => Array.from((t.grad as Tensor).dataSync());

test('backward gives each leaf its gradient: d(Σ a²b) = (2ab, a²)', () => {
  const [a, b] = [leaf([1, 2, 3]), leaf([4, 5, 6])];
  a.square().mul(b).sum().backward();
  assert.equal(gradOf(a), [8, 20, 36]);
  assert.equal(gradOf(b), [1, 4, 9]);
});

test('a tensor used twice adds up both uses', () => {
  const x = leaf([3]);
  x.mul(x).add(x).sum().backward();
  assert.equal(gradOf(x), [7]);
});

test('gradients accumulate over backward passes, until zeroGrad', () => {
  const x = leaf([1, 2]);
  x.mul(3).sum().backward();
  x.mul(4).sum().backward();
  assert.equal(gradOf(x), [7, 7]);
  x.zeroGrad();
  assert.is(x.grad, null);
  x.mul(5).sum().backward();
  assert.equal(gradOf(x), [5, 5]);
});

test('two leaves that receive the same gradient do not share its memory', () => {
  const [a, b] = [leaf([1, 2]), leaf([3, 4])];
  a.add(b).sum().backward();
  a.mul(10).sum().backward();
  assert.equal(gradOf(a), [11, 11]);
  assert.equal(gradOf(b), [1, 1]);
});

test('two leaves do not share gradient memory after a backward with createGraph', () => {
  const [a, b] = [leaf([1, 2]), leaf([3, 4])];
  a.add(b).sum().backward(undefined, { createGraph: true });
  a.mul(10).sum().backward();
  assert.equal(gradOf(a), [11, 11]);
  assert.equal(gradOf(b), [1, 1]);
});

test("accumulation does not write into the caller's dy", () => {
  const x = leaf([1, 2]);
  const dy = tensor([1, 1]);
  for (const createGraph of [true, false]) {
    const y = x.add(0);
    y.backward(dy, { createGraph });
    x.add(0).backward(dy);
  }
  assert.equal([...dy.dataSync()], [1, 1]);
  assert.equal(gradOf(x), [4, 4]);
});

test('a grad that was read is unchanged by zeroGrad and the next backward', () => {
  for (const x of [leaf([1, 2]), parameter(tensor([1, 2]))]) {
    x.mul(2).sum().backward();
    const before = x.grad as Tensor;
    x.zeroGrad();
    x.mul(7).sum().backward();
    assert.equal([...before.dataSync()], [2, 2]);
    assert.equal(gradOf(x), [7, 7]);
  }
});

test('a tensor that requires a gradient only after an operation gets none from it', () => {
  const [w, x, z] = [tensor([3, 4]), leaf([1, 2]), leaf([1, 1])];
  const frozen = x.mul(w).sum(); // as a discriminator that is frozen while the generator trains
  w.requiresGrad_();
  frozen.backward(undefined, { retainGraph: true });
  assert.is(w.grad, null);
  assert.equal(gradOf(x), [3, 4]);
  assert.equal([...gradients(frozen, [w])[0]!.dataSync()], [0, 0]);
  z.mul(w).add(x.detach().mul(w)).sum().backward();
  assert.equal(gradOf(w), [2, 3]);
});

test('zeroGrad leaves the memory of a gradient that was set from outside', () => {
  const [a, b, buffer] = [parameter(tensor([1, 2])), parameter(tensor([3, 4])), parameter(tensor([5, 6]))];
  a.mul(2).sum().backward();
  b.grad = a.grad;
  b.zeroGrad();
  assert.equal(gradOf(a), [2, 2]);
  b.grad = buffer;
  b.zeroGrad();
  assert.equal([...buffer.dataSync()], [5, 6]);
});

test('leaves without requiresGrad, and constants, get no gradient', () => {
  const [x, c] = [leaf([1]), tensor([2])];
  x.mul(c).sum().backward();
  assert.is(c.grad, null);
  assert.equal(gradOf(x), [2]);
});

test('intermediate gradients are kept on request only', () => {
  const x = leaf([1, 2]);
  const [kept, dropped] = [x.mul(3).retainGrad(), x.mul(5)];
  kept.square().add(dropped).sum().backward();
  assert.equal(gradOf(kept), [6, 12]);
  assert.is(dropped.grad, null);
  assert.equal(gradOf(x), [23, 41]);
});

test('dy weights the outputs', () => {
  const x = leaf([1, 2, 3]);
  backward(x.square(), tensor([1, 0, -1]));
  assert.equal(gradOf(x), [2, 0, -6]);
});

test('backward accepts a tensor with one element and any number of axes', () => {
  const x = leaf([2]);
  x.square().reshape([1, 1, 1]).backward();
  assert.equal(gradOf(x), [4]);
});

test('backward of a leaf gives the gradient 1', () => {
  const x = leaf(5);
  x.backward();
  assert.equal(gradOf(x), [1]);
});

test('retainGraph allows a second pass', () => {
  const x = leaf([3]);
  const y = x.square().sum();
  y.backward(undefined, { retainGraph: true });
  y.backward();
  assert.equal(gradOf(x), [12]);
  assert.throws(() => y.backward(), /freed/);
});

test('a subgraph shared by two losses is freed by the first backward', () => {
  const x = leaf([3]);
  const shared = x.square();
  shared.mul(2).sum().backward();
  assert.throws(() => shared.mul(3).sum().backward(), /the graph behind 'square' was freed/);
});

test('noGrad records nothing, restores recording after an error, and nests', () => {
  const x = leaf([1]);
  noGrad(() => {
    assert.not(isGradEnabled());
    noGrad(() => {});
    assert.not(isGradEnabled());
    assert.not(x.mul(2).requiresGrad);
  });
  assert.throws(
    () =>
      noGrad(() => {
        throw new Error('inside');
      }),
    'inside',
  );
  assert.ok(isGradEnabled());
  assert.ok(x.mul(2).requiresGrad);
});

test('backward inside noGrad still differentiates what was recorded before', () => {
  const x = leaf([3]);
  const y = x.square().sum();
  noGrad(() => y.backward());
  assert.equal(gradOf(x), [6]);
  assert.ok(isGradEnabled());
});

test('detach stops the gradient and shares the values', () => {
  const x = leaf([3]);
  x.mul(x.detach()).sum().backward();
  assert.equal(gradOf(x), [3]);
  assert.is(x.detach().storage, x.storage);
  assert.not(x.detach().requiresGrad);
});

test('gradients does not change .grad, gives zeros for unrelated tensors, and accepts intermediates', () => {
  const [x, unrelated] = [leaf([1, 2]), tensor([[1, 2, 3]]).requiresGrad_()];
  const middle = x.mul(3);
  const [dx, none, dMiddle, again] = gradients(middle.square().sum(), [x, unrelated, middle, x]);
  assert.equal([...dx!.dataSync()], [18, 36]);
  assert.equal([...dMiddle!.dataSync()], [6, 12]);
  assert.equal([...again!.dataSync()], [18, 36]);
  assert.equal(none!.shape, [1, 3]);
  assert.equal([...none!.dataSync()], [0, 0, 0]);
  assert.is(x.grad, null);
  assert.is(unrelated.grad, null);
});

test('the gradient of a tensor with respect to itself is dy', () => {
  const x = leaf([1, 2]);
  const y = x.mul(2);
  const [d] = gradients(y, [y], { dy: tensor([5, 6]) });
  assert.equal([...d!.dataSync()], [5, 6]);
});

test('createGraph: third derivatives of sin and tanh', () => {
  withBackend(createReference(Float64Array), () => {
    for (const at of [-1.3, 0.4, 2]) {
      const third = (f: (x: Tensor) => Tensor): number => {
        const x = leaf(at);
        let y = f(x);
        for (let order = 0; order < 3; order++) y = gradients(y, [x], { createGraph: true })[0] as Tensor;
        return y.itemSync();
      };
      const t = Math.tanh(at);
      assertClose(
        third((x) => x.sin()),
        -Math.cos(at),
        { rtol: 1e-13 },
      );
      assertClose(
        third((x) => x.tanh()),
        (1 - t * t) * (6 * t * t - 2),
        { rtol: 1e-12 },
      );
    }
  });
});

test('backward with createGraph leaves a gradient that can be differentiated: (x³)″ = 6x', () => {
  const x = leaf(2);
  x.pow(3).backward(undefined, { createGraph: true });
  const first = x.grad as Tensor;
  assertClose(first.itemSync(), 12);
  x.zeroGrad();
  first.backward();
  assertClose((x.grad as Tensor).itemSync(), 12);
});

test('a gradient penalty: d/dw of |∂f/∂x|²', () => {
  const [w, x] = [leaf([2, 3]), leaf([5, 7])];
  const [dx] = gradients(w.square().mul(x).sum(), [x], { createGraph: true }); // w²
  dx!.square().sum().backward(); // Σ w⁴
  assert.equal(gradOf(w), [32, 108]);
});

test('a graph 50,000 operations deep', () => {
  const x = leaf(1);
  let y: Tensor = x;
  for (let i = 0; i < 50_000; i++) y = y.add(1e-3);
  y.backward();
  assert.equal(gradOf(x), [1]);
});

test('a graph 50,000 operations deep, twice differentiated', () => {
  const x = leaf(2);
  let y: Tensor = x.square();
  for (let i = 0; i < 50_000; i++) y = y.add(0);
  const [first] = gradients(y, [x], { createGraph: true });
  const [second] = gradients(first!, [x]);
  assert.is(second!.itemSync(), 2);
});

test('diamonds: each operation is visited once although paths double at every step', () => {
  const x = leaf(1);
  let y: Tensor = x;
  for (let i = 0; i < 60; i++) y = y.mul(0.5).add(y.mul(0.5));
  y.backward(); // 2⁶⁰ paths, each of weight 2⁻⁶⁰
  assert.equal(gradOf(x), [1]);
});

test('branches of different depth: a tensor is visited after all its consumers', () => {
  const x = leaf(3);
  const direct = x.mul(1);
  let far = direct;
  for (let i = 0; i < 10; i++) far = far.mul(1);
  far.mul(direct).backward();
  assert.equal(gradOf(x), [6]);
});

test('only needed gradients are computed: the thunks of constants are not called', () => {
  // The logarithm of a negative constant would make NaN if its gradient were computed.
  const [x, constant] = [leaf([2]), tensor([-1])];
  x.mul(constant).add(constant.log()).sum().backward();
  assert.equal(gradOf(x), [-1]);
});

test('each stacked leaf receives its own part of the gradient', () => {
  const parts = [leaf([1, 2]), leaf([3, 4])];
  stack(parts)
    .mul(
      tensor([
        [1, 2],
        [3, 4],
      ]),
    )
    .sum()
    .backward();
  assert.equal(parts.map(gradOf), [
    [1, 2],
    [3, 4],
  ]);
});

test('derivatives at kinks are as documented', () => {
  const at = (f: (x: Tensor) => Tensor, values: number[]): number[] => {
    const x = leaf(values);
    f(x).sum().backward();
    return gradOf(x);
  };
  assert.equal(
    at((x) => x.relu(), [0]),
    [0],
  );
  assert.equal(
    at((x) => x.abs(), [0, -0]),
    [0, -0],
  );
  assert.equal(
    at((x) => x.leakyRelu(0.25), [0]),
    [0.25],
  );
  assert.equal(
    at((x) => x.elu(0.5), [0]),
    [0.5],
  );
  assert.equal(
    at((x) => x.maximum(tensor([1, 1, 1])), [0, 1, 2]),
    [0, 0.5, 1],
  );
  assert.equal(
    at((x) => x.minimum(tensor([1, 1, 1])), [0, 1, 2]),
    [1, 0.5, 0],
  );
  assert.equal(
    at((x) => x.clamp({ min: 0, max: 1 }), [-1, 0, 0.5, 1, 2]),
    [0, 1, 1, 1, 0],
  );
  assert.equal(
    at((x) => x.amax(), [3, 1, 3, 3]).map((g) => Math.round(g * 300)),
    [100, 0, 100, 100],
  );
  assert.equal(
    at((x) => x.amin(), [3, 1, 1, 3]),
    [0, 0.5, 0.5, 0],
  );
  assert.equal(
    at((x) => x.pow(0), [0, 2]),
    [0, 0],
  );
  assert.equal(
    at((x) => x.pow(2), [0, -3]),
    [0, -6],
  );
});

test('both operands of a tie receive half: maximum(x, x) has derivative 1', () => {
  const x = leaf([1, 2]);
  x.maximum(x).sum().backward();
  assert.equal(gradOf(x), [1, 1]);
});

test('where: an infinite value in the branch not chosen does not make the gradient NaN', () => {
  const x = leaf([0, 4]);
  x.gt(0).where(x.log(), 0).sum().backward();
  assert.is(gradOf(x)[1], 0.25);
});

test('0 to the power of b has derivative 0 with respect to b', () => {
  const b = leaf([2]);
  tensor([0]).pow(b).sum().backward();
  assert.equal(gradOf(b), [0]);
});

test('gradients of empty tensors are empty', () => {
  const x = zeros([0, 3], { requiresGrad: true });
  x.exp().sum().backward();
  assert.equal((x.grad as Tensor).shape, [0, 3]);
});

test('labels, ranks and sizes', () => {
  const x = ones([2, 3]).named('weights');
  assert.is(x.label, 'weights');
  assert.is(x.rank, 2);
  assert.is(x.size, 6);
  assert.ok(x.isLeaf);
  assert.not(x.requiresGrad_().mul(1).isLeaf);
  assert.not(x.requiresGrad_(false).mul(1).requiresGrad);
});

test('updateInPlace runs kernels of the backend that holds the values, without recording', () => {
  const machine = createReference();
  const w = withBackend(machine, () => parameter(tensor([1, 2])));
  updateInPlace([w], (kernels) => {
    assert.is(kernels, machine.kernels);
    kernels.scale(w.values, 10);
  });
  assert.equal([...w.dataSync()], [10, 20]);
  assert.ok(w.isLeaf && w.requiresGrad);
});

test('backward refuses every tensor that updateInPlace changed after its use', () => {
  const uses = (): [Tensor, Tensor, Tensor] => {
    const [a, b] = [leaf([1, 2]), leaf([3, 4])];
    updateInPlace([a, b], (kernels) => kernels.assign(a.values, b.values));
    return [a, b, a.square().add(b.square()).sum()];
  };
  const [a, b, y] = uses();
  y.backward();
  assert.equal(
    [gradOf(a), gradOf(b)],
    [
      [6, 8],
      [6, 8],
    ],
  ); // changed before the use
  for (const place of [0, 1] as const) {
    const used = uses();
    const target = used[place];
    updateInPlace([target], (kernels) => kernels.scale(target.values, 2));
    assert.throws(() => used[2].backward(), /was changed in place/);
  }
  const [c, d, z] = uses();
  updateInPlace([d, c], () => {});
  assert.throws(() => z.backward(), /was changed in place/);
});

test.run();
