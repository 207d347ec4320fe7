/** Reduces shapes and strides to the few forms that the kernels support. */
import type { Shape } from '../../errors.js';
import type { OperandMode } from '../../functions/kinds.js';
import { broadcastStrides, sameShape, sizeOf } from '../../shape.js';
import type { StridedSpec } from '../backend.js';

/** An elementwise call over `[rows, columns]`, with the mode of each operand. */
export interface Layout {
  rows: number;
  columns: number;
  modes: OperandMode[];
}

/**
 * Finds `[rows, columns]` such that every operand is full, one row, one column or a scalar; undefined if there is none.
 * If all operands are full or scalar, `columns` is 1 and `rows` is the number of elements.
 */
export function findLayout(operands: readonly Shape[], out: Shape): Layout | undefined {
  const size = sizeOf(out);
  const simple = operands.map((shape) =>
    sizeOf(shape) === size ? 'full' : sizeOf(shape) === 1 ? 'scalar' : undefined,
  );
  if (simple.every((mode) => mode !== undefined)) return { rows: size, columns: 1, modes: simple };
  for (let split = 1; split < out.length; split++) {
    const columns = sizeOf(out.slice(split));
    const modes = operands.map((shape) => modeOf(shape, out, split));
    if (modes.every((mode) => mode !== undefined)) return { rows: size / columns, columns, modes };
  }
  return undefined;
}

function modeOf(shape: Shape, out: Shape, split: number): OperandMode | undefined {
  const aligned = [...new Array<number>(out.length - shape.length).fill(1), ...shape];
  const [head, tail] = [aligned.slice(0, split), aligned.slice(split)];
  const fullHead = sameShape(head, out.slice(0, split));
  const fullTail = sameShape(tail, out.slice(split));
  if (fullHead && fullTail) return 'full';
  const singleHead = head.every((n) => n === 1);
  const singleTail = tail.every((n) => n === 1);
  if (singleHead && singleTail) return 'scalar';
  if (singleHead && fullTail) return 'row';
  if (fullHead && singleTail) return 'column';
  return undefined;
}

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
