/**
 * The table of elementwise functions. From its rows, scripts/functions.mjs generates the WebAssembly kernels, the tables of the
 * reference and GPU backends, and the printed formulas. Tests take their cases from them. Library code imports only types
 * from this folder, so no bundle contains the rows.
 */
import * as activation from './activation.js';
import * as arithmetic from './arithmetic.js';
import * as comparison from './comparison.js';
import * as exponential from './exponential.js';
import * as probability from './probability.js';
import * as rounding from './rounding.js';
import type { BinaryRow, UnaryRow } from './row.js';
import * as trigonometric from './trigonometric.js';

/** Functions of one argument, by name. */
export const unaryRows: Readonly<Record<string, UnaryRow>> = {
  ...arithmetic.unary,
  ...rounding.unary,
  ...exponential.unary,
  ...trigonometric.unary,
  ...probability.unary,
  ...activation.unary,
};

/** Functions of two arguments, by name. */
export const binaryRows: Readonly<Record<string, BinaryRow>> = {
  ...arithmetic.binary,
  ...comparison.binary,
  ...trigonometric.binary,
  ...probability.binary,
  ...activation.binary,
};
