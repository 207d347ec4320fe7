/** Names and types of PyTorch's files: batch normalization, rules for names, halves, and files of torch.save. */
import { randn } from '@varigrad/core';
import {
  BatchNorm1d,
  BatchNorm2d,
  decodeSafetensors,
  encodeSafetensors,
  inverseNames,
  Linear,
  renameStateDict,
  Sequential,
  type StateDict,
  StateDictError,
} from '@varigrad/nn';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BFLOAT16, FLOAT16, fromHalf, toHalf } from '../../packages/nn/src/half-floats.js';
import { refuses } from '../helpers/refuses.js';

test("batch normalization has PyTorch's names, and counts its batches in training", () => {
  const norm = new BatchNorm1d(3);
  assert.equal(Object.keys(norm.stateDict()), [
    'weight',
    'bias',
    'running_mean',
    'running_var',
    'num_batches_tracked',
  ]);
  for (let batch = 0; batch < 3; batch++) norm.forward(randn([4, 3]));
  norm.eval().forward(randn([4, 3]));
  assert.equal(norm.stateDict().num_batches_tracked, { shape: [], data: Float32Array.of(3) });
  assert.is(norm.numBatchesTracked.itemSync(), 3);
  assert.equal(norm.runningMean.dataSync(), norm.stateDict().running_mean!.data);
});

test('batch normalization is loaded from the older names, and without the number of batches', () => {
  const { weight, bias, running_mean, running_var } = new BatchNorm2d(2).stateDict();
  const mean = { shape: [2], data: Float32Array.of(5, 6) };
  const old = new Sequential(new BatchNorm2d(2));
  old.loadStateDict({
    '0.weight': weight!,
    '0.bias': bias!,
    '0.runningMean': mean,
    '0.runningVar': running_var!,
  });
  assert.equal(old.stateDict()['0.running_mean'], mean);
  const lacks = new Sequential(new BatchNorm2d(2));
  try {
    lacks.loadStateDict({ '0.weight': weight!, '0.bias': bias!, '0.running_mean': running_mean! });
    assert.unreachable();
  } catch (error) {
    assert.instance(error, StateDictError);
    assert.equal((error as StateDictError).missing, ['0.running_var']);
  }
});

const value = (x: number) => ({ shape: [1], data: Float32Array.of(x) });
const state = (...names: readonly string[]): StateDict =>
  Object.fromEntries(names.map((name, i) => [name, value(i)]));

test('rules rename the starts of names: the longest one applies, and * is one part', () => {
  const old = state('fc1.weight', 'fc10.weight', 'blocks.3.0.bias', 'blocks.3.1.bias', '__proto__.x');
  const names = { fc1: 'encoder.hidden', blocks: 'rest', 'blocks.*.0': 'layers.*' };
  const renamed = renameStateDict(old, names);
  assert.equal(Object.keys(renamed), [
    'encoder.hidden.weight',
    'fc10.weight',
    'layers.3.bias',
    'rest.3.1.bias',
    '__proto__.x',
  ]);
  assert.equal(
    Object.values(renamed).map(({ data }) => data[0]),
    [0, 1, 2, 3, 4],
  );
  assert.equal(renameStateDict(renamed, inverseNames(names)), old);
  assert.equal(Object.keys(renameStateDict(state('module.a.b'), { module: '' })), ['a.b']);
  assert.equal(Object.keys(renameStateDict(state('a.b'), { '': 'model' })), ['model.a.b']);
});

test('loadStateDict renames, and other names are missing and unexpected as before', () => {
  const model = new Sequential(new Linear(2, 3), new Linear(3, 1));
  const [first, second] = [new Linear(2, 3), new Linear(3, 1)].map((layer) => layer.stateDict());
  const torch = Object.fromEntries([
    ...Object.entries(first!).map(([name, saved]) => [`fc1.${name}`, saved]),
    ...Object.entries(second!).map(([name, saved]) => [`fc2.${name}`, saved]),
  ]);
  model.loadStateDict(torch, { rename: { fc1: '0', fc2: '1' } });
  assert.equal(model.stateDict()['1.weight'], second!.weight);
  const before = model.stateDict();
  assert.throws(
    () => model.loadStateDict(torch, { rename: { fc1: '0' } }),
    /missing: 1\.weight, 1\.bias; unexpected: fc2/,
  );
  assert.equal(model.stateDict(), before);
});

test('rules that cannot be meant are refused', () => {
  refuses(
    () => renameStateDict(state('a'), { a: 'b.*' }),
    "renameStateDict: 'a' must become a name with 0 parts '*', found 'b.*'",
  );
  refuses(
    () => renameStateDict(state('a'), { a: 3 } as never),
    "renameStateDict: 'a' must become a name with 0 parts '*', found 3",
  );
  refuses(
    () => new Linear(1, 1).loadStateDict(state('a'), { rename: ['a', 'b'] as never }),
    "renameStateDict: names must be an object such as { fc1: 'encoder.mu' }, found ['a', 'b']",
  );
  refuses(
    () => renameStateDict(state('a.x', 'b.x'), { a: 'b' }),
    "renameStateDict: 'a.x' and 'b.x' would both be named 'b.x'",
  );
  refuses(
    () => inverseNames({ a: 'c', b: 'c' }),
    'inverseNames: two rules have the same new name, so the old one is unknown',
  );
});

