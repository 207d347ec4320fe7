/** One call of a compute shader as plain data: sent to the device at once, or recorded for a compiled step. */
import type { BuiltKernel } from './gpujs.js';

/** A compiled shader; the fields have gpu.js's names, whose kernels are such shaders. Both are null while it is compiled. */
export interface ComputeShader {
  readonly computePipeline?: unknown;
  readonly bindGroupLayout?: unknown;
}

/** A call of a shader. `Memory` stands for the memory of an array. */
export interface Dispatch<Memory> {
  readonly shader: ComputeShader;
  /** The uniform buffer of binding 0 as 32-bit words. */
  readonly params: Uint32Array;
  /** The arrays of the bindings from 1 on: the operands, and then the result if there is one. */
  readonly memories: readonly Memory[];
  readonly groups: readonly [number, number, number];
}

/** Where dispatches go, and where the memory of their results comes from. */
export interface DispatchTarget<Memory> {
  /** Memory of `length` elements for the result of the next dispatch. */
  take(length: number): Memory;
  send(dispatch: Dispatch<Memory>): void;
}

/**
 * The call of a gpu.js kernel, with the parameters that its shader declares.
 * @param args - the operands, and then the integers and numbers
 * @param mostGroups - largest number of workgroups along one axis
 */
export function kernelDispatch<Memory extends { readonly length: number }>(
  kernel: BuiltKernel,
  args: readonly unknown[],
  result: Memory,
  mostGroups: number,
): Dispatch<Memory> {
  const { arrayArgs, scalarArgs, byteLength } = kernel.paramsLayout!;
  const [threads] = kernel.workgroupSize!;
  const needed = Math.ceil(result.length / threads);
  const rows = Math.ceil(needed / mostGroups);
  const columns = Math.ceil(needed / rows);
  const params = new Uint32Array(byteLength / 4);
  const [integers, numbers] = [new Int32Array(params.buffer), new Float32Array(params.buffer)];
  params.set([result.length, 1, 1, columns * threads]);
  const operands = args.slice(0, arrayArgs.length) as Memory[];
  operands.forEach(({ length }, i) => {
    params.set([length, 1, 1, length], arrayArgs[i]!.dimsOffset / 4);
  });
  scalarArgs.forEach(({ type, offset }, i) => {
    const values = type === 'Integer' ? integers : numbers;
    values[offset / 4] = args[arrayArgs.length + i] as number;
  });
  return { shader: kernel, params, memories: [...operands, result], groups: [columns, rows, 1] };
}
