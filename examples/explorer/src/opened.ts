/** Graphs that the page can open: presets, files and programs. */
import type { Graph } from '@varigrad/core/trace';
import { presets } from './presets/list.js';
import type { Expected, Finding, Preset } from './presets/preset.js';
import { type Sources, withOriginalPlaces } from './sources.js';

/** A program's text and its file name in traces. */
export interface Code {
  readonly file: string;
  readonly text: string;
}

/** A graph and its description. */
export interface Opened {
  /** Id of the preset, `file` or `program`. */
  readonly preset: string;
  readonly title: string;
  readonly verdict?: Preset['verdict'];
  readonly prose: readonly string[];
  readonly graph: Graph;
  readonly expected: readonly Expected[];
  readonly findings: readonly Finding[];
  /** Related presets: the fix of a bug, the bug of a fix. */
  readonly related: readonly Preset[];
  /** The program that computed the graph, if it is known. */
  readonly code?: Code;
}

/** Fields of a graph that is not a preset. */
const NOTHING_KNOWN = { expected: [], findings: [], related: [] } as const;

/** Runs a preset. */
export function openPreset(preset: Preset, sources: Sources): Opened {
  const { id, title, verdict, prose } = preset;
  const { graph, expected, findings } = withOriginalPlaces(preset.run(), sources);
  const [file] = graph.nodes.flatMap(({ source }) => source.split(':')[0] || []);
  const text = sources.files[file ?? ''];
  return {
    preset: id,
    title,
    ...(verdict !== undefined && { verdict }),
    prose,
    graph,
    expected,
    findings,
    related: relatedTo(preset),
    ...(file !== undefined && text !== undefined && { code: { file, text } }),
  };
}

/** The presets whose ids start with the same word. */
function relatedTo({ id }: Preset): Preset[] {
  const [stem] = id.split('-');
  return presets.filter((other) => other.id !== id && other.id.split('-')[0] === stem);
}

/** A graph from a file. */
export function openFile(name: string, graph: Graph): Opened {
  const operations = graph.nodes.filter(({ op }) => op !== 'leaf').length;
  const passes = graph.backward === undefined ? 'Backward was not recorded.' : 'Backward was recorded.';
  const prose = [`${graph.nodes.length} nodes, ${operations} of them operations. ${passes}`];
  return { preset: 'file', title: name, prose, graph, ...NOTHING_KNOWN };
}

/** A training step that the playground handed over. */
export function openStep(graph: Graph): Opened {
  const prose = [
    'The last training step of the playground, with its values and gradients: the batch is the node pixels, and the loss is −ELBO in nats per image. Weights and gradients are those before the update.',
    'Follow the gradient from the loss (b), or select a weight in the tape. Close a module (c) to see the encoder and the decoder as one box each.',
  ];
  return { preset: 'step', title: 'A step of the playground', prose, graph, ...NOTHING_KNOWN };
}

/** A graph of the user's program. */
export function openProgram(code: Code, graph: Graph): Opened {
  const prose = ['Your program, traced in this page. Press p to edit it and run it again.'];
  return { preset: 'program', title: 'Your program', prose, graph, ...NOTHING_KNOWN, code };
}
