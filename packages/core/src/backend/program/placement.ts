/** Places values in one piece of memory. Values that are not needed at the same time share addresses. */

/** Memory that is needed from one step of a program to another, both included. */
export interface Interval {
  readonly bytes: number;
  readonly from: number;
  readonly to: number;
}

/** Addresses relative to the start of the memory. */
export interface Placement {
  readonly offsets: readonly number[];
  /** Bytes of the whole memory. */
  readonly bytes: number;
}

/** Kernels read and write whole vectors, and whole cache lines are faster. */
const ALIGNMENT = 64;

/** The largest values come first; each gets the lowest place that is free during its time. */
export function placeIntervals(intervals: readonly Interval[]): Placement {
  const offsets = new Array<number>(intervals.length).fill(0);
  const placed: number[] = [];
  const endOf = (i: number): number => offsets[i]! + Math.ceil(intervals[i]!.bytes / ALIGNMENT) * ALIGNMENT;
  const order = [...intervals.keys()].sort((a, b) => intervals[b]!.bytes - intervals[a]!.bytes || a - b);
  for (const i of order) {
    const { from, to, bytes } = intervals[i]!;
    let offset = 0;
    for (const other of placed) {
      const { from: otherFrom, to: otherTo } = intervals[other]!;
      if (otherFrom > to || otherTo < from || endOf(other) <= offset) continue;
      if (offsets[other]! >= offset + bytes) break;
      offset = endOf(other);
    }
    offsets[i] = offset;
    placed.push(i);
    placed.sort((a, b) => offsets[a]! - offsets[b]!);
  }
  return { offsets, bytes: Math.max(0, ...placed.map(endOf)) };
}
