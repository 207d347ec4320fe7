/** Convolutions. */
import type { ConvSpec, Kernels } from '../../backend.js';
import { convolutionPlan } from '../convolution-numbers.js';
import { convolutionWeightNumbers } from '../convolution-weight-numbers.js';
import type { Context } from './context.js';

type Values = Float32Array;

/** Workers are started from this many multiply-adds on. */
const MANY_PRODUCTS = 200_000;

export function convolutionKernels(
  context: Context,
): Pick<Kernels<Values>, 'conv2d' | 'convTranspose2d' | 'conv2dWeight'> {
  const { wasm, memory, pool } = context;
  const start = ({ batch, channels, maps, kernel, count }: ConvSpec) => {
    const products = batch * channels * maps * kernel[0] * kernel[1] * count[0] * count[1];
    if (products >= MANY_PRODUCTS) pool.ensureStarted();
  };
  const convolve = (
    transposed: boolean,
    operands: readonly Values[],
    bias: Values | null,
    spec: ConvSpec,
  ) => {
    const [channels, size] = transposed ? [spec.channels, spec.size] : [spec.maps, spec.count];
    start(spec);
    return memory.compute(spec.batch * channels * size[0] * size[1], (out) => {
      const [x, weight] = operands.map((values) => memory.addressOf(values)) as [number, number];
      const added = bias === null ? 0 : memory.addressOf(bias);
      const { kernel, numbers, workspace } = convolutionPlan(spec, transposed, pool.limit);
      wasm[kernel](out, x, weight, added, memory.integers(numbers), memory.temporary(workspace));
    });
  };
  return {
    conv2d: (x, weight, bias, spec) => convolve(false, [x, weight], bias, spec),
    convTranspose2d: (y, weight, bias, spec) => convolve(true, [y, weight], bias, spec),

    conv2dWeight(x: Values, y: Values, spec: ConvSpec): Values {
      const length = spec.maps * spec.channels * spec.kernel[0] * spec.kernel[1];
      start(spec);
      return memory.compute(length, (out) => {
        if (x.length === 0 || y.length === 0) {
          wasm.runFill(out, 0, length);
          return;
        }
        const { numbers, workspace } = convolutionWeightNumbers(spec, pool.limit);
        const operands = [memory.addressOf(x), memory.addressOf(y)] as const;
        wasm.convolveWeight(out, ...operands, memory.integers(numbers), memory.temporary(workspace));
      });
    },
  };
}
