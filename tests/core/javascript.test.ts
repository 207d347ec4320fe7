/** Functions as JavaScript without dependencies. */
import { createReference, rand, type Tensor, tensor, withBackend } from '@varigrad/core';
import { toJavaScript } from '@varigrad/core/export';
import { caseInputs, opCases, toTensor } from '@varigrad/core/testing';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

type Forward = (...inputs: ArrayLike<number>[]) => Float32Array;

/** The function of a script, which cannot use names of this module. */
const forwardOf = (script: string): Forward => new Function(`${script}\nreturn forward;`)();

for (const op of new Set(opCases.map((c) => c.op)))
  test(`${op}: the script has the bits of the reference backend`, () => {
    withBackend(createReference(), () => {
      for (const c of opCases.filter((one) => one.op === op)) {
        // Indices are checked when they are recorded, so whole numbers are constants.
        const operands = caseInputs(c, 2).map(toTensor);
        const isConstant = c.inputs.map(({ below }) => below !== undefined);
        const open = operands.filter((_, i) => !isConstant[i]);
        const script = toJavaScript(
          (...args) => {
            const rest = [...args];
            return c.run(...operands.map((t, i) => (isConstant[i] ? t : rest.shift()!)));
          },
          { inputs: open.map(({ shape }) => shape) },
        );
        const found = forwardOf(script)(...open.map((t) => t.dataSync()));
        const right = c.run(...operands).dataSync();
        assert.is(found.length, right.length, c.label);
        right.forEach((value, i) => {
          assert.ok(
            Object.is(found[i], value),
            `${c.label}: element ${i} must be ${value}, found ${found[i]}`,
          );
        });
      }
    });
  });

test('constants keep their bits, and what depends only on them is computed once', () => {
  const odd = tensor([Number.NaN, Number.NEGATIVE_INFINITY, -0, 2 ** -149, 0.1]);
  const script = toJavaScript((x) => x.add(odd.neg().neg()), { inputs: [[5]] });
  const found = forwardOf(script)([0, 0, -0, 0, 0]);
  assert.equal([...found], [Number.NaN, Number.NEGATIVE_INFINITY, -0, 2 ** -149, Math.fround(0.1)]);
  assert.is(script.match(/varigrad\.kernels\./g)?.length, 1);
});

test('the script needs nothing: no import, no request, no eval', () => {
  const script = toJavaScript((x) => x.exp(), { inputs: [[2]] });
  assert.not.match(script, /\bimport\b|\brequire\b|\beval\b|\bFunction\b|fetch|XMLHttp|document|window/);
  assert.ok(script.length < 16_000, `the kernels take ${script.length} bytes`);
});

test('lists of numbers are rounded to float32, and other sizes refused', () => {
  const forward = forwardOf(toJavaScript((x, y) => x.mul(y), { inputs: [[2], []] }));
  assert.equal(forward([0.1, 1], [3]), Float32Array.of(Math.fround(0.1) * 3, 3));
  assert.throws(() => forward([1], [3]), /^forward: argument 1 must have 2 numbers, found 1$/);
});

test('functions that are more than a computation are refused', () => {
  const inputs = [[2]];
  const outside = tensor([1, 2]);
  const refused: Readonly<Record<string, [(x: Tensor) => Tensor, RegExp]>> = {
    random: [(x) => x.add(rand([2])), /^toJavaScript: the function draws random numbers/],
    'in place': [(x) => tensor([1, 2]).assign(x).add(1), /the function changes a tensor in place/],
    'a number of an argument': [(x) => x.mul(x.dataSync()[0]!), /values are read by dataSync\(\)/],
    'a tensor from outside': [() => outside, /must compute its value from its arguments/],
    'no tensor': [() => 1 as never, /the value of the function must be a tensor, found 1/],
  };
  for (const [name, [f, message]] of Object.entries(refused))
    assert.throws(() => toJavaScript(f, { inputs }), message, name);
  assert.throws(() => toJavaScript((x) => x, {} as never), /toJavaScript: inputs must be an array/);
  assert.throws(() => toJavaScript((x) => x, { inputs: [[-1]] }), /toJavaScript/);
});

test.run();
