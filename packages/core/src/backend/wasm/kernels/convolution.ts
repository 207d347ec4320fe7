/** Convolutions: the tables of the runs that the kernels of assembly/convolution.ts add up. */
import type { ConvSpec, Kernels } from '../../backend.js';
import type { Context } from './context.js';

type Values = Float32Array;

/** Workers are started from this many multiply-adds on. */
const MANY_PRODUCTS = 200_000;

/** Bytes of the 4 weights, and of the 8 pixels, of one channel. */
const [WEIGHTS, PIXELS] = [16, 32];

export function convolutionKernels(
  context: Context,
): Pick<Kernels<Values>, 'conv2d' | 'convTranspose2d' | 'conv2dWeight'> {
  const { wasm, memory, pool } = context;
  const start = ({ batch, channels, maps, kernel, count }: ConvSpec) => {
    const products = batch * channels * maps * kernel[0] * kernel[1] * count[0] * count[1];
    if (products >= MANY_PRODUCTS) pool.ensureStarted();
  };
  const convolve =
    (transposed: boolean) =>
    (x: Values, weight: Values, bias: Values | null, spec: ConvSpec): Values => {
      const [channels, size] = transposed ? [spec.channels, spec.size] : [spec.maps, spec.count];
      start(spec);
      return memory.compute(spec.batch * channels * size[0] * size[1], (out) => {
        const operands = [memory.addressOf(x), memory.addressOf(weight)] as const;
        const added = bias === null ? 0 : memory.addressOf(bias);
        const numbers = memory.integers(tables(spec, transposed));
        const workspace = memory.temporary(wasm.convolveWorkspace(numbers, pool.limit));
        wasm.convolve(out, ...operands, added, numbers, pool.limit, workspace);
      });
    };
  return {
    conv2d: convolve(false),
    convTranspose2d: convolve(true),

    conv2dWeight(x: Values, dy: Values, spec: ConvSpec): Values {
      const { batch, channels, maps, size, count, kernel, stride, padding, dilation } = spec;
      start(spec);
      return memory.compute(maps * channels * kernel[0] * kernel[1], (out) => {
        if (x.length === 0 || dy.length === 0) {
          wasm.runFill(out, 0, maps * channels * kernel[0] * kernel[1]);
          return;
        }
        const geometry = [...kernel, ...stride, ...padding, ...dilation];
        const numbers = memory.integers([batch, channels, ...size, maps, ...count, ...geometry]);
        const operands = [memory.addressOf(x), memory.addressOf(dy)] as const;
        const workspace = memory.temporary(wasm.convolveWeightWorkspace(numbers, pool.limit));
        wasm.convolveWeight(out, ...operands, numbers, workspace);
      });
    },
  };
}

/** Kernel elements along one axis: `tap` is the element's place in the packed weights, `place` the row or column of x. */
interface Tap {
  readonly tap: number;
  readonly place: number;
}

/** The kernel's columns in the order of the packed weights. Neighbours in it read neighbouring columns of x, if any do. */
function packedOrder({ kernel, stride }: ConvSpec, transposed: boolean): number[] {
  const columns = [...Array(kernel[1]).keys()];
  const step = stride[1];
  return transposed ? columns.sort((a, b) => (a % step) - (b % step) || b - a) : columns;
}

/** For each row (axis 0) or column (axis 1) of the result: the kernel elements that meet a pixel of x. */
function tapsOf(spec: ConvSpec, transposed: boolean, axis: 0 | 1, order: readonly number[]): Tap[][] {
  const [stride, padding, dilation] = [spec.stride[axis], spec.padding[axis], spec.dilation[axis]];
  const [from, to] = transposed ? [spec.count[axis], spec.size[axis]] : [spec.size[axis], spec.count[axis]];
  return Array.from({ length: to }, (_, at) =>
    order.flatMap((element, tap) => {
      const place = transposed
        ? (at + padding - element * dilation) / stride
        : at * stride - padding + element * dilation;
      return Number.isInteger(place) && place >= 0 && place < from ? [{ tap, place }] : [];
    }),
  );
}

/** Column entries (see runs.ts): taps that are neighbours both in the packed weights and in the packed image are one run. */
function runsOf(taps: readonly Tap[], channels: number): number[][] {
  const runs: number[][] = [];
  let previous: Tap | undefined;
  for (const tap of taps) {
    const joins = previous?.tap === tap.tap - 1 && previous.place === tap.place - 1;
    if (joins) runs.at(-1)![2]! += channels * WEIGHTS;
    else runs.push([tap.tap * channels * WEIGHTS, tap.place * channels * PIXELS, channels * WEIGHTS]);
    previous = tap;
  }
  return runs;
}

/** The numbers of `convolve`: see assembly/convolution.ts. */
function tables(spec: ConvSpec, transposed: boolean): number[] {
  const { batch, kernel, channels, maps, size, count } = spec;
  const [own, given] = transposed ? [channels, maps] : [maps, channels];
  const [result, source] = transposed ? [size, count] : [count, size];
  const area = kernel[0] * kernel[1];
  const steps = transposed ? [area, channels * area] : [channels * area, area];
  const order = packedOrder(spec, transposed);
  const rows = tapsOf(spec, transposed, 0, [...Array(kernel[0]).keys()]).map((taps) =>
    taps.map(({ tap, place }) => [
      tap * kernel[1] * given * WEIGHTS,
      place * source[1] * given * PIXELS,
    ]),
  );
  const columns = tapsOf(spec, transposed, 1, order).map((taps) => (given === 0 ? [] : runsOf(taps, given)));
  const head = [batch, given, source[0] * source[1], own, ...result, ...kernel, ...steps];
  const tail = [table(rows, 0), table(columns, 0)];
  const at = 4 * (head.length + 3);
  const starts = [at, at + 4 * tail[0]!.length, at + 4 * (tail[0]!.length + tail[1]!.length)];
  return [...head, ...starts, ...table(rows, starts[0]!), ...table(columns, starts[1]!), ...order];
}

/** Lists of entries, as the byte offset of each list and of the end, then the entries. `at` is the offset of the table itself. */
function table(lists: readonly (readonly number[][])[], at: number): number[] {
  const entries = lists.map((list) => list.flat());
  let next = at + 4 * (lists.length + 1);
  const starts = [next, ...entries.map((list) => (next += 4 * list.length))];
  return [...starts, ...entries.flat()];
}