/** Every value of a format, in order of size, from its definition. */
const positives = (exponentBits: number, fractionBits: number): number[] => {
  const least = 2 - 2 ** (exponentBits - 1);
  return Array.from({ length: (2 ** exponentBits - 1) * 2 ** fractionBits }, (_, i) => {
    const [exponent, fraction] = [
      Math.floor(i / 2 ** fractionBits),
      (i % 2 ** fractionBits) / 2 ** fractionBits,
    ];
    return exponent === 0 ? fraction * 2 ** least : (1 + fraction) * 2 ** (exponent - 1 + least);
  });
};

for (const [name, format, most] of [
  ['F16', FLOAT16, 65504],
  ['BF16', BFLOAT16, (2 - 2 ** -7) * 2 ** 127],
] as const) {
  test(`${name}: every value is written as itself, a value between two as the nearest, halfway as the even one`, () => {
    const values = positives(format.exponentBits, format.fractionBits);
    assert.is(values.at(-1), most);
    for (let i = 0; i < values.length; i++) {
      const exact = values[i]!;
      if (
        toHalf(exact, format) !== i ||
        toHalf(-exact, format) !== 0x8000 + i ||
        fromHalf(i, format) !== exact
      )
        assert.unreachable(`${exact} is written as ${toHalf(exact, format)}, not ${i}`);
      const next = values[i + 1];
      if (next === undefined) continue;
      const half = exact + (next - exact) / 2;
      const [below, above] = [half - (next - exact) * 1e-6, half + (next - exact) * 1e-6];
      assert.equal(
        [toHalf(below, format), toHalf(half, format), toHalf(above, format)],
        [i, i + (i % 2), i + 1],
      );
    }
    const infinity = values.length;
    const last = most + (most - values.at(-2)!) / 2;
    assert.equal(
      [last * (1 - 1e-6), last, Number.POSITIVE_INFINITY].map((x) => toHalf(x, format)),
      [infinity - 1, infinity, infinity],
    );
    assert.ok(Number.isNaN(fromHalf(toHalf(Number.NaN, format), format)));
    assert.is(toHalf(-0, format), 0x8000);
  });
}

test('F16 and BF16 files are read back with the nearest values; scalars stay F32', () => {
  const tensors: StateDict = {
    w: { shape: [2, 2], data: Float32Array.of(1, -0.1, 3e-5, Number.NEGATIVE_INFINITY) },
    num_batches_tracked: { shape: [], data: Float32Array.of(100_001) },
  };
  for (const dtype of ['F16', 'BF16'] as const) {
    const format = dtype === 'F16' ? FLOAT16 : BFLOAT16;
    const bytes = encodeSafetensors(tensors, { note: 'x' }, { dtype });
    const { tensors: read, metadata, converted } = decodeSafetensors(bytes);
    assert.equal(read.num_batches_tracked, tensors.num_batches_tracked);
    assert.equal(
      [...read.w!.data],
      [...tensors.w!.data].map((x) => fromHalf(toHalf(x, format), format)),
    );
    assert.equal(converted, [{ name: 'w', dtype, rounded: 0 }]);
    assert.equal(metadata, { note: 'x' });
  }
  assert.equal(encodeSafetensors(tensors, {}, { dtype: 'F32' }), encodeSafetensors(tensors));
});

test('values beyond a half, and unknown types, are refused', () => {
  const large = { w: { shape: [2], data: Float32Array.of(1, 65520) } };
  refuses(
    () => encodeSafetensors(large, {}, { dtype: 'F16' }),
    "encodeSafetensors: 'w' has 65520 at index 1, which is infinite in F16 — write BF16 or F32",
  );
  assert.is(decodeSafetensors(encodeSafetensors(large, {}, { dtype: 'BF16' })).tensors.w!.data[1], 65536);
  refuses(
    () => encodeSafetensors(large, {}, { dtype: 'f16' } as never),
    "encodeSafetensors: dtype must be one of 'F32', 'F16', 'BF16', found 'f16' — did you mean 'F16'?",
  );
});

/** The first bytes of files by torch.save: an archive of PyTorch 1.6 or later, and the magic number of older ones. */
const TORCH_FILES = [
  'PK\x03\x04\x00\x00\x08\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\n\x00\x18\x00x/data.pklFB\x14\x00ZZZZ',
  '\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02',
];

test('a .pt file is refused with the three lines that convert it', () => {
  for (const text of TORCH_FILES)
    refuses(
      () => decodeSafetensors(Buffer.from(text, 'latin1'), 'model.pt'),
      `model.pt: it is a PyTorch file (.pt, .pth) — convert it in Python:
  import torch; from safetensors.torch import save_file
  state = torch.load('model.pt', map_location='cpu', weights_only=True)  # name → tensor
  save_file({name: t.contiguous() for name, t in state.items()}, 'model.safetensors')`,
    );
  assert.throws(
    () => decodeSafetensors(Buffer.from('PK\x03\x04\x00\x00\x08\x08 other')),
    /not a safetensors file/,
  );
});

test.run();
