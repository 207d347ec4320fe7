/**
 * Lesson 4: the tape.
 *
 * Question: backward() has no argument that says what was computed. How does it know, and how long does it know it?
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

/** A leaf that wants a gradient. */
const leaf = (value: number): Tensor => tensor(value, { shape: [], requiresGrad: true });
const gradOf = (t: Tensor): number => t.grad?.itemSync() ?? Number.NaN;
/** What a refused call says. */
function refusal(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    return (error as Error).message;
  }
  return 'it was not refused';
}

/** How many tensors are kept alive by y's history, y included. */
function tensorsBehind(y: Tensor): number {
  const found = new Set([y]);
  for (const t of found) for (const input of t.node?.inputs ?? []) found.add(input);
  return found.size;
}

/** One row of the tape as text. */
function tapeRow({ id, op, name, inputs, output, gradient, inputGradients }: GraphNode): (string | number)[] {
  const first = (values: readonly number[] | undefined): string => values?.[0]?.toFixed(3) ?? '—';
  const sent = inputGradients.map((part, i) => `${first(part?.values)} to ${inputs[i]}`).join(', ');
  return [String(id), op, name, inputs.join(', '), first(output.values), first(gradient?.values), sent];
}

/** The real tape of y = x·sin x + x. */
function order(print: Print): Numbers {
  const x = leaf(2).named('x');
  const graph = recordGraph(() => x.mul(x.sin()).add(x).named('y'));
  const closed = Math.sin(2) + 2 * Math.cos(2) + 1;
  print(prose`
    1. What is on it

    Every operation goes through one function, apply. If an operand wants a gradient, apply leaves a node on the result: which
    operation, from which operands. These nodes are the tape. Nothing else is recorded, and it is recorded while the program runs, so
    an if or a loop needs no special treatment: the tape has what really happened.

    This is the tape of y = x·sin x + x at x = 2, as recordGraph saw it. Predict the gradients from the bottom up, then check:
  `);
  print(
    table([['id', 'op', 'name', 'from', 'value', '∂y/∂it', 'backward sends'], ...graph.nodes.map(tapeRow)]),
  );
  const parts = graph.nodes.flatMap((node) =>
    node.inputGradients.flatMap((part, i) => (node.inputs[i] === 0 && part?.values ? [part.values[0]!] : [])),
  );
  print(prose`

    backward goes through the ids from large to small. x was used ${parts.length} times and is sent ${parts.length} parts:
    ${parts.map((part) => part.toFixed(3)).join(' + ')} = ${gradOf(x).toFixed(3)}; by formula, sin x + x·cos x + 1 = ${closed.toFixed(3)}.
  `);
  return { tapeNodes: graph.nodes.length, partsToX: parts.length, dydx: gradOf(x) };
}

