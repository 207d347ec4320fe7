/** grad and valueAndGrad: derivatives as functions of functions. */
import {
  createReference,
  grad,
  parameter,
  type Tensor,
  tensor,
  valueAndGrad,
  withBackend,
} from '@varigrad/core';
import { assertClose } from '@varigrad/core/testing';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const float64 = (f: () => void) => () => withBackend(createReference(Float64Array), f);

test('valueAndGrad: value and all gradients, detached', () => {
  const [x, y] = [tensor([1, 2]), tensor([3, 4])];
  const { value, grads } = valueAndGrad((a, b) => a!.square().mul(b!).sum())(x, y);
  assert.is(value.itemSync(), 19);
  assert.equal(
    grads.map((g) => [...g.dataSync()]),
    [
      [6, 16],
      [1, 4],
    ],
  );
  assert.not(value.requiresGrad);
  assert.not(grads[0]!.requiresGrad);
  assert.not(x.requiresGrad);
  assert.is(x.grad, null);
});

test('parameters that f uses keep their grad, and an unused input gets zeros', () => {
  const weight = parameter(tensor([2]));
  const { grads } = valueAndGrad((x) => x!.mul(weight).sum())(tensor([5]), tensor([7, 7]));
  assert.equal(
    grads.map((g) => [...g.dataSync()]),
    [[2], [0, 0]],
  );
  assert.is(weight.grad, null);
});

test(
  'grad of grad of grad: (sin)‴ = −cos',
  float64(() => {
    const sin = (x?: Tensor): Tensor => x!.sin();
    const at = tensor(0.7);
    assertClose(grad(sin)(at), Math.cos(0.7), { rtol: 1e-14 });
    assertClose(grad(grad(sin))(at), -Math.sin(0.7), { rtol: 1e-14 });
    assertClose(grad(grad(grad(sin)))(at), -Math.cos(0.7), { rtol: 1e-14 });
  }),
);

test('grad passes other arguments through', () => {
  const f = (x?: Tensor, y?: Tensor): Tensor => x!.mul(y!).sum();
  assert.equal([...grad(f)(tensor([1, 2]), tensor([3, 4])).dataSync()], [3, 4]);
});

test('nesting over different variables: d/dx of x·d/dy (x·y) is 2x', () => {
  const two = tensor(2);
  const inner = (x: Tensor): Tensor => grad((y) => x.mul(y!))(two);
  assert.is(grad((x) => x!.mul(inner(x!)))(tensor(5)).itemSync(), 10);
});

test('gradients of an input that has a history stay connected to it', () => {
  const w = tensor(3).requiresGrad_();
  const { value, grads } = valueAndGrad((x) => x!.square())(w.mul(2)); // d(x²) = 2x at x = 2w
  assert.ok(value.requiresGrad);
  grads[0]!.backward();
  assert.is((w.grad as Tensor).itemSync(), 4);
});

test('a function that throws does not affect later derivatives', () => {
  const failing = valueAndGrad(() => {
    throw new Error('inside');
  });
  assert.throws(() => failing(tensor(1)), 'inside');
  const { grads } = valueAndGrad((x) => x!.square())(tensor(3));
  assert.not(grads[0]!.requiresGrad);
});

test.run();
