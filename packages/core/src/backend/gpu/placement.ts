/** Shares buffers among values of a recorded program that do not exist at the same time. */
import type { Dispatch } from './dispatch.js';
import type { Place } from './recording-driver.js';

/** Buffers of a program. */
export interface Placement {
  /** The size of each buffer in elements. */
  readonly sizes: readonly number[];
  /** The buffer of each place. */
  readonly buffers: ReadonlyMap<Place, number>;
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * Large values first: each goes to the first buffer that is large enough and free from the dispatch that computes it to the last one that
 * reads it. A dispatch cannot read and write the same buffer, so a result never replaces an operand.
 * @param isOuter - whether a place has memory of its own
 */
export function placementOf(
  dispatches: readonly Dispatch<Place>[],
  isOuter: (place: Place) => boolean,
): Placement {
  const last = new Map<Place, number>();
  dispatches.forEach(({ memories }, i) => {
    for (const place of memories) if (!isOuter(place)) last.set(place, i);
  });
  const sizes: number[] = [];
  const taken: Span[][] = [];
  const buffers = new Map<Place, number>();
  for (const [place, to] of [...last].sort(([a], [b]) => b.length - a.length)) {
    const isFree = (spans: Span[]) => spans.every((span) => to < span.from || span.to < place.from);
    let buffer = taken.findIndex(isFree);
    if (buffer === -1) {
      buffer = taken.push([]) - 1;
      sizes.push(place.length);
    }
    taken[buffer]!.push({ from: place.from, to });
    buffers.set(place, buffer);
  }
  return { sizes, buffers };
}
