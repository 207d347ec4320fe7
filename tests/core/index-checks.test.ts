/** Indices are checked before they are rounded to float32, and axes that float32 cannot index are refused. */
import {
  argmax,
  einsum,
  gather,
  indexAdd,
  indexSelect,
  init,
  norm,
  oneHot,
  scatterAdd,
  tensor,
  zeros,
} from '@varigrad/core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { refuses } from '../helpers/refuses.js';

await init({ backend: 'reference' });

const x = tensor([
  [1, 2, 3],
  [4, 5, 6],
]);

test('numbers are checked as they were written', () => {
  for (const wrong of [
    2 ** -30,
    1 - 2 ** -40,
    -(2 ** -60),
    -1,
    2,
    Number.NaN,
    Infinity,
    2 ** 24 + 1,
    '1' as never,
  ]) {
    const found = typeof wrong === 'string' ? "'1'" : String(wrong);
    const problem = `an index must be a whole number in 0 … 1, found ${found}`;
    refuses(() => indexSelect(x, [0, wrong]), `indexSelect: ${problem}`);
    refuses(() => indexAdd(x, [0, wrong], 2), `indexAdd: ${problem}`);
    if (typeof wrong === 'number')
      assert.throws(() => oneHot([wrong], 2), /labels must be whole numbers in 0 … 1/);
  }
});

test('tensors of indices are checked, too', () => {
  const wrong = tensor([[0, 0.5, 0]]);
  const problem = 'an index must be a whole number in 0 … 1, found 0.5';
  refuses(() => gather(x, wrong, { axis: 0 }), `gather: ${problem}`);
  refuses(() => scatterAdd(tensor([[1, 1, 1]]), wrong, 2, { axis: 0 }), `scatterAdd: ${problem}`);
  refuses(() => indexSelect(x, tensor([0.5])), `indexSelect: ${problem}`);
  refuses(() => indexAdd(tensor([[1, 1, 1]]), tensor([0.5]), 2), `indexAdd: ${problem}`);
});

test('an axis longer than 2²⁴ is refused wherever indices are involved', () => {
  const long = 2 ** 24 + 1;
  const empty = zeros([long, 0]);
  const none = tensor([], { shape: [0] });
  const problem = `an axis with indices must have at most 16777216 elements (2²⁴, exact in float32), found ${long} — split the axis`;
  refuses(() => indexSelect(empty, [0]), `indexSelect: ${problem}`);
  refuses(() => indexAdd(zeros([0, 2]), none, long), `indexAdd: ${problem}`);
  refuses(() => gather(empty, zeros([1, 0]), { axis: 0 }), `gather: ${problem}`);
  refuses(() => scatterAdd(zeros([0]), none, long), `scatterAdd: ${problem}`);
  refuses(() => argmax(empty, { axis: 0 }), `argmax: ${problem}`);
  assert.equal(indexSelect(zeros([2 ** 24, 0]), [2 ** 24 - 1]).shape, [1, 0]);
});

test('einsum refuses equations that do not fit', () => {
  const fix = "write one letter per axis, as in 'ij,jk->ik'";
  refuses(() => einsum('...i->i', x), `einsum: an ellipsis is not supported: ...i->i — ${fix}`);
  refuses(() => einsum('ij->i->j', x), `einsum: the equation is not valid: ij->i->j — ${fix}`);
  refuses(() => einsum('i1->i', x), `einsum: the equation is not valid: i1->i — ${fix}`);
  refuses(() => einsum(3 as never, x), `einsum: the equation is not valid: 3 — ${fix}`);
  refuses(() => einsum('ij->ik', x), `einsum: 'k' is in no operand: ij->ik — ${fix}`);
  refuses(() => einsum('ij->ii', x), `einsum: 'i' occurs twice in the result: ij->ii — ${fix}`);
  refuses(
    () => einsum('ij,j', x),
    "einsum: there must be one term per operand, found 2 in 'ij,j' and 1 tensors",
  );
  refuses(
    () => einsum('i->i', x),
    "einsum: operand 0 has the letters 'i' and the shape [2, 3] — write one letter per axis",
  );
  refuses(() => einsum('ij,ik->jk', x, zeros([3, 2])), "einsum: 'i' has the lengths 2 and 3");
  refuses(
    () => einsum('ij->i', [[1]] as never),
    'einsum: each operand must be a tensor, found [[1]] — write tensor([[1]])',
  );
});

test('norm refuses an exponent that is not a number', () => {
  refuses(() => norm(x, { p: Number.NaN }), 'norm: p must be a number other than NaN, found NaN');
  refuses(() => norm(x, { p: '2' as never }), "norm: p must be a number other than NaN, found '2'");
  refuses(
    () => norm(zeros([0]), { p: Infinity }),
    'amax: cannot reduce an empty axis (axis 0 of [0] has length 0)',
  );
});

test.run();
