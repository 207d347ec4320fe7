/** Formulas are evaluated from their text; explanations are checked against gradients derived by hand. */
import {
  createReference,
  Generator,
  type HostArray,
  linear,
  noGrad,
  randn,
  type Shape,
  type Tensor,
  tensor,
  withBackend,
} from '@varigrad/core';
import { assertClose, caseInputs, evaluator, type OpCase, opCases, toTensor } from '@varigrad/core/testing';
import {
  activations,
  derivativeOf,
  explain,
  formulas,
  type GradientRecord,
  type GradientStory,
  gradientStory,
  type OperationRecord,
  operandName,
  withRecorder,
} from '@varigrad/core/trace';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { refuses } from '../helpers/refuses.js';

const floor = (f: () => void): void => withBackend(createReference(Float64Array), f);

interface Recorded {
  operations: OperationRecord[];
  /** With copies of the values, which are released after the backward pass. */
  gradients: (GradientRecord & { dyValues: HostArray; sent: HostArray })[];
}

/** The operations of one case of the table, and their gradients. */
function record(c: OpCase): Recorded {
  const found: Recorded = { operations: [], gradients: [] };
  const inputs = caseInputs(c, 7).map(toTensor);
  for (const i of c.wrt) inputs[i]!.requiresGrad_();
  const recorder = {
    operation: (r: OperationRecord) => found.operations.push(r),
    gradient: (r: GradientRecord) =>
      found.gradients.push({ ...r, dyValues: r.dy.dataSync(), sent: r.gradient.dataSync() }),
  };
  withRecorder(recorder, () => {
    const out = c.run(...inputs);
    if (out.requiresGrad) out.backward(randn(out.shape, { generator: new Generator(8) }));
  });
  return found;
}

test('every operation in the table of cases has a formula; a function without one is composed of others', () => {
  floor(() => {
    const parts = new Map<string, Set<string>>();
    for (const c of opCases) {
      const names = parts.get(c.op) ?? new Set();
      for (const { op, inputs } of record(c).operations) {
        names.add(op);
        assert.ok(op in formulas, `${c.label}: no formula of ${op}`);
        if (op !== 'concat') assert.ok(inputs.length <= formulas[op]!.operands.length, op);
      }
      parts.set(c.op, names);
    }
    for (const [op, names] of parts) assert.is(names.has(op), op in formulas, op);
  });
});

/** The element of a broadcast operand at a row-major index of the result. */
function at(t: Tensor, place: number, shape: Shape): number {
  let [rest, own, stride] = [place, 0, 1];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const index = rest % shape[axis]!;
    rest = Math.floor(rest / shape[axis]!);
    const length = t.shape[axis - (shape.length - t.rank)];
    if (length === undefined) continue;
    own += (length === 1 ? 0 : index) * stride;
    stride *= length;
  }
  return (t.values as Float64Array)[own]!;
}

/** The variables of the formula at an index of the result; clamp's bounds are not operands. */
function valuesAt(
  record: { inputs: readonly Tensor[]; out: Tensor; params: unknown },
  place: number,
): number[] {
  const { min = 0, max = 0 } = (record.params ?? {}) as { min?: number; max?: number };
  const shape = record.out.shape;
  return [...record.inputs.map((t) => at(t, place, shape)), at(record.out, place, shape), min, max];
}

const names = (op: string): string[] => [...formulas[op]!.operands, 'y', 'low', 'high'];

test('elementwise formulas, evaluated as written, give the values of every case', () => {
  const checked = new Set<string>();
  floor(() => {
    for (const c of opCases) {
      for (const operation of record(c).operations) {
        const formula = formulas[operation.op]!;
        if (!formula.elementwise) continue;
        const value = evaluator(formula.value, names(operation.op));
        const expected = Array.from(operation.out.values as Float64Array, (_, i) =>
          value(...valuesAt(operation, i)),
        );
        assertClose(operation.out.dataSync(), Float64Array.from(expected), { rtol: 1e-9, atol: 1e-9 });
        checked.add(operation.op);
      }
    }
  });
  const all = Object.keys(formulas).filter((op) => formulas[op]!.elementwise);
  // `alias` and `sumOfGradients` are used by differentiation only.
  assert.equal(
    all.filter((op) => !checked.has(op)),
    ['alias', 'sumOfGradients'],
  );
});

