/** The testing tools themselves: they must accept correct results and report wrong ones. */
import {
  apply,
  type Backend,
  createReference,
  type Kernels,
  type Op,
  ShapeError,
  type Tensor,
  tensor,
  VarigradError,
} from '@varigrad/core';
import {
  assertClose,
  caseInputs,
  compareBackends,
  GradcheckError,
  gradcheck,
  type OpCase,
  opCase,
  opCases,
} from '@varigrad/core/testing';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const messageOf = (f: () => unknown): string => {
  try {
    f();
  } catch (error) {
    return (error as Error).message;
  }
  return 'no error was thrown';
};

test('assertClose accepts values within the tolerance, in all forms', () => {
  assertClose(tensor([[1, 2]]), [[1.000005, 2]]);
  assertClose(tensor([1, 2]), new Float64Array([1, 2]));
  assertClose([[1], [2]], new Float32Array([1, 2]));
  assertClose(new Float32Array([1, 2]), new Float64Array([1, 2]));
  assertClose(0, 1e-9, { atol: 1e-8 });
  assertClose([Number.NaN, Number.POSITIVE_INFINITY, -0], [Number.NaN, Number.POSITIVE_INFINITY, 0]);
  assertClose(tensor([[], []]), [[], []]);
  assertClose([100, 1], [101, 1], { rtol: 0.01 });
});

test('assertClose refuses what it cannot compare', () => {
  const [x, y] = [tensor([1]), tensor([2])];
  const refused: readonly [unknown, unknown, object, RegExp][] = [
    [x.data(), y.data(), {}, /an operand must be a tensor, .* found a promise — await it first$/],
    [undefined, undefined, {}, /an operand must be a tensor, .* found undefined$/],
    [{}, {}, {}, /an operand must be .* found \{\}$/],
    [true, false, {}, /an operand must be .* found true$/],
    [[[1, 2], [3]], [[1, 2], [3]], {}, /nested arrays are ragged/],
    [1, 100, { rtol: Number.NaN }, /rtol must be a number of at least 0, found NaN/],
    [1, 100, { atol: Number.NaN }, /atol must be a number of at least 0, found NaN/],
    [1, 5, { atol: '1' }, /atol must be a number of at least 0, found '1'/],
  ];
  for (const [actual, expected, options, message] of refused)
    assert.throws(() => assertClose(actual as never, expected as never, options), message);
});

test('assertClose reports how many elements differ, and the worst one', () => {
  assert.is(
    messageOf(() =>
      assertClose(
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
        [
          [1, 2, 3.5],
          [4, 7, 6],
        ],
      ),
    ),
    'assertClose: 2 of 6 elements differ, most at [1, 1]: expected 7, found 5 (difference 2, rtol 0.00001, atol 0)',
  );
  assert.is(
    messageOf(() => assertClose(1, 1.25, { rtol: 0.1, atol: 0.01 })),
    'assertClose: 1 of 1 elements differ, most at []: expected 1.25, found 1 (difference 0.25, rtol 0.1, atol 0.01)',
  );
  assert.throws(
    () => assertClose([1], [2]),
    (error: unknown) => error instanceof VarigradError,
  );
});

test('assertClose: NaN and infinities are close only to themselves', () => {
  for (const [a, b] of [
    [Number.NaN, 1],
    [1, Number.NaN],
    [Infinity, 1],
    [1, Infinity],
    [Infinity, -Infinity],
  ]) {
    assert.match(
      messageOf(() => assertClose([a!], [b!], { rtol: 10, atol: 10 })),
      '1 of 1 elements differ',
    );
  }
});

test('assertClose compares shapes', () => {
  assert.is(
    messageOf(() => assertClose([1, 2], [[1, 2]])),
    'assertClose: shapes differ: found [2], expected [1, 2]',
  );
  assert.is(
    messageOf(() => assertClose(tensor([1, 2]), new Float32Array(3))),
    'assertClose: shapes differ: found [2], expected [3]',
  );
  assert.throws(
    () => assertClose(1, [1]),
    (error: unknown) => error instanceof ShapeError,
  );
});

/** x³ with a given derivative. */
function cube(derivative: (dy: Tensor, x: Tensor) => Tensor): (x: Tensor) => Tensor {
  const op: Op<readonly [Tensor]> = {
    name: 'cube',
    shape: ([x]) => x,
    forward: (k, [x], _, out) => k.binary('mul', { values: k.unary('square', x.values), shape: out }, x, out),
    vjp: (dy, [x]) => [() => derivative(dy, x)],
  };
  return (x) => apply(op, [x], undefined);
}

test('gradcheck accepts the right derivative and returns its error', () => {
  const right = cube((dy, x) => dy.mul(x.square().mul(3)));
  const error = gradcheck(right, [tensor([0.5, -1, 2])], { order: 2 });
  assert.ok(error >= 0 && error < 1e-9, String(error));
});

test('gradcheck refuses a derivative that is wrong by one part in 100,000', () => {
  const wrong = cube((dy, x) => dy.mul(x.square().mul(3.00003)));
  let caught: unknown;
  try {
    gradcheck(wrong, [tensor([0.5, -1, 2])], { name: 'cube' });
  } catch (error) {
    caught = error;
  }
  assert.instance(caught, GradcheckError);
  const { op, input, order, analytic, numeric, message } = caught as GradcheckError;
  assert.equal([op, input, order], ['gradcheck', 0, 1]);
  assertClose(analytic / numeric, 1.00001, { rtol: 1e-9 });
  assert.is(
    message,
    `gradcheck: cube: gradient with respect to input 0 ([3]): analytic ${analytic}, numeric ${numeric} — they must agree within 0.000001`,
  );
});

