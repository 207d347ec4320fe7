/** The computation of a gradient, explained as text. */
import { formatShape, type Shape } from '../errors.js';
import type { Tensor } from '../tensor.js';
import { activations, derivativeOf, formulaOf, formulas, operandName } from './formulas.js';
import type { ArraySummary, Graph, GraphNode } from './graph.js';
import {
  type DerivativeCheck,
  type ExplainOptions,
  type GradientPath,
  type GradientStory,
  type GradientUse,
  storyOf,
  usesOf,
} from './story.js';
import { short } from './summary.js';

/** Most operations printed; the middle of longer lists is left out. */
const MOST_STEPS = 60;
/** Arrays of at most this many values are printed; larger ones as statistics. */
const MOST_SHOWN = 8;
/** Largest relative error of float32 gradients against differences. */
const AGREE = 1e-3;
/** Most nodes printed of a path; the middle of longer paths is left out. */
const MOST_NODES = 12;

/**
 * Explains how ∂loss/∂tensor was computed: the paths from the loss to the tensor; for each operation its formula, its
 * incoming gradient and the gradients of its operands; the sums where a value was used several times or was broadcast; and
 * a comparison with central differences. Neither the tape nor any `.grad` changes.
 *
 * The differences run the tape's operations again in float64, with the same noise and the same values of all other leaves.
 * @param loss - a scalar whose graph was not freed, or a function that computes it; with a function the text has source lines
 * @throws GradError if the loss needs no gradient, is not a scalar, or its graph was freed
 */
export function explain(loss: Tensor | (() => Tensor), tensor: Tensor, options: ExplainOptions = {}): string {
  return tell(storyOf('explain', loss, tensor, options));
}

function tell(story: GradientStory): string {
  const { graph, target } = story;
  const name = nameOf(story, target);
  const heading = `∂loss/∂${name}`;
  const { output } = nodeAt(graph, target);
  const result = nodeAt(graph, graph.result);
  const head = [
    heading,
    '═'.repeat([...heading].length),
    `loss = ${show(result.output)}`,
    `${name} ${formatShape(output.shape)} = ${show(output)}`,
  ];
  if (story.pathCount === 0) {
    const lost = `The loss does not depend on ${name} along recorded operations: the gradient is 0. whyNoGrad(${name}, loss) looks for the reason.`;
    return [...head, '', lost, ''].join('\n');
  }
  return [...head, '', ...tellPaths(story), '', ...tellSteps(story), '', ...tellResult(story), ''].join('\n');
}

function nodeAt(graph: Graph, id: number): GraphNode {
  return graph.nodes[id] as GraphNode;
}

/** `mul#3`, or the tensor's name. */
function nameOf({ graph, target }: GradientStory, id: number): string {
  const { op, name, output } = nodeAt(graph, id);
  if (name !== '') return name;
  if (id === target) return 'the tensor';
  if (op !== 'leaf') return `${op}#${id}`;
  return output.values?.length === 1 ? short(output.values[0]!) : `constant#${id}`;
}

/** All values of a small array, nested as in NumPy, or the statistics of a large one. */
function show({ shape, values, min, max, mean, norm, notFinite }: ArraySummary): string {
  if (values !== undefined && values.length <= MOST_SHOWN) return nest(values, shape);
  const bad = notFinite > 0 ? `, ${notFinite} not finite` : '';
  return `${formatShape(shape)} from ${short(min)} to ${short(max)}, mean ${short(mean)}, norm ${short(norm)}${bad}`;
}

function nest(values: readonly number[], shape: Shape): string {
  if (shape.length === 0) return short(values[0]!);
  const [length, ...inner] = shape as [number, ...number[]];
  const size = values.length / Math.max(1, length);
  const parts = Array.from({ length }, (_, i) => nest(values.slice(i * size, (i + 1) * size), inner));
  return `[${parts.join(', ')}]`;
}

