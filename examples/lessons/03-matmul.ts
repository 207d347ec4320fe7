/**
 * Lesson 3: the product of matrices, and its two gradients.
 *
 * Question: C = A·B, and dC = ∂L/∂C is given. What are ∂L/∂A and ∂L/∂B, and how would you notice that you got
 * them wrong?
 *
 * npm run lesson -- 3
 */
import {
  createReference,
  Generator,
  grad,
  linear,
  parameter,
  randn,
  type Shape,
  type Tensor,
  tensor,
  valueAndGrad,
  withBackend,
} from '@varigrad/core';
import { profile } from '@varigrad/core/trace';
import { type Numbers, type Print, prose, runLesson, table } from './run.js';

/** Prints the text and returns the numbers that the tests check. */
export async function lesson(print: Print): Promise<Numbers> {
  print('LESSON 3 — MATMUL AND ITS TWO GRADIENTS\n');
  return withBackend(createReference(Float64Array), () => ({
    ...indexFormula(print),
    ...finiteDifferences(print),
    ...rightShapeWrongNumbers(print),
    ...linearLayer(print),
    ...twiceTheWork(print),
    ...orderOfProducts(print),
  }));
}

const numbers = (t: Tensor): number[] => Array.from(t.dataSync());

/** The largest difference between two lists of numbers. */
function largestDifference(a: readonly number[], b: readonly number[]): number {
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));
}

/** dA and dB by the index formulas, as loops: C is [m, n], A is [m, k], B is [k, n]. */
function gradientsByLoops(
  dC: readonly number[],
  A: readonly number[],
  B: readonly number[],
  m: number,
  k: number,
  n: number,
): { dA: number[]; dB: number[] } {
  const dA = new Array<number>(m * k).fill(0);
  const dB = new Array<number>(k * n).fill(0);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      for (let p = 0; p < k; p++) {
        // C[i, j] += A[i, p]·B[p, j] is one multiplication; lesson 1 gives the gradient of each operand.
        dA[i * k + p]! += dC[i * n + j]! * B[p * n + j]!;
        dB[p * n + j]! += dC[i * n + j]! * A[i * k + p]!;
      }
    }
  }
  return { dA, dB };
}

/** The derivation, and three ways to compute the same gradients. */
function indexFormula(print: Print): Numbers {
  const A = tensor(
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    { requiresGrad: true },
  ); // [m, k] = [2, 3]
  const B = tensor(
    [
      [1, 0],
      [2, 1],
      [0, 3],
    ],
    { requiresGrad: true },
  ); // [k, n] = [3, 2]
  const dC = tensor([
    [1, 10],
    [100, 1000],
  ]); // [m, n], in place of a gradient from the rest of a network
  A.matmul(B).backward(dC);
  const [dA, dB] = [A.grad as Tensor, B.grad as Tensor];
  print(prose`
    1. From the index formula

        C[i, j] = Σ_p A[i, p]·B[p, j]                        [m, n] = [m, k]·[k, n]

    Which elements of C does A[i, p] contribute to? To all n elements of row i; to C[i, j] with the factor B[p, j].
    So it has n edges, and its gradient has n parts:

        dA[i, p] = Σ_j dC[i, j]·B[p, j]                      dA = dC·Bᵀ     [m, k] = [m, n]·[n, k]

    B[p, j] contributes to column j: to C[i, j] with the factor A[i, p]:

        dB[p, j] = Σ_i A[i, p]·dC[i, j]                      dB = Aᵀ·dC     [k, n] = [k, m]·[m, n]

    The sum runs over the index that dC has and the result does not. Compute dA[0, 0] and dB[0, 0] by hand:

      A = ${A.detach()}

      B = ${B.detach()}

      dC = ${dC}

      dA = ${dA}   dA[0, 0] = 1·1 + 10·0

      dB = ${dB}   dB[0, 0] = 1·1 + 4·100
  `);
  const loops = gradientsByLoops(numbers(dC), numbers(A), numbers(B), 2, 3, 2);
  const byFormula = [dC.matmul(B.detach().transpose()), A.detach().transpose().matmul(dC)];
  return {
    dA00: numbers(dA)[0]!,
    dB00: numbers(dB)[0]!,
    engineAgainstLoops: largestDifference([...numbers(dA), ...numbers(dB)], [...loops.dA, ...loops.dB]),
    engineAgainstFormula: largestDifference([...numbers(dA), ...numbers(dB)], byFormula.flatMap(numbers)),
  };
}

/**
 * The relative error of a central difference of L = Σ tanh(A·B) with step h, in the precision of the current backend. A and B
 * move at the same time.
 */