test('elementwise derivatives, evaluated as written and summed where an operand was repeated, are the sent gradients', () => {
  const checked = new Set<string>();
  floor(() => {
    for (const c of opCases) {
      const { operations, gradients } = record(c);
      for (const sent of gradients) {
        if (!formulas[sent.op]!.elementwise) continue;
        const operation = operations.find(({ out }) => out === sent.out)!;
        const formula = derivativeOf(sent.op, sent.index);
        assert.ok(formula, `${sent.op} has a derivative for operand ${sent.index}`);
        const derivative = evaluator(formula!, [...names(sent.op), 'dy']);
        const full = Float64Array.from(sent.out.values as Float64Array, (_, i) =>
          derivative(...valuesAt(operation, i), sent.dyValues[i]!),
        );
        const expected = tensor(full, { shape: sent.out.shape }).sumToSize(sent.input.shape);
        assertClose(sent.sent, expected.dataSync(), { rtol: 1e-9, atol: 1e-9 });
        checked.add(`${sent.op} ${sent.index}`);
      }
    }
  });
  const wanted = Object.entries(formulas).flatMap(([op, { derivatives, elementwise }]) =>
    derivatives.flatMap((formula, i) => (elementwise && formula !== null ? [`${op} ${i}`] : [])),
  );
  const left = wanted.filter((use) => !checked.has(use));
  assert.equal(left, ['alias 0', 'sumOfGradients 0', 'sumOfGradients 1']);
});

test('operands without a derivative in the table receive no gradient, and the others do', () => {
  floor(() => {
    const served = new Set(
      opCases.flatMap((c) => record(c).gradients.map(({ op, index }) => `${op} ${index}`)),
    );
    for (const [op, { derivatives, elementwise }] of Object.entries(formulas)) {
      if (elementwise) continue;
      derivatives.forEach((formula, i) => {
        assert.is(served.has(`${op} ${i}`), formula !== null, `${op}, operand ${i}`);
      });
    }
  });
});

test('the activations inside linear', () => {
  floor(() => {
    const u = tensor([[-1.5, -0.2, 0.3, 2]]);
    const weight = tensor([
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
      [0, 0, 0, 1],
    ]);
    for (const [activation, { value, derivative }] of Object.entries(activations)) {
      const x = u.clone().requiresGrad_();
      const y = linear(x, weight, null, { activation: activation as 'none' | 'relu' | 'sigmoid' | 'tanh' });
      y.sum().backward();
      const f = evaluator(value.replace('f(u) = ', ''), ['u']);
      const slope = evaluator(derivative.replace('f′ = ', ''), ['y']);
      assertClose(
        y.dataSync(),
        u.dataSync().map((v) => f(v)),
        { rtol: 1e-12, atol: 1e-12 },
      );
      assertClose(
        x.grad!.dataSync(),
        y.dataSync().map((v) => slope(v)),
        { rtol: 1e-12, atol: 1e-12 },
      );
    }
  });
});

test('names of operands and derivatives beyond the table', () => {
  assert.is(operandName('div', 1), 'b');
  assert.is(operandName('concat', 2), 'x2');
  assert.is(derivativeOf('concat', 2), "the operand's own part of dy");
  assert.is(operandName('customOp', 0), 'operand 0');
  assert.is(derivativeOf('customOp', 0), null);
});

const leaf = (values: number | number[], name: string): Tensor => tensor(values).requiresGrad_().named(name);
const partsOf = (story: GradientStory): (readonly number[] | undefined)[] =>
  story.paths.map(({ gradient }) => gradient.values);

test('every path has its product of local derivatives, and the products add up to the gradient', () => {
  const a = leaf(3, 'a');
  // L = 2a·a + e^a at a = 3: 2·a = 6 along mul(a·2), 2a = 6 along the other factor, e³ along exp.
  const story = gradientStory(() => a.mul(2).mul(a).add(a.exp()), a);
  assert.is(story.pathCount, 3);
  const parts = partsOf(story).map((values) => values![0]!);
  assertClose(
    parts.toSorted((x, y) => x - y),
    [6, 6, Math.exp(3)],
    { rtol: 1e-6, atol: 0 },
  );
  const total = story.graph.nodes[story.target]!.gradient!.values![0]!;
  assertClose([total], [12 + Math.exp(3)], { rtol: 1e-6, atol: 0 });
  assert.is(a.grad, null, 'no gradient is left behind');
});

