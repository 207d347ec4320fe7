/** Convolutions by the products of a library. */
import type { ConvSpec, Kernels } from '../backend.js';
import type { Context } from '../wasm/kernels/context.js';
import { nativePlan } from './convolution-numbers.js';

type Values = Float32Array;
type Convolutions = Pick<Kernels<Values>, 'conv2d' | 'convTranspose2d' | 'conv2dWeight'>;

/** The jobs of wasm/assembly/convolution-native.ts. */
const JOB = { convolve: 0, transpose: 1, sumSlice: 2, addSlices: 3 } as const;

/** Fewest multiply-adds of a convolution that the library computes. */
const NATIVE_FROM = 32_768;
/** Fewest maps: with fewer, the columns take longer than the products. */
const LEAST_MAPS = 8;
/** Fewest images: vectors have 4. */
const LEAST_BATCH = 3;

/** Whether the library computes a convolution. It depends on the shape alone. */
function takesNative({ batch, channels, maps, kernel, count }: ConvSpec): boolean {
  const products = batch * channels * maps * kernel[0] * kernel[1] * count[0] * count[1];
  return products >= NATIVE_FROM && maps >= LEAST_MAPS && batch >= LEAST_BATCH;
}

/** The kernels for convolutions. @param kernels - those of wasm, for small convolutions */
export function nativeConvolutions(kernels: Convolutions, { wasm, memory, pool }: Context): Convolutions {
  const convolve = (
    job: 'convolve' | 'transpose',
    operands: readonly Values[],
    bias: Values | null,
    spec: ConvSpec,
    size: number,
  ): Values => {
    pool.ensureStarted();
    return memory.compute(size, (out) => {
      const [left, right] = operands.map((values) => memory.addressOf(values)) as [number, number];
      const added = bias === null ? 0 : memory.addressOf(bias);
      const { numbers, workspace, groups, nanoseconds } = nativePlan(spec, false, pool.limit);
      const places = [memory.integers(numbers), memory.temporary(workspace)] as const;
      wasm.runNative(groups, nanoseconds, JOB[job], out, left, right, added, ...places);
    });
  };
  return {
    conv2d(x, weight, bias, spec) {
      if (!takesNative(spec)) return kernels.conv2d(x, weight, bias, spec);
      const { batch, maps, count } = spec;
      return convolve('convolve', [x, weight], bias, spec, batch * maps * count[0] * count[1]);
    },

    convTranspose2d(y, weight, bias, spec) {
      if (!takesNative(spec)) return kernels.convTranspose2d(y, weight, bias, spec);
      const { batch, channels, size } = spec;
      return convolve('transpose', [y, weight], bias, spec, batch * channels * size[0] * size[1]);
    },

    conv2dWeight(x, y, spec) {
      if (!takesNative(spec)) return kernels.conv2dWeight(x, y, spec);
      pool.ensureStarted();
      return memory.compute(spec.maps * spec.channels * spec.kernel[0] * spec.kernel[1], (out) => {
        const [left, right] = [memory.addressOf(x), memory.addressOf(y)];
        const plan = nativePlan(spec, true, pool.limit);
        const places = [memory.integers(plan.numbers), memory.temporary(plan.workspace)] as const;
        wasm.runNative(plan.slices, plan.nanoseconds, JOB.sumSlice, out, left, right, 0, ...places);
        wasm.runNative(plan.sums, plan.nanoseconds, JOB.addSlices, out, left, right, 0, ...places);
      });
    },
  };
}