function differenceError(h: number): number {
  const generator = new Generator(13);
  const draw = (shape: Shape): Tensor => randn(shape, { generator });
  const [A, B] = [draw([3, 4]), draw([4, 2])];
  const [V, W] = [draw([3, 4]), draw([4, 2])]; // the directions
  const loss = (a: Tensor, b: Tensor): Tensor => a.matmul(b).tanh().sum();
  const along = (step: number): number => loss(A.add(V.mul(step)), B.add(W.mul(step))).itemSync();
  const [dA, dB] = valueAndGrad(loss)(A, B).grads as [Tensor, Tensor];
  const slope = dA.mul(V).sum().add(dB.mul(W).sum()).itemSync();
  return Math.abs((along(h) - along(-h)) / (2 * h) - slope) / Math.abs(slope);
}

/** Finds a good step h. */
function finiteDifferences(print: Print): Numbers {
  const steps = [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-7, 1e-9, 1e-11];
  const in64 = steps.map(differenceError);
  const in32 = withBackend(createReference(), () => steps.map(differenceError));
  print(prose`

    2. How would you know?

    Move A a little along a random direction V, and B along W. Then (L(A + hV, B + hW) − L(A − hV, B − hW)) / 2h must be
    ⟨dA, V⟩ + ⟨dB, W⟩. Here L = Σ tanh(A·B). Is a smaller h better? Predict the best h, then look at the relative error:
  `);
  print(
    table([
      ['h', 'error, float64', 'error, float32'],
      ...steps.map((h, i) => [h.toExponential(0), in64[i]!.toExponential(1), in32[i]!.toExponential(1)]),
    ]),
  );
  print(prose`

    Two errors compete. The error of the formula falls with h²: if h is ten times smaller, the error is a hundred times smaller. But the two losses
    are rounded, and the rounding error divided by h grows as h falls. An error of 1 means that both losses were equal. In float32 the
    best of these steps has an error of ${Math.min(...in32).toExponential(1)}: such a "gradient check" can pass a wrong gradient, or fail a right one. In float64
    it is ${Math.min(...in64).toExponential(1)}, so the library checks in float64 (packages/core/src/testing/gradcheck.ts).
  `);
  return {
    error64at2: in64[1]!,
    error64at3: in64[2]!,
    best64: Math.min(...in64),
    best32: Math.min(...in32),
  };
}

/** With square matrices, every mistake has the right shape. */
function rightShapeWrongNumbers(print: Print): Numbers {
  const A = tensor([
    [1, 2],
    [3, 4],
  ]);
  const B = tensor([
    [5, 6],
    [7, 8],
  ]);
  const dC = tensor([
    [1, 0],
    [0, 0],
  ]); // L = C[0, 0]
  const right = grad((a) => a.matmul(B).mul(dC).sum())(A);
  const [untransposed, exchanged] = [dC.matmul(B), B.transpose().matmul(dC)];
  const symmetric = tensor([
    [5, 6],
    [6, 8],
  ]);
  const unnoticed = largestDifference(
    numbers(dC.matmul(symmetric)),
    numbers(grad((a) => a.matmul(symmetric).mul(dC).sum())(A)),
  );
  print(prose`

    3. Mistake: right shape, wrong numbers

    "dA must be [m, k], and only dC·Bᵀ fits" is a good way to remember the formula, but it proves nothing: with square matrices everything
    fits. Let L = C[0, 0] = A[0, 0]·B[0, 0] + A[0, 1]·B[1, 0]. So the first row of dA is B's first column, 5 and 7.

      dC·Bᵀ, right   ${right}

      dC·B           ${untransposed}

      Bᵀ·dC          ${exchanged}

    A test with a symmetric B would miss the mistake: there dC·B and dC·Bᵀ differ by ${unnoticed}. Test with random
    matrices of three different sizes m, k and n.
  `);
  return {
    right01: numbers(right)[1]!,
    untransposed01: numbers(untransposed)[1]!,
    exchanged01: numbers(exchanged)[1]!,
    unnoticed,
  };
}

