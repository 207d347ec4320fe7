/** Derivatives as functions of functions. */
import { backend } from './backend/current.js';
import { gradients } from './backward.js';
import { checkFunction, checkTensor, isPlainObject, refusePromise } from './checks/arguments.js';
import { GradError } from './errors.js';
import { runScope } from './scope.js';
import type { Storage } from './storage.js';
import { apply, enableGrad, isGradEnabled } from './tape.js';
import { type Op, Tensor } from './tensor.js';

/** A function of tensors whose result is a scalar tensor. */
export type ScalarFunction = (...inputs: Tensor[]) => Tensor;

const aliasOp: Op<readonly [Tensor]> = {
  name: 'alias',
  shape: ([x]) => x,
  forward: (_, [x]) => x.values,
  vjp: (dy) => [() => dy],
};

/** A tensor with x's values that requires a gradient. It is connected to x if x requires one and operations are recorded. */
function variable(x: Tensor): Tensor {
  return x.requiresGrad && isGradEnabled() ? apply(aliasOp, [x], undefined) : x.detach().requiresGrad_();
}

/** Number of nested differentiations in progress. An inner function may use the variables of an outer one. */
let depth = 0;

function oneDeeper<T>(f: () => T): T {
  depth++;
  try {
    return f();
  } finally {
    depth--;
  }
}

/**
 * Returns a function that computes f's value and its gradients: `valueAndGrad(f)(x, y)` → `{ value, grads: [∂f/∂x, ∂f/∂y] }`.
 * Calls can be nested for higher derivatives, and work inside `noGrad` and a `vjp`. The `.grad` of parameters that f uses stays unchanged.
 * @throws GradError if f's value is not a scalar
 */
export function valueAndGrad(f: ScalarFunction): (...inputs: Tensor[]) => { value: Tensor; grads: Tensor[] } {
  return differentiator('valueAndGrad', f);
}

function differentiator(op: string, f: ScalarFunction): ReturnType<typeof valueAndGrad> {
  checkFunction(op, f);
  return (...inputs) => {
    for (const x of inputs) checkTensor(op, x, 'an input');
    const variables = inputs.map(variable);
    const createGraph = depth > 0 || (isGradEnabled() && inputs.some((x) => x.requiresGrad));
    const value = enableGrad(() =>
      refusePromise(
        op,
        oneDeeper(() => f(...variables)),
      ),
    );
    checkTensor(op, value, 'the value of the function');
    if (!value.requiresGrad) {
      throw new GradError(op, 'the value does not depend on the inputs — nothing to differentiate');
    }
    const grads = gradients(value, variables, { createGraph });
    return { value: createGraph ? value : value.detach(), grads };
  };
}

/** The derivative of f with respect to its first argument: `grad(f)(x)` = ∂f/∂x. `grad(grad(f))` is the second. */
export function grad(f: ScalarFunction): (x: Tensor, ...others: Tensor[]) => Tensor {
  checkFunction('grad', f);
  return (x, ...others) => {
    const { grads } = differentiator('grad', (first) => f(first!, ...others))(x);
    return grads[0]!;
  };
}

/**
 * Runs `f` and frees the memory of every tensor made inside, except what it returns (a tensor, or arrays and plain
 * objects of tensors), parameters, their gradients and optimizer state. It is needed only on a GPU; on the wasm backend
 * it saves copies. Returned tensors lose the history that was made inside.
 * @throws ArgumentError if `f` is asynchronous
 */
export function scope<T>(f: () => T): T {
  return runScope(backend(), f, storagesIn);
}

/** The storages of the tensors in a value, which may be nested deeply or contain itself. */
function storagesIn(value: unknown): Set<Storage> {
  const found = new Set<Storage>();
  const seen = new Set([value]);
  for (const item of seen) {
    if (item instanceof Tensor) found.add(item.storage);
    else if (Array.isArray(item) || isPlainObject(item)) {
      for (const part of Object.values(item as object)) if (typeof part === 'object') seen.add(part);
    }
  }
  return found;
}
