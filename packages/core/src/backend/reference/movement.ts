import { sizeOf, stridesOf } from '../../shape.js';
import type { HostArray, Kernels, OverlapSpec, StridedSpec } from '../backend.js';
import type { Allocate } from './elementwise.js';

type Movement = Pick<
  Kernels<HostArray>,
  'strided' | 'concat' | 'pad' | 'indexSelect' | 'indexAdd' | 'gather' | 'scatterAdd' | 'overlapAdd'
>;

/** Calls `visit` with the source index of each element of a view, in row-major order of the view. */
function forEachPlace(
  { shape, strides, offset }: StridedSpec,
  visit: (from: number, to: number) => void,
): void {
  if (sizeOf(shape) === 0) return;
  const index = new Array<number>(shape.length).fill(0);
  const last = shape.length - 1;
  let from = offset;
  for (let to = 0; ; to++) {
    visit(from, to);
    let axis = last; // count up like an odometer: the last axis turns fastest
    while (axis >= 0) {
      from += strides[axis]!;
      index[axis]!++;
      if (index[axis] !== shape[axis]) break;
      from -= shape[axis]! * strides[axis]!;
      index[axis] = 0;
      axis--;
    }
    if (axis < 0) return;
  }
}

/** Calls `visit` with the image index of each element of the windows, in the order in which windows are stored. */
function forEachWindowPlace(
  { batch, channels, size, kernel, stride, dilation, count }: OverlapSpec,
  visit: (image: number, place: number) => void,
): void {
  const [height, width] = size;
  let at = 0;
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < kernel[0]; i++)
      for (let j = 0; j < kernel[1]; j++)
        for (let n = 0; n < batch; n++)
          for (let p = 0; p < count[0]; p++)
            for (let q = 0; q < count[1]; q++) {
              const row = p * stride[0] + i * dilation[0];
              const column = q * stride[1] + j * dilation[1];
              visit(((n * channels + c) * height + row) * width + column, at++);
            }
}

export function movementKernels(allocate: Allocate): Movement {
  return {
    strided(x, view) {
      const y = allocate(sizeOf(view.shape));
      forEachPlace(view, (from, to) => {
        y[to] = x[from]!;
      });
      return y;
    },

    concat(parts, axis) {
      const y = allocate(parts.reduce((size, part) => size + part.values.length, 0));
      const outer = sizeOf(parts[0]?.shape.slice(0, axis) ?? []);
      let to = 0;
      for (let o = 0; o < outer; o++) {
        for (const { values } of parts) {
          const chunk = values.length / outer;
          y.set(values.subarray(o * chunk, (o + 1) * chunk), to);
          to += chunk;
        }
      }
      return y;
    },

    pad(x, before, after, value) {
      const shape = x.shape.map((n, a) => n + before[a]! + after[a]!);
      const y = allocate(sizeOf(shape)).fill(value);
      const strides = stridesOf(shape);
      const offset = before.reduce((sum, b, a) => sum + b * strides[a]!, 0);
      forEachPlace({ shape: x.shape, strides, offset }, (to, from) => {
        y[to] = x.values[from]!;
      });
      return y;
    },

    indexSelect(x, index, { outer, length, inner, count }) {
      const y = allocate(outer * count * inner);
      for (let o = 0; o < outer; o++) {
        for (let j = 0; j < count; j++) {
          const from = (o * length + index[j]!) * inner;
          y.set(x.subarray(from, from + inner), (o * count + j) * inner);
        }
      }
      return y;
    },

    indexAdd(source, index, { outer, length, inner, count }) {
      const y = allocate(outer * length * inner);
      for (let o = 0; o < outer; o++) {
        for (let j = 0; j < count; j++) {
          const to = (o * length + index[j]!) * inner;
          const from = (o * count + j) * inner;
          for (let i = 0; i < inner; i++) y[to + i]! += source[from + i]!;
        }
      }
      return y;
    },

    overlapAdd(x, spec) {
      const y = allocate(spec.batch * spec.channels * spec.size[0] * spec.size[1]);
      forEachWindowPlace(spec, (to, from) => {
        y[to]! += x[from]!;
      });
      return y;
    },

    gather(x, index, { length, inner, count }) {
      const y = allocate(index.length);
      for (let e = 0; e < y.length; e++) {
        const o = Math.floor(e / (count * inner));
        y[e] = x[(o * length + index[e]!) * inner + (e % inner)]!;
      }
      return y;
    },

    scatterAdd(source, index, { outer, length, inner, count }) {
      const y = allocate(outer * length * inner);
      for (let e = 0; e < source.length; e++) {
        const o = Math.floor(e / (count * inner));
        const to = (o * length + index[e]!) * inner + (e % inner);
        y[to]! += source[e]!;
      }
      return y;
    },
  };
}