test('local derivatives of small elementwise operations', () => {
  const [a, b] = [leaf([1, 2], 'a'), leaf([5, 7], 'b')];
  const story = gradientStory(a.mul(b).square().sum(), a);
  const locals = story.locals.map(({ consumer, operand, derivative }) => [
    story.graph.nodes[consumer]!.op,
    operand,
    derivative.values,
  ]);
  assert.equal(locals, [
    ['square', 0, [10, 28]],
    ['mul', 0, [5, 7]],
  ]);
});

test('paths are counted without enumerating them', () => {
  const x = leaf(1, 'x');
  let y = x;
  for (let i = 0; i < 40; i++) y = y.mul(0.5).add(y.mul(0.5));
  const story = gradientStory(y, x, { maxPaths: 5 });
  assert.is(story.pathCount, 2 ** 40);
  assert.is(story.paths.length, 5);
  for (const [part] of partsOf(story).map((values) => values!)) assert.is(part, 2 ** -40);
  assertClose([story.checks[0]!.numeric], [1], { rtol: 1e-6, atol: 0 });
  const text = explain(y, x, { maxPaths: 5 });
  assert.match(text, `1099511627776 paths lead from the loss back to x:`);
  assert.match(text, `… and ${2 ** 40 - 5} more.`);
  assert.match(text, 'operations left out …');
});

test('a graph of many thousand operations does not overflow the stack', () => {
  const x = leaf(1, 'x');
  let y = x;
  for (let i = 0; i < 20_000; i++) y = y.add(0);
  const story = gradientStory(y, x, { check: false });
  assert.is(story.pathCount, 1);
  assert.equal(story.order.length, 20_001);
  assert.equal(story.checks, []);
});

test('the check runs the recorded operations again: steepest elements and a random direction', () => {
  const generator = new Generator(3);
  const w = randn([4, 3], { generator }).requiresGrad_().named('w');
  const x = randn([5, 4], { generator });
  const noise = randn([5, 3], { generator });
  const story = gradientStory(
    () => linear(x, w.transpose(), null, { activation: 'tanh' }).mul(noise).exp().mean(),
    w,
  );
  assert.is(story.checks.length, 4);
  for (const { backward, numeric } of story.checks)
    assert.ok(Math.abs(backward - numeric) < 1e-5, `${backward} ${numeric}`);
  const gradient = story.graph.nodes[story.target]!.gradient!.values!;
  const steepest = Math.max(...gradient.map(Math.abs));
  const [i, j] = story.checks[0]!.index as [number, number];
  assert.is(Math.abs(gradient[3 * i + j]!), steepest);
  assert.is(story.checks[3]!.index, null);
});

test('a wrong derivative is detected', async () => {
  const { apply } = await import('@varigrad/core');
  const wrong = {
    name: 'wrongSquare',
    shape: ([x]: readonly [Shape]) => x,
    forward: (k: never, [x]: readonly [{ values: never }]) =>
      (k as { unary: (f: string, x: never) => never }).unary('square', x.values),
    vjp: (dy: Tensor, [x]: readonly [Tensor]) => [() => dy.mul(x)], // the 2 is missing
  };
  const x = leaf([1, 2], 'x');
  const y = apply(wrong as never, [x], undefined).sum();
  const text = explain(y, x);
  assert.match(text, 'They differ');
  assert.match(text, /\[1\] +2 +4 +5\.0e-1/);
  assert.match(text, 'wrongSquare: y = ?');
});

test('the gradient of the loss itself is 1', () => {
  const x = leaf(2, 'x');
  assert.match(explain(x, x), /Result\n {2}∂loss\/∂x {2}1\n/);
  const loss = x.exp();
  assert.match(explain(loss, loss), /Result\n {2}∂loss\/∂the tensor {2}1\n/);
});

