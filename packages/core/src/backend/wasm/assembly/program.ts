/**
 * Programs: a list of instructions in memory, each a call of a function of index.ts. An instruction is its number and the
 * arguments, in 4-byte words.
 */
import { execute } from './instructions.generated';

/** Executes the instructions from `at` to `end`. */
export function walk(at: usize, end: usize): void {
  while (at < end) at = execute(at);
}
