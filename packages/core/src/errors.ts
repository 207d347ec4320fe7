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

/** What an error message calls an operand; see `Tensor.named`. */
export interface OperandName {
  /** '' if the operand has no name. */
  readonly label: string;
  /** A name for each axis, or none. */
  readonly axes: readonly string[];
  readonly shape: Shape;
}

/** A message that mentions its operands, given the names of those that have one. */
type Wording = (names: readonly (string | undefined)[]) => string;

/** Operands whose shapes do not fit together. Operands that were named are listed with their names at the end. */
export class ShapeError extends VarigradError {
  override readonly name = 'ShapeError';
  readonly shapes: readonly Shape[];
  readonly operands: readonly OperandName[];
  readonly #wording: string | Wording;

  /** @param wording - the message, or a function of the operands' names, which has words of its own for those without */
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

  /** The same error with the operands' names. */
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
