/** Errors inside backward, and operations whose vjp runs forward and backward itself. */
import {
  apply,
  enableGrad,
  grad,
  gradients,
  init,
  isGradEnabled,
  noGrad,
  type Op,
  parameter,
  type Tensor,
  tensor,
  valueAndGrad,
} from '@varigrad/core';
import { gradcheck } from '@varigrad/core/testing';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

await init({ backend: 'reference' });

const numbers = (t: Tensor | null): number[] => [...t!.dataSync()];

/** The identity, whose derivative fails while `broken.now` is set. */
function fragile(x: Tensor, broken: { now: boolean }): Tensor {
  const op: Op<readonly [Tensor]> = {
    name: 'fragile',
    shape: ([shape]) => shape,
    forward: (_, [t]) => t.values,
    vjp: (dy) => [
      () => {
        if (broken.now) throw new Error('the derivative failed');
        return dy;
      },
    ],
  };
  return apply(op, [x], undefined);
}

test('after an error inside backward the graph is intact: the same error again, or the gradient', () => {
  const broken = { now: true };
  const x = tensor([3]).requiresGrad_();
  const loss = fragile(x.square(), broken).mul(2).sum();
  for (let i = 0; i < 2; i++) assert.throws(() => loss.backward(), /the derivative failed/);
  assert.is(x.grad, null);
  assert.throws(() => gradients(loss, [x]), /the derivative failed/);
  broken.now = false;
  loss.backward();
  assert.equal(numbers(x.grad), [12]);
  assert.throws(() => loss.backward(), /the graph behind 'sum' was freed by an earlier backward/);
});

test('an error inside backward restores recording', () => {
  const x = tensor([3]).requiresGrad_();
  assert.throws(() => fragile(x, { now: true }).sum().backward(), /failed/);
  assert.ok(isGradEnabled());
});

/** f without its intermediate values: the vjp runs f again, and backward through it. */
function checkpoint(f: (x: Tensor) => Tensor, x: Tensor): Tensor {
  const op: Op<readonly [Tensor]> = {
    name: 'checkpoint',
    shape: () => noGrad(() => f(x)).shape,
    forward: () => noGrad(() => f(x)).values,
    vjp: (dy, [input]) => [
      () => {
        const again = isGradEnabled() ? input : input.detach().requiresGrad_();
        const y = enableGrad(() => f(again));
        return gradients(y, [again], { dy, createGraph: isGradEnabled() })[0]!;
      },
    ],
  };
  return apply(op, [x], undefined);
}

const block = (x: Tensor): Tensor => x.sin().mul(x).exp().cumsum();

test('a checkpoint: the vjp recomputes, with the same gradients at first and second order', () => {
  const x = tensor([0.3, -0.7, 1.1]).requiresGrad_();
  const direct = gradients(block(block(x)).sum(), [x]);
  const saved = gradients(checkpoint(block, checkpoint(block, x)).sum(), [x]);
  assert.equal(saved.map(numbers), direct.map(numbers));
  checkpoint(block, x).sum().backward();
  assert.equal(numbers(x.grad), numbers(gradients(block(x).sum(), [x])[0]!));
  gradcheck((t) => checkpoint((s) => s.sin().mul(s), t), [tensor([0.3, -0.7])], { order: 2 });
});

test('a vjp may call backward: parameters inside receive their gradients', () => {
  const w = parameter(tensor([2, 3]));
  const op: Op<readonly [Tensor]> = {
    name: 'scaled',
    shape: ([shape]) => shape,
    forward: (k, [t], _, out) => k.binary('mul', t, w, out),
    vjp: (dy, [input]) => [
      () => {
        const x = input.detach().requiresGrad_();
        enableGrad(() => x.mul(w)).backward(dy);
        return x.grad!;
      },
    ],
  };
  const x = tensor([5, 7]).requiresGrad_();
  apply(op, [x], undefined)
    .mul(tensor([1, 10]))
    .sum()
    .backward();
  assert.equal(
    [numbers(x.grad), numbers(w.grad)],
    [
      [2, 30],
      [5, 70],
    ],
  );
});

test('grad and valueAndGrad record inside noGrad, and their results have no history there', () => {
  const x = tensor([2]).requiresGrad_();
  noGrad(() => {
    const g = grad((t) => t.pow(3).sum())(x);
    assert.equal(numbers(g), [12]);
    assert.not(g.requiresGrad);
    assert.equal(numbers(grad((t) => grad((s) => s.pow(3).sum())(t).sum())(x)), [12]);
    assert.not(valueAndGrad((t) => t.square().sum())(x).value.requiresGrad);
    assert.not(isGradEnabled());
  });
  assert.ok(grad((t) => t.pow(3).sum())(x).requiresGrad);
});

test('enableGrad records inside noGrad, restores the state, and refuses promises', () => {
  const x = tensor([2]).requiresGrad_();
  noGrad(() => {
    assert.ok(enableGrad(() => x.square()).requiresGrad);
    assert.not(x.square().requiresGrad);
    assert.throws(() => enableGrad(async () => x), /enableGrad/);
    assert.throws(() => enableGrad(3 as never), /enableGrad/);
  });
  assert.ok(isGradEnabled());
});

test.run();
