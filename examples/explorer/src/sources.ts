/** The presets' source text, and the source line of each line of the bundled script. */
import type { Exhibit } from './presets/preset.js';

/** The content of sources.json, which the build writes. */
export interface Sources {
  /** `scalar.ts:23` by the number of a line of the script. */
  readonly lines: Readonly<Record<string, string>>;
  /** Text by file name. */
  readonly files: Readonly<Record<string, string>>;
}

/** Without sources, places are unchanged. */
export const noSources: Sources = { lines: {}, files: {} };

/** A line of the bundled script in traces and messages. */
const PLACE = /explorer\.js:(\d+)/g;

/** The text with lines of the script replaced by lines of the sources. */
export function originalPlaces(text: string, { lines }: Sources): string {
  return text.replace(PLACE, (place, line: string) => lines[line] ?? place);
}

/** The exhibit with lines of the script replaced in its nodes and findings. */
export function withOriginalPlaces(exhibit: Exhibit, sources: Sources): Exhibit {
  const { graph, findings } = exhibit;
  const nodes = graph.nodes.map((node) => ({ ...node, source: originalPlaces(node.source, sources) }));
  return {
    ...exhibit,
    graph: { ...graph, nodes },
    findings: findings.map(({ tool, says }) => ({ tool, says: originalPlaces(says, sources) })),
  };
}
