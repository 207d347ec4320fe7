/** Nested frames: each has its own layered drawing, and arrows pass through ports on the frames. */
import { type Layered, type LayeredEdge, type LayeredItem, layered, type Point } from './layered.js';
import type { BoxItem, GroupItem, Item } from './module-tree.js';

/** A rectangle by its upper left corner. */
export interface Rect extends Point {
  readonly width: number;
  readonly height: number;
}

/** An arrow between boxes of any frames. Arrows from one source share ports. */
export interface Arrow {
  readonly source: number;
  readonly from: BoxItem;
  readonly to: BoxItem;
  readonly labelWidth: number;
}

/** The finished picture. */
export interface Nested {
  readonly width: number;
  readonly height: number;
  readonly boxes: ReadonlyMap<BoxItem, Rect>;
  /** Outer frames first. */
  readonly groups: readonly (Rect & { readonly module: string; readonly nesting: number })[];
  /** In the order of the given arrows. */
  readonly arrows: readonly { readonly points: readonly Point[]; readonly label: Point }[];
}

/** Sizes of boxes and frames, in pixels. */
export interface NestedStyle {
  size(box: BoxItem): { width: number; height: number };
  /** Width of the title at the top of a frame. */
  titleWidth(group: GroupItem): number;
  readonly titleHeight: number;
  readonly padding: number;
}

/** A piece of an arrow within one frame. */
type Piece = Layered['edges'][number];

/** The content of one frame, in the frame's coordinates until it is placed. */
interface Level {
  readonly width: number;
  readonly height: number;
  /** Where arrows cross the upper and the lower edge, by source: distances from the left end. */
  readonly entries: ReadonlyMap<number, number>;
  readonly exits: ReadonlyMap<number, number>;
  place(at: Point): void;
}

/** Draws a tree of boxes and frames, and the arrows between them. */
export function nested(items: readonly Item[], arrows: readonly Arrow[], style: NestedStyle): Nested {
  const drawing = new Drawing(arrows, pathsOf(items), style);
  const whole = drawing.level(items, 0, null);
  whole.place({ x: 0, y: 0 });
  return {
    width: whole.width,
    height: whole.height,
    boxes: drawing.boxes,
    groups: drawing.groups,
    arrows: arrows.map((arrow) => drawing.route(arrow)),
  };
}

/** For each box its path: from the outermost frame to the box itself. */
function pathsOf(items: readonly Item[], above: readonly Item[] = []): Map<BoxItem, readonly Item[]> {
  const paths = new Map<BoxItem, readonly Item[]>();
  for (const item of items) {
    const path = [...above, item];
    if (item.kind === 'box') paths.set(item, path);
    else for (const [box, deeper] of pathsOf(item.children, path)) paths.set(box, deeper);
  }
  return paths;
}

/** The end of a piece: an item of the frame, or the frame's own edge. */
type End = Item | 'edge';

class Drawing {
  readonly boxes: Map<BoxItem, Rect> = new Map();
  readonly groups: (Rect & { module: string; nesting: number })[] = [];
  readonly #arrows: readonly Arrow[];
  readonly #paths: ReadonlyMap<BoxItem, readonly Item[]>;
  readonly #style: NestedStyle;
  /** Placed pieces by frame (null: the whole picture), then by source and ends. */
  readonly #pieces: Map<GroupItem | null, Map<string, Piece>> = new Map();
  readonly #numbers: Map<Item, number> = new Map();

  constructor(arrows: readonly Arrow[], paths: ReadonlyMap<BoxItem, readonly Item[]>, style: NestedStyle) {
    this.#arrows = arrows;
    this.#paths = paths;
    this.#style = style;
  }

  /** Lays out the content of a frame (null: the whole picture) at nesting level `depth`. */
  level(children: readonly Item[], depth: number, group: GroupItem | null): Level {
    const levels = new Map(
      children.flatMap((child) =>
        child.kind === 'group' ? [[child, this.level(child.children, depth + 1, child)] as const] : [],
      ),
    );
    const sizes = children.map(
      (child): LayeredItem => (child.kind === 'box' ? this.#style.size(child) : (levels.get(child) as Level)),
    );
    const items = [...sizes];
    const ports = { in: new Map<number, number>(), out: new Map<number, number>() };
    const port = (direction: 'in' | 'out', source: number): number => {
      const found = ports[direction].get(source);
      if (found !== undefined) return found;
      ports[direction].set(source, items.length);
      return items.push({ width: 6, height: 0, port: direction }) - 1;
    };
    const edges = new Map<string, LayeredEdge>();
    for (const { arrow, from, to } of this.#piecesIn(depth, group)) {
      const offset = (end: Item, side: 'entries' | 'exits'): number => {
        const inner = end.kind === 'group' ? levels.get(end) : undefined;
        return inner === undefined ? 0 : inner[side].get(arrow.source)! - inner.width / 2;
      };
      edges.set(this.#key(arrow.source, from, to), {
        from: from === 'edge' ? port('in', arrow.source) : children.indexOf(from),
        to: to === 'edge' ? port('out', arrow.source) : children.indexOf(to),
        fromOffset: from === 'edge' ? 0 : offset(from, 'exits'),
        toOffset: to === 'edge' ? 0 : offset(to, 'entries'),
        labelWidth: to !== 'edge' && to.kind === 'box' ? arrow.labelWidth : 0,
      });
    }
    const content = layered(items, [...edges.values()]);
    return this.#frame(children, depth, group, content, { levels, sizes, ports, keys: [...edges.keys()] });
  }

