/** The graph as a picture with clickable boxes; it shows the progress of the computation. */
import {
  edgePath,
  type Graph,
  type GraphNode,
  type Layout,
  type LayoutBox,
  type LayoutEdge,
  type LayoutGroup,
  layout,
} from '@varigrad/core/trace';
import { svgElement } from '../dom.js';
import { formatNumber } from '../format.js';
import { boxMarks, edgeMarks } from '../marks.js';
import { titleOf } from '../search.js';
import { type Action, focusOf, type Scene, type State } from '../state.js';
import { forwardStepOf, received } from '../steps.js';
import { PanZoom } from './pan-zoom.js';

/** The shape of scalars, which is not printed at arrows. */
const SCALAR = '[]';

/** Smallest initial scale of a picture; at smaller scales labels are unreadable. */
const READABLE = 0.65;
/** Radius of the corners of leaves. */
const ROUND = 18;

type Dispatch = (action: Action) => void;

/** The drawn elements of one layout, which are marked at each step. */
interface Picture {
  readonly graph: Graph;
  readonly collapsed: string;
  readonly layout: Layout;
  readonly boxes: readonly SVGGElement[];
  readonly edges: readonly SVGPathElement[];
}

/** A picture of the graph that follows the state. */
export class GraphView {
  readonly panZoom: PanZoom;
  readonly #dispatch: Dispatch;
  #picture: Picture | undefined;
  #focused: LayoutBox | undefined;

  constructor(svg: SVGSVGElement, dispatch: Dispatch) {
    this.panZoom = new PanZoom(svg);
    this.#dispatch = dispatch;
  }

