/** The kernels of the backend contract, implemented with the compiled ones. */
import type { Kernels } from '../backend.js';
import type { Context } from './kernels/context.js';
import { elementwiseKernels } from './kernels/elementwise.js';
import { matmulKernels } from './kernels/matmul.js';
import { movementKernels } from './kernels/movement.js';
import { reduceKernels } from './kernels/reduce.js';
import { updateKernels } from './kernels/update.js';

export function createKernels(context: Context): Kernels<Float32Array> {
  return {
    ...elementwiseKernels(context),
    ...reduceKernels(context),
    ...matmulKernels(context),
    ...movementKernels(context),
    ...updateKernels(context),
  };
}
