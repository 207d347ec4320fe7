/** Records a function as a graph for any batch size. */
import { backend } from '../backend/current.js';
import { checkFunction, describeValue, isArrayOf, isPlainObject, pairsOf } from '../checks/arguments.js';
import { checkOptions, type OptionNames } from '../checks/options.js';
import { rand } from '../create.js';
import { ArgumentError, BackendError } from '../errors.js';
import { Generator } from '../random.js';
import { noGrad } from '../tape.js';
import type { Tensor } from '../tensor.js';
import type { ExportGraph } from './graph.js';
import { mergeRecordings } from './merge.js';
import { type NamedTensors, recordOperations } from './record.js';

/** The shape of each argument. 'batch' stands for the batch size. */
export type InputShapes = Readonly<Record<string, readonly (number | 'batch')[]>>;

/** Options of `exportGraph`. */
export interface ExportOptions<Inputs extends InputShapes = InputShapes> {
  /** The shape of each argument. 'batch' stands for the batch size. */
  inputs: Inputs;
  /** Names of constants: a model's `namedTensors()`, or any list of pairs. */
  names?: Iterable<readonly [name: string, tensor: Tensor]>;
}

const EXPORT_OPTIONS: OptionNames<ExportOptions> = { inputs: true, names: true };

/**
 * Three batch sizes. Two define how a length depends on the batch size. The third one checks it, and is so large that the least of the
 * batch size and a fixed number, such as the number of rows of `x.slice(0, 100)`, is noticed.
 */
const BATCH_SIZES = [2, 3, 257] as const;

/**
 * Records the operations of `f` at three batch sizes and finds out which lengths depend on the batch size. The arguments are random
 * numbers in [0, 1), different in each call, so that a constant which depends on them is noticed.
 * @param f - called with a tensor for each of `inputs`; returns tensors by name
 * @throws ArgumentError if the operations, a constant or a number depend on the batch size in another way than times·batch + plus
 * @throws BackendError on a device: the values of constants are read synchronously
 */
export function exportGraph<Inputs extends InputShapes>(
  f: (inputs: { readonly [Name in keyof Inputs]: Tensor }) => NamedTensors,
  options: ExportOptions<Inputs>,
): ExportGraph {
  checkFunction('exportGraph', f);
  checkOptions('exportGraph', options, EXPORT_OPTIONS, 'f, ');
  const { inputs, names = [] } = options;
  const pairs = pairsOf('exportGraph', 'names', names, 'a tensor');
  if (!isPlainObject(inputs))
    throw new ArgumentError('exportGraph', `inputs must be shapes by name, found ${describeValue(inputs)}`);
  for (const [name, shape] of Object.entries(inputs)) checkInputShape(name, shape);
  if (backend().memory === 'device')
    throw new BackendError(
      'exportGraph',
      'values on a device cannot be read synchronously — export on a host backend',
    );
  const generator = new Generator(0);
  const [first, ...others] = BATCH_SIZES.map((size) => {
    const shapes = Object.entries(inputs).map(
      ([name, shape]) => [name, shape.map((length) => (length === 'batch' ? size : length))] as const,
    );
    const tensors = Object.fromEntries(shapes.map(([name, shape]) => [name, rand(shape, { generator })]));
    return noGrad(() => recordOperations(f as (inputs: NamedTensors) => NamedTensors, tensors));
  });
  return mergeRecordings([first!, others[0]!, others[1]!], {
    sizes: BATCH_SIZES,
    inputs: Object.keys(inputs),
    names: new Map(pairs.map(([name, tensor]) => [tensor, name])),
  });
}

function checkInputShape(name: string, shape: unknown): void {
  const isLength = (length: unknown): boolean =>
    length === 'batch' || (Number.isSafeInteger(length) && (length as number) >= 0);
  if (isArrayOf(shape, isLength)) return;
  throw new ArgumentError(
    'exportGraph',
    `the shape of '${name}' must be a list of whole numbers ≥ 0 and 'batch', found ${describeValue(shape)}`,
  );
}
