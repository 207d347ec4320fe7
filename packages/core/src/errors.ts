/** A list of axis lengths, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

/** Writes a shape as `[64, 784]`. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** Root of every error that varigrad throws on purpose: `op: what: values — fix`. */
export class VarigradError extends Error {
  override readonly name: string = 'VarigradError';
  /** The operation that refused. */
  readonly op: string;

  constructor(op: string, message: string) {
    super(`${op}: ${message}`);
    this.op = op;
  }
}

/** Operands whose shapes do not fit together. */
export class ShapeError extends VarigradError {
  override readonly name = 'ShapeError';
  readonly shapes: readonly Shape[];

  constructor(op: string, shapes: readonly Shape[], message: string) {
    super(op, message);
    this.shapes = shapes;
  }
}

/** A value, an option or an axis that an operation cannot take. */
export class ArgumentError extends VarigradError {
  override readonly name = 'ArgumentError';
}

/** Misuse of the tape: a freed graph, a non-scalar loss, a value changed in place. */
export class GradError extends VarigradError {
  override readonly name = 'GradError';
}

/** A backend that is absent, failed, or does not hold the tensor it is given. */
export class BackendError extends VarigradError {
  override readonly name = 'BackendError';
}
