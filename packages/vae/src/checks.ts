/** Checks of arguments: models, data sets, and what `fit` takes. */
import { ArgumentError, formatShape, ShapeError, type Tensor } from '@varigrad/core';
import {
  checkFunction,
  checkMethod,
  checkNumber,
  checkOptions,
  checkTensor,
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

/** @throws ArgumentError unless `value` is a string */
export function checkText(op: string, name: string, value: unknown): void {
  if (typeof value === 'string') return;
  throw new ArgumentError(op, `${name} must be a string, found ${describeValue(value)}`);
}

/** @throws ArgumentError unless `value` is a typed array, or an array where `kind` allows one */
export function checkValues(
  op: string,
  name: string,
  value: unknown,
  kind: 'an array of numbers' | 'a Float32Array' = 'an array of numbers',
): void {
  const isArray = Array.isArray(value);
  if (ArrayBuffer.isView(value) || (isArray && kind === 'an array of numbers')) return;
  const isTensor = typeof (value as { data?: unknown } | null | undefined)?.data === 'function';
  const fix = isArray
    ? ' — write Float32Array.from(…)'
    : isTensor
      ? ' — pass the values that its method data() returns'
      : '';
  throw new ArgumentError(op, `${name} must be ${kind}, found ${describeValue(value)}${fix}`);
}

/** @throws ArgumentError unless `value` is an object with these fields; `name` says what it is: 'a panel' */
export function checkFields(op: string, name: string, value: unknown, fields: readonly string[]): void {
  if (typeof value === 'object' && value !== null && fields.every((field) => field in value)) return;
  throw new ArgumentError(op, `${name} must be { ${fields.join(', ')} }, found ${describeValue(value)}`);
}

/** @throws ArgumentError unless `value` is a number, or a function of the training step */
export function checkNumberOrFunction(op: string, name: string, value: unknown): void {
  if (typeof value === 'number' || typeof value === 'function') return;
  throw new ArgumentError(
    op,
    `${name} must be a number or a function of the step, found ${describeValue(value)}`,
  );
}

/** @throws ArgumentError unless `corruption` has the methods of a corruption */
export function checkCorruption(op: string, corruption: unknown, name = 'corruption'): void {
  checkMethod(op, name, corruption, 'apply', 'a corruption, such as masking(0.5)');
}

/**
 * Checks a prior's z, or mu or logVar; `name` says which.
 * @param batch - the number of rows, if it is known
 * @throws ShapeError unless `t` is `[batch, latent]`
 */
export function checkCodes(op: string, name: string, t: Tensor, latent: number, batch?: number): void {
  checkTensor(op, t, name);
  const [rows, columns] = t.shape;
  if (t.rank === 2 && columns === latent && (batch === undefined || rows === batch)) return;
  throw new ShapeError(
    op,
    [t.shape],
    `${name} is ${formatShape(t.shape)} — it must be [${batch ?? 'batch'}, ${latent}]`,
  );
}

/** Checks the arguments of a prior's `sample`. @throws ArgumentError */
export function checkPriorSample(count: unknown, options: { readonly generator?: unknown }): void {
  checkWhole('sample', 'count', count, 0);
  checkOptions('sample', options, { generator: true }, 'count, context, ');
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
