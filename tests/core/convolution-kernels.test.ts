/** The wasm kernels of convolution: against the reference, for groups of images, bands of rows and threads; and their memory. */
import { type Backend, createReference, createWasm, Generator, type Kernels } from '@varigrad/core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

type Spec = Parameters<Kernels['conv2d']>[3];
type Two = readonly [number, number];

const reference = createReference(Float64Array);
const single = createWasm({ threads: 1 });
const double = createWasm({ threads: 2 });
const generator = new Generator(5);

/** Numbers from −1 to 1, exact in float32. */
function numbers(size: number): Float32Array {
  return Float32Array.from(generator.words(size), (word) => word / 2 ** 31 - 1);
}

interface Geometry {
  readonly stride?: Two;
  readonly padding?: Two;
  readonly dilation?: Two;
}

/** A convolution of images of `size`. `extra` rows and columns at the end are outside of every window. */
function specOf(
  [batch, channels, maps]: readonly [number, number, number],
  size: Two,
  kernel: Two,
  { stride = [1, 1], padding = [0, 0], dilation = [1, 1] }: Geometry = {},
): Spec {
  const windows = (a: 0 | 1): number =>
    Math.floor((size[a] + 2 * padding[a] - dilation[a] * (kernel[a] - 1) - 1) / stride[a]) + 1;
  return { batch, channels, maps, size, count: [windows(0), windows(1)], kernel, stride, padding, dilation };
}

const specs: readonly Spec[] = [
  // Groups of 8 images, whole and not; blocks of 4 channels, whole and not.
  specOf([8, 4, 8], [6, 6], [3, 3], { padding: [1, 1] }),
  specOf([17, 5, 6], [9, 8], [4, 3], { stride: [2, 1], padding: [1, 2] }),
  specOf([130, 3, 2], [5, 6], [2, 3], { stride: [2, 2] }),
  // Images that are cut into bands; the last band is shorter. Strides of the bands' rows.
  specOf([1, 6, 5], [15, 11], [4, 4], { stride: [2, 2], padding: [1, 1] }),
  specOf([2, 3, 4], [23, 7], [5, 2], { stride: [3, 2], padding: [2, 0] }),
  specOf([3, 2, 9], [13, 12], [3, 2], { stride: [1, 3], padding: [4, 3], dilation: [2, 4] }),
  // One channel; a stride longer than the kernel; windows in the padding alone.
  specOf([9, 1, 1], [28, 28], [4, 4], { stride: [2, 2], padding: [1, 1] }),
  specOf([5, 1, 7], [11, 9], [2, 1], { stride: [4, 3] }),
  specOf([2, 2, 2], [2, 3], [2, 2], { padding: [5, 4] }),
  // More windows than a tile adds up at a time: many rows, and one long row.
  specOf([2, 2, 3], [30, 29], [2, 2]),
  specOf([3, 1, 4], [3, 500], [2, 3], { padding: [0, 1] }),
  // As many images, rows and columns as no argument list could hold.
  specOf([150_000, 1, 1], [1, 1], [1, 1]),
  specOf([1, 1, 1], [150_000, 1], [2, 1]),
  specOf([1, 1, 1], [1, 150_000], [1, 2]),
  // Many channels: long runs.
  specOf([8, 70, 66], [5, 5], [3, 3], { padding: [1, 1] }),
];

const label = ({ batch, channels, maps, size, kernel, stride, padding, dilation }: Spec): string =>
  JSON.stringify({ batch, channels, maps, size, kernel, stride, padding, dilation });

interface Call {
  readonly name: string;
  /** Number of products in one element of the result. */
  readonly terms: number;
  readonly run: (k: Kernels) => unknown;
}

/** Each kernel, with and without a bias. */
function callsOf(spec: Spec): Call[] {
  const { batch, channels, maps, size, count, kernel } = spec;
  const area = kernel[0] * kernel[1];
  const x = numbers(batch * channels * size[0] * size[1]);
  const y = numbers(batch * maps * count[0] * count[1]);
  const weight = numbers(maps * channels * area);
  const [ofMaps, ofChannels] = [numbers(maps), numbers(channels)];
  return [
    { name: 'conv2d', terms: channels * area, run: (k) => k.conv2d(x, weight, ofMaps, spec) },
    { name: 'conv2d, no bias', terms: channels * area, run: (k) => k.conv2d(x, weight, null, spec) },
    {
      name: 'convTranspose2d',
      terms: maps * area,
      run: (k) => k.convTranspose2d(y, weight, ofChannels, spec),
    },
    {
      name: 'convTranspose2d, no bias',
      terms: maps * area,
      run: (k) => k.convTranspose2d(y, weight, null, spec),
    },
    {
      name: 'conv2dWeight',
      terms: batch * count[0] * count[1],
      run: (k) => k.conv2dWeight(x, y, spec),
    },
  ];
}

const on = (backend: Backend, { run }: Call): ArrayLike<number> => run(backend.kernels) as Float32Array;

for (const spec of specs) {
  test(`convolutions agree with float64, and one thread with two: ${label(spec)}`, () => {
    for (const call of callsOf(spec)) {
      const [expected, one, two] = [reference, single, double].map((backend) => on(backend, call));
      const different = Array.prototype.findIndex.call(one!, (value, i) => !Object.is(value, two![i]));
      assert.is(different, -1, `${call.name}: two threads differ from one at ${different}`);
      // Sums of products of numbers up to 1: each rounding error is at most 2⁻²⁴ of a partial sum, which is about √terms.
      const bound = 2 ** -24 * (call.terms + 4);
      for (let i = 0; i < expected!.length; i++) {
        if (Math.abs(one![i]! - expected![i]!) <= bound) continue;
        assert.unreachable(`${call.name}[${i}]: ${one![i]}, float64 ${expected![i]}`);
      }
      assert.is(one!.length, expected!.length);
    }
  });
}

test('the result for an image does not depend on the batch, bit for bit', () => {
  const spec = specOf([19, 5, 6], [14, 13], [4, 4], { stride: [2, 2], padding: [1, 1] });
  const [image, map] = [5 * 14 * 13, 6 * spec.count[0] * spec.count[1]];
  const [x, y, weight] = [numbers(19 * image), numbers(19 * map), numbers(6 * 5 * 16)];
  const all = {
    maps: single.kernels.conv2d(x, weight, null, spec),
    images: single.kernels.convTranspose2d(y, weight, null, spec),
  };
  for (const [from, batch] of [
    [0, 1],
    [3, 2],
    [10, 9],
  ] as const) {
    const some = { ...spec, batch };
    const maps = single.kernels.conv2d(x.subarray(from * image, (from + batch) * image), weight, null, some);
    const images = single.kernels.convTranspose2d(
      y.subarray(from * map, (from + batch) * map),
      weight,
      null,
      some,
    );
    assert.equal(maps, all.maps.slice(from * map, (from + batch) * map));
    assert.equal(images, all.images.slice(from * image, (from + batch) * image));
  }
});

test('no kernel stores the windows of a batch', () => {
  const wasm = createWasm({ threads: 1 });
  const spec = specOf([32, 8, 8], [40, 40], [5, 5], { padding: [2, 2] });
  for (const call of callsOf(spec)) on(wasm, call);
  const values = 4 * 32 * 8 * 40 * 40; // bytes of the images, and of the maps
  assert.ok(wasm.bytesReserved < 4 * values, `${wasm.bytesReserved} bytes for operands of ${values}`);
});

test.run();
