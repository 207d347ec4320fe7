/** The nodes of a graph grouped by module, as a tree. */
import { type Graph, type GraphNode, moduleNames } from './graph.js';

/** One operation or leaf, or a whole module that is drawn as one box. */
export interface BoxItem {
  readonly kind: 'box';
  /** Ids of the graph's nodes in the box; the first one names it. */
  readonly nodes: readonly number[];
  /** The collapsed module's path; absent for a single node. */
  readonly collapsed?: string;
}

/** A module drawn as a frame around its parts. */
export interface GroupItem {
  readonly kind: 'group';
  readonly module: string;
  readonly children: readonly Item[];
}

export type Item = BoxItem | GroupItem;

/** Which modules are drawn open and which closed. */
export interface TreeOptions {
  /** Modules nested deeper than this become one box. 0: only the outermost modules, all closed. */
  readonly depth: number;
  /** Paths of further modules that become one box. */
  readonly collapsed: ReadonlySet<string>;
}

/**
 * Groups nodes by module. A module that cannot be one box without a cycle of arrows (it was called twice, one call after
 * the other) becomes several boxes, one for each call.
 * @param visible - ids of the nodes to draw, in the graph's order
 */
export function moduleTree(graph: Graph, visible: readonly number[], options: TreeOptions): Item[] {
  const names = new Map(visible.map((id) => [id, moduleNames((graph.nodes[id] as GraphNode).module)]));
  return arrange({ graph, names, ...options }, visible, 0);
}

interface Arrangement extends TreeOptions {
  readonly graph: Graph;
  /** The names in the path of each node's module. */
  readonly names: ReadonlyMap<number, readonly string[]>;
}

function arrange(arrangement: Arrangement, ids: readonly number[], level: number): Item[] {
  const { graph, names, depth, collapsed } = arrangement;
  const keys = ids.map((id) => {
    const own = names.get(id) as readonly string[];
    return own.length > level ? own.slice(0, level + 1).join('.') : '';
  });
  return mergeUnits(graph, ids, keys).map(({ key, members }): Item => {
    if (key === '') return { kind: 'box', nodes: members };
    if (level >= depth || collapsed.has(key)) {
      return members.length === 1
        ? { kind: 'box', nodes: members }
        : { kind: 'box', nodes: members, collapsed: key };
    }
    const children = arrange(arrangement, members, level + 1);
    const only = children.length === 1 ? children[0] : undefined;
    // A frame whose only content is a frame adds no information.
    return only?.kind === 'group' ? only : { kind: 'group', module: key, children };
  });
}

/** Nodes that become one item. */
interface Unit {
  readonly key: string;
  readonly members: number[];
  /** Units with an arrow to this one, and units with an arrow from it. */
  before: Set<Unit>;
  after: Set<Unit>;
}

/** Number of earlier boxes of a module that a node may join: in a graph with many calls, each test takes time. */
const CANDIDATES = 16;

/** Merges nodes of one key as long as the arrows between the units have no cycle. */
function mergeUnits(
  graph: Graph,
  ids: readonly number[],
  keys: readonly string[],
): Pick<Unit, 'key' | 'members'>[] {
  const [first = ''] = keys;
  if (first !== '' && keys.every((key) => key === first)) return [{ key: first, members: [...ids] }];
  const unitOf = new Map<number, Unit>();
  ids.forEach((id, i) => {
    unitOf.set(id, { key: keys[i] as string, members: [id], before: new Set(), after: new Set() });
  });
  for (const [id, unit] of unitOf) {
    for (const input of (graph.nodes[id] as GraphNode).inputs) {
      const other = unitOf.get(input);
      if (other === undefined) continue;
      other.after.add(unit);
      unit.before.add(other);
    }
  }
  const units: Unit[] = [];
  const byKey = new Map<string, Unit[]>();
  for (const unit of unitOf.values()) {
    const same = unit.key === '' ? [] : (byKey.get(unit.key) ?? []);
    const host = same
      .slice(-CANDIDATES)
      .findLast((candidate) => !detour(candidate, unit) && !detour(unit, candidate));
    if (host !== undefined) merge(host, unit);
    else {
      units.push(unit);
      same.push(unit);
      byKey.set(unit.key, same);
    }
  }
  return units;
}

/** Whether a path from a to b passes through other units. */
function detour(a: Unit, b: Unit): boolean {
  const seen = new Set<Unit>([a, b]);
  const last = b.members.at(-1)!;
  const stack = [...a.after].filter((unit) => unit !== b);
  for (let unit = stack.pop(); unit !== undefined; unit = stack.pop()) {
    // Operands have smaller ids than results.
    if (seen.has(unit) || unit.members[0]! > last) continue;
    seen.add(unit);
    if (unit.after.has(b)) return true;
    for (const next of unit.after) stack.push(next);
  }
  return false;
}

function merge(host: Unit, guest: Unit): void {
  for (const member of guest.members) host.members.push(member);
  for (const unit of guest.before) {
    unit.after.delete(guest);
    if (unit === host) continue;
    unit.after.add(host);
    host.before.add(unit);
  }
  for (const unit of guest.after) {
    unit.before.delete(guest);
    if (unit === host) continue;
    unit.before.add(host);
    host.after.add(unit);
  }
  host.before.delete(guest);
  host.after.delete(guest);
}
