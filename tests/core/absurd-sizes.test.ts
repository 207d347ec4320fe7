/** Sizes that no machine has are refused with a sentence, before memory is requested. */
import {
  arange,
  createReference,
  createWasm,
  expand,
  eye,
  formatArray,
  full,
  Generator,
  indexAdd,
  linspace,
  oneHot,
  ones,
  pad,
  rand,
  randn,
  randperm,
  scope,
  setBackend,
  stack,
  type Tensor,
  tensor,
  VarigradError,
  zeros,
} from '@varigrad/core';
import { nearest } from '@varigrad/core/checks';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { allocate } from '../../packages/core/src/backend/allocate.js';
import { refuses } from '../helpers/refuses.js';

setBackend(createReference());

const most = (op: string, shape: string): string =>
  `${op}: ${shape} is too large: a tensor and each of its axes have at most 2³⁰ elements (4 GiB) — use smaller tensors`;

const column = ones([100_000, 1]);
const row = ones([1, 100_000]);

const TOO_LARGE: readonly (readonly [call: () => unknown, message: string])[] = [
  [() => eye(1e6), most('eye', '[1000000, 1000000]')],
  [() => eye(1e200), most('eye', '[1e+200]')],
  [() => arange(1e12), most('arange', '[1000000000000]')],
  [() => arange(0, 1, 1e-12), most('arange', '[1000000000000]')],
  [() => linspace(0, 1, 1e12), most('linspace', '[1000000000000]')],
  [() => oneHot([0, 1], 1e12), most('oneHot', '[1000000000000]')],
  [() => oneHot(new Uint8Array(2000), 1e6), most('oneHot', '[2000, 1000000]')],
  [() => zeros([1e200, 1e200]), most('zeros', '[1e+200, 1e+200]')],
  [() => zeros([1e200, 0]), most('zeros', '[1e+200, 0]')],
  [() => ones([40_000, 40_000]), most('ones', '[40000, 40000]')],
  [() => full([1e10], 1), most('full', '[10000000000]')],
  [() => rand([1e5, 1e5]), most('rand', '[100000, 100000]')],
  [() => randn([1e5, 1e5]), most('randn', '[100000, 100000]')],
  [() => tensor([1], { shape: [1e200, 1e200] }), most('tensor', '[1e+200, 1e+200]')],
  [() => expand(ones([1]), [1e12]), most('expand', '[1000000000000]')],
  [() => pad(ones([1]), [[1e12, 0]]), most('pad', '[1000000000001]')],
  [() => pad(ones([1]), [[1e300, 1e300]]), most('pad', '[2e+300]')],
  [() => column.add(row), most('add', '[100000, 100000]')],
  [() => column.matmul(row), most('matmul', '[100000, 100000]')],
  [() => column.where(row, row), most('where', '[100000, 100000]')],
  [() => stack(new Array(20_000).fill(column)), most('concat', '[20000, 100000, 1]')],
  [() => indexAdd(ones([1]), tensor([0]), 1e12), most('indexAdd', '[1000000000000]')],
  [() => randperm(1e12), most('randperm', '[1000000000000]')],
  [
    () => randperm(2 ** 24 + 1),
    'randperm: an axis with indices must have at most 16777216 elements (2²⁴, exact in float32), found 16777217 — split the axis',
  ],
  [() => new Generator(0).uniform(1e12), most('Generator', '[1000000000000]')],
  [() => new Generator(0).words(1e12), most('Generator', '[1000000000000]')],
];

test('tensors of more than 2³⁰ elements are refused', () => {
  for (const [call, message] of TOO_LARGE) refuses(call, message);
});

test('counts that are no whole numbers are refused', () => {
  refuses(
    () => new Generator(0).permutation(1e12),
    'permutation: the count must be a whole number from 0 to 2³⁰, found 1000000000000',
  );
  refuses(
    () => new Generator(0).take(Number.NaN),
    'Generator: the number of samples must be a whole number of at least 0, found NaN',
  );
  refuses(
    () => arange(-1e308, 1e308),
    'arange: axis lengths must be integers ≥ 0, found Infinity in [Infinity]',
  );
  refuses(() => linspace(0, 1, 2.5), 'linspace: axis lengths must be integers ≥ 0, found 2.5 in [2.5]');
});

