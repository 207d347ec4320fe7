/** Order and coordinates of the vertices within the ranks of a layered drawing. */

/** A connection to a vertex on a neighbouring rank; offsets from the two centres. */
export interface Link {
  readonly vertex: number;
  readonly own: number;
  readonly other: number;
}

/** A box, or a bend of an arrow, on a rank. */
export interface Vertex {
  readonly width: number;
  readonly height: number;
  readonly rank: number;
  readonly dummy: boolean;
  readonly above: Link[];
  readonly below: Link[];
}

const SWEEPS = 12;
/** Rough sweeps align each row with one neighbouring row, in large moves; fine sweeps with both rows, in small ones. */
const ROUGH_SWEEPS = 16;
const FINE_SWEEPS = 100;
/** Limits the time for pictures of tens of thousands of vertices. */
const MOST_MOVES = 500_000;
/** Pixels of movement below which the sweeps end. */
const STILL = 0.2;
const GAP = 16;

/**
 * Vertex numbers of each rank from left to right, with few crossings: the best order of all sweeps. Upward sweeps reverse
 * ties and exchange neighbours also where nothing is gained, which leaves local minima.
 */
export function orderRanks(vertices: readonly Vertex[]): number[][] {
  const rows: number[][] = [];
  vertices.forEach(({ rank }, v) => {
    while (rows.length <= rank) rows.push([]);
    rows[rank]?.push(v);
  });
  let best = rows.map((row) => [...row]);
  let fewest = crossings(best, vertices);
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
    const down = sweep % 2 === 0;
    const places = placesIn(rows, vertices);
    const order = rows.map((_, r) => (down ? r : rows.length - 1 - r));
    for (const r of order) {
      if (!down) rows[r]!.reverse();
      sortRow(rows[r]!, vertices, places, down ? 'above' : 'below');
    }
    exchangeNeighbours(rows, vertices, !down);
    const found = crossings(rows, vertices);
    if (found < fewest) {
      fewest = found;
      best = rows.map((row) => [...row]);
    }
  }
  return best;
}

/** The place of each vertex in its row, as a number. */
function placesIn(rows: readonly (readonly number[])[], vertices: readonly Vertex[]): number[] {
  const places = new Array<number>(vertices.length).fill(0);
  for (const row of rows) {
    row.forEach((v, i) => {
      places[v] = i;
    });
  }
  return places;
}

/** Where a link ends: the place of that vertex, plus a fraction of a place for the offset on it. */
function placeOf(link: Link, vertices: readonly Vertex[], places: readonly number[]): number {
  const { width } = vertices[link.vertex] as Vertex;
  return places[link.vertex]! + (0.9 * link.other) / Math.max(1, width);
}

function sortRow(
  row: number[],
  vertices: readonly Vertex[],
  places: number[],
  side: 'above' | 'below',
): void {
  const weight = new Map(
    row.map((v, i) => {
      const links = (vertices[v] as Vertex)[side];
      const sum = links.reduce((total, link) => total + placeOf(link, vertices, places), 0);
      return [v, links.length === 0 ? i : sum / links.length];
    }),
  );
  row.sort((a, b) => weight.get(a)! - weight.get(b)!);
  row.forEach((v, i) => {
    places[v] = i;
  });
}

/** Exchanges neighbours wherever that removes crossings; with `ties`, also where their number stays the same. */
function exchangeNeighbours(rows: readonly number[][], vertices: readonly Vertex[], ties: boolean): void {
  const places = placesIn(rows, vertices);
  const ends = (v: number, side: 'above' | 'below'): number[] =>
    (vertices[v] as Vertex)[side].map((link) => placeOf(link, vertices, places));
  for (const row of rows) {
    for (let i = 0; i + 1 < row.length; i++) {
      const [a, b] = [row[i]!, row[i + 1]!];
      const gain = (['above', 'below'] as const).reduce((sum, side) => {
        const [left, right] = [ends(a, side), ends(b, side)];
        return sum + inversions(left, right) - inversions(right, left);
      }, 0);
      if (gain < 0 || (gain === 0 && !ties)) continue;
      row[i] = b;
      row[i + 1] = a;
      places[b] = i;
      places[a] = i + 1;
    }
  }
}

/** Number of pairs (l, r) with l > r: crossings of the links of a left vertex with those of a right one. */
function inversions(left: readonly number[], right: readonly number[]): number {
  let count = 0;
  for (const l of left) for (const r of right) if (l > r) count++;
  return count;
}

