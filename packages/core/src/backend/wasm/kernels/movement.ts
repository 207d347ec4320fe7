/** Kernels that move values without computing: views, indices, joining and padding. */
import type { Shape } from '../../../errors.js';
import { sizeOf, stridesOf } from '../../../shape.js';
import type { IndexSpec, Kernels, Operand, OverlapSpec, StridedSpec } from '../../backend.js';
import type { KernelExports } from '../module.generated.js';
import { type Context, computeElements, copyView, startWorkersFor } from './context.js';

type Values = Float32Array;

export function movementKernels(
  context: Context,
): Pick<
  Kernels<Values>,
  'strided' | 'indexSelect' | 'indexAdd' | 'gather' | 'scatterAdd' | 'overlapAdd' | 'concat' | 'pad'
> {
  const { wasm, memory } = context;

  const indexed = (
    kernel: KernelExports['gather'],
    size: number,
    x: Values,
    index: Values,
    spec: IndexSpec,
  ) =>
    memory.compute(size, (out) => {
      const { outer, length, inner, count } = spec;
      kernel(out, memory.addressOf(x), memory.addressOf(index), outer, length, inner, count);
    });

  return {
    strided: (x: Values, view: StridedSpec) =>
      computeElements(context, sizeOf(view.shape), (out) =>
        copyView(context, out, memory.addressOf(x), view),
      ),

    indexSelect: (x: Values, index: Values, spec: IndexSpec) =>
      indexed(wasm.indexSelect, spec.outer * spec.count * spec.inner, x, index, spec),

    indexAdd: (source: Values, index: Values, spec: IndexSpec) =>
      indexed(wasm.indexAdd, spec.outer * spec.length * spec.inner, source, index, spec),

    gather: (x: Values, index: Values, spec: IndexSpec) => indexed(wasm.gather, index.length, x, index, spec),

    scatterAdd: (source: Values, index: Values, spec: IndexSpec) =>
      indexed(wasm.scatterAdd, spec.outer * spec.length * spec.inner, source, index, spec),

    overlapAdd(x: Values, { batch, channels, size, kernel, stride, dilation, count }: OverlapSpec): Values {
      const numbers = [...size, ...kernel, ...stride, ...dilation, ...count] as const;
      startWorkersFor(context, x.length);
      return memory.compute(batch * channels * size[0] * size[1], (out) =>
        wasm.runOverlapAdd(out, memory.addressOf(x), batch, channels, ...numbers),
      );
    },

    concat(parts: readonly Operand<Values>[], axis: number): Values {
      const size = parts.reduce((sum, part) => sum + part.values.length, 0);
      const outer = sizeOf(parts[0]?.shape.slice(0, axis) ?? []);
      const pitch = outer === 0 ? 0 : (4 * size) / outer;
      return memory.compute(size, (out) => {
        let to = out;
        for (const { values } of parts) {
          const bytes = outer === 0 ? 0 : (4 * values.length) / outer;
          wasm.copyRows(to, pitch, memory.addressOf(values), bytes, bytes, outer);
          to += bytes;
        }
      });
    },

    pad(x: Operand<Values>, before: readonly number[], after: readonly number[], value: number): Values {
      const shape = x.shape.map((n, axis) => n + before[axis]! + after[axis]!);
      const size = sizeOf(shape);
      return computeElements(context, size, (out) => {
        wasm.runFill(out, value, size);
        if (x.values.length > 0) place(context, out, shape, before, memory.addressOf(x.values), x.shape);
      });
    },
  };
}

/** Copies x row by row (along its last axis) into a larger array, at offset `before[a]` along axis a. */
function place(
  { wasm }: Context,
  out: number,
  shape: Shape,
  before: readonly number[],
  x: number,
  own: Shape,
): void {
  const strides = stridesOf(shape);
  const rank = own.length;
  const columns = own[rank - 1] ?? 1;
  const rows = own[rank - 2] ?? 1;
  const matrices = sizeOf(own.slice(0, -2));
  const start = before.reduce((sum, b, axis) => sum + b * strides[axis]!, 0);
  const bytes = 4 * columns;
  const pitch = 4 * (strides[rank - 2] ?? columns);
  for (let matrix = 0; matrix < matrices; matrix++) {
    let [rest, offset] = [matrix, start];
    for (let axis = rank - 3; axis >= 0; axis--) {
      const length = own[axis]!;
      offset += (rest % length) * strides[axis]!;
      rest = Math.floor(rest / length);
    }
    wasm.copyRows(out + 4 * offset, pitch, x + matrix * rows * bytes, bytes, bytes, rows);
  }
}
