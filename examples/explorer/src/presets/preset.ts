/** What the explorer opens with: computations of known outcome, run on the real engine. */
import type { Tensor } from '@varigrad/core';
import type { Graph } from '@varigrad/core/trace';

/** A number, or a few, that must appear in the graph. */
export interface Expected {
  /** Name of the node, as given by `named` or by the model. */
  readonly node: string;
  readonly of: 'value' | 'gradient';
  /** Row-major; 'none' where there must be no gradient. */
  readonly numbers: readonly number[] | 'none';
  /** Where the numbers come from, in a few words. */
  readonly because: string;
}

/** What an engine's own tool said about the computation. */
export interface Finding {
  /** The tool: detectAnomaly, whyNoGrad, or the error that was thrown. */
  readonly tool: string;
  readonly says: string;
}

/** A computation that has been run and recorded. */
export interface Exhibit {
  readonly graph: Graph;
  /** The engine's tensors by the names they have in the graph: what the graph is held against. */
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
  /** Of the bug museum: whether this is the fault or its cure. */
  readonly verdict?: 'known bad' | 'known good';
  /** Paragraphs: what is computed, what to look at. */
  readonly prose: readonly string[];
  readonly run: () => Exhibit;
}

/** The title with a mark for the verdict, as the menu has it. */
export function markedTitle({ title, verdict }: Preset): string {
  if (verdict === undefined) return title;
  return `${verdict === 'known bad' ? '✗' : '✓'} ${title}`;
}

/** An exhibit of named tensors, without findings unless they are given. */
export function exhibit(
  graph: Graph,
  tensors: readonly Tensor[],
  expected: readonly Expected[],
  findings: readonly Finding[] = [],
): Exhibit {
  return { graph, tensors: new Map(tensors.map((t) => [t.label, t])), expected, findings };
}
