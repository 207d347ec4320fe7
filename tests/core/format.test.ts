/** Printing of arrays. Expected texts are written by hand from the rules of PyTorch and NumPy. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formatArray } from '../../packages/core/src/format.js';
import { refuses } from '../helpers/refuses.js';

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const lines = (...all: string[]): string => all.join('\n');
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

test('scalars and empty arrays', () => {
  assert.is(formatArray([3], []), '3.');
  assert.is(formatArray([0.5], []), '0.5000');
  assert.is(formatArray([], [0]), '[]');
  assert.is(formatArray([], [2, 0, 3]), '[]');
  assert.is(formatArray([], [5000, 0]), '[]');
  assert.is(formatArray([7], [1, 1]), '[[7.]]');
});

test('whole numbers end in a point, right-aligned', () => {
  assert.is(formatArray([1, 2, 3], [3]), '[1., 2., 3.]');
  assert.is(formatArray([1, -2, 100], [3]), '[  1.,  -2., 100.]');
  assert.is(formatArray([0, -0], [2]), '[ 0., -0.]');
  assert.is(formatArray([1, 59999, 99999999], [3]), '[       1.,    59999., 99999999.]');
});

test('other numbers have four decimals', () => {
  assert.is(formatArray([1.5, -2, 10.00004], [3]), '[ 1.5000, -2.0000, 10.0000]');
  assert.is(formatArray(Float32Array.of(0.1, 0.25), [2]), '[0.1000, 0.2500]');
  assert.is(formatArray([-0, 0.5], [2]), '[-0.0000,  0.5000]');
});

test('nan and inf do not change the format of the other numbers', () => {
  assert.is(formatArray([1.5, nan, inf, -inf], [4]), '[1.5000,    nan,    inf,   -inf]');
  assert.is(formatArray([1, nan, -inf], [3]), '[  1.,  nan, -inf]');
  assert.is(formatArray([nan], [1]), '[nan]');
});

test('scientific when the largest is more than 1000 times the smallest, or from 1e8, or below 1e-4', () => {
  assert.is(formatArray([0.5, 500], [2]), '[  0.5000, 500.0000]');
  assert.is(formatArray([0.5, 500.5], [2]), '[5.0000e-01, 5.0050e+02]');
  assert.is(formatArray([0, 0.5], [2]), '[0.0000, 0.5000]');
  assert.is(formatArray([0.0001, 0.0002], [2]), '[0.0001, 0.0002]');
  assert.is(formatArray([0.00005, 0], [2]), '[5.0000e-05, 0.0000e+00]');
  assert.is(formatArray([1e8], [1]), '[1.0000e+08]');
  assert.is(formatArray([-1.5e120, inf, 1e8], [3]), '[-1.5000e+120,          inf,   1.0000e+08]');
});

test('rows and blocks are separated as in PyTorch', () => {
  assert.is(formatArray([1, 2, 3, 10], [2, 2]), lines('[[ 1.,  2.],', ' [ 3., 10.]]'));
  const expected = lines('[[[0., 1.],', '  [2., 3.]],', '', ' [[4., 5.],', '  [6., 7.]]]');
  assert.is(formatArray(upTo(8), [2, 2, 2]), expected);
  const deep = lines('[[[[0.],', '   [1.]]],', '', '', ' [[[2.],', '   [3.]]]]');
  assert.is(formatArray(upTo(4), [2, 1, 2, 1]), deep);
});

test('a row longer than 80 columns continues below its first number', () => {
  const expected = lines(
    '[ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11., 12., 13., 14., 15.,',
    ' 16., 17.]',
  );
  assert.is((expected.split('\n')[0] as string).length, 80);
  assert.is(formatArray(upTo(18), [18]), expected);
  const inner = formatArray(upTo(36), [2, 18]).split('\n');
  assert.is(inner[0], '[[ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11., 12., 13., 14.,');
  assert.is(inner[1], '  15., 16., 17.],');
  assert.is(inner[2], ' [18., 19., 20., 21., 22., 23., 24., 25., 26., 27., 28., 29., 30., 31., 32.,');
});

test('values that do not fill the shape are refused', () => {
  refuses(() => formatArray([1, 2], [3]), 'formatArray: 2 values do not fill [3], which has 3 elements');
  refuses(() => formatArray([1, 2], []), 'formatArray: 2 values do not fill [], which has 1 elements');
});

test('indent aligns later lines with the first, as in tensor(…)', () => {
  // What PyTorch prints for torch.arange(30.)
  const expected = lines(
    'tensor([ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11., 12., 13.,',
    '        14., 15., 16., 17., 18., 19., 20., 21., 22., 23., 24., 25., 26., 27.,',
    '        28., 29.])',
  );
  assert.is(`tensor(${formatArray(upTo(30), [30], { indent: 7 })})`, expected);
  assert.is(formatArray(upTo(4), [2, 2], { indent: 7 }), lines('[[0., 1.],', '        [2., 3.]]'));
});

test('more than 1000 elements: three from each end of every axis', () => {
  assert.is(formatArray(upTo(1001), [1001]), '[   0.,    1.,    2., ...,  998.,  999., 1000.]');
  assert.not.match(formatArray(upTo(1000), [1000]), /\.\.\./);
  const expected = lines(
    '[[   0.,    1.,    2., ...,   97.,   98.,   99.],',
    ' [ 100.,  101.,  102., ...,  197.,  198.,  199.],',
    ' [ 200.,  201.,  202., ...,  297.,  298.,  299.],',
    ' ...,',
    ' [4700., 4701., 4702., ..., 4797., 4798., 4799.],',
    ' [4800., 4801., 4802., ..., 4897., 4898., 4899.],',
    ' [4900., 4901., 4902., ..., 4997., 4998., 4999.]]',
  );
  assert.is(formatArray(upTo(5000), [50, 100]), expected);
  const short = lines(
    '[[   0.,    1.,    2., ..., 1997., 1998., 1999.],',
    ' [2000., 2001., 2002., ..., 3997., 3998., 3999.]]',
  );
  assert.is(formatArray(upTo(4000), [2, 2000]), short);
});

test('elements that are not shown do not change the format', () => {
  const values = upTo(2001);
  values[1000] = 1e-9;
  assert.is(formatArray(values, [2001]), '[   0.,    1.,    2., ..., 1998., 1999., 2000.]');
});

test('options: precision, threshold, edgeItems and lineWidth', () => {
  assert.is(formatArray([0.125, 2], [2], { precision: 2 }), '[0.13, 2.00]');
  assert.is(formatArray(upTo(5), [5], { threshold: 4, edgeItems: 1 }), '[0., ..., 4.]');
  assert.is(formatArray(upTo(6), [6], { threshold: 5 }), '[0., 1., 2., 3., 4., 5.]');
  assert.is(formatArray(upTo(4), [4], { lineWidth: 9 }), lines('[0., 1.,', ' 2., 3.]'));
  assert.is(formatArray(upTo(2), [2], { lineWidth: 1 }), lines('[0.,', ' 1.]'));
});

test.run();
