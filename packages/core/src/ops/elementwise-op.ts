/** Builds the public functions from the tables of elementwise functions. */
import type { BinaryKind, UnaryKind } from '../functions/names.generated.js';
import { asTensor } from '../operand.js';
import { broadcastShapes } from '../shape.js';
import { apply } from '../tape.js';
import type { Op, Tensor, TensorLike, Thunk } from '../tensor.js';

/** y = f(x), element by element. */
export type Unary = (x: TensorLike) => Tensor;
/** y = f(a, b), element by element, with NumPy broadcasting. */
export type Binary = (a: TensorLike, b: TensorLike) => Tensor;
/** As `Binary`; b has a default. */
export type BinaryWithDefault = (a: TensorLike, b?: TensorLike) => Tensor;

/** Builds the function of a row. `derivative` returns dy·f′(x), with y = f(x). */
export function unary(kind: UnaryKind, derivative: (dy: Tensor, x: Tensor, y: Tensor) => Tensor): Unary {
  const op: Op<readonly [Tensor]> = {
    name: kind,
    shape: ([x]) => x,
    forward: (k, [x]) => k.unary(kind, x.values),
    vjp: (dy, [x], _, y) => [() => derivative(dy, x, y)],
  };
  return (x) => apply(op, [asTensor(x)], undefined);
}

type Derivatives = (dy: Tensor, a: Tensor, b: Tensor, y: Tensor) => readonly [Thunk, Thunk];

/** Builds the function of a row. `derivatives` returns dy·∂f/∂a and dy·∂f/∂b, before broadcasting is undone. */
export function binary(kind: BinaryKind, derivatives: Derivatives): Binary;
export function binary(kind: BinaryKind, derivatives: Derivatives, defaultB: number): BinaryWithDefault;
export function binary(kind: BinaryKind, derivatives: Derivatives, defaultB?: number): BinaryWithDefault {
  const op: Op<readonly [Tensor, Tensor]> = {
    name: kind,
    shape: ([a, b]) => broadcastShapes(kind, a, b),
    forward: (k, [a, b], _, out) => k.binary(kind, a, b, out),
    vjp: (dy, [a, b], _, y) => {
      const [da, db] = derivatives(dy, a, b, y);
      return [da ? () => da().sumToSize(a.shape) : null, db ? () => db().sumToSize(b.shape) : null];
    },
  };
  return (a, b) => apply(op, [asTensor(a), asTensor(b === undefined ? defaultB! : b)], undefined);
}
