/**
 * Lesson 4: the tape.
 *
 * Question: backward() has no argument that describes the computation. Where is it recorded, and for how long?
 *
 * npm run lesson -- 4
 */
import {
  createReference,
  Generator,
  grad,
  gradients,
  noGrad,
  randn,
  type Tensor,
  tensor,
  withBackend,
} from '@varigrad/core';
import { type GraphNode, recordGraph } from '@varigrad/core/trace';
import { VAE } from '@varigrad/vae';
import { type Numbers, type Print, prose, runLesson, table } from './run.js';

/** Prints the text and returns the numbers that the tests check. */
export async function lesson(print: Print): Promise<Numbers> {
  print('LESSON 4 — THE TAPE\n');
  const exact = withBackend(createReference(Float64Array), () => ({
    ...order(print),
    ...deepGraph(print),
    ...accumulation(print),
    ...higherDerivatives(print),
    ...newton(print),
    ...gradientPenalty(print),
    ...freedGraph(print),
    ...leak(print),
  }));
  return { ...exact, ...theTapeOfAVae(print) };
}

/** A leaf that requires a gradient. */
const leaf = (value: number): Tensor => tensor(value, { shape: [], requiresGrad: true });
const gradOf = (t: Tensor): number => t.grad?.itemSync() ?? Number.NaN;
/** The error message of a refused call. */
function refusal(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    return (error as Error).message;
  }
  return 'it was not refused';
}

/** How many tensors y's history keeps alive, including y. */
function tensorsBehind(y: Tensor): number {
  const found = new Set([y]);
  for (const t of found) for (const input of t.node?.inputs ?? []) found.add(input);
  return found.size;
}

/** One row of the tape, as text. */
function tapeRow({ id, op, name, inputs, output, gradient, inputGradients }: GraphNode): (string | number)[] {
  const first = (values: readonly number[] | undefined): string => values?.[0]?.toFixed(3) ?? '—';
  const sent = inputGradients.map((part, i) => `${first(part?.values)} to ${inputs[i]}`).join(', ');
  return [String(id), op, name, inputs.join(', '), first(output.values), first(gradient?.values), sent];
}

/** The tape of y = x·sin x + x. */
function order(print: Print): Numbers {
  const x = leaf(2).named('x');
  const graph = recordGraph(() => x.mul(x.sin()).add(x).named('y'));
  const closed = Math.sin(2) + 2 * Math.cos(2) + 1;
  print(prose`
    1. What the tape contains

    Every operation goes through one function, apply. If an operand requires a gradient, apply stores a node on the result: the
    operation and its operands. These nodes are the tape. Nothing else is recorded. Because it is recorded while the program runs,
    an if or a loop needs no special treatment: the tape contains the operations that were executed.

    This is the tape of y = x·sin x + x at x = 2, as recordGraph shows it. Predict the gradients from the bottom up, then check:
  `);
  print(
    table([['id', 'op', 'name', 'from', 'value', '∂y/∂it', 'backward sends'], ...graph.nodes.map(tapeRow)]),
  );
  const parts = graph.nodes.flatMap((node) =>
    node.inputGradients.flatMap((part, i) => (node.inputs[i] === 0 && part?.values ? [part.values[0]!] : [])),
  );
  print(prose`

    backward visits the ids in descending order. x was used ${parts.length} times and receives ${parts.length} parts:
    ${parts.map((part) => part.toFixed(3)).join(' + ')} = ${gradOf(x).toFixed(3)}; by formula, sin x + x·cos x + 1 = ${closed.toFixed(3)}.
  `);
  return { tapeNodes: graph.nodes.length, partsToX: parts.length, dydx: gradOf(x) };
}

/** The textbook's depth-first search: it calls itself for each operand. */
function recursiveOrder(t: Tensor, seen: Set<Tensor> = new Set()): Set<Tensor> {
  for (const input of t.node?.inputs ?? []) if (!seen.has(input)) recursiveOrder(input, seen);
  return seen.add(t);
}

