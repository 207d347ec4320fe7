/** Reductions and scans of the middle axis of `[outer, length, inner]`. */
import type { ReduceKind } from '../../functions/kinds.js';
import type { AxisSpec } from '../backend.js';
import type { GpuAdapter } from './driver.js';
import type { Fused } from './expression.js';
import type { GpuArray } from './handle.js';
import type { Machine } from './machine.js';
import { type Program, placesOf } from './program.js';
import { wgslSum } from './wgsl-sum.js';

/** Maximum number of elements that one thread reduces. Longer axes are cut into pieces whose results are reduced again. */
const LONGEST_PIECE = 128;
/** On a card, fewer threads would leave most of it idle, and pieces are shorter. */
const LEAST_THREADS = 16_384;
const SHORT_PIECE = 32;

function pieceLength({ outer, length, inner }: AxisSpec, { software }: GpuAdapter): number {
  const threads = outer * inner * Math.ceil(length / LONGEST_PIECE);
  return software || threads >= LEAST_THREADS ? LONGEST_PIECE : SHORT_PIECE;
}

/** The body of a reduction. `each` writes a loop that runs a statement on every element. */
type Body = (each: (counter: string, statement: (element: string) => string) => string) => string;

const bodies: Readonly<Record<ReduceKind, Body>> = {
  sum: (each) => `let total = 0.0;\n${each('j', (e) => `total += ${e};`)}\nreturn total;`,
  max: (each) => `let most = 0.0 - inf;\n${each('j', (e) => `most = maximum(most, ${e});`)}\nreturn most;`,
  min: (each) => `let least = inf;\n${each('j', (e) => `least = minimum(least, ${e});`)}\nreturn least;`,
  // m + ln Σ e^(x − m) with the maximum m; if m is infinite or NaN, the result is m.
  logSumExp: (each) => `let most = 0.0 - inf;
${each('j', (e) => `most = maximum(most, ${e});`)}
if (!(most < inf) || !(most > 0.0 - inf)) { return most; }
let total = 0.0;
${each('i', (e) => `total += exponential(${e} - most, inf);`)}
return most + Math.log(total);`,
};

/**
 * Reduces an axis of length N in P pieces of up to C elements. The elements of a piece are P apart, so that neighbouring
 * threads read neighbouring elements. The result is `[outer, P, inner]`. Integers: I = inner, P, C, N, PI = P·I and NI = N·I.
 * @param source - the elements, which may be the results of elementwise operations
 */
export function reduceProgram(kind: ReduceKind, size: number, source: Fused): Program {
  const { variant, ready, at } = placesOf(size, {
    outer: 'div(this.thread.x, PI)',
    piece: 'remainder(div(this.thread.x, I), P)',
    inner: 'remainder(this.thread.x, I)',
  });
  const each = (counter: string, statement: (element: string) => string) => {
    const place = `${at.outer} * NI + (${counter} * P + ${at.piece}) * I + ${at.inner}`;
    const { lines, result } = source.element(place);
    return `for (let ${counter} = 0; ${counter} < C; ${counter}++) {
if (${counter} * P + ${at.piece} < N) {
${lines.join('\n')}
${statement(result)}
}
}`;
  };
  return {
    name: `reduce ${kind} ${variant} of ${source.name}`,
    arrays: source.names,
    integers: ['I', 'P', 'C', 'N', 'PI', 'NI', ...source.integers],
    numbers: source.numbers,
    body: `${ready}${bodies[kind](each)}`,
  };
}

/** Tree reduction: first pieces of the axis, then the results of the pieces, until one is left. */
export function reduceAxis(machine: Machine, kind: ReduceKind, x: GpuArray, axis: AxisSpec): GpuArray {
  const { outer, length, inner } = axis;
  // An empty reduction reads no element, but an operand must have memory.
  const operand = x.length > 0 ? x : machine.constant(1, 0);
  if (kind === 'logSumExp') machine.compute(operand); // the program reads each element twice
  const source = machine.source(kind, operand);
  const { shaders, adapter } = machine.driver;
  const sum = kind === 'sum' && shaders !== null ? wgslSum(source, axis, adapter) : null;
  const pieces = sum?.pieces ?? Math.max(1, Math.ceil(length / pieceLength(axis, adapter)));
  const size = outer * pieces * inner;
  const integers = [inner, pieces, Math.ceil(length / pieces), length, pieces * inner, length * inner];
  const program = sum?.program ?? reduceProgram(kind, size, source);
  const partial = machine.launchFused(program, source, size, integers);
  if (operand !== x) machine.release(operand);
  if (pieces === 1) return partial;
  const result = reduceAxis(machine, kind, partial, { outer, length: pieces, inner });
  machine.release(partial);
  return result;
}

/** The index of the first maximum. A NaN ends the search, and its index is the result. Integers: I and N. */
export function argmaxProgram(size: number): Program {
  const { variant, ready, at } = placesOf(size, {
    outer: 'div(this.thread.x, I)',
    inner: 'remainder(this.thread.x, I)',
  });
  return {
    name: `argmax ${variant}`,
    arrays: ['a'],
    integers: ['I', 'N'],
    numbers: [],
    body: `${ready}let best = 0.0;
let most = 0.0 - inf;
let found = 0.0;
let place = 0.0;
for (let j = 0; j < N; j++) {
  const value = a[(${at.outer} * N + j) * I + ${at.inner}];
  if (found == 0) {
    if (isNan(value) == 1) { best = place; found = 1.0; }
    else { if (value > most) { best = place; most = value; } }
  }
  place += 1.0;
}
return best;`,
  };
}

/** One pass of Hillis and Steele's scan: adds to each element the one D positions before it. */
export const SCAN: Program = {
  name: 'scan',
  arrays: ['a'],
  integers: ['I', 'N', 'D'],
  numbers: [],
  body: `if (remainder(div(this.thread.x, I), N) >= D) {
  return a[this.thread.x] + a[this.thread.x - D * I];
}
return a[this.thread.x];`,
};
