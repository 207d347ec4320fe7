/** The nodes of a graph grouped by module, as a tree. */
import type { Graph, GraphNode } from './graph.js';

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
  return arrange(graph, visible, 0, options);
}

/** The part of a module path down to a level: the first `level` names. */
function prefixOf(path: string, level: number): string {
  return path.split('.').slice(0, level).join('.');
}

function arrange(graph: Graph, ids: readonly number[], level: number, options: TreeOptions): Item[] {
  const keys = ids.map((id) => {
    const path = (graph.nodes[id] as GraphNode).module;
    return path !== '' && path.split('.').length > level ? prefixOf(path, level + 1) : '';
  });
  return mergeUnits(graph, ids, keys).map(({ key, members }): Item => {
    if (key === '') return { kind: 'box', nodes: members };
    if (level >= options.depth || options.collapsed.has(key)) {
      return members.length === 1
        ? { kind: 'box', nodes: members }
        : { kind: 'box', nodes: members, collapsed: key };
    }
    const children = arrange(graph, members, level + 1, options);
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

/** Merges nodes of one key as long as the arrows between the units have no cycle. */
function mergeUnits(graph: Graph, ids: readonly number[], keys: readonly string[]): Unit[] {
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
    const host = same.findLast((candidate) => !detour(candidate, unit) && !detour(unit, candidate));
    if (host !== undefined) merge(host, unit);
    else {
      units.push(unit);
      byKey.set(unit.key, [...same, unit]);
    }
  }
  return units;
}

/** Whether a path from a to b passes through other units. */
function detour(a: Unit, b: Unit): boolean {
  const seen = new Set<Unit>([a, b]);
  const stack = [...a.after].filter((unit) => unit !== b);
  for (let unit = stack.pop(); unit !== undefined; unit = stack.pop()) {
    if (seen.has(unit)) continue;
    seen.add(unit);
    if (unit.after.has(b)) return true;
    stack.push(...unit.after);
  }
  return false;
}

function merge(host: Unit, guest: Unit): void {
  host.members.push(...guest.members);
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
