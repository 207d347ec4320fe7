/**
 * What each operation computes and what it sends back, as text. Elementwise formulas keep to a notation that can be
 * evaluated, and the tests do so: `·` is the product, `[…]` is 1 if the condition holds and else 0, σ is the sigmoid, Φ and φ
 * are the distribution function and the density of N(0, 1).
 */

/** One operation: y = value; the gradient sent to operand i is derivatives[i]. */
export interface Formula {
  /** Names of the operands in the formulas. Of an operation of any number of operands, the last name stands for the rest. */
  readonly operands: readonly string[];
  readonly value: string;
  /** ∂loss/∂operand from dy = ∂loss/∂y, before a broadcast operand's gradient is summed; null: no derivative. */
  readonly derivatives: readonly (string | null)[];
  /** Whether every element of y depends on the operands' elements at its own place only. */
  readonly elementwise: boolean;
}

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
const compare = (sign: string): Formula => pair(['a', 'b'], `[a ${sign} b]`, [null, null]);

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

/** By the operation's name, as graphs and error messages have it. */
export const formulas: Readonly<Record<string, Formula>> = {
  neg: map('−x', '−dy'),
  exp: map('exp(x)', 'dy · y'),
  expm1: map('exp(x) − 1', 'dy · (y + 1)'),
  log: map('ln(x)', 'dy / x'),
  log1p: map('ln(1 + x)', 'dy / (1 + x)'),
  sqrt: map('√(x)', 'dy / (2 · y)'),
  rsqrt: map('1 / √(x)', '−dy · y / (2 · x)'),
  square: map('x²', 'dy · 2 · x'),
  abs: map('|x|', 'dy · sign(x)'),
  sign: map('sign(x)', '0'),
  reciprocal: map('1 / x', '−dy · y²'),
  sin: map('sin(x)', 'dy · cos(x)'),
  cos: map('cos(x)', '−dy · sin(x)'),
  erf: map('erf(x)', 'dy · 2 / √(π) · exp(−(x²))'),
  relu: map('max(x, 0)', 'dy · [x > 0]'),
  gelu: map('x · Φ(x)', 'dy · (Φ(x) + x · φ(x))'),
  sigmoid: map('σ(x)', 'dy · y · (1 − y)'),
  tanh: map('tanh(x)', 'dy · (1 − y²)'),
  softplus: map('ln(1 + exp(x))', 'dy · σ(x)'),
  logSigmoid: map('ln(σ(x))', 'dy · σ(−x)'),
  clamp: map('min(max(x, low), high)', 'dy · [low ≤ x] · [x ≤ high]'),
  clone: map('x', 'dy'),
  alias: map('x', 'dy'),

  add: pair(['a', 'b'], 'a + b', ['dy', 'dy']),
  sub: pair(['a', 'b'], 'a − b', ['dy', '−dy']),
  mul: pair(['a', 'b'], 'a · b', ['dy · b', 'dy · a']),
  div: pair(['a', 'b'], 'a / b', ['dy / b', '−dy · y / b']),
  pow: pair(['a', 'b'], 'a^b', ['dy · b · a^(b − 1)', 'dy · y · ln(a)']),
  maximum: pair(['a', 'b'], 'max(a, b)', ['dy · ([a > b] + [a = b] / 2)', 'dy · ([b > a] + [a = b] / 2)']),
  minimum: pair(['a', 'b'], 'min(a, b)', ['dy · ([a < b] + [a = b] / 2)', 'dy · ([b < a] + [a = b] / 2)']),
  leakyRelu: pair(['x', 'slope'], 'max(x, 0) + slope · min(x, 0)', [
    'dy · ([x > 0] + slope · [x ≤ 0])',
    'dy · min(x, 0)',
  ]),
  elu: pair(['x', 'alpha'], 'max(x, 0) + alpha · (exp(min(x, 0)) − 1)', [
    'dy · ([x > 0] + alpha · exp(x) · [x ≤ 0])',
    'dy · (exp(min(x, 0)) − 1)',
  ]),
  eq: compare('='),
  ne: compare('≠'),
  lt: compare('<'),
  le: compare('≤'),
  gt: compare('>'),
  ge: compare('≥'),
  where: {
    operands: ['condition', 'a', 'b'],
    value: '[condition ≠ 0] · a + [condition = 0] · b',
    derivatives: [null, 'dy · [condition ≠ 0]', 'dy · [condition = 0]'],
    elementwise: true,
  },
  bceWithLogits: pair(['x', 't'], 'max(x, 0) − x · t + ln(1 + exp(−|x|))', ['dy · (σ(x) − t)', '−dy · x']),
  klStandardNormal: pair(['mu', 'logVar'], '(mu² + exp(logVar) − 1 − logVar) / 2', [
    'dy · mu',
    'dy · (exp(logVar) − 1) / 2',
  ]),
  sumOfGradients: pair(['a', 'b'], 'a + b', ['dy', 'dy']),

  sum: other(['x'], 'Σ x over the axes', 'dy, the same for every element that was summed'),
  amax: other(['x'], 'max x over the axes', 'dy · [x = y] / (number of elements equal to y)'),
  amin: other(['x'], 'min x over the axes', 'dy · [x = y] / (number of elements equal to y)'),
  logSumExp: other(['x'], 'ln Σ exp(x) over the axes', 'dy · softmax(x)'),
  argmax: other(['x'], 'place of the largest element', null),
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
  reshape: other(['x'], 'x under another shape', "dy under x's shape"),
  permute: other(['x'], 'x with its axes in another order', 'dy with its axes in the order of x'),
  expand: other(['x'], 'x, repeated', 'dy, summed over the repetitions'),
  slice: other(['x'], 'a part of x', 'dy in that part, 0 elsewhere'),
  flip: other(['x'], 'x in reverse order', 'dy in reverse order'),
  pad: other(['x'], 'x with a margin', 'dy without the margin'),
  windows: other(['x'], 'every window of x', 'dy, added up where windows overlap'),
  overlapAdd: other(['x'], 'windows, added up where they overlap', 'every window of dy'),
  concat: other(['x'], 'all operands, one after the other', "the operand's own part of dy"),
  indexSelect: other(['x', 'index'], 'yᵢ = x[indexᵢ]', 'Σ dyᵢ over all i with that index', null),
  indexAdd: other(['x', 'index'], 'y[indexᵢ] = Σ xᵢ', 'dxᵢ = dy[indexᵢ]', null),
  gather: other(['x', 'index'], 'yᵢ = x[indexᵢ] along the axis', 'Σ dyᵢ over all i with that index', null),
  scatterAdd: other(['x', 'index'], 'y[indexᵢ] = Σ xᵢ along the axis', 'dxᵢ = dy[indexᵢ]', null),
};

