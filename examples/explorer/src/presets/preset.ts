/** Presets: computations with known results, run by the library itself. */
import type { Tensor } from '@varigrad/core';
import type { Graph } from '@varigrad/core/trace';

/** Numbers that must appear in the graph. */
export interface Expected {
  /** Name of the node, as given by `named` or by the model. */
  readonly node: string;
  readonly of: 'value' | 'gradient';
  /** Row-major; 'none' if there must be no gradient. */
  readonly numbers: readonly number[] | 'none';
  /** How the numbers are derived, in a few words. */
  readonly because: string;
}

/** The report of a library tool about the computation. */
export interface Finding {
  /** The tool: detectAnomaly, whyNoGrad, or the error that was thrown. */
  readonly tool: string;
  readonly says: string;
}

/** A recorded computation. */
export interface Exhibit {
  readonly graph: Graph;
  /** The tensors by their names in the graph; tests compare the graph with them. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly expected: readonly Expected[];
  readonly findings: readonly Finding[];
}

/** A computation that can be opened by its id. */
export interface Preset {
  /** Part of the page's address. */
  readonly id: string;
  readonly title: string;
  readonly group: 'First steps' | 'Reparameterization' | 'Variational autoencoder' | 'Bug museum';
  /** In the bug museum: whether this is the bug or its fix. */
  readonly verdict?: 'known bad' | 'known good';
  /** Paragraphs: the computation, and what to look for. */
  readonly prose: readonly string[];
  readonly run: () => Exhibit;
}

/** The title in the menu, with a mark for the verdict. */
export function markedTitle({ title, verdict }: Preset): string {
  if (verdict === undefined) return title;
  return `${verdict === 'known bad' ? '✗' : '✓'} ${title}`;
}

/** An exhibit of named tensors. */
export function exhibit(
  graph: Graph,
  tensors: readonly Tensor[],
  expected: readonly Expected[],
  findings: readonly Finding[] = [],
): Exhibit {
  return { graph, tensors: new Map(tensors.map((t) => [t.label, t])), expected, findings };
}
