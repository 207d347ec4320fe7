/**
 * Lesson 2: from scalars to tensors.
 *
 * Question: a bias of three numbers is added to a matrix of a hundred rows. Which shape has its gradient, and what is in it?
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
/** What a refused call says. */
function refusal(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    return (error as Error).message;
  }
  return 'it was not refused';
}

/** An array in memory is one row of numbers. */
function shapeAndStrides(print: Print): Numbers {
  const x = tensor([
    [10, 11, 12],
    [20, 21, 22],
  ]);
  const [, columns] = x.shape as [number, number];
  const [rowStride, columnStride] = [columns, 1];
  const found = x.dataSync()[1 * rowStride + 2 * columnStride]!;
  print(prose`
    1. A shape is a way of reading

    A tensor is a row of numbers in memory and a shape. Row-major order: the last index runs fastest.

      memory   ${numbers(x).join('  ')}
      shape    ${formatShape(x.shape)}      so x[i, j] is at ${rowStride}·i + ${columnStride}·j: these are its strides
      x[1, 2]  at ${rowStride}·1 + ${columnStride}·2 = ${1 * rowStride + 2 * columnStride}: ${found}

    reshape changes the shape and leaves the memory alone. transpose needs the numbers in another order.

      reshape to [3, 2]   ${x.reshape([3, 2])}
      transpose           ${x.transpose()}

    Mistake: to reshape where transpose was meant. Both give [3, 2]; x.reshape([3, 2])[0, 1] is ${x.reshape([3, 2]).dataSync()[1]},
    x.transpose()[0, 1] is ${x.transpose().dataSync()[1]}. No error tells you.
  `);
  return {
    strided: found,
    reshaped: x.reshape([3, 2]).dataSync()[1]!,
    transposed: x.transpose().dataSync()[1]!,
  };
}

/** NumPy's rule. */
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

    Write one shape below the other, flush right. Axes fit if their lengths are equal, or if one is 1, or missing. An axis
    of length 1 is used again and again, as often as the other is long. Cover the third column and predict:

  `);
  print(table([['a', 'b', 'a + b'], ...rows]));
  const message = refusal(() => broadcastShapes('add', [2, 3], [2]));
  print(prose`

    Flush right, [2, 3] and [2] do not fit, although both have a 2:
      ${message}
  `);
  return { outerRank: broadcastShapes('add', [5, 1, 3], [2, 1]).length };
}

/** x + b, as six scalar additions and as one of tensors. */
function gradientsSum(print: Print): Numbers {
  const x = [1, 2, 3, 4, 5, 6];
  const weights = [1, 2, 3, 4, 5, 6]; // ∂L/∂y: any numbers will do
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

    y = x + bias, with x of shape [2, 3] and bias of shape [3]; then a loss L = Σ weights·y². In scalars, each bias is an
    operand of two additions, one in each row. Lesson 1 said what follows: an operand with several edges gets their sum.

        bias₀ ──┬──▶ x₀₀ + bias₀ = y₀₀   ◀── ∂L/∂y₀₀ = ${arrived[0]?.toFixed(1)}
                └──▶ x₁₀ + bias₀ = y₁₀   ◀── ∂L/∂y₁₀ = ${arrived[3]?.toFixed(1)}      so ∂L/∂bias₀ = ${arrived[0]?.toFixed(1)} + ${arrived[3]?.toFixed(1)}

    The trace of the real tape shows what came in at 'add', and what went out to the bias: the sum over rows.
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

    The same sums, from ${tapeOf(total).length} scalar objects or from a graph of ${graph.nodes.length} tensors, and the second number does not
    grow with the arrays. A rule without exceptions: where the forward pass repeats, the backward pass sums.
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

    Repeating is linear: as a matrix, E has a single 1 in each row. A gradient goes backward through a linear map by its transpose,
    and Eᵀ sums the rows that have their 1 in the same column. What defines a transpose is ⟨E b, v⟩ = ⟨b, Eᵀ v⟩ for all b and v. With
    random ones, b of shape [3, 1] repeated to [2, 3, 4]:

      ⟨b.expand([2, 3, 4]), v⟩ = ${left.toFixed(5)}      ⟨b, v.sumToSize([3, 1])⟩ = ${right.toFixed(5)}

    It works in both directions: sum() has the transpose "repeat", and indeed the gradient of a sum is a 1 for each element.
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

    An operation whose vjp forgets it would give the bias of shape [3] a gradient of shape [2, 3]. The engine compares shapes:
      ${message}

    Related, and no error: to average where one should sum. For L = Σ (x + bias) each bias has the gradient ${sum}, one per row;
    if L is a mean over the ${x.shape[0]} rows, ${mean}. Both are right, for different losses: a mean belongs in the loss, never in a vjp.
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

    6. Mistake: broadcasting that nobody meant

    A network's predictions have shape [4, 1], the targets [4]. The predictions are perfect: 1, 2, 3, 4. Predict the mean squared error.

      (predictions − targets).square().mean() = ${wrong.itemSync()}, because the difference has shape ${formatShape(predictions.sub(targets).shape)}: each minus each
      with predictions.reshape([4])           = ${right}

    The gradient of the wrong loss pushes perfect predictions towards the targets' mean, 2.5:
      ${push.join('  ')}
    Training runs, the loss falls, and the network learns to say the mean. Look at shapes before you look at learning rates.
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

    7. Mistake: an axis lost

    Take each row's mean away from the row:

      x                                     ${x}
      with keepDims, means of shape [2, 1]  ${kept}
      without, means of shape [2]           ${lost}

    Row sums must be 0. Without keepDims the means, flush right, lie along the columns. For a matrix that is not square it is an error;
    for a square one it is only wrong.

    In this repository: packages/core/src/shape.ts has the rule (broadcastShapes), packages/core/src/ops/elementwise-op.ts its use: in
    'binary', each gradient passes through sumToSize, which is in packages/core/src/ops/reduce.ts. Next: lesson 3, the product of matrices.

    Exercises

      a) a is [3, 1], b is [1, 4]. What are the gradients of (a + b).sum()? (4 in each place of a, 3 in each of b.)
      b) And of (a·b).sum()? (The sum of b in each place of a, the sum of a in each place of b.)
      c) Train predictions of shape [4, 1] on the wrong loss of section 6. Where do they go, and what is the loss there? (2.5; 1.25)
  `);
  const rowSum = (t: Tensor): number => numbers(t.sum({ axis: 1 }).abs().sum())[0]!;
  return { keptRowSums: rowSum(kept), lostRowSums: rowSum(lost) };
}

await runLesson(import.meta.url, lesson);