function deepGraph(print: Print): Numbers {
  const x = leaf(1);
  let y = x;
  for (let i = 0; i < 50_000; i++) y = y.add(x);
  const message = refusal(() => recursiveOrder(y));
  y.backward();
  print(prose`

    2. Mistake: recursion

    In textbooks, depth-first search is a function that calls itself for each operand. Here each of 50,000 additions depends
    on the previous one: y = x + x + … + x. The recursive function fails:
      ${message}
    The engine uses an array as its stack, and finds dy/dx = ${gradOf(x).toLocaleString('en')}.
  `);
  return { deepGradient: gradOf(x), recursionFails: Number(message.includes('call stack')) };
}

function accumulation(print: Print): Numbers {
  const generator = new Generator(1);
  const x = randn([12, 3], { generator });
  const w = tensor([1, -2, 3], { shape: [3, 1], requiresGrad: true });
  const loss = (rows: Tensor): Tensor => rows.matmul(w).square().sum();
  const first = (): number => w.grad!.dataSync()[0]!;
  loss(x).backward();
  const whole = first();
  loss(x).backward();
  const twice = first();
  w.zeroGrad();
  for (const part of x.split(4)) loss(part).backward();
  const pieces = first();
  w.zeroGrad();
  for (const part of x.split(4)) loss(part).div(4).backward();
  const means = first() / (whole / 12);
  print(prose`

    3. backward adds

    backward adds to a leaf's grad and never replaces it: the += of lesson 1 continues from one backward to the next. Without zeroGrad()
    between two steps, the second step follows the sum of both gradients. For a loss Σ (x·w)² over 12 rows, ∂L/∂w₀ is:

      one backward                            ${whole.toFixed(4)}
      a second, without zeroGrad              ${twice.toFixed(4)}      wrong: twice as much
      zeroGrad, then 3 pieces of 4 rows       ${pieces.toFixed(4)}      right: for batches too large for memory

    For the third line the loss must be a sum. If the loss of each piece is its own mean, 3 pieces add up to ${means.toFixed(0)} times the gradient of the
    mean over all rows: divide by the number of pieces.
  `);
  return { accumulatedTwice: twice / whole, accumulatedPieces: pieces / whole, piecesOfMeans: means };
}

function higherDerivatives(print: Print): Numbers {
  const at = tensor(0.7);
  const derivatives = (f: (x: Tensor) => Tensor): number[] => {
    const chain = [f];
    while (chain.length < 5) chain.push(grad(chain.at(-1) as (x: Tensor) => Tensor));
    return chain.map((g) => g(at).itemSync());
  };
  const sine = derivatives((x) => x.sin());
  const exponential = derivatives((x) => x.mul(2).exp());
  print(prose`

    4. Derivatives of derivatives

    A vjp is written with the same public operations as everything else: the vjp of sin is dy.mul(x.cos()). So backward can be recorded too
    (createGraph), and its result can be differentiated again. grad(f) is f′ as a function; grad(grad(f)) is f″. At x = 0.7:
  `);
  print(
    table([
      ['', 'f', 'f′', 'f″', 'f‴', 'f⁗'],
      ['sin x', ...sine],
      ['e^(2x)', ...exponential],
    ]),
  );
  print(prose`

    The fourth derivative of the sine is the sine itself. Each derivative of e^(2x) is twice the previous one.
  `);
  return {
    sine1: sine[1]!,
    sine2: sine[2]!,
    sine3: sine[3]!,
    sine4: sine[4]!,
    exponential4: exponential[4]!,
  };
}