/** y = x·Wᵀ + bias, for a batch, and for a batch of sequences. */
function linearLayer(print: Print): Numbers {
  const generator = new Generator(4);
  const x = randn([5, 3], { generator, requiresGrad: true }); // [batch, in]
  const weight = randn([2, 3], { generator, requiresGrad: true }); // [out, in]
  const bias = randn([2], { generator, requiresGrad: true });
  const dy = randn([5, 2], { generator });
  linear(x, weight, bias).backward(dy);
  const byHand = [dy.matmul(weight.detach()), dy.transpose().matmul(x.detach()), dy.sum({ axis: 0 })];
  const fromEngine = [x, weight, bias].map((t) => t.grad as Tensor);
  const difference = largestDifference(fromEngine.flatMap(numbers), byHand.flatMap(numbers));

  const sequences = randn([7, 5, 3], { generator }); // [sequence, step, in]: 7 products that share one weight
  const shared = randn([3, 2], { generator, requiresGrad: true });
  sequences.matmul(shared).sum().backward();
  const total = numbers(sequences.sum({ axis: [0, 1] })); // Σ over all rows: dB[p, j] = Σ_i A[i, p]·1
  const sharedGrad = numbers(shared.grad as Tensor);
  const sharedDifference = largestDifference(
    sharedGrad,
    total.flatMap((value) => [value, value]),
  );
  print(prose`

    4. A layer of a network

    Linear layers store W as [out, in] and compute y = x·Wᵀ + bias. So A = x and B = Wᵀ, and the gradient of a transposed operand is
    the transposed gradient:

        dx = dy·W        [batch, in]  = [batch, out]·[out, in]
        dW = dyᵀ·x       [out, in]    = [out, batch]·[batch, in]
        dbias = Σ dy     [out]          over the batch: lesson 2

    dW is a sum over the batch, without a special rule: the batch is the inner axis of the product. The engine's three gradients
    and these formulas differ by ${difference.toExponential(1)}. If 7 sequences share a weight, its gradient
    is also a sum over the sequences (the difference is ${sharedDifference.toExponential(1)}): a batch axis that B does not have is a
    broadcast.
  `);
  return { layerDifference: difference, sharedDifference };
}

/** Matrix products, counted by the profile of a step. */
function twiceTheWork(print: Print): Numbers {
  const [x, W1, W2] = [randn([8, 6]), parameter(randn([6, 5])), parameter(randn([5, 4]))];
  const entries = profile(() => x.matmul(W1).tanh().matmul(W2).sum().backward());
  const calls = (phase: 'forward' | 'backward'): number =>
    entries.find((entry) => entry.op === 'matmul' && entry.phase === phase)?.calls ?? 0;
  print(prose`

    5. What it costs

    C = A·B takes m·k·n multiply-adds; dA and dB take as many each. So a training step costs three times as much as the forward pass. The
    first layer is an exception: predict how many products backward computes for L = Σ tanh(x·W₁)·W₂, where x is data.

      forward ${calls('forward')}, backward ${calls('backward')}: dW₂, dW₁, and the gradient of tanh(x·W₁), but not dx, because x does not require a gradient.
  `);
  return { forwardProducts: calls('forward'), backwardProducts: calls('backward') };
}

/** Why reverse mode is cheap. */
function orderOfProducts(print: Print): Numbers {
  const generator = new Generator(5);
  const [v, J3, J2, J1] = [
    [1, 30],
    [30, 30],
    [30, 30],
    [30, 30],
  ].map((shape) => randn(shape, { generator })) as [Tensor, Tensor, Tensor, Tensor];
  const fromTheLoss = v.matmul(J3).matmul(J2).matmul(J1);
  const fromTheInput = v.matmul(J3.matmul(J2.matmul(J1)));
  const scale = Math.max(...numbers(fromTheLoss).map(Math.abs));
  const difference = largestDifference(numbers(fromTheLoss), numbers(fromTheInput)) / scale;
  const n = 400;
  const [reverse, forward] = [3 * n * n, 2 * n * n * n + n * n];
  print(prose`

    6. Why the chain rule runs backward

    The chain rule for three layers is a product of Jacobians, v·J₃·J₂·J₁, where v is a row because the loss is one number. The product may be
    grouped in any way (here two ways differ by ${difference.toExponential(1)}, relative), but the costs differ. For layers of ${n} numbers:

      from the loss   ((v·J₃)·J₂)·J₁    3·n²      = ${reverse.toLocaleString('en')} multiply-adds: always a row times a matrix
      from the input  v·(J₃·(J₂·J₁))    2·n³ + n² = ${forward.toLocaleString('en')}

    The second costs ${(forward / reverse).toFixed(0)} times as much. One step of the cheap order is called a vector-Jacobian product, vjp. No Jacobian is ever stored.

    In this repository: packages/core/src/ops/matmul.ts has both gradients in matmulOp.vjp. A transpose is a flag there, so no matrix
    is copied for it. packages/core/src/ops/fused.ts has the layer as one operation. Next: lesson 4, the tape.

    Exercises (check your answer with gradcheck, or with section 2)

      a) L = Σ_i (A·B)[i, i], the trace. What is dA? (Bᵀ)
      b) L = ½ Σ (A·B)². What is dA? (A·B·Bᵀ)
      c) D = A·B·C. What is dB? (Aᵀ·dD·Cᵀ. Derive it from the two gradients above, without indices.)
  `);
  return { groupingDifference: difference, costRatio: forward / reverse };
}

await runLesson(import.meta.url, lesson);
