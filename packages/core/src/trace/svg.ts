/** Pictures of graphs as self-contained SVG, light or dark as the system. */
import { checkBoolean, checkText } from '../checks/arguments.js';
import { checkOptions, type OptionNames } from '../checks/options.js';
import { checkGraph, type Graph, type GraphNode } from './graph.js';
import type { Point } from './layered.js';
import { type BoxKind, type Layout, type LayoutEdge, type LayoutOptions, layout } from './layout.js';
import { describeSummary, short } from './summary.js';

/** Options of `toSVG`. */
export interface SVGOptions extends Omit<LayoutOptions, 'note'> {
  /** Print ‖∂loss/∂node‖ in each box that backward reached, and show its parts in tooltips of the arrows. Default true. */
  gradients?: boolean;
  /** A line above the picture. */
  title?: string;
}

const SVG_OPTIONS: OptionNames<SVGOptions> = {
  depth: true,
  collapsed: true,
  foldConstants: true,
  gradients: true,
  title: true,
};

const KINDS: Readonly<Record<BoxKind, string>> = {
  parameter: 'parameter',
  input: 'input',
  constant: 'constant',
  operation: 'operation',
  module: 'module (closed)',
  result: 'result',
};

const STYLE = `
svg { font: 12px system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; color-scheme: light dark; }
.page { fill: #ffffff; } text { fill: #1b1f24; }
.frame { fill: #5b6b7c; fill-opacity: 0.06; stroke: #8593a2; stroke-dasharray: 4 3; }
.frame-title { fill: #4a5866; font-weight: 600; }
.box rect { fill: #ffffff; stroke: #6b7885; stroke-width: 1.2; }
.box.parameter rect { fill: #dcebfb; stroke: #2f6fb3; }
.box.input rect { fill: #dff3e2; stroke: #34824a; }
.box.constant rect { fill: #f0f0f0; stroke: #8a8a8a; }
.box.module rect { fill: #ece5f7; stroke: #7350ad; stroke-width: 2; }
.box.result rect { fill: #fde3c8; stroke: #b7641a; stroke-width: 2; }
.box text { text-anchor: middle; } .box .first { font-weight: 600; }
.box .gradient, .back { fill: #b3261e; }
.arrow { fill: none; stroke: #7c8894; stroke-width: 1.2; } .head { fill: #7c8894; }
.label { font-size: 10px; text-anchor: middle; fill: #4a5866; }
.label-back { fill: #ffffff; fill-opacity: 0.85; }
.title { font-size: 14px; font-weight: 600; }
@media (prefers-color-scheme: dark) {
.page { fill: #14181d; } text { fill: #e4e8ec; }
.frame { fill: #9fb0c2; fill-opacity: 0.07; stroke: #677685; } .frame-title { fill: #aebac6; }
.box rect { fill: #1f262d; stroke: #8b98a5; }
.box.parameter rect { fill: #16324f; stroke: #6ba9e6; }
.box.input rect { fill: #173a22; stroke: #69bd82; }
.box.constant rect { fill: #2a2a2a; stroke: #8a8a8a; }
.box.module rect { fill: #32264a; stroke: #a98be0; }
.box.result rect { fill: #4a2c10; stroke: #e79c58; }
.box .gradient, .back { fill: #ff8a80; }
.arrow { stroke: #8b98a5; } .head { fill: #8b98a5; }
.label { fill: #aebac6; } .label-back { fill: #14181d; }
}
`;

const MARGIN = 16;
/** Approximate width of a character of a label. */
const LABEL_CHARACTER = 5.2;
const LEGEND_HEIGHT = 28;
const TITLE_HEIGHT = 26;

/**
 * The graph as a picture: data flow from top to bottom, a frame around each module, shapes on boxes and arrows, and the
 * norms of the gradients in red. Every box has a tooltip with its statistics and the line of its call.
 * @returns a self-contained SVG document, with colours for light and dark pages
 */
export function toSVG(graph: Graph, options: SVGOptions = {}): string {
  checkGraph('toSVG', graph);
  checkOptions('toSVG', options, SVG_OPTIONS, 'graph, ');
  const { gradients = true, title = '', ...rest } = options;
  checkBoolean('toSVG', 'gradients', gradients);
  checkText('toSVG', 'title', title);
  const note = (node: GraphNode): string =>
    gradients && node.gradient !== undefined ? `${GRADIENT} ${short(node.gradient.norm, 3)}` : '';
  return drawing(graph, layout(graph, { ...rest, note }), { gradients, title });
}

const GRADIENT = '‖∂‖';

