/** The computation of a gradient as plain data: paths, contributions, and a check by finite differences. */
import type { HostArray } from '../backend/backend.js';
import { withBackend } from '../backend/current.js';
import { gradients, topologicalOrder } from '../backward.js';
import { checkBoolean, checkNumber, checkTensor, pairsOf, refusePromise } from '../checks/arguments.js';
import { checkOptions, type OptionNames } from '../checks/options.js';
import { ones } from '../create.js';
import { Generator } from '../random.js';
import { type Recorder, withRecorder } from '../recorder.js';
import { sameShape, unravelIndex } from '../shape.js';
import { noGrad } from '../tape.js';
import type { TapeNode, Tensor } from '../tensor.js';
import { formulas } from './formulas.js';
import type { ArraySummary, Graph, GraphNode } from './graph.js';
import { replay } from './replay.js';
import { summarize } from './summary.js';
import { GraphRecorder, type Names } from './trace.js';

/** One use of a value by an operation: in backward, the operation sends a gradient to this operand. */
export interface GradientUse {
  /** Id of the operation's node. */
  readonly consumer: number;
  /** Index of the operand, from 0. */
  readonly operand: number;
}

/** A path from the loss back to the tensor, and its contribution to the gradient. */
export interface GradientPath {
  /** From the operation that computed the loss; the operand of the last use is the tensor. */
  readonly uses: readonly GradientUse[];
  readonly gradient: ArraySummary;
}

/** A derivative from backward and the same derivative from finite differences. */
export interface DerivativeCheck {
  /** Index of the element; null: along a random direction. */
  readonly index: readonly number[] | null;
  readonly backward: number;
  /** (L(w + h·v) − L(w − h·v)) / 2h, in float64. */
  readonly numeric: number;
}

/** The data that `explain` prints. */
export interface GradientStory {
  readonly graph: Graph;
  /** Id of the tensor whose gradient is explained. */
  readonly target: number;
  /** Ids of the nodes on paths from the loss to the target, the loss first. */
  readonly order: readonly number[];
  /** ∂y/∂operand of elementwise operations whose operand is small and has the result's shape: dy times this is sent. */
  readonly locals: readonly (GradientUse & { readonly derivative: ArraySummary })[];
  /** The first of all `pathCount` paths. */
  readonly paths: readonly GradientPath[];
  readonly pathCount: number;
  readonly checks: readonly DerivativeCheck[];
  /** h of the finite differences. */
  readonly step: number;
}

/** Options of `gradientStory` and `explain`. */
export interface ExplainOptions {
  /** Names for unnamed tensors: a model's `namedParameters()`. */
  names?: Names;
  /** Most paths to list; default 8. */
  maxPaths?: number;
  /** Compare with finite differences, which runs the operations several times more; default true. */
  check?: boolean;
}

const EXPLAIN_OPTIONS: OptionNames<ExplainOptions> = { names: true, maxPaths: true, check: true };

/** Small, so that few differences span a kink of relu; float64 leaves enough digits. */
const STEP = 1e-6;
/** Tensors of at most this many elements are checked element by element; in larger ones, the steepest elements. */
const CHECKED = 6;
/** Local derivatives are listed for results of at most this many elements. */
const SMALL = 8;
const STEEPEST = 3;

/**
 * How ∂loss/∂target is computed, as data. Neither the tape nor any `.grad` changes.
 * @param loss - a scalar with its tape, or a function that computes it; with a function the nodes have source lines
 * @throws GradError if the loss needs no gradient, is not a scalar, or its graph was freed
 */
export function gradientStory(
  loss: Tensor | (() => Tensor),
  target: Tensor,
  options: ExplainOptions = {},
): GradientStory {
  return storyOf('gradientStory', loss, target, options);
}

/** `gradientStory`, with errors that name the function `op`. */
export function storyOf(
  op: string,
  loss: Tensor | (() => Tensor),
  target: Tensor,
  options: ExplainOptions,
): GradientStory {
  checkTensor(op, target, 'the second argument');
  checkOptions(op, options, EXPLAIN_OPTIONS, 'loss, tensor, ');
  const { names = [], maxPaths = 8, check = true } = options;
  checkNumber(op, 'maxPaths', maxPaths, maxPaths >= 0, 'of at least 0');
  checkBoolean(op, 'check', check);
  const recorder = new GraphRecorder(pairsOf(op, 'names', names, 'a tensor'));
  const result = recordLoss(op, recorder, loss);
  return withBackend(result.storage.backend, () => {
    const [gradient] = withRecorder(recorder, () => gradients(result, [target], { retainGraph: true }));
    const graph = recorder.graph(result);
    const id = recorder.idOf(target);
    const ways = waysTo(graph, id);
    const found = firstPaths(graph, id, ways, maxPaths);
    const order = orderOf(graph, id, ways);
    return {
      graph,
      target: id,
      order,
      locals: localsOf(graph, order, recorder.tensors),
      paths: found.map((uses) => ({ uses, gradient: alongPath(uses, recorder.tensors) })),
      pathCount: ways.get(graph.result) ?? 0,
      checks:
        check && ways.has(graph.result) ? checksOf(result, target, (gradient as Tensor).dataSync()) : [],
      step: STEP,
    };
  });
}

/** Records the operations of a loss: those on its tape, or those that run while a function computes it. */
export function recordLoss(op: string, recorder: GraphRecorder, loss: Tensor | (() => Tensor)): Tensor {
  if (typeof loss !== 'function') {
    checkTensor(op, loss, 'the loss', 'a tensor or a function that computes one');
    return recordTape(recorder, loss);
  }
  // Gradients that the function computes itself are ignored.
  const watch: Recorder = { operation: (record) => recorder.operation(record), gradient: () => {} };
  const result = withRecorder(watch, () => refusePromise(op, loss()));
  checkTensor(op, result, 'the value of the function');
  return result;
}

