/** The presets' source text, and where in it a line of the bundled script comes from. */
import type { Exhibit } from './presets/preset.js';

/** What the build writes beside the script. */
export interface Sources {
  /** `scalar.ts:23` by the number of a line of the script. */
  readonly lines: Readonly<Record<string, string>>;
  /** Text by file name. */
  readonly files: Readonly<Record<string, string>>;
}

/** No sources: places stay as they are. */
export const noSources: Sources = { lines: {}, files: {} };

/** A place of the bundled script, as traces and messages have it. */
const PLACE = /explorer\.js:(\d+)/g;

/** A text in which places of the script have become places of the sources. */
export function originalPlaces(text: string, { lines }: Sources): string {
  return text.replace(PLACE, (place, line: string) => lines[line] ?? place);
}

/** An exhibit whose nodes and findings name lines of the sources. */
export function withOriginalPlaces(exhibit: Exhibit, sources: Sources): Exhibit {
  const { graph, findings } = exhibit;
  const nodes = graph.nodes.map((node) => ({ ...node, source: originalPlaces(node.source, sources) }));
  return {
    ...exhibit,
    graph: { ...graph, nodes },
    findings: findings.map(({ tool, says }) => ({ tool, says: originalPlaces(says, sources) })),
  };
}
