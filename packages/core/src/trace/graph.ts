import { describeValue } from '../checks/arguments.js';
import type { Shape } from '../errors.js';
import { ArgumentError } from '../errors.js';

/** A large array in low resolution: means of blocks of the matrix `[all other axes, last axis]`. */
export interface ArrayOverview {
  /** Number of blocks down and across; block r starts at row ⌈r·height/rows⌉, and columns likewise. */
  readonly rows: number;
  readonly columns: number;
  /** Row-major, to four significant digits. */
  readonly values: readonly number[];
}

/** Statistics of an array, with all values of a small one or an overview of a large one. */
export interface ArraySummary {
  readonly shape: Shape;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Population standard deviation of the values. */
  readonly std: number;
  /** Euclidean norm, √Σ x². */
  readonly norm: number;
  /** Number of values that are exactly 0. */
  readonly zeros: number;
  /** Number of values that are NaN or infinite. */
  readonly notFinite: number;
  /** Row-major values of an array of at most 256. */
  readonly values?: readonly number[];
  /** Present for more than 256 values. */
  readonly overview?: ArrayOverview;
}

/** One tensor of a traced computation, and the operation that computed it. */
export interface GraphNode {
  readonly id: number;
  /** The operation's name; 'leaf' for a tensor that no traced operation computed. */
  readonly op: string;
  /** The tensor's name (see `named`); '' without one. */
  readonly name: string;
  /** The module of the parameter, or of the operation's parameters, `encoder.mu`; '' without one. */
  readonly module: string;
  /** File and line of the call; '' if unknown. */
  readonly source: string;
  /** Ids of the operands: the edges of the graph. Gradients follow them in the opposite direction. */
  readonly inputs: readonly number[];
  /** The operation's options (axes, slopes …). */
  readonly params: unknown;
  readonly output: ArraySummary;
  readonly requiresGrad: boolean;
  /** ∂loss/∂this, summed over all consumers; absent if backward did not reach it. */
  readonly gradient?: ArraySummary;
  /** The gradient sent to each operand: the operation's vector-Jacobian products. null: not needed. */
  readonly inputGradients: readonly (ArraySummary | null)[];
  /** Of a leaf: id of the node that it was detached from. */
  readonly detachedFrom?: number;
  readonly bytes: number;
  readonly milliseconds: number;
  readonly backwardMilliseconds: number;
}

/** One operation in a backward pass. */
export interface BackwardStep {
  /** Id of the operation's node. */
  readonly node: number;
  /** The incoming gradient, ∂loss/∂output. */
  readonly dy: ArraySummary;
  /** The gradient sent to each operand: the vector-Jacobian products. null: not needed. */
  readonly inputGradients: readonly (ArraySummary | null)[];
  /** The gradient accumulated at each operand so far, this operation's part included. */
  readonly sums: readonly (ArraySummary | null)[];
}

/** A traced computation as plain data: nodes in the order in which they were computed. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  /** Id of the result. */
  readonly result: number;
  /** Operations in the order of backward; a second backward pass lists them again. Absent if backward did not run. */
  readonly backward?: readonly BackwardStep[];
}

/** @throws ArgumentError unless the value has the nodes of a graph */
export function checkGraph(op: string, graph: Graph): void {
  if (Array.isArray(graph?.nodes)) return;
  throw new ArgumentError(
    op,
    `the graph must be what trace or recordGraph returns, found ${describeValue(graph)}`,
  );
}

/** Most nodes of a picture. Larger ones are unreadable, and the time for their layout grows faster than their size. */
const MOST_NODES = 5000;

/** @throws ArgumentError if the graph is too large for a picture */
export function checkDrawable(op: string, { nodes }: { readonly nodes: readonly unknown[] }): void {
  if (nodes.length <= MOST_NODES) return;
  const found = `the graph has ${nodes.length} nodes, a picture at most ${MOST_NODES}`;
  throw new ArgumentError(op, `${found} — record a smaller part, or write all of it with toDot or toJSON`);
}

/** Most levels of modules inside each other that are shown; deeper modules belong to the last one. */
const MOST_LEVELS = 64;

/** The names in a module's path, from the outermost module: `encoder.mu` → `['encoder', 'mu']`; none for ''. */
export function moduleNames(path: string): string[] {
  return path === '' ? [] : path.split('.', MOST_LEVELS);
}