test('a tensor has at most 64 axes', () => {
  const axes = new Array<number>(100_000).fill(1);
  refuses(() => zeros(axes), 'zeros: a tensor has at most 64 axes, found 100000');
  refuses(() => ones([1]).reshape(axes), 'reshape: a tensor has at most 64 axes, found 100000');
  const widest = ones(axes.slice(0, 64));
  refuses(() => widest.unsqueeze(0), 'reshape: a tensor has at most 64 axes, found 65');
  assert.match(String(widest), '1.');
});

test('the largest sizes of an empty tensor are allowed', () => {
  assert.is(zeros([0, 40_000, 40_000]).size, 0);
});

test('split into more than 64 pieces', () => {
  assert.is(arange(100_000).split(1).length, 100_000);
  assert.is(arange(200).split(new Array(200).fill(1)).length, 200);
});

test('toArray refuses more rows than an array can hold', async () => {
  let found: unknown;
  await zeros([2 ** 30, 0])
    .toArray()
    .catch((error) => {
      found = error;
    });
  assert.ok(found instanceof VarigradError);
  assert.is(found.message, 'toArray: [1073741824, 0] has 1073741824 rows — read data() instead');
  assert.equal(await zeros([2, 0, 3]).toArray(), [[], []]);
});

test('arrays that contain themselves, or are nested too deeply, are refused', () => {
  const itself: unknown[] = [];
  itself.push(itself);
  const deep: unknown[] = [];
  for (let i = 0, inner = deep; i < 50_000; i++) {
    const next: unknown[] = [];
    inner.push(next);
    inner = next;
  }
  let doubled: unknown = [1, 1];
  for (let i = 0; i < 60; i++) doubled = [doubled, doubled];
  const levels = 'tensor: nested arrays have at most 64 levels, found more — does an array contain itself?';
  refuses(() => tensor(itself as never), levels);
  refuses(() => tensor(deep as never), levels);
  assert.throws(() => tensor(doubled as never), /tensor: \[2, 2, .* is too large/);
  for (const wrong of [itself, deep, doubled]) {
    assert.throws(() => ones([2]).add(wrong as never), /add: an operand must be a tensor or a number/);
    assert.throws(() => ones([2]).sum(wrong as never), /sum: options must be an object/);
    assert.throws(() => zeros(wrong as never), /zeros: axis lengths must be integers ≥ 0/);
  }
});

test('a scope may return an object that contains itself, or a very deep or long one', () => {
  interface Node {
    value?: Tensor;
    next?: Node;
  }
  const { first, freed } = scope(() => {
    const start: Node = { value: tensor([1]) };
    let end = start;
    for (let i = 0; i < 50_000; i++) {
      end.next = {};
      end = end.next;
    }
    end.value = tensor([2]);
    end.next = start;
    return { first: start, freed: tensor([3]), many: new Array(300_000).fill(start) };
  });
  let last = first;
  while (last.next !== undefined && last.next !== first) last = last.next;
  assert.is(first.value?.itemSync(), 1);
  assert.is(last.value?.itemSync(), 2);
  assert.is(freed.itemSync(), 3);
});

test('an allocation that the host refuses is a sentence', () => {
  refuses(
    () => allocate('reference', 3 * 2 ** 40, () => new Float32Array(2 ** 52)),
    'reference: out of memory: the host cannot allocate 3145728 MiB — use smaller tensors, or fewer at a time',
  );
  const other = (): never => {
    throw new TypeError('another error');
  };
  assert.throws(() => allocate('reference', 1, other), /another error/);
});

test('a whole large array can be printed', () => {
  const text = formatArray(new Float32Array(300_000).fill(0.5), [300_000], {
    threshold: Number.POSITIVE_INFINITY,
  });
  assert.is(text.match(/0\.5000/g)?.length, 300_000);
});

test('a name of 120,000 letters is compared at once, and the message shows its start', () => {
  const name = 'x'.repeat(120_000);
  const words = Array.from({ length: 200_000 }, (_, i) => `word ${i}`);
  const start = performance.now();
  assert.is(nearest(name, ['learningRate', name]), -1);
  assert.is(nearest('lerningRate', ['beta1', 'learningRate', 'lerningrat']), 1);
  assert.is(nearest('word 10', words), 10);
  refuses(
    () => ones([2]).sum({ [name]: 1 } as never),
    `sum: unknown option '${'x'.repeat(40)}…' (options: axis, keepDims)`,
  );
  assert.ok(performance.now() - start < 2000);
});

test('wasm refuses what does not fit into its memory', () => {
  const wasm = createWasm({ threads: 1 });
  assert.throws(() => wasm.upload({ length: 2 ** 40 }), /wasm: out of memory: the host cannot allocate/);
  wasm.dispose();
});

test.run();
