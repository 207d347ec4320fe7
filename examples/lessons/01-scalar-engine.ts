/**
 * Lesson 1: a scalar engine.
 *
 * Question: a program computes a number from other numbers. If an input changes a little, by how much does the result change?
 *
 * Read scalar-engine.ts first (it is short and complete), then run this: npm run lesson -- 1
 */
import { createReference, Generator, type Tensor, tensor, withBackend } from '@varigrad/core';
import { type Numbers, type Print, prose, runLesson, table } from './run.js';
import { backward, Scalar, tapeOf } from './scalar-engine.js';

/** Prints the text and returns the numbers that the tests check. */
export async function lesson(print: Print): Promise<Numbers> {
  print('LESSON 1 — A SCALAR ENGINE\n');
  return {
    ...oneExpression(print),
    ...overwriting(print),
    ...wrongOrder(print),
    ...agreesWithCore(print),
    ...fitsALine(print),
  };
}

/** y = a·b + sin a: one number used twice. */
function oneExpression(print: Print): Numbers {
  const [a, b] = [new Scalar(2), new Scalar(5)];
  const y = a.mul(b).add(a.sin());
  print(prose`
    1. One expression

    y = a·b + sin a at a = 2, b = 5. The computation builds a graph, with a local derivative on each edge:

        b = 5 ───2──▶ a·b = 10 ─────────1──▶ y = ${y.value.toFixed(4)}
        a = 2 ───5────▲                      ▲
          └───cos 2──▶ sin a = ${Math.sin(2).toFixed(4)} ───1──┘

    Predict before you read on: what is ∂y/∂a? There are two paths from a to y. Multiply the derivatives along each path, then
    add the paths: 5·1 + cos(2)·1.
  `);
  backward(y);
  const f = (p: number, q: number): number => p * q + Math.sin(p);
  const h = 1e-5;
  print(
    table([
      ['', 'backward', 'by hand', 'central difference'],
      ['∂y/∂a', a.grad, 5 + Math.cos(2), (f(2 + h, 5) - f(2 - h, 5)) / (2 * h)],
      ['∂y/∂b', b.grad, 2, (f(2, 5 + h) - f(2, 5 - h)) / (2 * h)],
    ]),
  );
  print(prose`

    A central difference, (f(x + h) − f(x − h)) / 2h, needs no calculus, so it can check any engine. But it costs two
    evaluations per input, and it is never exact. One backward pass gives the derivatives for all inputs and costs only a few
    times as much as one evaluation: it visited ${tapeOf(y).length} numbers, once each. This is what makes it possible to train networks with millions of
    weights.
  `);
  return { dyda: a.grad, dydb: b.grad, tapeLength: tapeOf(y).length };
}

/** What happens with = instead of +=. */
function overwriting(print: Print): Numbers {
  const x = new Scalar(3);
  const y = x.mul(x);
  backward(y);
  let overwritten = 0;
  y.operands.forEach((operand, i) => {
    if (operand === x) overwritten = y.derivatives[i]!; // the mistake: = instead of +=
  });
  print(prose`

    2. Mistake: overwriting a gradient

    y = x·x at x = 3 has two edges to the same x, each with derivative 3. If x's gradient is set along each edge instead of added
    to, only the last edge counts:

      right (+=): ${x.grad}      wrong (=): ${overwritten}
  `);
  return { square: x.grad, squareOverwritten: overwritten };
}

/** What happens if a number passes its gradient on before it has received all parts of it. */
function wrongOrder(print: Print): Numbers {
  const x = new Scalar(2);
  const a = x.mul(x); // 4
  const b = a.add(new Scalar(1)); // 5
  const y = a.mul(b); // x⁴ + x²
  backward(y);
  print(prose`

    3. Mistake: the wrong order

    y = a·(a + 1) with a = x², at x = 2, so y = x⁴ + x² and dy/dx = 4x³ + 2x = 36.

        x ──▶ a ───────────▶ y
              └──▶ b = a + 1 ─▲

    A breadth-first walk goes from y to its operands, then to their operands. It reaches a at once, as an operand of y, and passes a's
    gradient so far, b = 5, on to x. Later b adds another 4 to a's gradient, too late: x has received 5·2x = 20 instead of (5 + 4)·2x = 36.

      right (all consumers first): ${x.grad}      wrong (breadth first): ${breadthFirst(y, x)}

    The order of computation, reversed, is always right: everything that uses a number was computed after it.
  `);
  return { ordered: x.grad, breadthFirst: breadthFirst(y, x) };
}

/** dy/dx as computed by a backward pass in breadth-first order. */
function breadthFirst(y: Scalar, x: Scalar): number {
  const gradients = new Map([[y, 1]]);
  for (const node of new Set([y, ...y.operands, ...y.operands.flatMap((operand) => operand.operands)])) {
    node.operands.forEach((operand, i) => {
      const part = (gradients.get(node) ?? 0) * node.derivatives[i]!;
      gradients.set(operand, (gradients.get(operand) ?? 0) + part);
    });
  }
  return gradients.get(x) ?? 0;
}