/** The minimum of eˣ − 2x, at ln 2. */
function newton(print: Print): Numbers {
  const f = (x: Tensor): Tensor => x.exp().sub(x.mul(2));
  const [slope, curvature] = [grad(f), grad(grad(f))];
  const rows: [step: number, newton: number, descent: number][] = [];
  let [byNewton, byDescent] = [2, 2];
  for (let step = 0; step <= 6; step++) {
    rows.push([step, Math.abs(byNewton - Math.LN2), Math.abs(byDescent - Math.LN2)]);
    const x = tensor(byNewton);
    byNewton -= slope(x).itemSync() / curvature(x).itemSync();
    byDescent -= 0.2 * slope(tensor(byDescent)).itemSync();
  }
  const errors = rows.map((row) => row[1]);
  print(prose`

    One use is Newton's method, which divides the slope by the curvature, x ← x − f′(x)/f″(x), and needs no learning rate. For f = eˣ − 2x,
    whose minimum is at ln 2, starting from x = 2, the distances to ln 2 are:
  `);
  print(
    table([
      ['step', 'Newton', 'gradient descent, rate 0.2'],
      ...rows.map(([step, a, b]) => [String(step), a.toExponential(1), b.toExponential(1)]),
    ]),
  );
  print(prose`

    Near the minimum, each error of Newton's method is half the square of the previous one, so the number of correct digits doubles in each step. Gradient
    descent only multiplies its error by 1 − 0.2·f″ = 0.6. (For a network of n weights the curvature is an n×n matrix,
    which is too large to store. Networks are trained with first derivatives: lesson 6.)
  `);
  return {
    newton5: errors[5]!,
    newtonRatio: errors[4]! / errors[3]! ** 2,
    descentRatio: rows[6]![2] / rows[5]![2],
  };
}

function gradientPenalty(print: Print): Numbers {
  const w = tensor([3, 4], { requiresGrad: true });
  const x = tensor([1, 1], { requiresGrad: true });
  const penalty = (createGraph: boolean): Tensor => {
    const [slope] = gradients(x.mul(w).sum(), [x], { createGraph }) as [Tensor];
    return slope.square().sum().sqrt().sub(1).square(); // (‖∂f/∂x‖ − 1)²
  };
  const gradientOf = (loss: Tensor): [number, number] => {
    w.zeroGrad();
    loss.backward();
    return Array.from((w.grad as Tensor).dataSync()) as [number, number];
  };
  const alone = gradientOf(penalty(true));
  const withData = gradientOf(w.sum().add(penalty(true)));
  const withoutGraph = gradientOf(w.sum().add(penalty(false)));
  const show = (pair: readonly number[]): string => `(${pair.map((p) => p.toFixed(2)).join(', ')})`;
  print(prose`

    A loss may contain a gradient: the penalty (‖∂f/∂x‖ − 1)² keeps a function's slope near 1. For f = w·x the slope is w, so with w = (3, 4)
    the gradient of the penalty is 2(‖w‖ − 1)·w/‖w‖ = 8·(0.6, 0.8). The engine gives ${show(alone)}.

    Mistake: leaving out createGraph. The slope is then a constant without a history. A loss that consists of the penalty alone is refused:
      ${refusal(() => penalty(false).backward())}
    With another term in the loss, the mistake is silent: the gradient of w₀ + w₁ + penalty is ${show(withData)}, and without createGraph ${show(withoutGraph)}.
  `);
  return { penalty0: alone[0], penalty1: alone[1], penaltyBeside: withData[1], penaltyLost: withoutGraph[1] };
}

function freedGraph(print: Print): Numbers {
  const x = leaf(3);
  const y = x.square().exp().log();
  const before = tensorsBehind(y);
  y.backward();
  const after = tensorsBehind(y);
  const message = refusal(() => y.backward());
  const z = x.square();
  x.zeroGrad();
  z.backward(undefined, { retainGraph: true });
  z.backward();
  const silent = noGrad(() => x.square());
  print(prose`

    5. How long the tape lives

    Nodes hold their operands, so the loss holds every intermediate array; backward needs them. After backward has processed a node, it
    clears the node, and the arrays can be garbage-collected.

      tensors behind y = ln e^(x²)      before backward ${before}, after ${after}

    A second backward has no tape left, and reports it:
      ${message}
    With retainGraph the tape is kept. x² at 3, twice: ${gradOf(x)} = 2·6, since gradients add up.
    Inside noGrad, for evaluation, nothing is recorded at all (requiresGrad: ${silent.requiresGrad}). detach() cuts off a single tensor.
  `);
  return { behindBefore: before, behindAfter: after, retained: gradOf(x) };
}

