/** Which calls of a program must run before which. */
import type { Program } from '../backend.js';
import { slotsOf, slotsWrittenBy } from './program.js';

/** For each call, the earlier calls that must have run: they compute what it reads, or use what it changes. */
export function dependencies({ slots, calls }: Program): ReadonlySet<number>[] {
  const writer = new Array<number | undefined>(slots.length).fill(undefined);
  const readers: number[][] = [...slots, null].map(() => []);
  return calls.map((call, i) => {
    const found = new Set<number>();
    const written = call.out === null ? slotsWrittenBy(call) : [call.out];
    if (call.kernel === 'allReduce') written.push(slots.length); // all processes exchange in the same order
    for (const slot of [...slotsOf(call), ...written]) {
      if (writer[slot] !== undefined) found.add(writer[slot]!);
    }
    for (const slot of written) for (const reader of readers[slot]!) found.add(reader);
    for (const slot of slotsOf(call)) readers[slot]!.push(i);
    for (const slot of written) {
      writer[slot] = i;
      readers[slot] = [];
    }
    found.delete(i);
    return found;
  });
}
