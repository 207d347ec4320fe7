/** The context of every kernel: the compiled functions, their memory and the threads. */
import type { Shape } from '../../../errors.js';
import { sizeOf } from '../../../shape.js';
import type { StridedSpec } from '../../backend.js';
import { broadcastView, mergeAxes } from '../../strided-views.js';
import type { ResidentMemory } from '../memory.js';
import type { KernelExports } from '../module.generated.js';
import type { ThreadPool } from '../threads.js';

/** Where kernels find their operands and place their results. */
export type KernelSpace = Pick<
  ResidentMemory,
  'addressOf' | 'temporary' | 'integers' | 'setIntegers' | 'setFloats' | 'compute' | 'update' | 'writeBack'
>;

export interface Context {
  readonly wasm: KernelExports;
  readonly memory: KernelSpace;
  readonly pool: Pick<ThreadPool, 'limit' | 'ensureStarted'>;
}

/** Workers are started from this many elements on. The compiled kernels decide for each call whether to share the work. */
const MANY_ELEMENTS = 32_768;

/** Starts the workers, once, if the kernel is large enough to share. */
export function startWorkersFor({ pool }: Context, elements: number): void {
  if (elements >= MANY_ELEMENTS) pool.ensureStarted();
}

/** Runs an elementwise kernel that fills `size` floats at the address it is given. */
export function computeElements(context: Context, size: number, kernel: (out: number) => void): Float32Array {
  startWorkersFor(context, size);
  return context.memory.compute(size, kernel);
}

/** Copies a strided view of the array at `x` to contiguous memory at `out`. */
export function copyView({ wasm, memory }: Context, out: number, x: number, view: StridedSpec): void {
  const size = sizeOf(view.shape);
  if (size === 0) return;
  const { shape, strides, offset } = mergeAxes(view);
  const from = x + 4 * offset;
  if (shape.length === 0 || (shape.length === 1 && strides[0] === 1)) wasm.runCopy(out, from, size);
  else wasm.runStrided(out, from, shape.length, memory.integers([...shape, ...strides]));
}

/** The address of an operand broadcast to the shape of the result: the operand's own, or that of a temporary copy. */
export function expanded(context: Context, x: number, shape: Shape, out: Shape): number {
  const size = sizeOf(out);
  if (sizeOf(shape) === size) return x;
  const to = context.memory.temporary(4 * size);
  copyView(context, to, x, broadcastView(shape, out));
  return to;
}
