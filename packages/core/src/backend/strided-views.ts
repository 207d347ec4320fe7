/** Strided views of memory: of broadcast operands, and with as few axes as possible. */
import type { Shape } from '../errors.js';
import { broadcastStrides } from '../shape.js';
import type { StridedSpec } from './backend.js';

/** The strided view of an operand of `shape` broadcast to `out`. */
export function broadcastView(shape: Shape, out: Shape): StridedSpec {
  return { shape: out, strides: broadcastStrides(shape, out), offset: 0 };
}

/** The same view without axes of length 1, and with contiguous neighbouring axes merged. */
export function mergeAxes({ shape, strides, offset }: StridedSpec): StridedSpec {
  const lengths: number[] = [];
  const steps: number[] = [];
  shape.forEach((length, axis) => {
    if (length === 1) return;
    const step = strides[axis]!;
    const last = lengths.length - 1;
    if (last >= 0 && steps[last] === length * step) {
      lengths[last]! *= length;
      steps[last] = step;
    } else {
      lengths.push(length);
      steps.push(step);
    }
  });
  return { shape: lengths, strides: steps, offset };
}