function crossings(rows: readonly (readonly number[])[], vertices: readonly Vertex[]): number {
  const places = placesIn(rows, vertices);
  const place = (link: Link): number => placeOf(link, vertices, places);
  return rows.reduce((count, row) => {
    // Link ends, by their starts from left to right: two links cross if the later end is further left.
    const ends = row.flatMap((v) => (vertices[v] as Vertex).below.map(place).sort((a, b) => a - b));
    return count + sortCounting(ends);
  }, 0);
}

/** Merge sort in place. @returns the number of pairs that were in the wrong order */
function sortCounting(values: number[]): number {
  if (values.length < 2) return 0;
  const half = values.length >> 1;
  const [left, right] = [values.slice(0, half), values.slice(half)];
  let count = sortCounting(left) + sortCounting(right);
  for (let [i, l, r] = [0, 0, 0]; i < values.length; i++) {
    const fromLeft = r === right.length || (l < left.length && left[l]! <= right[r]!);
    if (!fromLeft) count += left.length - l;
    values[i] = fromLeft ? left[l++]! : right[r++]!;
  }
  return count;
}

/** The x of each vertex's centre: no overlaps in a row, and arrows as straight as possible. */
export function closest(rows: readonly (readonly number[])[], vertices: readonly Vertex[]): number[] {
  const centres = new Array<number>(vertices.length).fill(0);
  for (const row of rows) {
    let x = 0;
    for (const v of row) {
      const { width } = vertices[v] as Vertex;
      centres[v] = x + width / 2;
      x += width + GAP;
    }
  }
  const fine = Math.min(FINE_SWEEPS, Math.ceil(MOST_MOVES / vertices.length));
  for (let sweep = 0; sweep < ROUGH_SWEEPS + fine; sweep++) {
    const sides = sweep >= ROUGH_SWEEPS ? BOTH : sweep % 2 === 0 ? ABOVE : BELOW;
    const order = sweep % 2 === 0 ? rows : rows.toReversed();
    const moves = order.map((row) => settle(row, vertices, centres, sides));
    if (sides === BOTH && moves.every((move) => move < STILL)) break;
  }
  return centres;
}

type Sides = readonly ('above' | 'below')[];
const ABOVE: Sides = ['above'];
const BELOW: Sides = ['below'];
const BOTH: Sides = ['above', 'below'];

/** Weight of a link: largest between two bends of one arrow, so that long arrows become straight. */
function pull(a: Vertex, b: Vertex): number {
  return a.dummy && b.dummy ? 8 : a.dummy || b.dummy ? 2 : 1;
}

/**
 * Moves a row towards its neighbouring rows: minimises Σ wᵢ(xᵢ − dᵢ)² subject to xᵢ₊₁ − xᵢ ≥ distanceᵢ.
 * After subtracting the distances this is isotonic regression, which pooling adjacent violators solves exactly.
 * @returns the largest distance that a vertex moved
 */
function settle(
  row: readonly number[],
  vertices: readonly Vertex[],
  centres: number[],
  sides: Sides,
): number {
  const blocks: { mean: number; weight: number; count: number }[] = [];
  let shift = 0;
  const shifts = row.map((v, i) => {
    const before = row[i - 1];
    if (before !== undefined) {
      shift += ((vertices[before] as Vertex).width + (vertices[v] as Vertex).width) / 2 + GAP;
    }
    return shift;
  });
  row.forEach((v, i) => {
    const { target, weight } = targetOf(v, vertices, centres, sides);
    let block = { mean: target - shifts[i]!, weight, count: 1 };
    for (let last = blocks.at(-1); last !== undefined && last.mean > block.mean; last = blocks.at(-1)) {
      blocks.pop();
      const total = last.weight + block.weight;
      const mean = (last.mean * last.weight + block.mean * block.weight) / total;
      block = { mean, weight: total, count: last.count + block.count };
    }
    blocks.push(block);
  });
  let [i, farthest] = [0, 0];
  for (const { mean, count } of blocks) {
    for (const end = i + count; i < end; i++) {
      const v = row[i]!;
      const x = mean + shifts[i]!;
      farthest = Math.max(farthest, Math.abs(x - centres[v]!));
      centres[v] = x;
    }
  }
  return farthest;
}

/** The x at which a vertex's arrows are straightest, and its weight. */
function targetOf(
  v: number,
  vertices: readonly Vertex[],
  centres: readonly number[],
  sides: Sides,
): { target: number; weight: number } {
  const own = vertices[v] as Vertex;
  let [sum, weight] = [0, 0];
  for (const side of sides) {
    for (const link of own[side]) {
      const strength = pull(own, vertices[link.vertex] as Vertex);
      sum += strength * (centres[link.vertex]! + link.other - link.own);
      weight += strength;
    }
  }
  // A vertex without links stays in place; a small weight lets its neighbours move it.
  return weight === 0 ? { target: centres[v]!, weight: 0.01 } : { target: sum / weight, weight };
}
