/**
 * Lesson 2: from scalars to tensors.
 *
 * Question: a bias of three numbers is added to a matrix of a hundred rows. What shape does its gradient have, and what does it contain?
 *
 * npm run lesson -- 2
 */
import {
  apply,
  broadcastShapes,
  formatShape,
  Generator,
  type Op,
  randn,
  type Shape,
  type Tensor,
  tensor,
} from '@varigrad/core';
import { recordGraph } from '@varigrad/core/trace';
import { type Numbers, type Print, prose, runLesson, table } from './run.js';
import { backward, Scalar, tapeOf } from './scalar-engine.js';

/** Prints the text and returns the numbers that the tests check. */
export async function lesson(print: Print): Promise<Numbers> {
  print('LESSON 2 — FROM SCALARS TO TENSORS\n');
  return {
    ...shapeAndStrides(print),
    ...broadcasting(print),
    ...gradientsSum(print),
    ...adjoint(print),
    ...forgottenSum(print),
    ...accidentalBroadcast(print),
    ...lostAxis(print),
  };
}

const numbers = (t: Tensor): number[] => Array.from(t.dataSync());
/** The error message of a refused call. */
function refusal(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    return (error as Error).message;
  }
  return 'it was not refused';
}

/** An array in memory is one sequence of numbers. */
function shapeAndStrides(print: Print): Numbers {
  const x = tensor([
    [10, 11, 12],
    [20, 21, 22],
  ]);
  const [, columns] = x.shape as [number, number];
  const [rowStride, columnStride] = [columns, 1];
  const found = x.dataSync()[1 * rowStride + 2 * columnStride]!;
  print(prose`
    1. A shape tells how to read memory

    A tensor is a sequence of numbers in memory, and a shape. In row-major order, the last index changes fastest.

      memory   ${numbers(x).join('  ')}
      shape    ${formatShape(x.shape)}      so x[i, j] is at ${rowStride}·i + ${columnStride}·j: these are its strides
      x[1, 2]  at ${rowStride}·1 + ${columnStride}·2 = ${1 * rowStride + 2 * columnStride}: ${found}

    reshape changes the shape and not the memory. transpose needs the numbers in another order.

      reshape to [3, 2]   ${x.reshape([3, 2])}
      transpose           ${x.transpose()}

    Mistake: reshape instead of transpose. Both give [3, 2], but x.reshape([3, 2])[0, 1] is ${x.reshape([3, 2]).dataSync()[1]}, and
    x.transpose()[0, 1] is ${x.transpose().dataSync()[1]}. There is no error message.
  `);
  return {
    strided: found,
    reshaped: x.reshape([3, 2]).dataSync()[1]!,
    transposed: x.transpose().dataSync()[1]!,
  };
}

/** NumPy's broadcasting rule. */
function broadcasting(print: Print): Numbers {
  const pairs: [Shape, Shape][] = [
    [[2, 3], [3]],
    [
      [2, 3],
      [2, 1],
    ],
    [[4, 1], [3]],
    [
      [5, 1, 3],
      [2, 1],
    ],
  ];
  const rows = pairs.map(([a, b]) => [
    formatShape(a),
    formatShape(b),
    formatShape(broadcastShapes('add', a, b)),
  ]);
  print(prose`

    2. Broadcasting

    Write one shape below the other, aligned on the right. Two axes fit if their lengths are equal, or if one of them is 1 or missing. An axis
    of length 1 is repeated to the length of the other. Cover the third column and predict:

  `);
  print(table([['a', 'b', 'a + b'], ...rows]));
  const message = refusal(() => broadcastShapes('add', [2, 3], [2]));
  print(prose`

    Aligned on the right, [2, 3] and [2] do not fit, although both contain a 2:
      ${message}
  `);
  return { outerRank: broadcastShapes('add', [5, 1, 3], [2, 1]).length };
}