/** The operations that the scalar engine and the library's tensors share. */
interface Arithmetic<T> {
  add(b: T): T;
  sub(b: T): T;
  mul(b: T): T;
  div(b: T): T;
  exp(): T;
  sin(): T;
  tanh(): T;
  relu(): T;
  log(): T;
}

/** A random program of 20 operations on 3 inputs. The numbers in `words` determine the operations, for any arithmetic. */
function randomProgram<T extends Arithmetic<T>>(words: Uint32Array, inputs: readonly T[], one: T): T {
  const values = [...inputs];
  for (let step = 0; step < 20; step++) {
    const pick = (at: number): T => values[words[3 * step + at]! % values.length] as T;
    const [a, b] = [pick(0), pick(1)];
    const steps = [
      () => a.add(b),
      () => a.sub(b),
      () => a.mul(b),
      () => a.div(b.mul(b).add(one)), // never a division by 0
      () => a.tanh().exp(), // never an overflow
      () => a.mul(a).add(one).log(), // never the logarithm of a negative number
      () => a.sin(),
      () => a.tanh(),
      () => a.relu(),
    ];
    values.push((steps[words[3 * step + 2]! % steps.length] as () => T)());
  }
  return values.reduce((sum, value) => sum.add(value.tanh()));
}

/** Runs the same random programs in both engines. */
function agreesWithCore(print: Print): Numbers {
  const PROGRAMS = 200;
  const generator = new Generator(1);
  let [worst, compared, nodes] = [0, 0, 0];
  for (let program = 0; program < PROGRAMS; program++) {
    const words = generator.words(60);
    const start = Array.from(generator.words(3), (word) => word / 2 ** 31 - 1); // uniform in [−1, 1)
    const scalars = start.map((value) => new Scalar(value));
    const y = randomProgram(words, scalars, new Scalar(1));
    nodes += tapeOf(y).length;
    backward(y);
    const expected = withBackend(createReference(Float64Array), () => {
      const tensors = start.map((value) => tensor(value, { shape: [], requiresGrad: true }));
      randomProgram<Tensor>(words, tensors, tensor(1)).backward();
      return tensors.map((t) => t.grad?.itemSync() ?? Number.NaN);
    });
    scalars.forEach((scalar, i) => {
      const right = expected[i]!;
      worst = Math.max(worst, Math.abs(scalar.grad - right) / Math.max(1, Math.abs(right)));
      compared++;
    });
  }
  print(prose`

    4. Is it the same as the library?

    ${PROGRAMS} random programs of 20 operations ran twice: with Scalar, and with the library's Tensor in float64.
    ${compared} derivatives, through graphs of ${Math.round(nodes / PROGRAMS)} numbers on average, differ by at most ${worst.toExponential(1)} (relative): rounding.
  `);
  return { worstAgainstCore: worst, compared };
}

/** Gradient descent: what derivatives are used for. */
function fitsALine(print: Print): Numbers {
  const points = [
    [0, 1],
    [1, 3],
    [2, 4],
    [3, 7],
  ] as const;
  let [w, b] = [0, 0];
  let nodes = 0;
  for (let step = 0; step < 500; step++) {
    const [slope, offset] = [new Scalar(w), new Scalar(b)];
    const loss = points
      .map(([x, y]) => {
        const error = slope.mul(new Scalar(x)).add(offset).sub(new Scalar(y));
        return error.mul(error);
      })
      .reduce((sum, term) => sum.add(term));
    backward(loss);
    [w, b] = [w - 0.02 * slope.grad, b - 0.02 * offset.grad]; // downhill
    nodes = tapeOf(loss).length;
  }
  print(prose`

    5. What it is for

    Fit the line y = w·x + b to (0, 1), (1, 3), (2, 4), (3, 7) by least squares. 500 small steps against the gradient, from w = b = 0,
    give w = ${w.toFixed(6)}, b = ${b.toFixed(6)}. (The exact solution is w = 1.9, b = 0.9.)

    Each step created ${nodes} objects, for four points and two weights. The first layer of the VAE for MNIST has 784·400 weights and processes
    128 images at once: 40 million multiplications, and as many objects. The solution is to store the numbers in arrays, and to let one
    node of the graph stand for a whole array: lesson 2.

    In this repository: packages/core/src/tape.ts and packages/core/src/backward.ts are this engine for tensors. Find there

      apply              records the operands of a result,
      topologicalOrder   does what tapeOf does here,
      pushToInputs       is the chain rule for one node, with the += of section 2.

    One difference: a Scalar computes its local derivatives at once. In the library an operation stores functions instead (its vjp), and
    backward calls them only for the operands that need a gradient.

    Exercises

      a) Add cos to Scalar. Check it with sin²x + cos²x, whose derivative is 0 at every x.
      b) y = x·x·x·x at x = 3, as ((x·x)·x)·x and as (x·x)·(x·x). How many paths lead to x in each? Both give 108.
      c) Remove the sort in tapeOf and the reverse in backward. Sections 3 and 4 then show how wrong the result is.
  `);
  return { slope: w, offset: b };
}

await runLesson(import.meta.url, lesson);
