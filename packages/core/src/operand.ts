/** Operands of operations: tensors, and numbers that stand for scalars. */
import { backend } from './backend/current.js';
import { checkTensor } from './checks/arguments.js';
import { uploadTo } from './compile/active.js';
import { type Tensor, type TensorLike, wrap } from './tensor.js';

/** Turns a number into a scalar tensor on the current backend and returns anything else unchanged, for `apply` to check. */
export function asTensor(x: TensorLike): Tensor {
  return typeof x === 'number' ? wrap(uploadTo(backend(), [x]), []) : x;
}

/** `asTensor` for functions that read the shape before `apply` checks the operand. @throws ArgumentError for other values */
export function operandOf(op: string, x: TensorLike): Tensor {
  const t = asTensor(x);
  checkTensor(op, t, 'an operand', 'a tensor or a number');
  return t;
}