/** x + b, as six scalar additions and as one tensor addition. */
function gradientsSum(print: Print): Numbers {
  const x = [1, 2, 3, 4, 5, 6];
  const weights = [1, 2, 3, 4, 5, 6]; // any numbers
  const biases = [new Scalar(0.1), new Scalar(0.2), new Scalar(0.3)];
  const terms = x.map((value, i) => {
    const y = new Scalar(value).add(biases[i % 3] as Scalar);
    return y.mul(y).mul(new Scalar(weights[i]!));
  });
  const total = terms.reduce((sum, term) => sum.add(term));
  backward(total);

  const bias = tensor([0.1, 0.2, 0.3], { requiresGrad: true }).named('bias');
  const graph = recordGraph(() =>
    tensor(x, { shape: [2, 3] })
      .add(bias)
      .square()
      .mul(tensor(weights, { shape: [2, 3] }))
      .sum(),
  );
  const add = graph.nodes.find((node) => node.op === 'add');
  const arrived = add?.gradient?.values ?? [];
  print(prose`

    3. Why gradients sum

    y = x + bias, with x of shape [2, 3] and bias of shape [3], and the loss L = Σ weights·y². In scalars, each bias is an
    operand of two additions, one in each row. By lesson 1, an operand with several edges receives the sum of their gradients.

        bias₀ ──┬──▶ x₀₀ + bias₀ = y₀₀   ◀── ∂L/∂y₀₀ = ${arrived[0]?.toFixed(1)}
                └──▶ x₁₀ + bias₀ = y₁₀   ◀── ∂L/∂y₁₀ = ${arrived[3]?.toFixed(1)}      so ∂L/∂bias₀ = ${arrived[0]?.toFixed(1)} + ${arrived[3]?.toFixed(1)}

    The trace of the real tape shows the gradient that arrived at 'add', and the one that went on to the bias: the sum over rows.
  `);
  print(
    table([
      ['', 'shape', 'values'],
      ['in: ∂L/∂y', formatShape(add?.gradient?.shape ?? []), arrived.map((v) => v.toFixed(1)).join('  ')],
      [
        'out: ∂L/∂bias',
        formatShape(add?.inputGradients[1]?.shape ?? []),
        (add?.inputGradients[1]?.values ?? []).map((v) => v.toFixed(1)).join('  '),
      ],
      ['scalar engine', '', biases.map((b) => b.grad.toFixed(1)).join('  ')],
    ]),
  );
  print(prose`

    Both engines compute the same sums, one with ${tapeOf(total).length} scalar objects, the other with a graph of ${graph.nodes.length} tensors. The size of the tensor graph does
    not depend on the size of the arrays. A rule without exceptions: where the forward pass repeats, the backward pass sums.
  `);
  const [b0, b1, b2] = numbers(bias.grad as Tensor) as [number, number, number];
  return {
    bias0: b0,
    bias1: b1,
    bias2: b2,
    scalarBias0: (biases[0] as Scalar).grad,
    scalarBias1: (biases[1] as Scalar).grad,
    scalarBias2: (biases[2] as Scalar).grad,
    tensorsInGraph: graph.nodes.length,
  };
}

/** ⟨expand b, v⟩ = ⟨b, sumToSize v⟩. */
function adjoint(print: Print): Numbers {
  const generator = new Generator(2);
  const b = randn([3, 1], { generator });
  const v = randn([2, 3, 4], { generator });
  const left = b.expand([2, 3, 4]).mul(v).sum().itemSync();
  const right = b
    .mul(v.sumToSize([3, 1]))
    .sum()
    .itemSync();
  print(prose`

    4. The same in one line of algebra

    Repeating is linear. As a matrix, E has a single 1 in each row. A gradient passes backward through a linear map by its transpose,
    and Eᵀ sums the rows that have their 1 in the same column. A transpose is defined by ⟨E b, v⟩ = ⟨b, Eᵀ v⟩ for all b and v. With
    random numbers, for b of shape [3, 1] repeated to [2, 3, 4]:

      ⟨b.expand([2, 3, 4]), v⟩ = ${left.toFixed(5)}      ⟨b, v.sumToSize([3, 1])⟩ = ${right.toFixed(5)}

    It works in both directions: the transpose of sum() is "repeat", and indeed the gradient of a sum is 1 for each element.
    This test finds a wrong vjp of any linear operation without calculus.
  `);
  return { adjointLeft: left, adjointRight: right };
}

/** x + b with a vjp that does not sum. */
const addWithoutSum: Op<readonly [Tensor, Tensor]> = {
  name: 'addWithoutSum',
  shape: ([a, b]) => broadcastShapes('addWithoutSum', a, b),
  forward: (k, [a, b], _, out) => k.binary('add', a, b, out),
  vjp: (dy) => [() => dy, () => dy],
};