function leak(print: Print): Numbers {
  const w = leaf(2).named('w');
  let [history, sum] = [tensor(0), 0];
  for (let step = 0; step < 100; step++) {
    const loss = w.mul(step).square();
    history = history.add(loss);
    sum += loss.itemSync();
  }
  const changed = refusal(() => {
    const loss = w.square();
    w.assign(tensor(1));
    loss.backward();
  });
  print(prose`

    6. Mistake: a running sum that keeps every tape

    "total = total.add(loss)", for the mean loss of an epoch: each loss holds its whole tape. After 100 steps of two operations,
    ${tensorsBehind(history)} tensors are alive behind the total of ${history.itemSync().toLocaleString('en')}. Add numbers instead, sum += loss.itemSync(): the sum is ${sum.toLocaleString('en')}, and no tape is kept.

    Conversely, a tape is invalid if its arrays are overwritten. Every array has a version, and backward compares it:
      ${changed}
  `);
  return { leaked: tensorsBehind(history), total: history.itemSync(), sum };
}

/** The tape of one training step of the VAE for MNIST. */
function theTapeOfAVae(print: Print): Numbers {
  const generator = new Generator(6);
  const model = new VAE({ inputSize: 784, hidden: [400], latent: 20 });
  const images = randn([16, 784], { generator }).sigmoid();
  const graph = recordGraph(() => model.elbo(images).loss, { names: model.namedParameters() });
  const parameters = graph.nodes.filter((node) => node.op === 'leaf' && node.name !== '');
  const made = graph.nodes.filter((node) => node.op !== 'leaf');
  const bytes = made.reduce((total, node) => total + node.bytes, 0);
  const largest = [...made].sort((a, b) => b.bytes - a.bytes).slice(0, 5);
  print(prose`

    7. The tape that trains the VAE

    The same recorder applied to model.elbo(images).loss, for a batch of 16 digits: ${graph.nodes.length} tensors. ${parameters.length} of them are parameters, and ${made.length} were
    computed by operations; these use ${(bytes / 1024).toFixed(0)} KiB, which backward frees. The largest:
  `);
  print(
    table([
      ['op', 'module', 'shape', 'KiB'],
      ...largest.map((node) => [
        node.op,
        node.module,
        `[${node.output.shape.join(', ')}]`,
        node.bytes / 1024,
      ]),
    ]),
  );
  print(prose`

    All of them but a few scalars grow with the batch; the parameters do not. This is the memory cost of a batch.

    In this repository: packages/core/src/tape.ts, packages/core/src/backward.ts and packages/core/src/accumulate.ts, in this
    order; packages/core/src/trace/trace.ts made these tables; packages/core/src/transforms.ts has grad of grad. Next: lesson 5, what happens when an operation runs.

    Exercises

      a) Predict f, f′, f″ and f‴ of x·x·x at x = 2, then use grad. (8, 12, 12, 6)
      b) A column of the Hessian without the Hessian: the gradient of ⟨∇f, v⟩ is H·v. What is it for f = x₀²·x₁ at (1, 2) and v = (1, 0)? (4, 2)
      c) Two losses share a layer. Call backward on both: which one needs retainGraph, and what does it cost?
  `);
  return {
    vaeNodes: graph.nodes.length,
    vaeParameters: parameters.length,
    vaeLargest: largest[0]?.bytes ?? 0,
  };
}

await runLesson(import.meta.url, lesson);
