/** The rows of the tables of elementwise functions: one function in every notation that the project needs. */

/** The distribution of an argument in tests. Without any field: uniform in [−2, 2]. */
export interface Domain {
  /** Uniform in [low, high]; default −2 … 2. */
  readonly low?: number;
  readonly high?: number;
  /** Points where the function has a kink or a jump. Test values stay 0.05 away from them. */
  readonly kinks?: readonly number[];
  /** Instead: the numbers offset + step·k for distinct integers k around 0, in random order. No two are close. */
  readonly lattice?: { readonly step: number; readonly offset: number };
  /** Instead: whole numbers 0 … below − 1. */
  readonly below?: number;
}

interface Row {
  /** A JavaScript expression, stable over the whole range. It may call the functions of backend/reference/formulas.ts as `formulas`. */
  readonly reference: string;
  /** An AssemblyScript expression on four float32 lanes. It may call the functions of backend/wasm/assembly/math.ts as `math`. */
  readonly wasm: string;
  /** 'memory' if loading and storing takes longer than computing. Threads then share only large arrays. */
  readonly cost?: 'memory';
  /** The WebAssembly loop processes four vectors at a time. Set for the cheapest functions that training uses most. */
  readonly unroll?: true;
  /** A JavaScript expression that gpu.js translates. It may call the functions of backend/gpu/functions.ts and use `inf` and `nan`. */
  readonly gpu: string;
  /**
   * The formula that traces print. `·` is the product. `[…]` is 1 if the condition holds, else 0. σ is the sigmoid.
   * Φ and φ are the distribution function and the density of N(0, 1). Tests evaluate the formula as written.
   */
  readonly value: string;
  /** An independent formula for tests, where evaluating `value` would repeat `reference`. */
  readonly definition?: string;
  /**
   * Largest error of the WebAssembly kernel over all float32 arguments, in units in the last place (ulp), and arguments
   * around which the test checks every float32. `second` limits the second argument to a range. Default: ½ ulp, that is,
   * rounded once.
   */
  readonly accuracy?: {
    readonly ulp: number;
    readonly near?: readonly number[];
    readonly second?: readonly [number, number];
  };
}

/** A function of one argument, named `x` in all texts. */
export interface UnaryRow extends Row {
  /** ∂loss/∂x from dy = ∂loss/∂y, with y = f(x). */
  readonly derivative: string;
  readonly domain?: Domain;
}

/** A function of two arguments. They are named `a` and `b` in `reference`, `wasm` and `gpu`. */
export interface BinaryRow extends Row {
  /** Names of the arguments in the formulas; default a and b. */
  readonly operands?: readonly [string, string];
  /** ∂loss/∂argument from dy = ∂loss/∂y, for each argument; null: no derivative. */
  readonly derivatives: readonly [string | null, string | null];
  readonly domains?: readonly [Domain, Domain];
}

/** The formulas of one operation: y = value, and ∂loss/∂operand i = derivatives[i]. */
export interface Formula {
  /** Names of the operands in the formulas. If the operation takes any number of operands, the last name stands for the rest. */
  readonly operands: readonly string[];
  readonly value: string;
  /** ∂loss/∂operand from dy = ∂loss/∂y, before a broadcast operand's gradient is summed; null: no derivative. */
  readonly derivatives: readonly (string | null)[];
  /** Whether each element of y depends only on the operands' elements at the same index. */
  readonly elementwise: boolean;
}
