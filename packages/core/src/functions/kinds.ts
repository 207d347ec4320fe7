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
