/**
 * Evaluates printed formulas; see `Row.value` in functions/row.ts. The functions in them are computed in another way than
 * by the backends, so that a formula is an independent check.
 */
import type { BinaryRow, UnaryRow } from '../functions/row.js';
import { integral } from './naive.js';

/** A formula as a function of the values of its names, in order. */
export type Evaluator = (...values: number[]) => number;

const exp = (x: number): number => Math.E ** x;
const ln = (x: number): number => Math.log2(x) * Math.LN2;
/** erf x by its defining integral. */
const erf = (x: number): number => (2 / Math.sqrt(Math.PI)) * integral((t) => exp(-t * t), x);

const FUNCTIONS: Readonly<Record<string, unknown>> = {
  exp,
  ln,
  sqrt: (x: number) => x ** 0.5,
  sin: (x: number) => Math.cos(x - Math.PI / 2),
  cos: (x: number) => Math.sin(x + Math.PI / 2),
  abs: (x: number) => (x < 0 ? 0 - x : x),
  sign: (x: number) => (x < 0 ? -1 : x > 0 ? 1 : 0),
  max: (a: number, b: number) => (a > b ? a : b),
  min: (a: number, b: number) => (a < b ? a : b),
  erf,
  σ: (x: number) => 1 / (1 + exp(-x)),
  Φ: (x: number) => (1 + erf(x / Math.SQRT2)) / 2,
  φ: (x: number) => exp((-x * x) / 2) / Math.sqrt(2 * Math.PI),
};

/**
 * Compiles a formula, such as `|x|·[x > 0]`, to a function.
 * @param names - the names of the numbers in the formula. Functions that are not defined here are those of `Math`.
 */
export function evaluator(formula: string, names: readonly string[]): Evaluator {
  const condition = (inner: string): string => inner.replace(/(?<![≤≥<>])=/, '===');
  const js = formula
    .replace(/\[([^\]]*)\]/g, (_, inner: string) => `Number(${condition(inner)})`)
    .replace(/\|([^|]*)\|/g, 'abs($1)')
    .replaceAll('≠', '!==')
    .replaceAll('≤', '<=')
    .replaceAll('≥', '>=')
    .replaceAll('−', '-')
    .replaceAll('·', '*')
    .replaceAll('√', 'sqrt')
    .replaceAll('²', '**2')
    .replaceAll('^', '**')
    .replaceAll('π', 'Math.PI')
    .replace(/(?<![.\p{L}])\p{L}\w*(?=\()/gu, (name) =>
      name in FUNCTIONS || name === 'Number' ? name : `Math.${name}`,
    );
  const f = new Function(...Object.keys(FUNCTIONS), ...names, `return ${js}`);
  return (...values) => f(...Object.values(FUNCTIONS), ...values) as number;
}

/** The definition of a function of the tables. */
export function definitionOf({ value, definition = value, ...row }: UnaryRow | BinaryRow): Evaluator {
  const names = 'derivative' in row ? ['x'] : (row.operands ?? ['a', 'b']);
  return evaluator(definition, names);
}
