/**
 * The kernels that an exported function brings with it: those of the reference backend. scripts/build-runtime.mjs bundles this file as
 * a text.
 */
import type { HostArray, Kernels } from '../../backend/backend.js';
import { convolutionKernels } from '../../backend/reference/convolution.js';
import { elementwiseKernels } from '../../backend/reference/elementwise.js';
import { matmulKernels } from '../../backend/reference/matmul.js';
import { movementKernels } from '../../backend/reference/movement.js';
import { reduceKernels } from '../../backend/reference/reduce.js';

/** The kernels that return new values, without those that draw random numbers. */
export type FunctionKernels = Omit<
  Kernels<HostArray>,
  'uniform' | 'normal' | 'assign' | 'accumulate' | 'scale' | 'adamStep' | 'sgdStep' | 'allReduce'
>;

const reserve = (size: number): HostArray => new Float32Array(size);

export const kernels: FunctionKernels = {
  ...elementwiseKernels(reserve),
  ...reduceKernels(reserve),
  ...matmulKernels(reserve),
  ...convolutionKernels(reserve),
  ...movementKernels(reserve),
};
