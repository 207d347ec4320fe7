/** The operations of a function as plain data, for any batch size. */
import type { HostArray } from '../backend/backend.js';
import type { Length } from './length.js';

/** One tensor of an exported function. */
export interface ExportNode {
  /** The operation's name; 'input', 'constant', or 'full' for one number repeated to a shape that depends on the batch size. */
  readonly op: string;
  /** The operation's options, in which a `BatchLength` stands for a number that depends on the batch size. */
  readonly params: unknown;
  /** Numbers of the operands. */
  readonly inputs: readonly number[];
  readonly shape: readonly Length[];
  /** Of an input, or of a tensor in the option `names`; else ''. */
  readonly name: string;
  /** Of a constant; of 'full', its one number. */
  readonly values?: HostArray;
}

/** The operations of a function as plain data, in the order in which they are computed. */
export interface ExportGraph {
  readonly nodes: readonly ExportNode[];
  /** Numbers of the arguments, by name. */
  readonly inputs: Readonly<Record<string, number>>;
  /** Numbers of the results, by name. */
  readonly outputs: Readonly<Record<string, number>>;
}
