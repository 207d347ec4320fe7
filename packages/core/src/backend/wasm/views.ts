/** Shapes and strides, brought into the few forms that the kernels know. */
import type { Shape } from '../../errors.js';
import type { OperandMode } from '../../functions/kinds.js';
import { broadcastStrides, sizeOf } from '../../shape.js';
import type { StridedSpec } from '../backend.js';

/** An elementwise call over `[rows, columns]`, with the mode of each operand. */
export interface Layout {
  rows: number;
  columns: number;
  modes: OperandMode[];
}

/**
 * Finds `[rows, columns]` such that every operand is full, one row, one column or a scalar; undefined if there is none.
 * All full or scalar needs no rows at all: `rows` then counts single elements.
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
  const sameAs = (part: readonly number[], from: number) => part.every((n, i) => n === out[from + i]);
  const single = (part: readonly number[]) => part.every((n) => n === 1);
  if (sameAs(head, 0) && sameAs(tail, split)) return 'full';
  if (single(head) && single(tail)) return 'scalar';
  if (single(head) && sameAs(tail, split)) return 'row';
  if (sameAs(head, 0) && single(tail)) return 'column';
  return undefined;
}

/** The view by which broadcasting reads an operand of `shape` as `out`. */
export function broadcastView(shape: Shape, out: Shape): StridedSpec {
  return { shape: out, strides: broadcastStrides(shape, out), offset: 0 };
}

/** The same view with axes of length 1 dropped and neighbours merged that lie one after the other. */
export function mergeAxes({ shape, strides, offset }: StridedSpec): StridedSpec {
  const lengths: number[] = [];
  const steps: number[] = [];
  shape.forEach((length, axis) => {
    if (length === 1) return;
    const step = strides[axis] as number;
    const last = lengths.length - 1;
    if (last >= 0 && steps[last] === length * step) {
      lengths[last] = (lengths[last] as number) * length;
      steps[last] = step;
    } else {
      lengths.push(length);
      steps.push(step);
    }
  });
  return { shape: lengths, strides: steps, offset };
}
