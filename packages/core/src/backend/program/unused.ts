/** A pass: calls whose results do not matter are removed. */
import { type PlacedProgram, slotsOf, slotsWrittenBy } from './program.js';

/** The program without calls that change neither a result nor a state. */
export function removeUnused(program: PlacedProgram): PlacedProgram {
  const used = new Set(program.results);
  program.slots.forEach(({ kind }, slot) => {
    if (kind === 'state') used.add(slot);
  });
  const calls = program.calls.toReversed().filter((call) => {
    const made = call.out === null ? slotsWrittenBy(call) : [call.out];
    if (!made.some((slot) => used.has(slot))) return false;
    for (const slot of slotsOf(call)) used.add(slot);
    return true;
  });
  return { ...program, calls: calls.reverse() };
}
