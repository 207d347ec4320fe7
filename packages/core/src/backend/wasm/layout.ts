/** Reduces the shapes of elementwise calls to the few forms that the kernels support. */
import type { Shape } from '../../errors.js';
import type { OperandMode } from '../../functions/kinds.js';
import { sameShape, sizeOf } from '../../shape.js';

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
