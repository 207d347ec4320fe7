/** Convolutions by the products of a library, which is a JavaScript function: right, and independent of the number of threads. */
import { createReference, createWasm } from '@varigrad/core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConvSpec, Kernels, Pair } from '../../packages/core/src/backend/backend.js';
import { nativePlan } from '../../packages/core/src/backend/native/convolution-numbers.js';
import { backendWith, checkClose, numbers } from '../helpers/native-loops.js';

const reference = createReference();

/** A convolution with as many windows as fit. */
function spec(
  [batch, channels, maps]: readonly [number, number, number],
  size: Pair,
  kernel: Pair,
  stride: Pair = [1, 1],
  padding: Pair = [0, 0],
  dilation: Pair = [1, 1],
): ConvSpec {
  const windows = (axis: 0 | 1): number =>
    Math.floor((size[axis] + 2 * padding[axis] - dilation[axis] * (kernel[axis] - 1) - 1) / stride[axis]) + 1;
  const count: Pair = [windows(0), windows(1)];
  return { batch, channels, size, maps, count, kernel, stride, padding, dilation };
}

/** Incomplete groups and vectors, several bands, strides, paddings wider than an image, dilations, and pixels under no window. */
const SPECS: readonly ConvSpec[] = [
  spec([37, 3, 9], [14, 14], [4, 4], [2, 2], [1, 1]),
  spec([19, 1, 8], [28, 28], [4, 4], [2, 2], [1, 1]),
  spec([5, 6, 9], [13, 11], [3, 5], [1, 2], [2, 0]),
  spec([3, 4, 8], [17, 19], [3, 2], [3, 1], [0, 3], [2, 3]),
  spec([7, 8, 8], [21, 23], [3, 3], [1, 1], [1, 1]),
  spec([3, 40, 8], [30, 31], [5, 5], [1, 1], [2, 2]),
  spec([130, 2, 8], [4, 3], [6, 6], [1, 1], [4, 5]),
  spec([33, 16, 17], [5, 5], [1, 1], [2, 3]),
  spec([16, 8, 16], [9, 9], [3, 3], [1, 1], [9, 9], [4, 4]),
];

/** Each operation on a backend, with the number of terms of an element. */
const OPERATIONS: readonly (readonly [
  string,
  (spec: ConvSpec) => number,
  (on: Kernels<Float32Array>, spec: ConvSpec) => Float32Array,
])[] = [
  [
    'conv2d',
    ({ channels, kernel }) => channels * kernel[0] * kernel[1],
    (on, s) => on.conv2d(images(s), weight(s), null, s),
  ],
  [
    'conv2d with bias',
    ({ channels, kernel }) => channels * kernel[0] * kernel[1],
    (on, s) => on.conv2d(images(s), weight(s), numbers(s.maps, 1.3), s),
  ],
  [
    'convTranspose2d',
    ({ maps, kernel }) => maps * kernel[0] * kernel[1],
    (on, s) => on.convTranspose2d(maps(s), weight(s), null, s),
  ],
  [
    'convTranspose2d with bias',
    ({ maps, kernel }) => maps * kernel[0] * kernel[1],
    (on, s) => on.convTranspose2d(maps(s), weight(s), numbers(s.channels, 1.3), s),
  ],
  [
    'conv2dWeight',
    ({ batch, count }) => batch * count[0] * count[1],
    (on, s) => on.conv2dWeight(images(s), maps(s), s),
  ],
];

const images = ({ batch, channels, size }: ConvSpec): Float32Array =>
  numbers(batch * channels * size[0] * size[1], 0.7);
const maps = (s: ConvSpec): Float32Array => numbers(s.batch * s.maps * s.count[0] * s.count[1], 0.3);
const weight = (s: ConvSpec): Float32Array => numbers(s.maps * s.channels * s.kernel[0] * s.kernel[1], 0.9);

for (const [name, terms, run] of OPERATIONS) {
  test(`${name}: many shapes agree with reference, on 1, 2 and 3 threads with equal bits`, () => {
    const backends = [1, 2, 3].map((threads) => backendWith(1, threads));
    for (const s of SPECS) {
      const what = `${name} ${JSON.stringify(s)}`;
      const right = run(reference.kernels as Kernels<Float32Array>, s);
      const found = backends.map(({ backend, calls }) => {
        const result = run(backend.kernels, s);
        assert.ok(calls() > 0, `${what} is computed by the library`);
        return result;
      });
      checkClose(found[0]!, right, terms(s), what);
      assert.equal(found[1], found[0], what);
      assert.equal(found[2], found[0], what);
    }
    for (const { backend } of backends) backend.dispose();
  });
}

test('convolutions that a library would slow down, and those without elements, stay in wasm, bit for bit', () => {
  const { backend, calls } = backendWith(1, 1);
  const wasm = createWasm({ threads: 1 });
  const left = {
    'few products': spec([4, 3, 8], [8, 8], [3, 3]),
    'few images': spec([2, 16, 16], [20, 20], [3, 3]),
    'few maps': spec([8, 16, 7], [20, 20], [3, 3]),
    'no images': spec([0, 30, 40], [50, 50], [3, 3]),
  };
  for (const [why, s] of Object.entries(left))
    for (const [name, , run] of OPERATIONS) {
      assert.equal(run(backend.kernels, s), run(wasm.kernels, s), `${name}: ${why}`);
      assert.is(calls(), 0, `${name}: ${why}`);
    }
});

test('the workspace is bounded: groups shrink with the size of an image, and bands with that of a row', () => {
  const small = nativePlan(spec([128, 32, 64], [14, 14], [4, 4], [2, 2], [1, 1]), false, 1);
  assert.is(small.groups, 8);
  const large = nativePlan(spec([128, 32, 64], [256, 256], [3, 3]), false, 1);
  assert.is(large.groups, 32, 'groups of 4 images');
  const { workspace } = nativePlan(spec([1000, 64, 64], [64, 64], [3, 3]), true, 1);
  assert.ok(workspace < 2 ** 24, `${workspace}`);
});

test.run();
