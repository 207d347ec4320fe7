/** Kernels that write in place. */
import type { AdamSpec, Kernels, SgdSpec } from '../../backend.js';
import { binaryNumber } from '../module.generated.js';
import { type Context, startWorkersFor } from './context.js';

type Values = Float32Array;
type AddressesOf<Targets extends readonly Values[]> = { readonly [I in keyof Targets]: number };

export function updateKernels(
  context: Context,
): Pick<Kernels<Values>, 'assign' | 'accumulate' | 'scale' | 'adamStep' | 'sgdStep'> {
  const { wasm, memory } = context;

  /** Runs a kernel on a resident array directly, or on a copy that is then copied back. */
  const inPlace = <Targets extends readonly [Values, ...Values[]]>(
    targets: Targets,
    kernel: (addresses: AddressesOf<Targets>) => void,
  ): void =>
    memory.update(() => {
      const addresses = targets.map((values) => memory.addressOf(values));
      kernel(addresses as unknown as AddressesOf<Targets>);
      targets.forEach((values, i) => {
        memory.writeBack(values, addresses[i]!);
      });
    });

  return {
    assign: (target: Values, source: Values) =>
      inPlace([target], ([to]) => wasm.runCopy(to, memory.addressOf(source), target.length)),

    accumulate: (target: Values, source: Values) =>
      inPlace([target], ([to]) => {
        wasm.runBinary(binaryNumber.add, to, to, 16, memory.addressOf(source), 16, target.length);
      }),

    scale: (target: Values, factor: number) =>
      inPlace([target], ([to]) => {
        const scalar = memory.temporary(16);
        wasm.runFill(scalar, factor, 1);
        wasm.runBinary(binaryNumber.mul, to, to, 16, scalar, 0, target.length);
      }),

    adamStep(param: Values, grad: Values, m: Values, v: Values, spec: AdamSpec): void {
      const { learningRate, beta1, beta2, epsilon, weightDecay, decoupled, step } = spec;
      startWorkersFor(context, param.length);
      inPlace([param, m, v], ([p, first, second]) =>
        wasm.runAdam(
          p,
          memory.addressOf(grad),
          first,
          second,
          param.length,
          beta1,
          1 - beta1,
          beta2,
          1 - beta2,
          learningRate / (1 - beta1 ** step),
          1 / Math.sqrt(1 - beta2 ** step),
          epsilon,
          decoupled ? 0 : weightDecay,
          decoupled ? 1 - learningRate * weightDecay : 1,
        ),
      );
    },

    sgdStep(param: Values, grad: Values, buffer: Values | null, spec: SgdSpec): void {
      const { learningRate, momentum, dampening, nesterov, weightDecay, first } = spec;
      inPlace([param, ...(buffer === null ? [] : [buffer])], ([p, b = 0]) => {
        const flags = [nesterov, weightDecay, first] as const;
        const kept = 1 - dampening;
        wasm.sgd(p, memory.addressOf(grad), b, param.length, learningRate, momentum, kept, ...flags);
      });
    },
  };
}
