/** Gradient accumulation: adds the gradients of a tensor that is used more than once, and adds to `tensor.grad`. */
import { kernelsOf } from './compile/active.js';
import { adopt } from './scope.js';
import { Storage, updateInPlace } from './storage.js';
import { apply, noGrad } from './tape.js';
import { type Op, Tensor } from './tensor.js';

const sumOp: Op<readonly [Tensor, Tensor]> = {
  name: 'sumOfGradients',
  shape: ([a]) => a,
  forward: (k, [a, b], _, out) => k.binary('add', a, b, out),
  vjp: (dy) => [() => dy, () => dy],
};

/** Adds two gradients of the same tensor. */
export function addGradients(a: Tensor, b: Tensor): Tensor {
  return apply(sumOp, [a, b], undefined);
}

/**
 * Adds a gradient to `tensor.grad`. The gradient of a resident tensor is resident, too.
 * @param differentiable - record the sum and change nothing in place, for higher-order derivatives
 */
export function accumulate(tensor: Tensor, gradient: Tensor, differentiable: boolean): void {
  const before = tensor.peekGrad();
  if (differentiable) {
    tensor.grad = before === null ? gradient : addGradients(before, gradient);
  } else if (before?.isOwnGradient) {
    updateInPlace([before], (kernels) => kernels.accumulate(before.values, gradient.values));
  } else {
    const total = before === null ? gradient : noGrad(() => addGradients(before, gradient));
    tensor.grad = ownGradient(tensor, total);
  }
}

/** Returns the gradient in memory that nothing else refers to. It is resident if its tensor is. */
function ownGradient(tensor: Tensor, gradient: Tensor): Tensor {
  const own = adopt(gradient.storage) ? gradient.detach() : copyOf(gradient);
  if (tensor.storage.persistent) own.storage.persist();
  else own.storage.keep();
  own.isOwnGradient = true;
  return own;
}

function copyOf(tensor: Tensor): Tensor {
  const machine = tensor.storage.backend;
  const values = kernelsOf(machine).strided(tensor.values, { shape: [tensor.size], strides: [1], offset: 0 });
  return new Tensor(new Storage(machine, values), tensor.shape);
}