function forgottenSum(print: Print): Numbers {
  const bias = tensor([0.1, 0.2, 0.3], { requiresGrad: true });
  const x = tensor([1, 2, 3, 4, 5, 6], { shape: [2, 3] });
  const message = refusal(() => apply(addWithoutSum, [x, bias], undefined).sum().backward());
  bias.zeroGrad();
  x.add(bias).sum().backward();
  const sum = numbers(bias.grad as Tensor)[0]!;
  bias.zeroGrad();
  x.add(bias).sum().div(x.shape[0]!).backward();
  const mean = numbers(bias.grad as Tensor)[0]!;
  print(prose`

    5. Mistake: forgetting the sum

    Without the sum, a vjp would give the bias of shape [3] a gradient of shape [2, 3]. The engine compares the shapes:
      ${message}

    A related mistake raises no error: a mean instead of a sum. For L = Σ (x + bias), each bias has the gradient ${sum}, one per row.
    If L is a mean over the ${x.shape[0]} rows, it is ${mean}. Both are right, for different losses: a mean belongs in the loss, never in a vjp.
  `);
  return { biasOfSum: sum, biasOfMean: mean, refused: Number(message.includes('[2, 3]')) };
}

/** [4, 1] − [4] = [4, 4]. */
function accidentalBroadcast(print: Print): Numbers {
  const predictions = tensor([1, 2, 3, 4], { shape: [4, 1], requiresGrad: true });
  const targets = tensor([1, 2, 3, 4]);
  const wrong = predictions.sub(targets).square().mean();
  wrong.backward();
  const push = numbers(predictions.grad as Tensor);
  const right = predictions.reshape([4]).sub(targets).square().mean().itemSync();
  print(prose`

    6. Mistake: an unintended broadcast

    A network's predictions have shape [4, 1], and the targets [4]. The predictions are perfect: 1, 2, 3, 4. Predict the mean squared error.

      (predictions − targets).square().mean() = ${wrong.itemSync()}, because the difference has shape ${formatShape(predictions.sub(targets).shape)}: every pair is compared
      with predictions.reshape([4])           = ${right}

    The gradient of the wrong loss pushes perfect predictions towards the targets' mean, 2.5:
      ${push.join('  ')}
    Training runs, the loss falls, and the network learns to predict the mean. Check shapes before you tune learning rates.
  `);
  return {
    wrongLoss: wrong.itemSync(),
    rightLoss: right,
    push0: push[0]!,
    push3: push[3]!,
  };
}

/** keepDims. */
function lostAxis(print: Print): Numbers {
  const x = tensor([
    [1, 2],
    [3, 6],
  ]);
  const kept = x.sub(x.mean({ axis: 1, keepDims: true }));
  const lost = x.sub(x.mean({ axis: 1 }));
  print(prose`

    7. Mistake: a lost axis

    Subtract each row's mean from the row:

      x                                     ${x}
      with keepDims, means of shape [2, 1]  ${kept}
      without, means of shape [2]           ${lost}

    Row sums must be 0. Without keepDims, the means are aligned on the right and lie along the columns. For a non-square matrix this is an error;
    for a square matrix it gives wrong numbers silently.

    In this repository: packages/core/src/shape.ts has the rule (broadcastShapes), and packages/core/src/ops/elementwise-op.ts uses it: in
    'binary', each gradient passes through sumToSize, which is in packages/core/src/ops/reduce.ts. Next: lesson 3, the product of matrices.

    Exercises

      a) a is [3, 1], b is [1, 4]. What are the gradients of (a + b).sum()? (4 for each element of a, 3 for each element of b.)
      b) And of (a·b).sum()? (The sum of b for each element of a, the sum of a for each element of b.)
      c) Train predictions of shape [4, 1] on the wrong loss of section 6. Where do they converge, and what is the loss there? (2.5; 1.25)
  `);
  const rowSum = (t: Tensor): number => numbers(t.sum({ axis: 1 }).abs().sum())[0]!;
  return { keptRowSums: rowSum(kept), lostRowSums: rowSum(lost) };
}

await runLesson(import.meta.url, lesson);
