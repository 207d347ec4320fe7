/** Sums of products in Einstein's notation, composed of transposes, sums and matrix products. */
import { checkArray, checkTensor } from '../checks/arguments.js';
import { ArgumentError, formatShape, ShapeError } from '../errors.js';
import { sizeOf } from '../shape.js';
import type { Tensor } from '../tensor.js';

/** A tensor with one letter per axis. */
interface Labelled {
  readonly tensor: Tensor;
  readonly letters: readonly string[];
}

/**
 * The operands' letters and the result's, from a text such as `ij,jk->ik`. Without an arrow, the result has the letters that
 * occur once, in alphabetical order.
 */
function parse(equation: string): { inputs: string[][]; output: string[] } {
  const compact = typeof equation === 'string' ? equation.replaceAll(' ', '') : '';
  const [left = '', right, ...more] = compact.split('->');
  const fix = "write one letter per axis, as in 'ij,jk->ik'";
  if (typeof equation !== 'string' || more.length > 0 || !/^[a-zA-Z,]*$/.test(left + (right ?? ''))) {
    const problem = compact.includes('.') ? 'an ellipsis is not supported' : 'the equation is not valid';
    throw new ArgumentError('einsum', `${problem}: ${String(equation)} — ${fix}`);
  }
  const inputs = left.split(',').map((term) => [...term]);
  const letters = inputs.flat();
  const once = letters.filter((a) => letters.indexOf(a) === letters.lastIndexOf(a)).sort();
  const output = right === undefined ? once : [...right];
  const wrong = output.find((a, i) => !letters.includes(a) || output.indexOf(a) !== i);
  if (wrong !== undefined) {
    const problem = letters.includes(wrong) ? 'occurs twice in the result' : 'is in no operand';
    throw new ArgumentError('einsum', `'${wrong}' ${problem}: ${equation} — ${fix}`);
  }
  return { inputs, output };
}

/** Checks that each operand has one axis per letter, and that each letter has one length. */
function checkLengths(inputs: readonly (readonly string[])[], operands: readonly Tensor[]): void {
  const lengths = new Map<string, number>();
  inputs.forEach((letters, i) => {
    const { shape } = operands[i] as Tensor;
    if (letters.length !== shape.length) {
      const problem = `operand ${i} has the letters '${letters.join('')}' and the shape ${formatShape(shape)}`;
      throw new ShapeError('einsum', [shape], `${problem} — write one letter per axis`);
    }
    letters.forEach((letter, axis) => {
      const known = lengths.get(letter) ?? shape[axis]!;
      if (known !== shape[axis]) {
        const shapes = operands.map((t) => t.shape);
        throw new ShapeError('einsum', shapes, `'${letter}' has the lengths ${known} and ${shape[axis]}`);
      }
      lengths.set(letter, known);
    });
  });
}

/** Keeps the diagonal of each pair of axes with the same letter. */
function diagonal({ tensor, letters }: Labelled): Labelled {
  const second = letters.findIndex((letter, axis) => letters.indexOf(letter) !== axis);
  if (second < 0) return { tensor, letters };
  const first = letters.indexOf(letters[second]!);
  const others = letters.flatMap((_, axis) => (axis === first || axis === second ? [] : [axis]));
  const n = tensor.shape[first]!;
  const lengths = others.map((axis) => tensor.shape[axis]!);
  // In rows of n + 1, the elements of the diagonal are one below the other.
  const rows = tensor
    .permute([...others, first, second])
    .reshape([...lengths, n * n])
    .pad([...lengths.map(() => [0, 0] as const), [0, n]])
    .reshape([...lengths, n, n + 1]);
  return diagonal({
    tensor: rows.slice(0, 1, { axis: -1 }).squeeze(-1),
    letters: [...others.map((axis) => letters[axis]!), letters[first]!],
  });
}

/** Sums over the axes whose letters are not in `wanted`. */
function sumOthers({ tensor, letters }: Labelled, wanted: ReadonlySet<string>): Labelled {
  const axis = letters.flatMap((letter, i) => (wanted.has(letter) ? [] : [i]));
  return axis.length === 0
    ? { tensor, letters }
    : { tensor: tensor.sum({ axis }), letters: letters.filter((letter) => wanted.has(letter)) };
}

/** The axes in the order of `groups`, each group joined into one axis. */
function grouped({ tensor, letters }: Labelled, groups: readonly (readonly string[])[]): Tensor {
  const axes = groups.map((group) => group.map((letter) => letters.indexOf(letter)));
  return tensor
    .permute(axes.flat())
    .reshape(axes.map((group) => sizeOf(group.map((axis) => tensor.shape[axis]!))));
}

/** The product of two operands, summed over the common letters that are not in `wanted`: a batch of matrix products. */
function contract(a: Labelled, b: Labelled, wanted: ReadonlySet<string>): Labelled {
  const left = sumOthers(a, new Set([...wanted, ...b.letters]));
  const right = sumOthers(b, new Set([...wanted, ...a.letters]));
  const common = left.letters.filter((letter) => right.letters.includes(letter));
  const batch = common.filter((letter) => wanted.has(letter));
  const inner = common.filter((letter) => !wanted.has(letter));
  const rows = left.letters.filter((letter) => !common.includes(letter));
  const columns = right.letters.filter((letter) => !common.includes(letter));
  const product = grouped(left, [batch, rows, inner]).matmul(grouped(right, [batch, inner, columns]));
  const letters = [...batch, ...rows, ...columns];
  const lengths = letters.map((letter) => {
    const side = left.letters.includes(letter) ? left : right;
    return side.tensor.shape[side.letters.indexOf(letter)]!;
  });
  return { tensor: product.reshape(lengths), letters };
}

/**
 * Einstein summation: `einsum('bij,bjk->bik', a, b)` multiplies the operands and sums over every letter that is not in the
 * result. A letter that occurs twice in one operand takes its diagonal. Operands are contracted from left to right.
 * @param equation - one letter per axis, and optionally `->` with the letters of the result
 * @throws ArgumentError for an equation that is not valid; ShapeError if letters and lengths do not fit the operands
 */
export function einsum(equation: string, ...operands: Tensor[]): Tensor {
  checkArray('einsum', 'the operands', operands);
  for (const operand of operands) checkTensor('einsum', operand, 'each operand');
  const { inputs, output } = parse(equation);
  if (inputs.length !== operands.length) {
    const found = `${inputs.length} in '${equation}' and ${operands.length} tensors`;
    throw new ArgumentError('einsum', `there must be one term per operand, found ${found}`);
  }
  checkLengths(inputs, operands);
  const [first, ...rest] = inputs.map((letters, i) => diagonal({ tensor: operands[i] as Tensor, letters }));
  const joined = rest.reduce((sofar, next, i) => {
    const later = rest.slice(i + 1).flatMap(({ letters }) => letters);
    return contract(sofar, next, new Set([...output, ...later]));
  }, first as Labelled);
  const { tensor, letters } = sumOthers(joined, new Set(output));
  return tensor.permute(output.map((letter) => letters.indexOf(letter)));
}