/** The textbook's depth-first search: calls itself for each operand. */
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

    Depth-first search, written as a function that calls itself for each operand, is in every textbook. Here each of 50,000 additions depends
    on the one before: y = x + x + … + x. That function fails:
      ${message}
    The engine keeps its own stack in an array, and finds dy/dx = ${gradOf(x).toLocaleString('en')}.
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

    A leaf's grad is added to, never replaced: lesson 1's += goes on from one backward to the next. Forget zeroGrad() between two steps,
    and the second step follows the sum of both gradients. For a loss Σ (x·w)² over 12 rows, ∂L/∂w₀:

      one backward                            ${whole.toFixed(4)}
      a second, without zeroGrad              ${twice.toFixed(4)}      wrong: twice as much
      zeroGrad, then 3 pieces of 4 rows       ${pieces.toFixed(4)}      right: for batches too large for memory

    For the third line the loss must be a sum. If each piece's loss is its own mean, 3 pieces add up to ${means.toFixed(0)} times the gradient of the
    mean over all: divide by the number of pieces.
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

    A vjp is written with the same public operations as everything else: sin's is dy.mul(x.cos()). So backward can be recorded too
    (createGraph), and its result differentiated again. grad(f) is f′ as a function; grad(grad(f)) is f″. At x = 0.7:
  `);
  print(
    table([
      ['', 'f', 'f′', 'f″', 'f‴', 'f⁗'],
      ['sin x', ...sine],
      ['e^(2x)', ...exponential],
    ]),
  );
  print(prose`

    The sine comes back after four. Each derivative of e^(2x) is twice the one before.
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

    What for? Newton's method divides the slope by the curvature, x ← x − f′(x)/f″(x), and needs no learning rate. For f = eˣ − 2x,
    whose minimum is at ln 2, from x = 2, the distances to ln 2 are:
  `);
  print(
    table([
      ['step', 'Newton', 'gradient descent, rate 0.2'],
      ...rows.map(([step, a, b]) => [String(step), a.toExponential(1), b.toExponential(1)]),
    ]),
  );
  print(prose`

    Near the minimum Newton's error is half of its own square, so the number of right digits doubles with each step; descent only
    multiplies its error by 1 − 0.2·f″ = 0.6. (For a network of n weights the curvature is an n×n matrix,
    too large to store: networks are trained with first derivatives, lesson 6.)
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

    A loss may contain a gradient: a penalty (‖∂f/∂x‖ − 1)² keeps a function's slope near 1. For f = w·x the slope is w, so with w = (3, 4)
    the penalty's own gradient is 2(‖w‖ − 1)·w/‖w‖ = 8·(0.6, 0.8). Engine: ${show(alone)}.

    Mistake: to leave createGraph out. The slope is then a plain number that came from nowhere. A loss of nothing but the penalty is refused:
      ${refusal(() => penalty(false).backward())}
    Beside another term the mistake is silent: the gradient of w₀ + w₁ + penalty is ${show(withData)}, and without createGraph ${show(withoutGraph)}.
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

    5. How long it lasts

    Nodes hold their operands, and so the loss holds every intermediate array: backward needs them. When backward has passed a node, it
    empties it, and the arrays can be collected.

      tensors behind y = ln e^(x²)      before backward ${before}, after ${after}

    A second backward would have nothing to go by, and says so:
      ${message}
    With retainGraph the tape stays. x² at 3, twice: ${gradOf(x)} = 2·6, since gradients add up.
    Inside noGrad nothing is recorded to begin with (requiresGrad: ${silent.requiresGrad}): for evaluation. detach() cuts one tensor off.
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

    6. Mistake: a running sum that holds everything

    "total = total.add(loss)", for the mean loss of an epoch: each loss brings its whole tape along. After 100 steps of two operations,
    ${tensorsBehind(history)} tensors are alive behind the total of ${history.itemSync().toLocaleString('en')}. Add numbers instead, sum += loss.itemSync(): ${sum.toLocaleString('en')}, and nothing is held.

    The other way round, a tape whose arrays were overwritten is wrong, so every array has a version, and backward compares:
      ${changed}
  `);
  return { leaked: tensorsBehind(history), total: history.itemSync(), sum };
}

/** The tape of one training step of the digits' VAE. */
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

    The same recorder around model.elbo(images).loss, for a batch of 16 digits: ${graph.nodes.length} tensors, ${parameters.length} of them parameters and ${made.length} made
    by operations, with ${(bytes / 1024).toFixed(0)} KiB in all that live until backward has passed. The largest:
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

    All but a few scalars grow with the batch; the parameters do not. That is what a batch costs.

    In this repository: packages/core/src/tape.ts, packages/core/src/backward.ts and packages/core/src/accumulate.ts, in this
    order; packages/core/src/trace/trace.ts, which made these tables; packages/core/src/transforms.ts for grad of grad. Next: lesson 5, what an operation does when it runs.

    Exercises

      a) Predict f, f′, f″ and f‴ of x·x·x at x = 2, then use grad. (8, 12, 12, 6)
      b) A column of the Hessian without the Hessian: the gradient of ⟨∇f, v⟩ is H·v. For f = x₀²·x₁ at (1, 2) and v = (1, 0)? (4, 2)
      c) Two losses share a layer. Call backward on both: which one needs retainGraph, and what does it cost?
  `);
  return {
    vaeNodes: graph.nodes.length,
    vaeParameters: parameters.length,
    vaeLargest: largest[0]?.bytes ?? 0,
  };
}

await runLesson(import.meta.url, lesson);
