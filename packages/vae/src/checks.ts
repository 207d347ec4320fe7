/** Checks of arguments: models, data sets, and what `fit` takes. */
import { ArgumentError } from '@varigrad/core';
import {
  checkFunction,
  checkMethod,
  checkNumber,
  checkOptions,
  checkWhole,
  describeValue,
  type OptionNames,
} from '@varigrad/core/checks';

/** @throws ArgumentError unless `model` has the methods of a model */
export function checkModel(op: string, model: unknown): void {
  checkMethod(op, 'the model', model, 'elbo', 'a model, such as new VAE()');
}

/** @throws ArgumentError unless `data` is a data set; `name` is the argument */
export function checkDataset(op: string, data: unknown, name = 'data'): void {
  const { images, labels, count, imageShape, train } = (data ?? {}) as Readonly<Record<string, unknown>>;
  const isDataset = [images, labels].every(ArrayBuffer.isView) && typeof count === 'number';
  if (isDataset && Array.isArray(imageShape)) return;
  const fix =
    data instanceof Promise
      ? ' — await it first'
      : train === undefined
        ? ''
        : ` — write ${name}.train or ${name}.test`;
  throw new ArgumentError(
    op,
    `${name} must be a data set { images, labels, count, imageShape, classes }, found ${train === undefined ? describeValue(data) : '{ train, … }'}${fix}`,
  );
}

/** @throws ArgumentError unless `value` is a number, or a function of the training step */
export function checkNumberOrFunction(op: string, name: string, value: unknown): void {
  if (typeof value === 'number' || typeof value === 'function') return;
  throw new ArgumentError(
    op,
    `${name} must be a number or a function of the step, found ${describeValue(value)}`,
  );
}

/** The options of `fit` whose values are checked, of any type. */
interface FitArguments {
  readonly optimizer: unknown;
  readonly epochs: unknown;
  readonly beta?: unknown;
  readonly freeBits?: unknown;
  readonly state?: { readonly epoch: unknown } | undefined;
  readonly onProgress?: unknown;
  readonly onEpoch?: unknown;
}

/** Checks the arguments of `fit`. @throws ArgumentError */
export function checkFitArguments<Options extends FitArguments>(
  model: unknown,
  data: { readonly train: unknown; readonly test: unknown },
  options: Options,
  names: OptionNames<NoInfer<Options>>,
): void {
  checkModel('fit', model);
  if (typeof data !== 'object' || data === null || !('train' in data && 'test' in data))
    throw new ArgumentError('fit', `data must be { train, test }, found ${describeValue(data)}`);
  checkDataset('fit', data.train, 'data.train');
  checkDataset('fit', data.test, 'data.test');
  checkOptions('fit', options, names, 'model, data, ');
  const { optimizer, epochs, beta = 1, freeBits = 0, state, onProgress, onEpoch } = options;
  checkMethod('fit', 'optimizer', optimizer, 'step', 'an optimizer, such as new Adam(model.parameters())');
  checkWhole('fit', 'epochs', epochs, 0);
  checkNumberOrFunction('fit', 'beta', beta);
  checkNumber('fit', 'freeBits', freeBits);
  if (state !== undefined && !Number.isInteger(state?.epoch))
    throw new ArgumentError('fit', `state must be what fit returned, found ${describeValue(state)}`);
  for (const [name, callback] of Object.entries({ onProgress, onEpoch }))
    if (callback !== undefined) checkFunction('fit', callback, name);
}