function drawing(graph: Graph, picture: Layout, options: { gradients: boolean; title: string }): string {
  const kinds = (Object.keys(KINDS) as BoxKind[]).filter((kind) =>
    picture.boxes.some((b) => b.kind === kind),
  );
  const legend = legendOf(kinds, options.gradients);
  const head = options.title === '' ? 0 : TITLE_HEIGHT;
  const width = Math.max(picture.width, legend.width, 8 * options.title.length) + 2 * MARGIN;
  const height = picture.height + head + LEGEND_HEIGHT + 2 * MARGIN;
  const title = options.title === '' ? '' : text(MARGIN, MARGIN + 12, options.title, 'title');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${px(width)} ${px(height)}" width="${px(width)}" height="${px(height)}" role="img">`,
    `<title>${escapeXML(options.title || 'Computation graph')}</title>`,
    `<style>${STYLE}</style>`,
    '<defs><marker id="arrowhead" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="head" d="M0 0.5 L8 4 L0 7.5 Z"/></marker></defs>',
    `<rect class="page" width="100%" height="100%"/>`,
    title,
    `<g transform="translate(${MARGIN} ${MARGIN + head})">${legend.svg}</g>`,
    `<g transform="translate(${px((width - picture.width) / 2)} ${MARGIN + head + LEGEND_HEIGHT})">`,
    ...picture.groups.map(frame),
    ...picture.edges.map(
      ({ points }) => `<path class="arrow" marker-end="url(#arrowhead)" d="${edgePath(points)}"/>`,
    ),
    ...picture.boxes.map((b) => box(graph, b)),
    ...picture.edges.map((edge) => edgeLabel(graph, picture, edge, options.gradients)),
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

function text(x: number, y: number, content: string, css: string): string {
  return `<text class="${css}" x="${px(x)}" y="${px(y)}">${escapeXML(content)}</text>`;
}

function legendOf(kinds: readonly BoxKind[], gradients: boolean): { svg: string; width: number } {
  let x = 0;
  const parts = kinds.map((kind) => {
    const at = x;
    x += 7 * KINDS[kind].length + 36;
    return `<g class="box ${kind}"><rect x="${at}" y="0" width="14" height="12" rx="3"/></g>${text(at + 20, 10, KINDS[kind], 'key')}`;
  });
  if (gradients) {
    parts.push(text(x, 10, `${GRADIENT} norm of the gradient (backward)`, 'back'));
    x += 230;
  }
  return { svg: parts.join(''), width: x };
}

function frame({ module, x, y, width, height }: Layout['groups'][number]): string {
  const title = text(x + 8, y + 15, module, 'frame-title');
  return `<rect class="frame" x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}" rx="8"/>${title}`;
}

/** An arrow of a `Layout` as the `d` of an SVG path: bends with vertical ends between successive points. */
export function edgePath(points: readonly Point[]): string {
  const [start, ...rest] = points as [Point, ...Point[]];
  let before = start;
  const segments = rest.flatMap((p) => {
    const middle = (before.y + p.y) / 2;
    const straight = Math.abs(before.x - p.x) < 0.05;
    // A segment of length 0 would leave the arrowhead without a direction.
    if (straight && Math.abs(before.y - p.y) < 0.05) return [];
    const to = `${px(p.x)} ${px(p.y)}`;
    const segment = straight ? `L${to}` : `C${px(before.x)} ${px(middle)} ${px(p.x)} ${px(middle)} ${to}`;
    before = p;
    return [segment];
  });
  return `M${px(start.x)} ${px(start.y)} ${segments.join(' ')}`;
}

function box(graph: Graph, { kind, lines, nodes, x, y, width, height }: Layout['boxes'][number]): string {
  const rows = lines.map((line, i) => {
    const css = i === 0 ? 'first' : line.startsWith(GRADIENT) ? 'gradient' : 'shape';
    return text(x + width / 2, y + 17 + 16 * i, line, css);
  });
  const round = kind === 'operation' || kind === 'module' || kind === 'result' ? 4 : height / 2;
  const tooltip = nodes.map((id) => describeNode(graph.nodes[id] as GraphNode)).join('\n');
  const rect = `<rect x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}" rx="${px(round)}"/>`;
  return `<g class="box ${kind}"><title>${escapeXML(tooltip)}</title>${rect}${rows.join('')}</g>`;
}

/** A node in a few lines, for its tooltip. */
function describeNode({ op, name, module, source, output, gradient, milliseconds }: GraphNode): string {
  const head = [op, name, module && `in ${module}`, source && `at ${source}`].filter((part) => part !== '');
  const back = gradient === undefined ? [] : [`gradient ${describeSummary(gradient)}`];
  const time = op === 'leaf' ? [] : [`${short(milliseconds, 3)} ms`];
  return [head.join(' '), describeSummary(output), ...back, ...time].join('\n');
}

/** The value's shape, and a tooltip with the norm of the gradient that the consumer sends. */
function edgeLabel(graph: Graph, picture: Layout, edge: LayoutEdge, gradients: boolean): string {
  const { x, y } = edge.labelAt;
  const consumers = picture.boxes[edge.to]?.nodes ?? [];
  const norms = consumers.flatMap((id) => {
    const { inputs, inputGradients } = graph.nodes[id] as GraphNode;
    return inputs.flatMap((input, i) => (input === edge.source ? (inputGradients[i]?.norm ?? []) : []));
  });
  const tooltip =
    gradients && norms.length > 0
      ? `<title>gradient norm ${norms.map((n) => short(n, 4)).join(' and ')}</title>`
      : '';
  const half = (LABEL_CHARACTER * edge.label.length) / 2;
  const back = `<rect class="label-back" x="${px(x - half)}" y="${px(y - 7)}" width="${px(2 * half)}" height="14"/>`;
  return `${back}<text class="label" x="${px(x)}" y="${px(y + 4)}">${tooltip}${escapeXML(edge.label)}</text>`;
}

/** Text as XML character data or attribute value. Characters that XML forbids are left out. */
export function escapeXML(text: string): string {
  const forbidden = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;
  return text
    .replace(forbidden, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** A coordinate, rounded to one decimal. */
export function px(x: number): string {
  return String(Math.round(10 * x) / 10);
}
