/** Kernels that write in place. */
import type { AdamSpec, ExchangeSpec, Kernels, SgdSpec } from '../../backend.js';
import { binaryNumber, sweepNumber } from '../module.generated.js';
import { type Context, startWorkersFor } from './context.js';

type Values = Float32Array;

/** Bytes of an entry of a sweep's list, and the place of the numbers in it; see assembly/update.ts. */
export const ENTRY_BYTES = 64;
export const NUMBERS_AT = 20;

/** Most numbers of a step. */
export const MOST_NUMBERS = 9;

/** The numbers of a step of Adam, in the order of assembly/update.ts. @param numbers - receives and returns them */
export function adamNumbers(spec: AdamSpec, numbers: Float64Array): Float64Array {
  const { learningRate, beta1, beta2, epsilon, weightDecay, decoupled, step } = spec;
  numbers[0] = beta1;
  numbers[1] = 1 - beta1;
  numbers[2] = beta2;
  numbers[3] = 1 - beta2;
  numbers[4] = learningRate / (1 - beta1 ** step);
  numbers[5] = 1 / Math.sqrt(1 - beta2 ** step);
  numbers[6] = epsilon;
  numbers[7] = decoupled ? 0 : weightDecay;
  numbers[8] = decoupled ? 1 - learningRate * weightDecay : 1;
  return numbers;
}

/** The numbers of a step of SGD, in the order of assembly/update.ts. @param numbers - receives and returns them */
export function sgdNumbers(spec: SgdSpec, numbers: Float64Array): Float64Array {
  const { learningRate, momentum, dampening, nesterov, weightDecay, first } = spec;
  numbers[0] = learningRate;
  numbers[1] = momentum;
  numbers[2] = 1 - dampening;
  numbers[3] = weightDecay;
  numbers[4] = nesterov ? 1 : 0;
  numbers[5] = first ? 1 : 0;
  return numbers;
}

type AddressesOf<Targets extends readonly Values[]> = { readonly [I in keyof Targets]: number };

export function updateKernels(
  context: Context,
): Pick<Kernels<Values>, 'assign' | 'accumulate' | 'scale' | 'adamStep' | 'sgdStep' | 'allReduce'> {
  const { wasm, memory } = context;
  const numbers = new Float64Array(MOST_NUMBERS);

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
      startWorkersFor(context, param.length);
      inPlace([param, m, v], ([p, first, second]) => {
        const list = memory.temporary(ENTRY_BYTES);
        memory.setIntegers(list, [p, memory.addressOf(grad), first, second, param.length]);
        memory.setFloats(list + NUMBERS_AT, adamNumbers(spec, numbers));
        wasm.runSweep(sweepNumber.adam, list, 1);
      });
    },

    sgdStep(param: Values, grad: Values, buffer: Values | null, spec: SgdSpec): void {
      startWorkersFor(context, param.length);
      inPlace([param, ...(buffer === null ? [] : [buffer])], ([p, b = 0]) => {
        const list = memory.temporary(ENTRY_BYTES);
        memory.setIntegers(list, [p, memory.addressOf(grad), b, 0, param.length]);
        memory.setFloats(list + NUMBERS_AT, sgdNumbers(spec, numbers));
        wasm.runSweep(sweepNumber.sgd, list, 1);
      });
    },

    allReduce: (targets: readonly Values[], spec: ExchangeSpec) => spec.sum(targets),
  };
}