function tellPaths(story: GradientStory): string[] {
  const { paths, pathCount } = story;
  const name = nameOf(story, story.target);
  const one = pathCount === 1;
  const title = `${one ? '1 path leads' : `${pathCount} paths lead`} from the loss back to ${name}:`;
  const rows = paths.map((path, i) => [
    `  ${i + 1}`,
    describePath(story, path),
    `gives ${show(path.gradient)}`,
  ]);
  const left = pathCount - paths.length;
  const more =
    left === 0
      ? []
      : [
          `  … and ${left} more. Backward does not follow them one by one: it visits each operation once, with the sum of`,
          '  the gradients that arrive there.',
        ];
  const sum = one ? [] : ['The gradient is the sum over all paths: the chain rule of several variables.'];
  return [title, ...columns(rows), ...more, ...sum];
}

function describePath(story: GradientStory, { uses }: GradientPath): string {
  const names = [...uses.map(({ consumer }) => nameOf(story, consumer)), nameOf(story, story.target)];
  const half = MOST_NODES / 2;
  const shown =
    names.length <= MOST_NODES
      ? names
      : [...names.slice(0, half), `… ${names.length - 2 * half} more …`, ...names.slice(-half)];
  return shown.join(' → ');
}

/** Cells of several rows, each column as wide as its widest cell. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const length = (cell: string): number => [...cell].length;
  const widths = (rows[0] ?? []).map((_, c) => Math.max(...rows.map((row) => length(row[c] ?? ''))));
  const pad = (cell: string, c: number): string => cell + ' '.repeat(widths[c]! - length(cell));
  return rows.map((row) => row.map(pad).join('  ').trimEnd());
}

function tellSteps(story: GradientStory): string[] {
  const operations = story.order.filter((id) => id !== story.target);
  const half = MOST_STEPS / 2;
  const left = operations.length - 2 * half;
  const told =
    left <= 0 ? operations : [...operations.slice(0, half), ...operations.slice(operations.length - half)];
  const steps = told.map((id) => tellStep(story, id));
  if (left > 0) steps.splice(half, 0, [`  … ${left} operations left out …`]);
  return [
    'Backward, from the loss on. y is the result of the operation in the line, dy is ∂loss/∂y.',
    ...steps.flatMap((lines) => ['', ...lines]),
  ];
}

/** One operation: its formula, its gradient, and the gradients that it sends towards the target. */
function tellStep(story: GradientStory, id: number): string[] {
  const { graph } = story;
  const node = nodeAt(graph, id);
  const { op, inputs, source, output } = node;
  const operands = inputs.map((input, i) => `${operandName(op, i)} = ${nameOf(story, input)}`);
  const place = source === '' ? '' : `   (${source})`;
  const title = `${nameOf(story, id)} ${formatShape(output.shape)}   ${op}: y = ${formulaOf(op, node.params)?.value ?? '?'}   with ${operands.join(', ')}${place}`;
  const activation = activationOf(node);
  const rows = [['  y', '', show(output)], ...arrivals(story, id), ...departures(story, node)];
  return [title, ...(activation === '' ? [] : [`  ${activation}`]), ...columns(rows)];
}

function activationOf({ op, params }: GraphNode): string {
  if (op !== 'linear') return '';
  const activation = activations[(params as { activation: string }).activation];
  return activation === undefined ? '' : `${activation.value}, ${activation.derivative}`;
}

/** dy: where it comes from, and the sum if the value was used several times. */
function arrivals(story: GradientStory, id: number): string[][] {
  const { graph } = story;
  const { gradient } = nodeAt(graph, id);
  const total = gradient === undefined ? '?' : show(gradient);
  if (id === graph.result) return [['  dy', 'the start: ∂loss/∂loss', total]];
  const uses = usesOfValue(story, id);
  if (uses.length === 1) return [['  dy', `from ${nameOf(story, (uses[0] as GradientUse).consumer)}`, total]];
  return [
    ...uses.map((use) => ['  dy', `part from ${nameOf(story, use.consumer)}`, showUse(graph, use)]),
    ['  dy', `sum of the ${uses.length} parts`, total],
  ];
}

/** The operations that a value went into, and that sent gradients back. */
function usesOfValue({ graph, order }: GradientStory, id: number): GradientUse[] {
  return order.flatMap((consumer) =>
    usesOf(nodeAt(graph, consumer)).filter(({ operand }) => nodeAt(graph, consumer).inputs[operand] === id),
  );
}

function showUse(graph: Graph, { consumer, operand }: GradientUse): string {
  const { inputGradients } = nodeAt(graph, consumer);
  const gradient = inputGradients[operand];
  return gradient ? `${show(gradient)}${withNorm(gradient)}` : '?';
}

