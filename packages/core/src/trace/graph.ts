import { describeValue } from '../checks/arguments.js';
import type { Shape } from '../errors.js';
import { ArgumentError } from '../errors.js';

/** A large array seen from afar: means of blocks of the matrix `[all other axes, last axis]`. */
export interface ArrayOverview {
  /** Blocks down and across; block r covers the rows from ⌈r·height/rows⌉ on, and columns likewise. */
  readonly rows: number;
  readonly columns: number;
  /** Row-major, to four significant digits. */
  readonly values: readonly number[];
}

/** What is known of an array: all of its values if it is small, an overview if it is not, and always their statistics. */
export interface ArraySummary {
  readonly shape: Shape;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Standard deviation of the values, as a population. */
  readonly std: number;
  /** Euclidean norm, √Σ x². */
  readonly norm: number;
  /** Values that are exactly 0. */
  readonly zeros: number;
  /** Values that are NaN or infinite. */
  readonly notFinite: number;
  /** Row-major values, if there are at most 256. */
  readonly values?: readonly number[];
  /** Of more than 256 values. */
  readonly overview?: ArrayOverview;
}

/** One tensor of a traced computation, and the operation that made it. */
export interface GraphNode {
  readonly id: number;
  /** The operation's name; 'leaf' for what the computation started from. */
  readonly op: string;
  /** The tensor's name, if it has one (see `named`), else ''. */
  readonly name: string;
  /** The module that the parameter belongs to, or that owns the operation's parameters, `encoder.mu`; '' if there is none. */
  readonly module: string;
  /** File and line of the call, where the engine tells. */
  readonly source: string;
  /** The operands' ids: the edges forward. Gradients go along them in the other direction. */
  readonly inputs: readonly number[];
  /** What the operation was told besides its operands (axes, slopes …). */
  readonly params: unknown;
  readonly output: ArraySummary;
  readonly requiresGrad: boolean;
  /** ∂loss/∂this, summed over all consumers; absent if backward did not come by. */
  readonly gradient?: ArraySummary;
  /** What each operand received: the operation's vector-Jacobian products. null: not asked for. */
  readonly inputGradients: readonly (ArraySummary | null)[];
  /** Of a leaf: id of the node that it was detached from, whose values it shares without its history. */
  readonly detachedFrom?: number;
  readonly bytes: number;
  readonly milliseconds: number;
  readonly backwardMilliseconds: number;
}

/** One operation's turn in a backward pass. */
export interface BackwardStep {
  /** Id of the operation's node. */
  readonly node: number;
  /** ∂loss/∂output that came in. */
  readonly dy: ArraySummary;
  /** What it sent to each operand: its vector-Jacobian products. null: not asked for. */
  readonly inputGradients: readonly (ArraySummary | null)[];
  /** What each operand has received by now, from this operation and from those before it. */
  readonly sums: readonly (ArraySummary | null)[];
}

/** A traced computation as plain data: nodes in the order in which they were computed. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  /** Id of the result. */
  readonly result: number;
  /** Operations in the order in which backward came by; one appears again if backward ran again. Absent if none ran. */
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
