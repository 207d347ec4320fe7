/** The memory of gradients: how two of one tensor add up, and how `tensor.grad` grows from one `backward` to the next. */
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

/** a + b for two gradients of one tensor. */
export function addGradients(a: Tensor, b: Tensor): Tensor {
  return apply(sumOp, [a, b], undefined);
}

/** Gradients whose memory belongs to one `tensor.grad` alone, so that it can be added to in place. */
const owned = new WeakSet<Tensor>();

/**
 * Adds to `tensor.grad`. A parameter's gradient is resident, like the parameter itself.
 * @param differentiable - the sum is recorded and nothing changes in place, for derivatives of higher order
 */
export function accumulate(tensor: Tensor, gradient: Tensor, differentiable: boolean): void {
  const before = tensor.peekGrad();
  if (differentiable) {
    tensor.grad = before === null ? gradient : addGradients(before, gradient);
  } else if (before !== null && owned.has(before)) {
    updateInPlace([before], (kernels) => kernels.accumulate(before.values, gradient.values));
  } else {
    const total = before === null ? gradient : noGrad(() => addGradients(before, gradient));
    tensor.grad = ownGradient(tensor, total);
  }
}

/** The gradient in memory that nothing else refers to, resident if its tensor is. */
function ownGradient(tensor: Tensor, gradient: Tensor): Tensor {
  const own = adopt(gradient.storage) ? gradient.detach() : copyOf(gradient);
  if (tensor.storage.persistent) own.storage.persist();
  else own.storage.keep();
  owned.add(own);
  return own;
}

function copyOf(tensor: Tensor): Tensor {
  const machine = tensor.storage.backend;
  const values = machine.kernels.strided(tensor.values, { shape: [tensor.size], strides: [1], offset: 0 });
  return new Tensor(new Storage(machine, values), tensor.shape);
}