/** The norm, where `show` prints the values instead. */
function withNorm({ values, norm }: ArraySummary): string {
  return values !== undefined && values.length <= MOST_SHOWN && values.length > 1
    ? `   norm ${short(norm)}`
    : '';
}

/** The gradient that an operation sends to each operand on a path to the target. */
function departures(story: GradientStory, node: GraphNode): string[][] {
  const { graph, order } = story;
  const towards = new Set(order);
  return usesOf(node).flatMap((use) => {
    const input = node.inputs[use.operand]!;
    if (!towards.has(input)) return [];
    const operand = operandName(node.op, use.operand);
    const formula = derivativeOf(node.op, use.operand, node.params) ?? '?';
    const reduced = broadcasting(graph, node, input);
    const how = [`d${operand} = ${formula}`, reduced].filter((part) => part !== '').join(', ');
    const local = story.locals.find((l) => l.consumer === use.consumer && l.operand === use.operand);
    const sent = [`  → ${nameOf(story, input)}`, how, showUse(graph, use)];
    return local === undefined ? [sent] : [['', `∂y/∂${operand}`, show(local.derivative)], sent];
  });
}

/** Names the axes over which a gradient was summed because its operand was repeated along them. */
function broadcasting(graph: Graph, node: GraphNode, input: number): string {
  const matrices = node.op === 'matmul' ? 2 : 0;
  if (matrices === 0 && formulas[node.op]?.elementwise !== true) return '';
  const cut = (shape: Shape): Shape => (matrices === 0 ? shape : shape.slice(0, -matrices));
  const [from, to] = [cut(nodeAt(graph, input).output.shape), cut(node.output.shape)];
  const added = to.length - from.length;
  const axes = to.flatMap((length, axis) =>
    axis < added || (from[axis - added] === 1 && length !== 1) ? [axis] : [],
  );
  if (axes.length === 0) return '';
  const where = `${axes.length === 1 ? 'axis' : 'axes'} ${axes.join(', ')}`;
  return `summed over ${where}, along which ${formatShape(from)} was repeated to ${formatShape(to)}`;
}

function tellResult(story: GradientStory): string[] {
  const { graph, target, checks, step, paths } = story;
  const name = nameOf(story, target);
  // Backward records no gradient of the loss itself.
  const gradient = target === graph.result ? paths[0]?.gradient : nodeAt(graph, target).gradient;
  const uses = usesOfValue(story, target);
  const parts = uses.map((use) => [`  part from ${nameOf(story, use.consumer)}`, showUse(graph, use)]);
  const total = [`  ∂loss/∂${name}`, gradient === undefined ? '?' : show(gradient)];
  const title =
    uses.length > 1 ? `Result: ${name} is used ${uses.length} times, and the parts add up` : 'Result';
  const lines = [title, ...columns([...(uses.length > 1 ? parts : []), total])];
  return checks.length === 0 ? lines : [...lines, '', ...tellChecks(checks, step)];
}

function tellChecks(checks: readonly DerivativeCheck[], step: number): string[] {
  const rows = checks.map((check) => {
    const { index, backward, numeric } = check;
    const where = index === null ? 'random direction' : index.length === 0 ? 'the value' : formatShape(index);
    return [`  ${where}`, short(backward, 6), short(numeric, 6), relativeError(check).toExponential(1)];
  });
  const worst = Math.max(...checks.map(relativeError));
  return [
    `Check by central differences, (L(w + h) − L(w − h)) / 2h with h = ${step.toExponential()}, in float64:`,
    ...columns([['  along', 'backward', 'differences', 'relative error'], ...rows]),
    verdict(worst),
  ];
}

function verdict(worst: number): string {
  if (Number.isNaN(worst)) return 'They cannot be compared: a gradient or a difference is NaN or infinite.';
  if (worst < AGREE) return 'They agree.';
  return 'They differ: near a kink (relu at 0) the difference mixes both sides; elsewhere a derivative is wrong.';
}

function relativeError({ backward, numeric }: DerivativeCheck): number {
  const scale = Math.max(Math.abs(backward), Math.abs(numeric), 1e-6);
  return Math.abs(backward - numeric) / scale;
}
