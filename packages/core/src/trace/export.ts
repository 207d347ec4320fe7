/** A traced graph as text for other programs: Graphviz, Mermaid, JSON. */

import { checkGraph, type Graph, type GraphNode } from './graph.js';

/** The text in a node's box: operation and name. */
function title({ op, name }: GraphNode): string {
  return op === 'leaf' ? name || 'constant' : name ? `${op} → ${name}` : op;
}

const shapeText = (node: GraphNode): string => `[${node.output.shape.join(', ')}]`;

/** Nodes by the module that they belong to, in order of appearance. */
function byModule(graph: Graph): Map<string, GraphNode[]> {
  const groups = new Map<string, GraphNode[]>();
  for (const node of graph.nodes) {
    const group = groups.get(node.module);
    if (group === undefined) groups.set(node.module, [node]);
    else group.push(node);
  }
  return groups;
}

/** The graph in Graphviz's DOT language, with shapes on the edges and a box around each module. */
export function toDot(graph: Graph): string {
  checkGraph('toDot', graph);
  const quote = (text: string): string => `"${escapeDot(text)}"`;
  const box = (node: GraphNode): string =>
    `n${node.id} [label=${quote(title(node))}, shape=${node.op === 'leaf' ? 'ellipse' : 'box'}]`;
  const groups = [...byModule(graph)].map(([module, nodes], i) => {
    const boxes = nodes.map((node) => `    ${box(node)}`).join('\n');
    return module === '' ? boxes : `  subgraph cluster_${i} {\n    label=${quote(module)}\n${boxes}\n  }`;
  });
  const edges = graph.nodes.flatMap((node) =>
    node.inputs.map(
      (id) => `  n${id} -> n${node.id} [label=${quote(shapeText(graph.nodes[id] as GraphNode))}]`,
    ),
  );
  return `digraph {\n  rankdir=TB\n${[...groups, ...edges].join('\n')}\n}\n`;
}

/** Graphviz reads `&lt;` in a label as `<`, and ends a text at a NUL character. */
function escapeDot(text: string): string {
  return text
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll(/["\\]/g, '\\$&');
}

/** The graph as a Mermaid flow chart, with shapes on the edges and a box around each module. */
export function toMermaid(graph: Graph): string {
  checkGraph('toMermaid', graph);
  const quote = (text: string): string => `"${escapeMermaid(text)}"`;
  const box = (node: GraphNode): string =>
    node.op === 'leaf' ? `n${node.id}([${quote(title(node))}])` : `n${node.id}[${quote(title(node))}]`;
  const groups = [...byModule(graph)].map(([module, nodes], i) => {
    const boxes = nodes.map((node) => `    ${box(node)}`).join('\n');
    return module === '' ? boxes : `  subgraph m${i} [${quote(module)}]\n${boxes}\n  end`;
  });
  const edges = graph.nodes.flatMap((node) =>
    node.inputs.map((id) => `  n${id} -->|${quote(shapeText(graph.nodes[id] as GraphNode))}| n${node.id}`),
  );
  return `flowchart TB\n${[...groups, ...edges].join('\n')}\n`;
}

/** Mermaid renders labels as HTML and Markdown, where `1. x` is a list. `#60;` is its way to write the character with the code 60. */
function escapeMermaid(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[^\p{L}\p{N} .,:→·()[\]/=+-]|[.)+-](?= )/gu, (character) => `#${character.codePointAt(0)};`);
}

/** The graph as JSON. NaN and infinities, which JSON does not have, become strings. */
export function toJSON(graph: Graph): string {
  checkGraph('toJSON', graph);
  return JSON.stringify(graph, (_, value) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  );
}