  /** Draws the graph if it or the set of closed modules has changed; marks boxes and arrows; moves to the focus. */
  show(state: State, scene: Scene): void {
    const collapsed = state.collapsed.join();
    if (this.#picture?.graph !== scene.graph || this.#picture.collapsed !== collapsed) {
      this.#picture = this.#draw(scene.graph, state.collapsed);
      this.panZoom.fit(this.#picture.layout, READABLE);
    }
    const picture = this.#picture as Picture;
    picture.boxes.forEach((drawn, i) => {
      markBox(drawn, picture.layout.boxes[i] as LayoutBox, state, scene);
    });
    picture.edges.forEach((drawn, i) => {
      const edge = picture.layout.edges[i] as LayoutEdge;
      const to = picture.layout.boxes[edge.to] as LayoutBox;
      drawn.setAttribute('class', ['arrow', ...edgeMarks(edge, to, state, scene)].join(' '));
    });
    const focus = focusOf(state, scene);
    this.#focused = picture.layout.boxes.find(({ nodes }) => nodes.includes(focus));
    if (this.#focused !== undefined) this.panZoom.reveal(this.#focused);
  }

  /** Shows the whole picture. */
  fit(): void {
    if (this.#picture !== undefined) this.panZoom.fit(this.#picture.layout);
  }

  /** Adapts to a new window size: shows the readable part of the picture around the focus. */
  resized(): void {
    if (this.#picture === undefined) return;
    this.panZoom.fit(this.#picture.layout, READABLE);
    if (this.#focused !== undefined) this.panZoom.reveal(this.#focused);
  }

  #draw(graph: Graph, collapsed: readonly string[]): Picture {
    const placed = layout(withDetachments(graph), { collapsed, note });
    const boxes = placed.boxes.map((box) => this.#box(graph, box));
    const edges = placed.edges.map(({ source, points }) =>
      svgElement('path', { d: edgePath(points), 'data-source': source }),
    );
    this.panZoom.layer.replaceChildren(
      ...placed.groups.map((group) => this.#frame(group)),
      ...edges,
      ...placed.edges.filter(({ label }) => label !== SCALAR).map(edgeLabel),
      ...boxes,
    );
    return { graph, collapsed: collapsed.join(), layout: placed, boxes, edges };
  }

  #box(graph: Graph, { nodes, kind, module, lines, x, y, width, height }: LayoutBox): SVGGElement {
    const round = kind === 'operation' || kind === 'module' || kind === 'result' ? 5 : ROUND;
    const shown = nodes.at(-1)!;
    const rows = lines.map((line, i) =>
      svgElement(
        'text',
        { x: x + width / 2, y: y + 17 + 16 * i, class: i === 0 ? 'box-text first' : 'box-text' },
        line,
      ),
    );
    const closed = kind === 'module' || nodes.length > 1;
    return svgElement(
      'g',
      {
        'data-kind': kind,
        'data-nodes': nodes.join(' '),
        ...(closed && { 'data-module': module, dblclick: () => this.#dispatch({ kind: 'toggle', module }) }),
        click: () => this.#dispatch({ kind: 'focus', node: shown }),
      },
      svgElement('title', {}, closed ? `${module}: double-click opens it` : describe(graph, shown)),
      svgElement('rect', { x, y, width, height, rx: round }),
      ...rows,
    );
  }

  #frame({ module, x, y, width, height }: LayoutGroup): SVGGElement {
    const toggle = (): void => this.#dispatch({ kind: 'toggle', module });
    return svgElement(
      'g',
      { class: 'frame', 'data-module': module },
      svgElement('rect', { x, y, width, height, rx: 8 }),
      svgElement(
        'text',
        { class: 'frame-title', x: x + 8, y: y + 15, click: toggle },
        svgElement('title', {}, 'close this module'),
        `− ${module}`,
      ),
    );
  }
}

/** The graph with arrows to detached leaves, which carry values but no gradients. */
function withDetachments({ nodes, ...rest }: Graph): Graph {
  const drawn = nodes.map((node) =>
    node.detachedFrom === undefined ? node : { ...node, inputs: [node.detachedFrom] },
  );
  return { ...rest, nodes: drawn };
}

/** The last line in a box, as after the last step; its space is reserved from the start. */
function note(node: GraphNode): string {
  const value = scalarOf(node);
  const gradient = node.gradient === undefined ? '' : gradientText(node.gradient);
  return [value === undefined ? '' : formatNumber(value), gradient].filter(Boolean).join('  ');
}

function gradientText({ shape, norm, values }: NonNullable<GraphNode['gradient']>): string {
  const [only] = values ?? [];
  return shape.length === 0 && only !== undefined
    ? `∂ ${formatNumber(only)}`
    : `‖∂‖ ${formatNumber(norm, 3)}`;
}

function scalarOf({ output: { shape, values } }: GraphNode): number | undefined {
  return shape.length === 0 ? values?.[0] : undefined;
}

function markBox(drawn: SVGGElement, box: LayoutBox, state: State, scene: Scene): void {
  drawn.setAttribute('class', ['box', box.kind, ...boxMarks(box, state, scene)].join(' '));
  const { graph, steps } = scene;
  const node = graph.nodes[box.nodes[0]!] as GraphNode;
  if (box.nodes.length > 1 || note(node) === '') return;
  const { sum } = received(graph, steps, state.step, node.id);
  const value = scalarOf(node);
  const computed = value !== undefined && forwardStepOf(graph, steps, node.id) <= state.step;
  const parts = [
    computed && svgElement('tspan', { class: 'number' }, formatNumber(value)),
    computed && sum !== undefined && '  ',
    sum !== undefined && svgElement('tspan', { class: 'back' }, gradientText(sum)),
  ];
  const line = drawn.querySelector('text:last-of-type') as SVGTextElement;
  line.replaceChildren(...parts.filter((part) => part !== false));
}

function describe({ nodes }: Graph, id: number): string {
  const node = nodes[id] as GraphNode;
  return [titleOf(node), node.module && `in ${node.module}`, node.source].filter(Boolean).join(' · ');
}

function edgeLabel({ label, labelAt: { x, y } }: LayoutEdge): SVGTextElement {
  return svgElement('text', { class: 'label', x, y: y + 4 }, label);
}
