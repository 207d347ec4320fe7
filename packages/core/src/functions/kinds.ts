/** Kernel kinds that are not elementwise functions. The build assigns their numbers in WebAssembly, as for those functions. */

/** `max` and `min` propagate NaN; `logSumExp` subtracts the maximum first and is −Infinity over an empty axis. */
export const reduceKinds = ['sum', 'max', 'min', 'logSumExp'] as const;

/** A reduction that every backend has a kernel for. */
export type ReduceKind = (typeof reduceKinds)[number];

/** Activations that `linear` can apply to its result. */
export const activations = ['none', 'relu', 'sigmoid', 'tanh'] as const;

/** The name of an activation that `linear` can apply. */
export type Activation = (typeof activations)[number];

/** How an operand broadcasts against `[rows, columns]`: as `[rows, columns]`, `[columns]`, `[rows, 1]` or one value. */
export const operandModes = ['full', 'row', 'column', 'scalar'] as const;

export type OperandMode = (typeof operandModes)[number];

/**
 * The steps of a chain, which computes elementwise kernels block by block. `spread` repeats a vector along other axes; `copy`
 * moves a block; `crossEntropy` computes sigmoidCrossEntropy and sigmoidResidual of the same operands.
 */
export const chainKinds = ['unary', 'binary', 'where', 'spread', 'copy', 'crossEntropy'] as const;

export type ChainKind = (typeof chainKinds)[number];

/** Places of a chain's operands: an array, one float for all elements, or a scratch block of the thread. */
export const chainPlaces = ['array', 'scalar', 'scratch'] as const;

export type ChainPlace = (typeof chainPlaces)[number];

/** Optimizer steps that one sweep applies to many parameters. */
export const sweepKinds = ['adam', 'sgd'] as const;

export type SweepKind = (typeof sweepKinds)[number];