/** Public functions that are made of other operations: their graphs show those. */
export const composites: Readonly<Record<string, readonly string[]>> = {
  mean: ['sum', 'div'],
  variance: ['sum', 'div', 'sub', 'square'],
  std: ['sum', 'div', 'sub', 'square', 'sqrt'],
  sumToSize: ['sum', 'reshape'],
  flatten: ['reshape'],
  squeeze: ['reshape'],
  unsqueeze: ['reshape'],
  transpose: ['permute'],
  split: ['slice'],
  stack: ['reshape', 'concat'],
  tril: ['where'],
  conv2d: ['pad', 'windows', 'reshape', 'matmul', 'add', 'permute'],
  convTranspose2d: ['permute', 'reshape', 'matmul', 'overlapAdd', 'slice', 'add'],
  maxPool2d: ['reshape', 'pad', 'windows', 'amax'],
  avgPool2d: ['reshape', 'pad', 'windows', 'sum', 'div'],
  triu: ['where'],
};

/** What `linear` does after its product, and the derivative of that, as its own result y tells it. */
export const activations: Readonly<Record<string, { readonly value: string; readonly derivative: string }>> =
  {
    relu: { value: 'f(u) = max(u, 0)', derivative: 'f′ = [y > 0]' },
    sigmoid: { value: 'f(u) = σ(u)', derivative: 'f′ = y · (1 − y)' },
    tanh: { value: 'f(u) = tanh(u)', derivative: 'f′ = 1 − y²' },
  };

/** The name of operand `index` in an operation's formulas; a, b, … if nothing is known of the operation. */
export function operandName(op: string, index: number): string {
  const operands = formulas[op]?.operands ?? [];
  return operands[index] ?? (operands.length > 0 ? `${operands.at(-1)}${index}` : `operand ${index}`);
}

/** `linear` without an activation. */
const affine: Formula = other(['x', 'W', 'b'], 'x Wᵀ + b', 'dy W', 'dyᵀ x', 'dy, summed over the batch');

/** The formula of an operation with its options: the transposes of a matmul, whether a linear layer has an activation. */
export function formulaOf(op: string, params?: unknown): Formula | undefined {
  if (op === 'matmul') return product((params ?? {}) as Transposes);
  const { activation } = (params ?? {}) as { readonly activation?: string };
  return op === 'linear' && activation === 'none' ? affine : formulas[op];
}

/** What the operation sends to operand `index`; null if that has no derivative, or nothing is known of the operation. */
export function derivativeOf(op: string, index: number, params?: unknown): string | null {
  const derivatives = formulaOf(op, params)?.derivatives ?? [];
  return derivatives[Math.min(index, derivatives.length - 1)] ?? null;
}
