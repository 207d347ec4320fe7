/** The type of the functions that turn one operation into ONNX nodes. */
import type { ExportNode } from '../graph.js';
import type { OnnxBuilder, Operand } from './builder.js';

/** An operation with its options. */
export type NodeOf<Params> = Omit<ExportNode, 'params'> & { readonly params: Params };

/** Adds the nodes of an operation. @returns the name of the result */
export type Convert<Params> = (b: OnnxBuilder, node: NodeOf<Params>, operands: readonly Operand[]) => string;
