/**
 * The formula of each operation and of its derivatives, as text. Elementwise formulas use a notation that the tests
 * evaluate: `·` is the product, `[…]` is 1 if the condition holds and else 0, σ is the sigmoid, Φ and φ are the
 * distribution function and the density of N(0, 1).
 */
import { elementwiseFormulas } from '../functions/formulas.generated.js';
import type { Formula } from '../functions/row.js';

/* @__NO_SIDE_EFFECTS__ */
const map = (value: string, derivative: string): Formula => ({
  operands: ['x'],
  value,
  derivatives: [derivative],
  elementwise: true,
});

/* @__NO_SIDE_EFFECTS__ */
const pair = (
  [a, b]: readonly [string, string],
  value: string,
  derivatives: readonly [string | null, string | null],
): Formula => ({ operands: [a, b], value, derivatives, elementwise: true });

/* @__NO_SIDE_EFFECTS__ */
const other = (
  operands: readonly string[],
  value: string,
  ...derivatives: readonly (string | null)[]
): Formula => ({ operands, value, derivatives, elementwise: false });

/** Options of matmul. C = A B: dA = dC Bᵀ and dB = Aᵀ dC; a transposed operand has the transposed gradient. */
interface Transposes {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/* @__NO_SIDE_EFFECTS__ */
function product({ transposeA = false, transposeB = false }: Transposes): Formula {
  const a = (transposed: boolean): string => (transposed ? 'Aᵀ' : 'A');
  const b = (transposed: boolean): string => (transposed ? 'Bᵀ' : 'B');
  return other(
    ['A', 'B'],
    `${a(transposeA)} ${b(transposeB)}`,
    transposeA ? `${b(transposeB)} dyᵀ` : `dy ${b(!transposeB)}`,
    transposeB ? `dyᵀ ${a(transposeA)}` : `${a(!transposeA)} dy`,
  );
}

/** Formulas by the operation's name, as in graphs and error messages. */
export const formulas: Readonly<Record<string, Formula>> = {
  ...elementwiseFormulas,
  clamp: map('min(max(x, low), high)', 'dy · [low ≤ x] · [x ≤ high]'),
  clone: map('x', 'dy'),
  alias: map('x', 'dy'),

  where: {
    operands: ['condition', 'a', 'b'],
    value: '[condition ≠ 0] · a + [condition = 0] · b',
    derivatives: [null, 'dy · [condition ≠ 0]', 'dy · [condition = 0]'],
    elementwise: true,
  },
  sumOfGradients: pair(['a', 'b'], 'a + b', ['dy', 'dy']),

  sum: other(['x'], 'Σ x over the axes', 'dy, the same for every element that was summed'),
  amax: other(['x'], 'max x over the axes', 'dy · [x = y] / (number of elements equal to y)'),
  amin: other(['x'], 'min x over the axes', 'dy · [x = y] / (number of elements equal to y)'),
  logSumExp: other(['x'], 'ln Σ exp(x) over the axes', 'dy · softmax(x)'),
  argmax: other(['x'], 'index of the largest element', null),
  softmax: other(['x'], 'exp(x) / Σ exp(x)', 'y · (dy − Σ dy · y)'),
  logSoftmax: other(['x'], 'x − ln Σ exp(x)', 'dy − softmax(x) · Σ dy'),
  cumsum: other(['x'], 'yᵢ = x₀ + … + xᵢ', 'dxᵢ = dyᵢ + dyᵢ₊₁ + …'),
  matmul: product({}),
  linear: other(
    ['x', 'W', 'b'],
    'f(x Wᵀ + b)',
    '(dy · f′) W',
    '(dy · f′)ᵀ x',
    'dy · f′, summed over the batch',
  ),
  conv2d: other(
    ['x', 'W', 'b'],
    'Σ of every window of x · W, + b',
    'dy · W, added up where windows overlap',
    'Σ of every window of x · its dy',
    'dy, summed over images and pixels',
  ),
  convTranspose2d: other(
    ['x', 'W', 'b'],
    'x · W, added up where windows overlap, + b',
    'Σ of every window of dy · W',
    'Σ of every window of dy · its x',
    'dy, summed over images and pixels',
  ),
  conv2dWeight: other(
    ['x', 'dy'],
    'Σ of every window of x · its dy',
    'dy · dW, added up where windows overlap',
    'Σ of every window of x · dW',
  ),
  reshape: other(['x'], 'x in another shape', "dy in x's shape"),
  permute: other(['x'], 'x with its axes in another order', 'dy with its axes in the order of x'),
  expand: other(['x'], 'x, repeated', 'dy, summed over the repetitions'),
  slice: other(['x'], 'a part of x', 'dy in that part, 0 elsewhere'),
  flip: other(['x'], 'x in reverse order', 'dy in reverse order'),
  pad: other(['x'], 'x with a margin', 'dy without the margin'),
  windows: other(['x'], 'every window of x', 'dy, added up where windows overlap'),
  concat: other(['x'], 'all operands, one after the other', "the operand's own part of dy"),
  indexSelect: other(['x', 'index'], 'yᵢ = x[indexᵢ]', 'Σ dyᵢ over all i with that index', null),
  indexAdd: other(['x', 'index'], 'y[indexᵢ] = Σ xᵢ', 'dxᵢ = dy[indexᵢ]', null),
  gather: other(['x', 'index'], 'yᵢ = x[indexᵢ] along the axis', 'Σ dyᵢ over all i with that index', null),
  scatterAdd: other(['x', 'index'], 'y[indexᵢ] = Σ xᵢ along the axis', 'dxᵢ = dy[indexᵢ]', null),
};

/** The activation of `linear`, and its derivative as a function of the result y. */
export const activations: Readonly<Record<string, { readonly value: string; readonly derivative: string }>> =
  {
    relu: { value: 'f(u) = max(u, 0)', derivative: 'f′ = [y > 0]' },
    sigmoid: { value: 'f(u) = σ(u)', derivative: 'f′ = y · (1 − y)' },
    tanh: { value: 'f(u) = tanh(u)', derivative: 'f′ = 1 − y²' },
  };

/** The name of operand `index` in an operation's formulas; `operand 0`, … for an operation without formulas. */
export function operandName(op: string, index: number): string {
  const operands = formulas[op]?.operands ?? [];
  return operands[index] ?? (operands.length > 0 ? `${operands.at(-1)}${index}` : `operand ${index}`);
}

/** `linear` without an activation. */
const affine: Formula = other(['x', 'W', 'b'], 'x Wᵀ + b', 'dy W', 'dyᵀ x', 'dy, summed over the batch');

/** The formula of an operation with its options: the transposes of a matmul, the activation of a linear layer. */
export function formulaOf(op: string, params?: unknown): Formula | undefined {
  if (op === 'matmul') return product((params ?? {}) as Transposes);
  const { activation } = (params ?? {}) as { readonly activation?: string };
  return op === 'linear' && activation === 'none' ? affine : formulas[op];
}

/** The gradient of operand `index` as a formula; null if it has no derivative, or the operation has no formulas. */
export function derivativeOf(op: string, index: number, params?: unknown): string | null {
  const derivatives = formulaOf(op, params)?.derivatives ?? [];
  return derivatives[Math.min(index, derivatives.length - 1)] ?? null;
}