/** Records the operations on a tape. */
function recordTape(recorder: GraphRecorder, loss: Tensor): Tensor {
  for (const out of topologicalOrder(loss)) {
    if (out.node === null) continue;
    const { op, params, inputs } = out.node;
    recorder.operation({ op: op.name, params, inputs, out, milliseconds: 0 }, '');
  }
  return loss;
}

/** Operands that a node sent gradients to. */
export function usesOf(node: GraphNode): GradientUse[] {
  return node.inputGradients.flatMap((gradient, operand) =>
    gradient === null ? [] : [{ consumer: node.id, operand }],
  );
}

function operandOf(graph: Graph, { consumer, operand }: GradientUse): number {
  return graph.nodes[consumer]!.inputs[operand]!;
}

/** Number of paths from each node back to the target; nodes without a path are absent. Needs operands before results. */
function waysTo(graph: Graph, target: number): Map<number, number> {
  const ways = new Map<number, number>([[target, 1]]);
  for (const node of graph.nodes) {
    if (node.id === target) continue;
    const count = usesOf(node).reduce((sum, use) => sum + (ways.get(operandOf(graph, use)) ?? 0), 0);
    if (count > 0) ways.set(node.id, count);
  }
  return ways;
}

/** Nodes on paths from the result to the target, results before operands. */
function orderOf(graph: Graph, target: number, ways: ReadonlyMap<number, number>): number[] {
  const reached = new Set<number>(ways.has(graph.result) ? [graph.result] : []);
  for (const node of graph.nodes.toReversed()) {
    if (!reached.has(node.id) || node.id === target) continue;
    for (const use of usesOf(node)) {
      const operand = operandOf(graph, use);
      if (ways.has(operand)) reached.add(operand);
    }
  }
  return [...reached].sort((a, b) => b - a);
}

/** The first paths in depth-first order; iterative, since a tape may be very deep. */
function firstPaths(
  graph: Graph,
  target: number,
  ways: ReadonlyMap<number, number>,
  count: number,
): GradientUse[][] {
  const found: GradientUse[][] = [];
  const stack: { node: number; path: Chain | null }[] = ways.has(graph.result)
    ? [{ node: graph.result, path: null }]
    : [];
  for (let at = stack.pop(); at !== undefined && found.length < count; at = stack.pop()) {
    if (at.node === target) {
      found.push(unchain(at.path));
      continue;
    }
    for (const use of usesOf(graph.nodes[at.node] as GraphNode).reverse()) {
      const operand = operandOf(graph, use);
      if (ways.has(operand)) stack.push({ node: operand, path: { use, before: at.path } });
    }
  }
  return found;
}

/** A path as a linked list from its end; paths share their common part. */
interface Chain {
  readonly use: GradientUse;
  readonly before: Chain | null;
}

function unchain(path: Chain | null): GradientUse[] {
  const uses: GradientUse[] = [];
  for (let at = path; at !== null; at = at.before) uses.push(at.use);
  return uses.reverse();
}

/** Local derivatives of the elementwise operations: their gradients for dy = 1. */
function localsOf(
  graph: Graph,
  order: readonly number[],
  tensors: readonly Tensor[],
): (GradientUse & { derivative: ArraySummary })[] {
  const onPath = new Set(order);
  return order.flatMap((id) => {
    const node = graph.nodes[id] as GraphNode;
    if (formulas[node.op]?.elementwise !== true || (tensors[id] as Tensor).size > SMALL) return [];
    return usesOf(node).flatMap((use) => {
      const operand = operandOf(graph, use);
      const fits = onPath.has(operand) && sameShape(tensors[operand]?.shape ?? [], node.output.shape);
      return fits ? [{ ...use, derivative: alongPath([use], tensors) }] : [];
    });
  });
}

/** The product of the derivatives along one path, as successive vector-Jacobian products. */
function alongPath(uses: readonly GradientUse[], tensors: readonly Tensor[]): ArraySummary {
  const product = (): Tensor => {
    let gradient = ones((tensors[uses[0]?.consumer ?? 0] as Tensor).shape);
    for (const { consumer, operand } of uses) {
      const out = tensors[consumer] as Tensor;
      const { op, inputs, params } = out.node as TapeNode;
      const thunk = op.vjp(gradient, inputs, params, out)[operand];
      if (thunk) gradient = thunk();
    }
    return gradient;
  };
  return summarize(withRecorder(null, () => noGrad(product)));
}

function checksOf(loss: Tensor, target: Tensor, gradient: HostArray): DerivativeCheck[] {
  const value = replay(loss, target);
  const point = Float64Array.from(target.dataSync());
  const along = (v: ArrayLike<number>): number => {
    const shifted = (h: number): number => value(point.map((x, i) => x + h * v[i]!));
    return (shifted(STEP) - shifted(-STEP)) / (2 * STEP);
  };
  const places = [...gradient.keys()];
  const chosen =
    places.length <= CHECKED
      ? places
      : places.sort((a, b) => Math.abs(gradient[b]!) - Math.abs(gradient[a]!)).slice(0, STEEPEST);
  const elements = chosen.map((place) => ({
    index: unravelIndex(place, target.shape),
    backward: gradient[place]!,
    numeric: along(point.map((_, i) => Number(i === place))),
  }));
  if (places.length <= CHECKED) return elements;
  const direction = Float64Array.from(new Generator(0).words(point.length), (word) => word / 2 ** 31 - 1);
  const backward = direction.reduce((sum, v, i) => sum + v * gradient[i]!, 0);
  return [...elements, { index: null, backward, numeric: along(direction) }];
}
