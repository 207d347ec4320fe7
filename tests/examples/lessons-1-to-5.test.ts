/** Lessons 1 to 5: their numbers compared with closed forms, the engine of lesson 1 compared with finite differences, and the files they name. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  eye,
  full,
  grad,
  gradients,
  type ScalarFunction,
  type Tensor,
  tensor,
  valueAndGrad,
} from '@varigrad/core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { prose, table } from '../../examples/lessons/run.js';
import { backward, Scalar, tapeOf } from '../../examples/lessons/scalar-engine.js';
import { checkNames, checkPaths, LESSONS, lessonFiles, near, ROOT, run } from '../helpers/lesson-runs.js';

const files = lessonFiles.slice(0, 5);

test('the engine of lesson 1 has at most 100 lines', () => {
  const lines = readFileSync(new URL('scalar-engine.ts', LESSONS), 'utf8').trimEnd().split('\n');
  assert.ok(lines.length <= 100, `${lines.length} lines`);
  assert.not.ok(
    lines.some((line) => line.startsWith('import')),
    'the engine has no imports',
  );
});

test('every file that a lesson names exists, and each lesson lists files to read next', () => {
  for (const name of files) checkPaths(name);
});

test('functions that a lesson names are in the named file', () => {
  checkNames('core/src/tape.ts', 'apply');
  checkNames('core/src/backward.ts', 'topologicalOrder', 'pushToInputs');
  checkNames('core/src/accumulate.ts', 'accumulate');
  checkNames('core/src/shape.ts', 'broadcastShapes');
  checkNames('core/src/ops/elementwise-op.ts', 'binary');
  checkNames('core/src/ops/reduce.ts', 'sumToSize');
  checkNames('core/src/ops/matmul.ts', 'matmulOp');
  checkNames('core/src/backend/wasm/assembly/gemm.ts', 'packA', 'packB', 'tile', 'gemm');
});

test('the scalar engine: each operation compared with a central difference', () => {
  const unary: Record<string, [(x: Scalar) => Scalar, number[]]> = {
    exp: [(x) => x.exp(), [-2, 0, 1.5]],
    log: [(x) => x.log(), [0.2, 1, 7]],
    sin: [(x) => x.sin(), [-1, 0, 2]],
    tanh: [(x) => x.tanh(), [-1, 0, 0.7]],
    relu: [(x) => x.relu(), [-1, 0.5, 3]],
  };
  const h = 1e-5;
  for (const [name, [f, points]] of Object.entries(unary)) {
    for (const at of points) {
      const x = new Scalar(at);
      backward(f(x));
      const slope = (f(new Scalar(at + h)).value - f(new Scalar(at - h)).value) / (2 * h);
      near(x.grad, slope, 1e-8, `${name}′(${at})`);
    }
  }
  for (const name of ['add', 'sub', 'mul', 'div'] as const) {
    const value = (p: number, q: number): number => new Scalar(p)[name](new Scalar(q)).value;
    const [a, b] = [new Scalar(1.7), new Scalar(-0.6)];
    backward(a[name](b));
    near(a.grad, (value(1.7 + h, -0.6) - value(1.7 - h, -0.6)) / (2 * h), 1e-8, `${name}, first operand`);
    near(b.grad, (value(1.7, -0.6 + h) - value(1.7, -0.6 - h)) / (2 * h), 1e-8, `${name}, second operand`);
  }
  assert.is(new Scalar(5).sub(new Scalar(2)).div(new Scalar(4)).value, 0.75);
  const kink = new Scalar(0);
  backward(kink.relu());
  assert.is(kink.grad, 0);
});

test('the scalar engine: gradients add up over paths and over calls, through deep and wide graphs', () => {
  let deep = new Scalar(1);
  const x = deep;
  for (let i = 0; i < 20; i++) deep = deep.add(deep); // 2²⁰ paths
  assert.is(tapeOf(deep).length, 21);
  backward(deep);
  assert.is(x.grad, 2 ** 20);
  backward(deep);
  assert.is(x.grad, 2 ** 21);

  const one = new Scalar(1);
  let long = one;
  for (let i = 0; i < 30_000; i++) long = long.add(one);
  backward(long);
  assert.is(one.grad, 30_001);
});

test('lesson 1: derivatives by formula, mistakes, and agreement with core', async () => {
  const { text, numbers } = await run(1);
  near(numbers.dyda, 5 + Math.cos(2), 1e-14, 'b + cos a');
  assert.is(numbers.dydb, 2);
  assert.is(numbers.tapeLength, 5); // a, b, ab, sin a, y
  assert.is(numbers.square, 6);
  assert.is(numbers.squareOverwritten, 3);
  assert.is(numbers.ordered, 4 * 2 ** 3 + 2 * 2);
  assert.is(numbers.breadthFirst, 20);
  assert.is(numbers.compared, 600);
  assert.ok((numbers.worstAgainstCore as number) < 1e-12, `differs by ${numbers.worstAgainstCore}`);

  const [xs, ys] = [
    [0, 1, 2, 3],
    [1, 3, 4, 7],
  ];
  const mean = (list: number[]): number => list.reduce((a, b) => a + b) / list.length;
  const [mx, my] = [mean(xs), mean(ys)];
  const slope =
    mean(xs.map((x, i) => (x - mx) * ((ys[i] as number) - my))) / mean(xs.map((x) => (x - mx) ** 2));
  near(numbers.slope, slope, 1e-6, 'least squares: slope');
  near(numbers.offset, my - slope * mx, 1e-6, 'least squares: offset');
  assert.match(text, /w = 1\.9\d*, b = 0\.9/);
});

test('lesson 2: gradients of a bias by formula, and the results of three mistakes', async () => {
  const { numbers } = await run(2);
  assert.is(numbers.strided, 22);
  assert.is(numbers.reshaped, 11);
  assert.is(numbers.transposed, 20);
  for (let j = 0; j < 3; j++) {
    // ∂/∂bⱼ Σ w(x + b)² = Σᵢ 2w(x + b), with w = x = 1 … 6 by rows
    const expected = [1 + j, 4 + j].reduce((sum, w) => sum + 2 * w * (w + 0.1 * (j + 1)), 0);
    near(numbers[`bias${j}`], expected, 1e-4, `tensor bias ${j}`);
    near(numbers[`scalarBias${j}`], expected, 1e-12, `scalar bias ${j}`);
  }
  assert.is(numbers.tensorsInGraph, 7); // x, bias, x + bias, its square, weights, product, sum
  near(numbers.adjointLeft, numbers.adjointRight as number, 1e-5, '⟨Eb, v⟩ = ⟨b, Eᵀv⟩');
  assert.ok(Math.abs(numbers.adjointLeft as number) > 0.1);
  assert.is(numbers.biasOfSum, 2);
  assert.is(numbers.biasOfMean, 1);
  assert.is(numbers.refused, 1);
  const targets = [1, 2, 3, 4];
  const each = targets.flatMap((p) => targets.map((t) => (p - t) ** 2));
  near(numbers.wrongLoss, each.reduce((a, b) => a + b) / 16, 1e-6, 'every pair is compared');
  assert.is(numbers.rightLoss, 0);
  near(numbers.push0, (2 / 16) * (4 * 1 - 10), 1e-6, 'gradient of the first prediction');
  near(numbers.push3, (2 / 16) * (4 * 4 - 10), 1e-6, 'gradient of the last prediction');
  assert.is(numbers.keptRowSums, 0);
  assert.is(numbers.lostRowSums, 6); // |1 + 2 − 6| + |3 + 6 − 6|
});

test('lesson 3: both gradients by hand and by differences, and the cost of a product', async () => {
  const { numbers } = await run(3);
  assert.is(numbers.dA00, 1 * 1 + 10 * 0);
  assert.is(numbers.dB00, 1 * 1 + 4 * 100);
  assert.is(numbers.engineAgainstLoops, 0);
  assert.is(numbers.engineAgainstFormula, 0);
  near((numbers.error64at2 as number) / (numbers.error64at3 as number), 100, 1, 'h² law');
  assert.ok((numbers.best64 as number) < 1e-8, `best in float64 ${numbers.best64}`);
  assert.ok(
    (numbers.best32 as number) > 100 * (numbers.best64 as number),
    `best in float32 ${numbers.best32}`,
  );
  assert.is(numbers.right01, 7);
  assert.is(numbers.untransposed01, 6);
  assert.is(numbers.exchanged01, 0);
  assert.is(numbers.unnoticed, 0);
  assert.ok((numbers.layerDifference as number) < 1e-12);
  assert.ok((numbers.sharedDifference as number) < 1e-12);
  assert.is(numbers.forwardProducts, 2);
  assert.is(numbers.backwardProducts, 3);
  assert.ok((numbers.groupingDifference as number) < 1e-12);
  assert.is(numbers.costRatio, 267); // (2·400³ + 400²) / (3·400²) = (2·400 + 1) / 3
});

test('lesson 4: order, sums, higher derivatives, and memory', async () => {
  const { numbers } = await run(4);
  assert.is(numbers.tapeNodes, 4);
  assert.is(numbers.partsToX, 3);
  near(numbers.dydx, Math.sin(2) + 2 * Math.cos(2) + 1, 1e-12, 'd(x sin x + x)');
  assert.is(numbers.deepGradient, 50_001);
  assert.is(numbers.recursionFails, 1);
  near(numbers.accumulatedTwice, 2, 1e-12, 'twice');
  near(numbers.accumulatedPieces, 1, 1e-12, 'pieces');
  near(numbers.piecesOfMeans, 3, 1e-12, 'means of pieces');
  near(numbers.sine1, Math.cos(0.7), 1e-12, 'sin′');
  near(numbers.sine2, -Math.sin(0.7), 1e-12, 'sin″');
  near(numbers.sine3, -Math.cos(0.7), 1e-12, 'sin‴');
  near(numbers.sine4, Math.sin(0.7), 1e-12, 'sin⁗');
  near(numbers.exponential4, 16 * Math.exp(1.4), 1e-11, 'fourth derivative of e^(2x)');
  near(numbers.newton5, 0, 1e-8, 'Newton after five steps');
  near(numbers.newtonRatio, 0.5, 0.01, 'error = f‴/(2f″)·error², here ½'); // f‴ = f″ = eˣ
  near(numbers.descentRatio, 1 - 0.2 * 2, 0.02, '1 − rate·f″');
  near(numbers.penalty0, 4.8, 1e-12, 'penalty');
  near(numbers.penalty1, 6.4, 1e-12, 'penalty');
  near(numbers.penaltyBeside, 7.4, 1e-12, 'penalty and data');
  assert.is(numbers.penaltyLost, 1);
  assert.is(numbers.behindBefore, 4); // x, x², e^…, ln …
  assert.is(numbers.behindAfter, 1);
  assert.is(numbers.retained, 12);
  assert.is(numbers.leaked, 1 + 1 + 4 * 100); // start and w; each step's number, product, square and total
  assert.is(numbers.total, 4 * ((99 * 100 * 199) / 6)); // Σ (2s)²
  assert.is(numbers.sum, numbers.total);
  assert.is(numbers.vaeParameters, 2 * 5); // hidden, mu, logVar, hidden, out
  assert.ok((numbers.vaeNodes as number) >= 10 + 5 + 2, 'parameters, layers, images and loss at least');
  assert.is(numbers.vaeLargest, 4 * 16 * 784);
});

test('lesson 5: tiles, packing, the block sizes of the kernel, and equal results', async () => {
  const { text, numbers } = await run(5);
  for (const [r, c] of [
    [1, 1],
    [4, 4],
    [4, 8],
  ] as const) {
    near(numbers[`reads${r}x${c}`], 1 / r + 1 / c, 1e-12, `reads of a ${r}×${c} tile`);
  }
  assert.is(numbers.tileRegisters, 8);
  assert.is(numbers.packedLength, 2 * 4 * 3); // two panels of 4 rows, the second one padded
  assert.is(numbers.packed4, 1); // A[0, 1] follows A[0…3, 0]
  assert.is(numbers.packed12, 40); // the second panel starts with A[4, 0]
  assert.is(numbers.packed14, 0);
  const kernel = readFileSync(new URL('packages/core/src/backend/wasm/assembly/gemm.ts', ROOT), 'utf8');
  for (const name of ['KC', 'NC', 'MC']) {
    assert.is(String(numbers[name]), new RegExp(`const ${name}: usize = (\\d+);`).exec(kernel)?.[1], name);
  }
  assert.is(numbers.floatIndex, 2 ** 24);
  assert.is(numbers.wholeWasm, 0);
  assert.is(numbers.wholeGpu, 0);
  assert.is(numbers.threads, 0);
  assert.ok((numbers.differentWasm as number) > 0, 'some bits differ, as the lesson says');
  // k = 192 terms of at most 1: partial sums below 192, each rounded by at most 2⁻²⁴ of itself
  const bound = 192 * 192 * 2 ** -24;
  for (const name of ['worstWasm', 'worstGpu', 'worstOneElement']) {
    assert.ok((numbers[name] as number) < bound, `${name}: ${numbers[name]}`);
  }
  for (const name of ['gradientWasm', 'gradientGpu']) {
    assert.ok((numbers[name] as number) < 1e-4, `${name}: ${numbers[name]}`);
  }
  assert.match(text, 'gpu.js, webasm');
  assert.match(text, /wasm \(SIMD/);
});

test('the answers of the exercises are correct', () => {
  const values = (t: Tensor | undefined): number[] => Array.from((t as Tensor).dataSync());
  const gradsOf = (f: ScalarFunction, ...inputs: Tensor[]): number[][] =>
    valueAndGrad(f)(...inputs).grads.map(values);
  const x = new Scalar(3);
  const squared = x.mul(x);
  backward(squared.mul(squared));
  assert.is(x.grad, 108);

  const [column, row] = [tensor([[1], [2], [4]]), tensor([[1, 3, 5, 7]])];
  assert.equal(
    gradsOf((a, b) => (a as Tensor).add(b as Tensor).sum(), column, row),
    [
      [4, 4, 4],
      [3, 3, 3, 3],
    ],
  );
  assert.equal(
    gradsOf((a, b) => (a as Tensor).mul(b as Tensor).sum(), column, row),
    [
      [16, 16, 16],
      [7, 7, 7, 7],
    ],
  );
  const targets = tensor([1, 2, 3, 4]);
  const wrong = (p: Tensor | undefined): Tensor => (p as Tensor).sub(targets).square().mean();
  assert.equal(gradsOf(wrong, full([4, 1], 2.5)), [[0, 0, 0, 0]]);
  assert.is(wrong(full([4, 1], 2.5)).itemSync(), 1.25);

  const [A, B, C] = [
    tensor([
      [1, 2],
      [3, 5],
    ]),
    tensor([
      [7, 11],
      [13, 17],
    ]),
    tensor([
      [2, 3, 5],
      [7, 1, 4],
    ]),
  ];
  const [trace] = gradsOf((a) => (a as Tensor).matmul(B).mul(eye(2)).sum(), A);
  assert.equal(trace, values(B.transpose()));
  const [half] = gradsOf((a) => (a as Tensor).matmul(B).square().sum().div(2), A);
  assert.equal(half, values(A.matmul(B).matmul(B.transpose())));
  const dD = tensor([
    [1, -2, 3],
    [0, 4, -5],
  ]);
  const [middle] = gradsOf(
    (b) =>
      A.matmul(b as Tensor)
        .matmul(C)
        .mul(dD)
        .sum(),
    B,
  );
  assert.equal(middle, values(A.transpose().matmul(dD).matmul(C.transpose())));

  const cube = (t: Tensor): Tensor => t.mul(t).mul(t);
  const chain = [cube, grad(cube), grad(grad(cube)), grad(grad(grad(cube)))];
  assert.equal(
    chain.map((f) => f(tensor(2)).itemSync()),
    [8, 12, 12, 6],
  );
  const point = tensor([1, 2], { requiresGrad: true });
  const value = point.slice(0, 1).square().mul(point.slice(1, 2)).sum();
  const [slope] = gradients(value, [point], { createGraph: true }) as [Tensor];
  assert.equal(values(gradients(slope.mul(tensor([1, 0])).sum(), [point])[0]), [4, 2]);

  const tiles: [reads: number, rows: number, columns: number][] = [];
  for (let r = 1; r <= 16; r++) {
    for (let c = 4; c <= 64; c += 4) if ((r * c) / 4 + c / 4 + 1 <= 16) tiles.push([1 / r + 1 / c, r, c]);
  }
  assert.equal(tiles.sort((p, q) => p[0] - q[0])[0], [1 / 6 + 1 / 8, 6, 8]);
});

test('a lesson runs by its number and as a program; an unknown number lists the lessons', async () => {
  const node = promisify(execFile);
  const start = ['--conditions=@varigrad/source', '--import', import.meta.resolve('tsx')];
  const program = (name: string): string => fileURLToPath(new URL(name, LESSONS));
  const byNumber = await node(process.execPath, [...start, program('main.ts'), '1']);
  assert.match(byNumber.stdout, /^LESSON 1 — A SCALAR ENGINE/);
  const asProgram = await node(process.execPath, [...start, program(files[1] as string)]);
  assert.match(asProgram.stdout, /^LESSON 2 — FROM SCALARS TO TENSORS/);
  const unknown = await node(process.execPath, [...start, program('main.ts'), '77']).catch((error) => error);
  assert.is(unknown.code, 2);
  assert.match(unknown.stdout, '03-matmul.ts');
});

test('prose removes the indentation of the program, and keeps that of the text', () => {
  const text = prose`
      one
        two ${'a\nb'}

      three
    `;
  assert.is(text, 'one\n  two a\n      b\n\nthree');
});

test('a table has aligned columns, with numbers on the right', () => {
  assert.is(
    table([
      ['x', 'y'],
      ['long', 1.5],
      ['', 1 / 3],
    ]),
    '\n  x             y\n  long        1.5\n         0.333333',
  );
});

test.run();
