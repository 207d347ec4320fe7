/** The passes over a program that serve every backend. They remove calls, and change no result. */
import type { Kernels, Values } from '../backend.js';
import { type BoundProgram, foldConstants, shrinkConstants } from './constants.js';
import { removeUnused } from './unused.js';

/** The program without calls that nothing needs, and with constants computed once. @param kernels - compute the constants */
export function simplify<V extends Values>(
  kernels: Kernels<V>,
  { program, bound }: BoundProgram<V>,
): BoundProgram<V> {
  const folded = shrinkConstants(foldConstants(kernels, { program: removeUnused(program), bound }));
  return { program: removeUnused(folded.program), bound: folded.bound };
}
