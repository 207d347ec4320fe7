/** A list of axis lengths, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

/** Writes a shape as `[64, 784]`. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** Base class of all errors of varigrad. Messages read `op: what: values — fix`. */
export class VarigradError extends Error {
  override readonly name: string = 'VarigradError';
  /** The operation that threw the error. */
  readonly op: string;

  constructor(op: string, message: string) {
    super(`${op}: ${message}`);
    this.op = op;
  }
}

/** The name of an operand in error messages; see `Tensor.named`. */
export interface OperandName {
  /** '' if the operand has no name. */
  readonly label: string;
  /** One name per axis; empty if the axes have no names. */
  readonly axes: readonly string[];
  readonly shape: Shape;
}

/** Writes a message from the operands' names; `undefined` stands for an operand without a name. */
type Wording = (names: readonly (string | undefined)[]) => string;

/** Operands have shapes that do not fit together. Named operands are listed at the end of the message. */
export class ShapeError extends VarigradError {
  override readonly name = 'ShapeError';
  readonly shapes: readonly Shape[];
  readonly operands: readonly OperandName[];
  readonly #wording: string | Wording;

  /** @param wording - the message, or a function that writes it from the operands' names */
  constructor(
    op: string,
    shapes: readonly Shape[],
    wording: string | Wording,
    operands: readonly OperandName[] = [],
  ) {
    const names = operands.map(({ label }) => label || undefined);
    const text = typeof wording === 'string' ? wording : wording(names);
    const named = operands.filter(({ label }) => label !== '').map(describe);
    super(op, named.length === 0 ? text : `${text} (${named.join(', ')})`);
    this.shapes = shapes;
    this.operands = operands;
    this.#wording = wording;
  }

  /** Returns the same error with the operands' names. */
  withOperands(operands: readonly OperandName[]): ShapeError {
    return new ShapeError(this.op, this.shapes, this.#wording, operands);
  }
}

/** `pixels is [batch 64, pixel 784]` */
function describe({ label, axes, shape }: OperandName): string {
  const lengths = shape.map((length, axis) =>
    [axes[axis], length].filter((part) => part !== undefined).join(' '),
  );
  return `${label} is [${lengths.join(', ')}]`;
}

/** A value, an option or an axis that an operation does not accept. */
export class ArgumentError extends VarigradError {
  override readonly name = 'ArgumentError';
}

/** Misuse of the tape: a freed graph, a non-scalar loss, a value changed in place. */
export class GradError extends VarigradError {
  override readonly name = 'GradError';
}

/** A backend is unavailable, has failed, or does not hold a tensor that was passed to it. */
export class BackendError extends VarigradError {
  override readonly name = 'BackendError';
}
