/** The positions of all parts of a picture of a graph, as plain data for any renderer. */

import { checkBoolean, checkNumber, describeValue, isArrayOf } from '../checks/arguments.js';
import { checkOptions, type OptionNames } from '../checks/options.js';
import { ArgumentError, formatShape } from '../errors.js';
import { checkDrawable, checkGraph, type Graph, type GraphNode } from './graph.js';
import type { Point } from './layered.js';
import { type BoxItem, type Item, moduleTree } from './module-tree.js';
import { type Arrow, type NestedStyle, nested, type Rect } from './nested.js';

/** What a box represents; selects its colour. */
export type BoxKind = 'operation' | 'parameter' | 'input' | 'constant' | 'result' | 'module';

/** A node of the graph as a box, or a collapsed module. */
export interface LayoutBox {
  /** Ids of the graph's nodes in the box. */
  readonly nodes: readonly number[];
  readonly kind: BoxKind;
  /** Path of the module that contains the box, or of the collapsed module. */
  readonly module: string;
  /** Lines of text: operation or name; shape; … */
  readonly lines: readonly string[];
  /** Upper left corner. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** An arrow from the box of one node to the box of a consumer. */
export interface LayoutEdge {
  /** Id of the node whose value the arrow stands for. */
  readonly source: number;
  /** Indices of the two boxes in `boxes`. */
  readonly from: number;
  readonly to: number;
  /** The value's shape. */
  readonly label: string;
  readonly labelAt: Point;
  /** From top to bottom; between two points the arrow is a curve with vertical ends. */
  readonly points: readonly Point[];
}

/** A frame around the boxes of one module. */
export interface LayoutGroup {
  readonly module: string;
  /** Number of frames around this one. */
  readonly nesting: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A picture as data, in pixels. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly LayoutBox[];
  readonly edges: readonly LayoutEdge[];
  /** Outer frames before inner ones. */
  readonly groups: readonly LayoutGroup[];
}

/** Options of `layout`. */
export interface LayoutOptions {
  /** Modules nested deeper than this are drawn as one box. Default: no limit. 0 closes all modules. */
  depth?: number;
  /** Paths of modules to draw as one box. */
  collapsed?: Iterable<string>;
  /** Write constants of one element into the operation that uses them (`mul 0.5`); default true. */
  foldConstants?: boolean;
  /** An extra line for each node, below its shape; '' for none. */
  note?: (node: GraphNode) => string;
}

const LAYOUT_OPTIONS: OptionNames<LayoutOptions> = {
  depth: true,
  collapsed: true,
  foldConstants: true,
  note: true,
};

/** Average widths of a character of 12 px text and of a 10 px label, and the height of a line. */
const CHARACTER = 6.7;
const BOLD_CHARACTER = 7.4;
const LINE = 16;
const CHARACTER_OF_LABEL = 5.6;
const PADDING = 10;
const TITLE = 20;

/** The frames, boxes and arrows of a picture of the graph; data flow from top to bottom. */
export function layout(graph: Graph, options: LayoutOptions = {}): Layout {
  checkGraph('layout', graph);
  checkOptions('layout', options, LAYOUT_OPTIONS, 'graph, ');
  checkDrawable('layout', graph);
  const { depth = Number.POSITIVE_INFINITY, collapsed = [], foldConstants = true, note = () => '' } = options;
  checkBoolean('layout', 'foldConstants', foldConstants);
  checkNumber('layout', 'depth', depth, depth >= 0, 'of at least 0');
  const closed = typeof collapsed === 'object' && collapsed !== null ? [...collapsed] : collapsed;
  if (!isArrayOf(closed, (path) => typeof path === 'string'))
    throw new ArgumentError('layout', `collapsed must be paths of modules, found ${describeValue(closed)}`);
  const folded = foldConstants ? foldable(graph) : new Map<number, string>();
  const visible = graph.nodes.map(({ id }) => id).filter((id) => !folded.has(id));
  const tree = moduleTree(graph, visible, { depth, collapsed: new Set(closed) });
  const items = boxesIn(tree);
  const arrows = arrowsBetween(graph, items);
  const texts = new Map(items.map((item) => [item, textOf(graph, item, folded, note)]));
  const drawn = nested(tree, arrows, styleOf(texts));
  const places = new Map(items.map((item, i) => [item, i]));
  return {
    width: drawn.width,
    height: drawn.height,
    boxes: items.map((item) => ({
      nodes: item.nodes,
      kind: kindOf(graph, item),
      module: item.collapsed ?? nodeOf(graph, item.nodes[0]!).module,
      lines: texts.get(item) as string[],
      ...(drawn.boxes.get(item) as Rect),
    })),
    edges: arrows.map(({ source, from, to }, i) => {
      const { points, label } = drawn.arrows[i] as (typeof drawn.arrows)[number];
      return {
        source,
        from: places.get(from)!,
        to: places.get(to)!,
        label: shapeOf(graph, source),
        labelAt: label,
        points,
      };
    }),
    groups: drawn.groups,
  };
}

function nodeOf(graph: Graph, id: number): GraphNode {
  return graph.nodes[id] as GraphNode;
}

function shapeOf(graph: Graph, id: number): string {
  return formatShape(nodeOf(graph, id).output.shape);
}

/** Constants of one element without a name, as text. */
function foldable(graph: Graph): Map<number, string> {
  const used = new Set(graph.nodes.flatMap(({ inputs }) => inputs));
  return new Map(
    graph.nodes.flatMap(({ id, op, name, requiresGrad, output }): [number, string][] => {
      const value = output.values?.length === 1 ? output.values[0] : undefined;
      const constant = op === 'leaf' && name === '' && !requiresGrad && used.has(id) && id !== graph.result;
      return constant && value !== undefined ? [[id, String(Number(value.toPrecision(4)))]] : [];
    }),
  );
}

function boxesIn(items: readonly Item[]): BoxItem[] {
  return items.flatMap((item) => (item.kind === 'box' ? [item] : boxesIn(item.children)));
}

/** One arrow for each value and each box that uses it. */
function arrowsBetween(graph: Graph, items: readonly BoxItem[]): Arrow[] {
  const owners = new Map(items.flatMap((item) => item.nodes.map((id) => [id, item] as const)));
  const places = new Map(items.map((item, i) => [item, i]));
  const arrows = new Map<string, Arrow>();
  for (const [id, to] of owners) {
    for (const source of nodeOf(graph, id).inputs) {
      const from = owners.get(source);
      if (from === undefined || from === to) continue;
      const labelWidth = CHARACTER_OF_LABEL * shapeOf(graph, source).length;
      arrows.set(`${source} ${places.get(to)}`, { source, from, to, labelWidth });
    }
  }
  return [...arrows.values()];
}

function kindOf(graph: Graph, { nodes, collapsed }: BoxItem): BoxKind {
  if (nodes.includes(graph.result)) return 'result';
  if (collapsed !== undefined) return 'module';
  const { op, name, requiresGrad } = nodeOf(graph, nodes[0]!);
  if (op !== 'leaf') return 'operation';
  return requiresGrad ? 'parameter' : name === '' ? 'constant' : 'input';
}

/** A name without its module, which the frame shows. */
function localName({ name, module }: GraphNode): string {
  return module !== '' && name.startsWith(`${module}.`) ? name.slice(module.length + 1) : name;
}

/** The operation with the activation that it contains, if any: `linear relu`. */
function operationText({ op, params }: GraphNode): string {
  const activation = (params as { activation?: string } | undefined)?.activation ?? 'none';
  return activation === 'none' ? op : `${op} ${activation}`;
}

function textOf(
  graph: Graph,
  { nodes, collapsed }: BoxItem,
  folded: ReadonlyMap<number, string>,
  note: (node: GraphNode) => string,
): string[] {
  const node = nodeOf(graph, nodes[0]!);
  if (collapsed !== undefined) {
    const inside = new Set(nodes);
    const used = new Set(graph.nodes.flatMap(({ id, inputs }) => (inside.has(id) ? [] : inputs)));
    const leaving = nodes.filter((id) => id === graph.result || used.has(id));
    const operations = nodes.filter((id) => nodeOf(graph, id).op !== 'leaf').length;
    return [
      collapsed,
      leaving.map((id) => shapeOf(graph, id)).join(' '),
      `${operations} operation${operations === 1 ? '' : 's'}`,
    ];
  }
  const constants = node.inputs.flatMap((id) => folded.get(id) ?? []);
  const what =
    node.op === 'leaf' ? localName(node) || 'constant' : [operationText(node), ...constants].join(' ');
  const named = node.op !== 'leaf' && node.name !== '' ? [node.name] : [];
  return [what, ...named, shapeOf(graph, node.id), note(node)].filter((line) => line !== '');
}

function styleOf(texts: ReadonlyMap<BoxItem, readonly string[]>): NestedStyle {
  return {
    size: (box) => {
      const lines = texts.get(box) as readonly string[];
      const widths = lines.map((line, i) => [...line].length * (i === 0 ? BOLD_CHARACTER : CHARACTER));
      return { width: Math.max(44, ...widths.map((width) => width + 18)), height: LINE * lines.length + 8 };
    },
    titleWidth: ({ module }) => BOLD_CHARACTER * module.length,
    titleHeight: TITLE,
    padding: PADDING,
  };
}
