/** Matrix products. Transposes are flags of the kernel, so that no gradient ever copies a transposed matrix. */
import type { MatmulSpec } from '../backend/backend.js';
import { checkBoolean } from '../checks/arguments.js';
import { checkOptions, type OptionNames } from '../checks/options.js';
import { ArgumentError, formatShape, type Shape, ShapeError } from '../errors.js';
import { operandOf } from '../operand.js';
import { broadcastShapes, sizeOf } from '../shape.js';
import { apply, namingOperands } from '../tape.js';
import type { Op, Tensor, TensorLike } from '../tensor.js';

/** Options of `matmul`: swap the last two axes of an operand. */
export interface MatmulOptions {
  transposeA?: boolean;
  transposeB?: boolean;
}

const MATMUL_OPTIONS: OptionNames<MatmulOptions> = { transposeA: true, transposeB: true };

interface Transposes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** Rows and columns of a matrix (its last two axes) after the transpose. */
function matrixDims(shape: Shape, transpose: boolean): [rows: number, columns: number] {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return transpose ? [columns, rows] : [rows, columns];
}

function productShape(a: Shape, b: Shape, { transposeA, transposeB }: Transposes): Shape {
  const [m, k] = matrixDims(a, transposeA);
  const [inner, n] = matrixDims(b, transposeB);
  if (k !== inner) {
    const [left, right] = [
      formatShape(a) + (transposeA ? 'ᵀ' : ''),
      formatShape(b) + (transposeB ? 'ᵀ' : ''),
    ];
    throw new ShapeError('matmul', [a, b], ([nameA = 'a', nameB = 'b']) => {
      const advice = fittingProduct(a, b, { transposeA, transposeB }, nameA, nameB);
      return `inner dimensions differ: ${left} × ${right} (${k} ≠ ${inner}) — ${advice}`;
    });
  }
  return [...broadcastShapes('matmul', a.slice(0, -2), b.slice(0, -2)), m, n];
}

/** Suggests a product that fits: with one transpose added or removed, or with the operands swapped. */
function fittingProduct(a: Shape, b: Shape, flags: Transposes, nameA: string, nameB: string): string {
  const [m, k] = matrixDims(a, flags.transposeA);
  const [inner, n] = matrixDims(b, flags.transposeB);
  const [left, right] = [
    nameA + (flags.transposeA ? '.transpose()' : ''),
    nameB + (flags.transposeB ? '.transpose()' : ''),
  ];
  const flipped = (name: string, transposed: boolean) => (transposed ? name : `${name}.transpose()`);
  if (k === n) return `did you mean ${left}.matmul(${flipped(nameB, flags.transposeB)})?`;
  if (m === inner) return `did you mean ${flipped(nameA, flags.transposeA)}.matmul(${right})?`;
  return 'transpose or reshape one operand';
}

/** The kernel's arguments for a batch of products. The batch axes are equal, or absent on one side. */
function matmulSpec(a: Shape, b: Shape, flags: Transposes, out: Shape): MatmulSpec {
  const [m, k] = matrixDims(a, flags.transposeA);
  const [, n] = matrixDims(b, flags.transposeB);
  const batch = sizeOf(out.slice(0, -2));
  const stride = (shape: Shape, matrix: number) => (sizeOf(shape.slice(0, -2)) === 1 ? 0 : matrix);
  return { batch, m, n, k, ...flags, strideA: stride(a, m * k), strideB: stride(b, k * n) };
}

const matmulOp: Op<readonly [Tensor, Tensor], Transposes> = {
  name: 'matmul',
  shape: ([a, b], flags) => productShape(a, b, flags),
  forward: (k, [a, b], flags, out) => k.matmul(a.values, b.values, matmulSpec(a.shape, b.shape, flags, out)),
  // C = A B:  dL/dA = dC Bᵀ and dL/dB = Aᵀ dC. A transposed operand has the transposed gradient.
  vjp: (dy, [a, b], { transposeA, transposeB }) => [
    () =>
      (transposeA
        ? b.matmul(dy, { transposeA: transposeB, transposeB: true })
        : dy.matmul(b, { transposeB: !transposeB })
      ).sumToSize(a.shape),
    () =>
      (transposeB
        ? dy.matmul(a, { transposeA: true, transposeB: transposeA })
        : a.matmul(dy, { transposeA: !transposeA })
      ).sumToSize(b.shape),
  ],
};

/** Expands a batch of matrices to the batch axes `batch`. A single matrix stays as it is. */
function expandBatch(t: Tensor, batch: Shape): Tensor {
  const own = t.shape.slice(0, -2);
  return sizeOf(own) === 1 || sizeOf(own) === sizeOf(batch) ? t : t.expand([...batch, ...t.shape.slice(-2)]);
}

/**
 * Matrix product over the last two axes. The axes before them are batch axes and broadcast. A vector is a row on the
 * left and a column on the right, and its axis is dropped from the result.
 * @param a - `[…, m, k]`, or `[…, k, m]` with transposeA, or `[k]`
 * @param b - `[…, k, n]`, or `[…, n, k]` with transposeB, or `[k]`
 * @returns `[…, m, n]`
 * @throws ShapeError if the inner dimensions differ or the batches do not broadcast; ArgumentError for scalars
 */
export function matmul(a: TensorLike, b: TensorLike, options: MatmulOptions = {}): Tensor {
  checkOptions('matmul', options, MATMUL_OPTIONS, 'b, ');
  const [left, right] = [operandOf('matmul', a), operandOf('matmul', b)];
  if (left.rank === 0 || right.rank === 0) {
    throw new ArgumentError(
      'matmul',
      'operands must have at least one axis, found a scalar — use mul to scale',
    );
  }
  const { transposeA = false, transposeB = false } = options;
  checkBoolean('matmul', 'transposeA', transposeA);
  checkBoolean('matmul', 'transposeB', transposeB);
  if ((transposeA && left.rank === 1) || (transposeB && right.rank === 1)) {
    throw new ArgumentError('matmul', 'a vector cannot be transposed — leave the transpose flag out');
  }
  const matrixA = left.rank === 1 ? left.unsqueeze(0) : left;
  const matrixB = right.rank === 1 ? right.unsqueeze(1) : right;
  const flags = { transposeA, transposeB };
  const product = namingOperands([left, right], () => productShape(matrixA.shape, matrixB.shape, flags));
  const batch = product.slice(0, -2);
  let out = apply(matmulOp, [expandBatch(matrixA, batch), expandBatch(matrixB, batch)], flags);
  if (right.rank === 1) out = out.squeeze(-1);
  if (left.rank === 1) out = out.squeeze(right.rank === 1 ? -1 : -2);
  return out;
}