test('gradients and differences that are not finite are not called wrong', () => {
  const x = leaf([0, 1], 'x');
  const text = explain(x.log().sum(), x);
  assert.match(text, 'They cannot be compared: a gradient or a difference is NaN or infinite.');
  assert.not.match(text, 'They differ');
});

test('the text: formulas, broadcasting, sums over consumers, values and the check', () => {
  const x = tensor([
    [1, 2],
    [3, 4],
    [5, 6],
  ]).named('x');
  const b = leaf([1, -1], 'b');
  const text = explain(() => x.add(b).mul(b).sum(), b);
  const lines = text.split('\n').map((line) => line.trim().replace(/ +/g, ' '));
  const has = (line: string): void => assert.ok(lines.includes(line), `no line\n${line}\nin\n${text}`);
  has('∂loss/∂b');
  has('loss = 3');
  has('b [2] = [1, -1]');
  has('2 paths lead from the loss back to b:');
  has('1 sum#4 → mul#3 → add#2 → b gives [3, -3]');
  has('2 sum#4 → mul#3 → b gives [12, 9]');
  has('→ b db = dy, summed over axis 0, along which [2] was repeated to [3, 2] [3, -3] norm 4.243');
  has('→ b db = dy · a, summed over axis 0, along which [2] was repeated to [3, 2] [12, 9] norm 15');
  has('Result: b is used 2 times, and the parts add up');
  has('part from mul#3 [12, 9] norm 15');
  has('part from add#2 [3, -3] norm 4.243');
  has('∂loss/∂b [15, 6]');
  has('They agree.');
  assert.match(text, /mul#3 \[3, 2\] +mul: y = a · b +with a = add#2, b = b +\(explain\.test\.ts:\d+\)/);
});

test('the text of a value in the middle that is used twice', () => {
  const w = leaf([1, 2], 'w');
  const h = w.mul(3).named('h');
  const text = explain(h.square().sum().add(h.sum()), w);
  assert.match(text, /dy +part from square#\d+ +\[6, 12\] +norm/);
  assert.match(text, /dy +part from sum#\d+ +\[1, 1\]/);
  assert.match(text, /dy +sum of the 2 parts +\[7, 13\]/);
  assert.match(text, /∂loss\/∂w +\[21, 39\]/);
});

test('large tensors are printed as statistics, linear with its activation', () => {
  const generator = new Generator(1);
  const w = randn([30, 20], { generator }).requiresGrad_();
  const x = randn([7, 20], { generator });
  const text = explain(linear(x, w, null, { activation: 'relu' }).mean(), w, { names: [['fc.weight', w]] });
  assert.match(text, /fc\.weight \[30, 20\] = \[30, 20\] from -\d.* to \d.*, mean .*, norm \d/);
  assert.match(text, 'f(u) = max(u, 0), f′ = [y > 0]');
  assert.match(text, 'dW = (dy · f′)ᵀ x');
  assert.match(text, 'random direction');
});

test('a tensor that the loss does not depend on, and losses that cannot be explained', () => {
  const [w, v] = [leaf([1, 2], 'w'), leaf([1, 2], 'v')];
  const text = explain(v.sum(), w);
  assert.match(
    text,
    'The loss does not depend on w along recorded operations: the gradient is 0. whyNoGrad(w, loss)',
  );
  const through = gradientStory(w.gt(1.5).mul(v).sum(), w);
  assert.is(through.pathCount, 0);
  const freed = w.sum();
  freed.backward();
  refuses(
    () => explain(freed, w),
    "backward: the graph behind 'sum' was freed by an earlier backward — pass { retainGraph: true } to that call",
  );
  refuses(
    () => explain(w.mul(2), w),
    'gradients: the tensor must be a scalar, found shape [2] — reduce it to a scalar, or pass dy',
  );
  refuses(
    () => explain(() => noGrad(() => w.sum()), w),
    'gradients: the tensor does not require a gradient — set requiresGrad on an input, and compute it outside of noGrad',
  );
});

test('explain changes neither the tape nor gradients', () => {
  const w = leaf([1, 2], 'w');
  const loss = w.square().sum();
  explain(loss, w);
  explain(loss, w);
  assert.is(w.grad, null);
  loss.backward();
  assert.equal([...w.grad!.dataSync()], [2, 4]);
});

test.run();
