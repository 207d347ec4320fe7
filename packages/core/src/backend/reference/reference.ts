/**
 * The reference backend: plain loops that define each kernel. Tests compare every other backend with it. On
 * Float64Array it runs the gradient checks.
 */
import { describeValue } from '../../checks/arguments.js';
import { ArgumentError } from '../../errors.js';
import { fillNormal, fillUniform } from '../../philox.js';
import { allocate } from '../allocate.js';
import { type Backend, DISPOSE, type HostArray, type Kernels } from '../backend.js';
import { replayCalls } from '../program/replay.js';
import { convolutionKernels } from './convolution.js';
import { elementwiseKernels } from './elementwise.js';
import { matmulKernels } from './matmul.js';
import { movementKernels } from './movement.js';
import { reduceKernels } from './reduce.js';
import { updateKernels } from './update.js';

/** A backend of plain loops.
 * @param Precision - Float32Array (default), or Float64Array for gradient checks */
export function createReference(
  Precision: Float32ArrayConstructor | Float64ArrayConstructor = Float32Array,
): Backend<HostArray> {
  if (Precision !== Float32Array && Precision !== Float64Array)
    throw new ArgumentError(
      'createReference',
      `the array type must be Float32Array or Float64Array, found ${describeValue(Precision)}`,
    );
  const bytes = Precision.BYTES_PER_ELEMENT;
  const reserve = (size: number): HostArray => allocate('reference', bytes * size, () => new Precision(size));
  const precision = Precision === Float32Array ? 'float32' : 'float64';
  const copy = (values: ArrayLike<number>): HostArray => {
    const own = reserve(values.length);
    own.set(values);
    return own;
  };
  const kernels: Kernels<HostArray> = {
    ...elementwiseKernels(reserve),
    ...reduceKernels(reserve),
    ...matmulKernels(reserve),
    ...convolutionKernels(reserve),
    ...movementKernels(reserve),
    ...updateKernels,
    uniform(size, state) {
      const out = reserve(size);
      fillUniform(out, state);
      return out;
    },
    normal(size, state) {
      const out = reserve(size);
      fillNormal(out, state);
      return out;
    },
  };
  return {
    name: 'reference',
    memory: 'host',
    description: `reference (plain TypeScript, ${precision})`,
    kernels,
    prepare: (program, bound) => replayCalls({ kernels, release() {} }, program, bound),
    upload: copy,
    download: async (values) => copy(values),
    downloadSync: copy,
    // All memory is garbage-collected: nothing has to be moved or freed.
    persist: (values) => values,
    keep: (values) => values,
    openScope() {},
    closeScope() {},
    release() {},
    dispose() {},
    [DISPOSE]() {},
  };
}
