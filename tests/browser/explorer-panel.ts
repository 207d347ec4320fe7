/** The expected content of the explorer's node panel at each step, computed from the graph, and the shown content. */
import type { ArraySummary, Graph, GraphNode } from '@varigrad/core/trace';
import type { Page } from 'playwright-core';
import { check } from './in-page.js';

/** Numbers of one array: all of them, or min, max, mean, standard deviation and norm to four digits. */
export interface Numbers {
  readonly values: readonly number[];
  readonly statistics: boolean;
}

/**
 * Arrays by their place: `value`, `gradient`, `operand 0` (its value), `part 0` (the gradient sent to it), `sum 0` (its
 * accumulated gradient, if there are several parts), `arrived 0` (the parts of the gradient, if there are several).
 */
export type Panel = ReadonlyMap<string, Numbers>;

/** The node in focus, and its shown arrays. */
export interface Shown {
  readonly step: number;
  readonly node: number;
  readonly panel: Panel;
}

/** The shown numbers of an array. */
export function numbersOf(summary: ArraySummary): Numbers {
  const { values, min, max, mean, std, norm } = summary;
  return values === undefined
    ? { values: [min, max, mean, std, norm], statistics: true }
    : { values, statistics: false };
}

/** The sum of several gradients; the recorded sum if their values are not in the graph. */
function total(parts: readonly ArraySummary[], engine: ArraySummary): Numbers {
  if (parts.length === 0 || parts.some(({ values }) => values === undefined)) return numbersOf(engine);
  const values = parts[0]!.values!.map((_, i) => parts.reduce((sum, part) => sum + part.values![i]!, 0));
  return { values, statistics: false };
}

function forwardPanel({ nodes }: Graph, { output, inputs }: GraphNode): Map<string, Numbers> {
  return new Map([
    ['value', numbersOf(output)],
    ...inputs.map((id, i): [string, Numbers] => [`operand ${i}`, numbersOf(nodes[id]!.output)]),
  ]);
}

/** The expected content at each step: the start, every operation, every backward operation. */
export function expectedSteps(graph: Graph): Shown[] {
  const { nodes, backward = [] } = graph;
  const operations = nodes.filter(({ op }) => op !== 'leaf');
  const start = { node: 0, panel: forwardPanel(graph, nodes[0]!) };
  const forward = operations.map((node) => ({ node: node.id, panel: forwardPanel(graph, node) }));
  const received = nodes.map((): ArraySummary[] => []);
  const turns = backward.map(({ node: id, dy, inputGradients, sums }) => {
    const node = nodes[id]!;
    const panel = forwardPanel(graph, node);
    const arrived = received[id]!;
    panel.set('gradient', total(arrived, dy));
    if (arrived.length > 1) arrived.forEach((part, i) => void panel.set(`arrived ${i}`, numbersOf(part)));
    received[id] = [];
    inputGradients.forEach((part, i) => {
      if (part === null) return;
      panel.set(`part ${i}`, numbersOf(part));
      received[node.inputs[i]!]!.push(part);
    });
    inputGradients.forEach((part, i) => {
      const all = received[node.inputs[i]!]!;
      if (part !== null && all.length > 1) panel.set(`sum ${i}`, total(all, sums[i]!));
    });
    return { node: id, panel };
  });
  return [start, ...forward, ...turns].map((shown, step) => ({ step, ...shown }));
}

const NUMBER = /(?:min|max|mean|std|norm) (\S+)/g;

/** Numbers in the page's notation. */
function parsed(text: string): number {
  return Number(text.replaceAll('−', '-').replace('∞', 'Infinity'));
}

/** Reads the shown content from the page. */
export async function readShown(page: Page): Promise<Shown> {
  const { step, node, arrays } = await page.evaluate(() => {
    const article = document.querySelector<HTMLElement>('#node article');
    const operands = [...(article?.querySelectorAll('.operand') ?? [])];
    return {
      step: Number(document.querySelector<HTMLInputElement>('#step')?.value),
      node: Number(article?.dataset.node),
      arrays: [...(article?.querySelectorAll<HTMLElement>('figure.array') ?? [])].map((figure) => ({
        operand: operands.findIndex((operand) => operand.contains(figure)),
        place: ['[data-part]', '[data-sum]', '.operand', '.parts', '#node-gradient', '#node-value'].find(
          (selector) => figure.closest(selector) !== null,
        ),
        cells: [...figure.querySelectorAll<HTMLElement>('.cell')].map((cell) => cell.dataset.value),
        caption: figure.querySelector('figcaption')?.textContent ?? '',
      })),
    };
  });
  const panel = new Map<string, Numbers>();
  let arrived = 0;
  for (const { operand, place, cells, caption } of arrays) {
    const names: Readonly<Record<string, string>> = {
      '[data-part]': `part ${operand}`,
      '[data-sum]': `sum ${operand}`,
      '.operand': `operand ${operand}`,
      '.parts': `arrived ${arrived}`,
      '#node-gradient': 'gradient',
      '#node-value': 'value',
    };
    if (place === '.parts') arrived++;
    const statistics = cells.length === 0;
    const values = statistics ? [...caption.matchAll(NUMBER)].map(([, n]) => parsed(n!)) : cells.map(Number);
    panel.set(names[place ?? ''] ?? 'elsewhere', { values, statistics });
  }
  return { step, node, panel };
}

/** Both computed with JavaScript's Math, whose last digit depends on the engine. */
const TOLERANCE = 1e-6;
/** Tolerance of numbers with four digits. */
const WRITTEN = 1e-3;

/** @throws Error that names the differing number */
export function checkNumbers(found: Numbers | undefined, wanted: Numbers, where: string): void {
  check(found !== undefined, `${where} is not shown`);
  const same = found.statistics === wanted.statistics && found.values.length === wanted.values.length;
  check(same, `${where}: ${found.values.length} numbers, not ${wanted.values.length}`);
  const scale = Math.max(1e-3, ...wanted.values.filter(Number.isFinite).map(Math.abs));
  const allowed = (wanted.statistics ? WRITTEN : TOLERANCE) * scale;
  wanted.values.forEach((right, i) => {
    const value = found.values[i]!;
    check(
      Object.is(value, right) || value === right || Math.abs(value - right) <= allowed,
      `${where}[${i}]: ${value}, not ${right}`,
    );
  });
}

/** @throws Error that names the place where the shown content differs from the expected one */
export function checkShown(found: Shown, wanted: Shown): void {
  const where = `step ${wanted.step}, node ${wanted.node}`;
  check(found.step === wanted.step, `the page is at step ${found.step}, not ${wanted.step}`);
  check(found.node === wanted.node, `step ${wanted.step} is about node ${found.node}, not ${wanted.node}`);
  const [names, right] = [found, wanted].map(({ panel }) => [...panel.keys()].sort().join(', '));
  check(names === right, `${where} shows ${names}, not ${right}`);
  for (const [name, numbers] of wanted.panel)
    checkNumbers(found.panel.get(name), numbers, `${where}, ${name}`);
}
