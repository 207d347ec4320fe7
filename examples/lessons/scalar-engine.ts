/**
 * Reverse-mode automatic differentiation of scalars: the whole idea, in at most 100 lines.
 *
 * A computed number stores its operands, and how strongly it depends on each of them:
 * for y = f(a, b), the local derivatives ∂y/∂a and ∂y/∂b. The chain rule does the rest.
 */

/** A number, and how it was computed. */
export class Scalar {
  readonly value: number;
  /** The operands. Empty for a leaf, where gradients end. */
  readonly operands: readonly Scalar[];
  /** ∂this/∂operand for each operand: plain numbers, known as soon as the operation has run. */
  readonly derivatives: readonly number[];
  /** Position in the order of creation. Operands are created before their result, so their positions are smaller. */
  readonly serial: number;
  /** ∂y/∂this, summed over all calls of `backward(y)`; kept for leaves. */
  grad = 0;
  static #count = 0;

  constructor(value: number, operands: readonly Scalar[] = [], derivatives: readonly number[] = []) {
    this.value = value;
    this.operands = operands;
    this.derivatives = derivatives;
    this.serial = Scalar.#count++;
  }

  // Each operation gives its value, its operands, and its derivative with respect to each operand.

  add(b: Scalar): Scalar {
    return new Scalar(this.value + b.value, [this, b], [1, 1]); // d(a + b) = da + db
  }
  sub(b: Scalar): Scalar {
    return new Scalar(this.value - b.value, [this, b], [1, -1]); // d(a − b) = da − db
  }
  mul(b: Scalar): Scalar {
    return new Scalar(this.value * b.value, [this, b], [b.value, this.value]); // d(ab) = b da + a db
  }
  div(b: Scalar): Scalar {
    const y = this.value / b.value;
    return new Scalar(y, [this, b], [1 / b.value, -y / b.value]); // d(a/b) = da/b − (a/b) db/b
  }
  exp(): Scalar {
    const y = Math.exp(this.value);
    return new Scalar(y, [this], [y]); // d eˣ = eˣ dx
  }
  log(): Scalar {
    return new Scalar(Math.log(this.value), [this], [1 / this.value]); // d ln x = dx/x
  }
  sin(): Scalar {
    return new Scalar(Math.sin(this.value), [this], [Math.cos(this.value)]); // d sin x = cos x dx
  }
  tanh(): Scalar {
    const y = Math.tanh(this.value);
    return new Scalar(y, [this], [1 - y * y]); // d tanh x = (1 − tanh² x) dx
  }
  relu(): Scalar {
    const slope = this.value > 0 ? 1 : 0; // at the kink itself, 0 by convention
    return new Scalar(Math.max(this.value, 0), [this], [slope]);
  }
}

/** The tape: y and everything it was computed from, in the order of computation. */
export function tapeOf(y: Scalar): Scalar[] {
  const found = new Set([y]);
  // The set grows during the walk, which ends when nothing new is found.
  for (const node of found) for (const operand of node.operands) found.add(operand);
  return [...found].sort((a, b) => a.serial - b.serial);
}

/** Adds ∂y/∂x to `x.grad`, for every leaf x that y depends on. */
export function backward(y: Scalar): void {
  const gradients = new Map([[y, 1]]); // ∂y/∂y = 1
  for (const node of tapeOf(y).reverse()) {
    // Everything that uses this number is later on the tape and was already processed, so the sum is complete.
    const gradient = gradients.get(node) ?? 0;
    if (node.operands.length === 0) node.grad += gradient;
    node.operands.forEach((operand, i) => {
      // The chain rule for one edge. An operand with several edges gets their sum.
      const part = gradient * node.derivatives[i]!;
      gradients.set(operand, (gradients.get(operand) ?? 0) + part);
    });
  }
}
