import type { ConvSpec, HostArray, Kernels } from '../backend.js';
import type { Allocate } from './elementwise.js';

type Convolutions = Pick<Kernels<HostArray>, 'conv2d' | 'convTranspose2d' | 'conv2dWeight'>;

/** Calls `visit` for each pair of a map's element and a pixel that a kernel element joins, as indices of map, image and weight. */
function forEachPair(spec: ConvSpec, visit: (map: number, image: number, weight: number) => void): void {
  const { batch, maps, channels, kernel, count, size, stride, padding, dilation } = spec;
  for (let n = 0; n < batch; n++)
    for (let m = 0; m < maps; m++)
      for (let c = 0; c < channels; c++)
        for (let i = 0; i < kernel[0]; i++)
          for (let j = 0; j < kernel[1]; j++)
            for (let p = 0; p < count[0]; p++) {
              const row = p * stride[0] + i * dilation[0] - padding[0];
              if (row < 0 || row >= size[0]) continue;
              for (let q = 0; q < count[1]; q++) {
                const column = q * stride[1] + j * dilation[1] - padding[1];
                if (column < 0 || column >= size[1]) continue;
                visit(
                  ((n * maps + m) * count[0] + p) * count[1] + q,
                  ((n * channels + c) * size[0] + row) * size[1] + column,
                  ((m * channels + c) * kernel[0] + i) * kernel[1] + j,
                );
              }
            }
}

export function convolutionKernels(allocate: Allocate): Convolutions {
  /** Sums in float64, rounded to the backend's precision at the end, with the bias of each of `planes` added. */
  const rounded = (sums: Float64Array, bias: HostArray | null, planes: number, plane: number): HostArray => {
    const out = allocate(sums.length);
    for (let e = 0; e < out.length; e++) out[e] = sums[e]! + (bias?.[Math.floor(e / plane) % planes] ?? 0);
    return out;
  };
  return {
    conv2d(x, weight, bias, spec) {
      const plane = spec.count[0] * spec.count[1];
      const sums = new Float64Array(spec.batch * spec.maps * plane);
      forEachPair(spec, (map, image, w) => {
        sums[map]! += weight[w]! * x[image]!;
      });
      return rounded(sums, bias, spec.maps, plane);
    },

    convTranspose2d(y, weight, bias, spec) {
      const plane = spec.size[0] * spec.size[1];
      const sums = new Float64Array(spec.batch * spec.channels * plane);
      forEachPair(spec, (map, image, w) => {
        sums[image]! += weight[w]! * y[map]!;
      });
      return rounded(sums, bias, spec.channels, plane);
    },

    conv2dWeight(x, y, spec) {
      const sums = new Float64Array(spec.maps * spec.channels * spec.kernel[0] * spec.kernel[1]);
      forEachPair(spec, (map, image, w) => {
        sums[w]! += x[image]! * y[map]!;
      });
      return rounded(sums, null, 1, 1);
    },
  };
}
