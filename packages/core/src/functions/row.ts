/** What a row of the tables of elementwise functions holds: one function in every notation that the project needs. */

/** Where the tests draw an argument from. Without any field: uniform in [−2, 2]. */
export interface Domain {
  /** Uniform in [low, high]; default −2 … 2. */
  readonly low?: number;
  readonly high?: number;
  /** Points where the function has a kink or a jump: values keep 0.05 away. */
  readonly kinks?: readonly number[];
  /** Instead: the numbers offset + step·k for different whole k around 0, in random order: no two are close. */
  readonly lattice?: { readonly step: number; readonly offset: number };
  /** Instead: whole numbers 0 … below − 1. */
  readonly below?: number;
}

interface Row {
  /** JavaScript, safe over the whole range. It may call the functions of backend/reference/formulas.ts as `formulas`. */
  readonly reference: string;
  /** AssemblyScript on four float32 lanes. It may call the functions of backend/wasm/assembly/math.ts as `math`. */
  readonly wasm: string;
  /** 'memory' if moving the values takes longer than computing them: threads then share only large arrays. */
  readonly cost?: 'memory';
  /** The WebAssembly loop takes four vectors at a time: for the cheapest functions that training uses most. */
  readonly unroll?: true;
  /** JavaScript that gpu.js translates. It may call the functions of backend/gpu/functions.ts, and name `inf` and `nan`. */
  readonly gpu: string;
  /**
   * The formula that traces print: `·` is the product, `[…]` is 1 if the condition holds and else 0, σ is the sigmoid,
   * Φ and φ are the distribution function and the density of N(0, 1). Tests evaluate it as written.
   */
  readonly value: string;
  /** A formula that is worked out differently from `reference`, if evaluating `value` would repeat it. */
  readonly definition?: string;
  /**
   * Largest error of the WebAssembly kernel over all of float32, in units in the last place, and arguments around which the
   * test looks at every float32. Default: ½ ulp, rounded once.
   */
  readonly accuracy?: { readonly ulp: number; readonly near?: readonly number[] };
  /** Beyond this magnitude GPU drivers disagree about every digit. */
  readonly gpuMost?: number;
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
  /** What is sent to each argument; null: it has no derivative. */
  readonly derivatives: readonly [string | null, string | null];
  readonly domains?: readonly [Domain, Domain];
}

/** One operation: y = value; the gradient sent to operand i is derivatives[i]. */
export interface Formula {
  /** Names of the operands in the formulas. Of an operation of any number of operands, the last name stands for the rest. */
  readonly operands: readonly string[];
  readonly value: string;
  /** ∂loss/∂operand from dy = ∂loss/∂y, before a broadcast operand's gradient is summed; null: no derivative. */
  readonly derivatives: readonly (string | null)[];
  /** Whether every element of y depends on the operands' elements at its own place only. */
  readonly elementwise: boolean;
}
