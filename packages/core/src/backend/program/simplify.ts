/** The passes over a program that serve every backend. They remove calls, and change no result. */
import type { Kernels, Values } from '../backend.js';
import { type BoundProgram, copyChangedConstants, foldConstants, shrinkConstants } from './constants.js';
import { removeCopies } from './copies.js';
import { shareRepeated } from './repeated.js';
import { removeUnused } from './unused.js';

/** The program without calls that nothing needs or that repeat others, and with constants computed once. @param kernels - compute the constants */
export function simplify<V extends Values>(
  kernels: Kernels<V>,
  { program, bound }: BoundProgram<V>,
): BoundProgram<V> {
  const own = copyChangedConstants({ program, bound });
  const shared = shareRepeated(removeCopies(removeUnused(own.program)));
  const folded = shrinkConstants(foldConstants(kernels, { program: shared, bound: own.bound }));
  return { program: removeUnused(folded.program), bound: folded.bound };
}