test('gradcheck of order 2 finds an error that order 1 cannot find', () => {
  // The value is right, but x is detached, so the second derivative is lost.
  const detached = cube((dy, x) => dy.mul(x.detach().square().mul(3)));
  gradcheck(detached, [tensor([0.5, -1, 2])]);
  const second = messageOf(() => gradcheck(detached, [tensor([0.5, -1, 2])], { order: 2 }));
  assert.match(
    second,
    /^gradcheck: f: second derivative with respect to input 0 \(\[3\]\): analytic 0, numeric /,
  );

  const constantDy = cube((dy, x) => dy.detach().mul(x.square().mul(3)));
  gradcheck(constantDy, [tensor([0.5, -1, 2])]);
  const byDy = messageOf(() => gradcheck(constantDy, [tensor([0.5, -1, 2])], { order: 2 }));
  assert.match(byDy, /^gradcheck: f: second derivative with respect to dy: analytic 0, numeric /);
});

test('gradcheck checks every input, or those of `wrt`', () => {
  const halfWrong = (a: Tensor, b: Tensor): Tensor => a.mul(b.detach());
  const inputs = [tensor([1, 2]), tensor([3, 4])];
  assert.match(
    messageOf(() => gradcheck(halfWrong, inputs)),
    /gradient with respect to input 1 \(\[2\]\): analytic 0/,
  );
  gradcheck(halfWrong, inputs, { wrt: [0], order: 2 });
});

test('gradcheck accepts a function that does not depend on its input, in both orders', () => {
  for (const order of [1, 2] as const)
    assert.is(
      gradcheck(() => tensor([1, 2]), [tensor([3])], { order }),
      0,
    );
});

test('gradcheck refuses another order, numbers of no input, and a function without a tensor', () => {
  const check = (options: object, f: unknown = (x: Tensor) => x.exp()) =>
    messageOf(() => gradcheck(f as (x: Tensor) => Tensor, [tensor([1])], options));
  assert.is(check({ order: 3 }), 'gradcheck: order must be 1 or 2, found 3');
  assert.is(check({ order: '2' }), "gradcheck: order must be 1 or 2, found '2'");
  for (const wrt of [[1], [-1], [0.5], 0])
    assert.match(check({ wrt }), /^gradcheck: wrt must be numbers of the 1 inputs, from 0, found /);
  assert.is(
    check({}, () => undefined),
    'gradcheck: the value of the function must be a tensor, found undefined',
  );
});

test('gradcheck refuses NaN', () => {
  assert.match(
    messageOf(() => gradcheck((x) => x.log(), [tensor([-1])])),
    'numeric NaN',
  );
});

test('caseInputs: equal seeds give equal operands, different seeds different ones', () => {
  const c = opCases.find((one) => one.op === 'add') as OpCase;
  const data = (seed: number) => caseInputs(c, seed).map((input) => input.data);
  assert.equal(data(1), data(1));
  assert.not.equal(data(1), data(2));
});

test('opCase: index operands are not differentiated unless `wrt` lists them', () => {
  const inputs = [{ shape: [2] }, { shape: [1], below: 2 }];
  const run = (x: Tensor): Tensor => x;
  const c = opCase('name', inputs, run, (x) => x, { note: 'note' });
  assert.is(c.label, 'name [2] [1] note');
  assert.equal(c.wrt, [0]);
  assert.equal(opCase('name', inputs, run, (x) => x, { wrt: [] }).wrt, []);
});

const float64 = createReference(Float64Array) as Backend;

test('compareBackends: float32 agrees with float64 within 1e-5, and with itself exactly', async () => {
  const float32 = createReference() as Backend;
  assert.equal(await compareBackends(float64, float32, { tolerance: 1e-5 }), []);
  assert.equal(await compareBackends(float32, float32, { tolerance: 0 }), []);
});

test('compareBackends: with a tolerance of 0, float32 and float64 differ', async () => {
  const differences = await compareBackends(float64, createReference() as Backend, { tolerance: 1e-12 });
  assert.ok(differences.some((d) => d.what === 'forward'));
  assert.ok(differences.some((d) => d.what === 'gradient of input 0'));
});

/** The reference with one kernel replaced. */
function withKernel(replace: (kernels: Kernels) => Partial<Kernels>): Backend {
  const plain = createReference() as Backend;
  return { ...plain, name: 'broken', kernels: { ...plain.kernels, ...replace(plain.kernels) } };
}

test('compareBackends finds a wrong kernel: in values, gradients, shapes, or non-finite results', async () => {
  const wrongExp = withKernel((k) => ({
    unary: (kind, x) => (kind === 'exp' ? k.unary('neg', x) : k.unary(kind, x)),
  }));
  const found = await compareBackends(float64, wrongExp);
  const of = (op: string) => found.filter((d) => d.case.startsWith(`${op} `));
  assert.ok(of('exp').some((d) => d.what === 'forward'));
  assert.ok(of('elu').every((d) => d.what !== 'forward'));
  assert.ok(of('elu').some((d) => d.what === 'gradient of input 0'));
  assert.is(of('sin').length, 0);

  const notANumber = withKernel((k) => ({
    unary: (kind, x) => (kind === 'sin' ? k.fill(x.length, Number.NaN) : k.unary(kind, x)),
  }));
  const sines = await compareBackends(float64, notANumber, { cases: opCases.filter((c) => c.op === 'sin') });
  assert.ok(sines.length > 0);
  assert.ok(sines.every((d) => d.error === Number.POSITIVE_INFINITY));
});

test.run();
