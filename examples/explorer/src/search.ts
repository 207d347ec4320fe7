/** Search for nodes by their text. */
import { formatShape } from '@varigrad/core';
import type { Graph, GraphNode } from '@varigrad/core/trace';

/** The title of a node: `mul → z`, `encoder.mu.weight`, `constant`. */
export function titleOf({ op, name }: GraphNode): string {
  if (op === 'leaf') return name || 'constant';
  return name === '' ? op : `${op} → ${name}`;
}

/** The same without the module: `mul → z`, `weight`. */
export function shortTitleOf(node: GraphNode): string {
  const { module, name } = node;
  const inside = module !== '' && name.startsWith(`${module}.`);
  return titleOf(inside ? { ...node, name: name.slice(module.length + 1) } : node);
}

/**
 * Ids of the nodes that contain every word of the query in operation, name, module or shape; `#7` is node 7.
 * Nodes whose operation or name starts with the query come first.
 */
export function search({ nodes }: Graph, query: string): number[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const number = /^#(\d+)$/.exec(query.trim());
  if (number) return nodes[Number(number[1])] ? [Number(number[1])] : [];
  const found = nodes.filter((node) => {
    const text = `${node.op} ${node.name} ${node.module} ${formatShape(node.output.shape)}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const first = words[0] as string;
  const begins = ({ op, name }: GraphNode): boolean =>
    op.toLowerCase().startsWith(first) || name.toLowerCase().startsWith(first);
  return [...found.filter(begins), ...found.filter((node) => !begins(node))].map(({ id }) => id);
}