  /** The size of a frame around its content, and a function that places it. */
  #frame(
    children: readonly Item[],
    depth: number,
    group: GroupItem | null,
    content: Layered,
    parts: {
      levels: ReadonlyMap<Item, Level>;
      sizes: readonly LayeredItem[];
      ports: Record<'in' | 'out', ReadonlyMap<number, number>>;
      keys: readonly string[];
    },
  ): Level {
    const { padding, titleHeight } = this.#style;
    const title = group === null ? 0 : titleHeight;
    const width = Math.max(content.width, group === null ? 0 : this.#style.titleWidth(group)) + 2 * padding;
    const height = content.height + title + 2 * padding;
    const inner = { x: (width - content.width) / 2, y: padding + title };
    const crossings = (direction: 'in' | 'out'): Map<number, number> =>
      new Map(
        [...parts.ports[direction]].map(([source, i]) => {
          const half = 3; // a port's width is 6
          return [source, inner.x + (content.items[i] as Point).x + half];
        }),
      );
    const place = ({ x, y }: Point): void => {
      if (group !== null) this.groups.push({ module: group.module, nesting: depth - 1, x, y, width, height });
      const moved = (p: Point): Point => ({ x: x + inner.x + p.x, y: y + inner.y + p.y });
      children.forEach((child, i) => {
        const at = moved(content.items[i] as Point);
        const size = parts.sizes[i] as LayeredItem;
        if (child.kind === 'box') this.boxes.set(child, { ...at, width: size.width, height: size.height });
        else parts.levels.get(child)?.place(at);
      });
      // Pieces that start or end at the frame are extended through its padding to the edge.
      const stretched = (key: string, points: readonly Point[]): readonly Point[] => {
        const first = key.startsWith('edge') ? [{ x: (points[0] as Point).x, y }] : [];
        const last = key.endsWith('edge') ? [{ x: (points.at(-1) as Point).x, y: y + height }] : [];
        return [...first, ...points, ...last];
      };
      const pieces = content.edges.map(({ points, label }, e): [string, Piece] => {
        const key = parts.keys[e] as string;
        return [key, { points: stretched(key, points.map(moved)), label: moved(label) }];
      });
      this.#pieces.set(group, new Map(pieces));
    };
    return { width, height, entries: crossings('in'), exits: crossings('out'), place };
  }

  /** The parts of arrows that lie directly in a frame: between two items, or between an item and the edge. */
  *#piecesIn(depth: number, group: GroupItem | null): Iterable<{ arrow: Arrow; from: End; to: End }> {
    for (const arrow of this.#arrows) {
      const end = (box: BoxItem): End => {
        const path = this.#paths.get(box) as readonly Item[];
        return group === null || path[depth - 1] === group ? (path[depth] as Item) : 'edge';
      };
      const [from, to] = [end(arrow.from), end(arrow.to)];
      if (from !== to) yield { arrow, from, to };
    }
  }

  /** A whole arrow: out of its source's frames, across the frame that has both ends, and into its target's frames. */
  route(arrow: Arrow): Piece {
    const up = this.#paths.get(arrow.from) as readonly Item[];
    const down = this.#paths.get(arrow.to) as readonly Item[];
    const common = up.findIndex((item, i) => item !== down[i]);
    const piece = (path: readonly Item[], level: number, from: End, to: End): Piece => {
      const frame = level === 0 ? null : (path[level - 1] as GroupItem);
      return this.#pieces.get(frame)?.get(this.#key(arrow.source, from, to)) as Piece;
    };
    const out = up.slice(common + 1).map((item, i) => piece(up, common + 1 + i, item, 'edge'));
    const across = piece(up, common, up[common] as Item, down[common] as Item);
    const into = down.slice(common + 1).map((item, i) => piece(down, common + 1 + i, 'edge', item));
    const pieces = [...out.reverse(), across, ...into];
    const points = pieces.flatMap((p, i) => (i === 0 ? p.points : p.points.slice(1)));
    return { points, label: (pieces.at(-1) as Piece).label };
  }

  #key(source: number, from: End, to: End): string {
    const name = (end: End): string => {
      if (end === 'edge') return end;
      if (!this.#numbers.has(end)) this.#numbers.set(end, this.#numbers.size);
      return String(this.#numbers.get(end));
    };
    return `${name(from)} ${source} ${name(to)}`;
  }
}
