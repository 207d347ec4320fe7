/** Checks of arguments: models, data sets, and what `fit` takes. */
import {
  ArgumentError,
  formatShape,
  Generator,
  type GeneratorState,
  ShapeError,
  sameShape,
  type Tensor,
} from '@varigrad/core';
import {
  checkBoolean,
  checkFinite,
  checkFunction,
  checkMethod,
  checkNumber,
  checkOptions,
  checkTensor,
  checkWhole,
  describeValue,
  isArrayOf,
  isPlainObject,
  type OptionNames,
} from '@varigrad/core/checks';
import { type BatchStream, isStream } from './data/batch-stream.js';
import { type ImageShape, sizeOf } from './data/image-shape.js';

/** @throws ArgumentError unless `model` has the methods of a model */
export function checkModel(op: string, model: unknown): void {
  checkMethod(op, 'the model', model, 'elbo', 'a model, such as new VAE()');
}

/** @throws ShapeError unless the two tensors, given by their names, have one shape */
export function checkSameShape(op: string, tensors: Readonly<Record<string, Tensor>>): void {
  const [[nameA, a], [nameB, b]] = Object.entries(tensors) as [[string, Tensor], [string, Tensor]];
  if (sameShape(a.shape, b.shape)) return;
  const found = `found ${formatShape(b.shape)}`;
  throw new ShapeError(
    op,
    [a.shape, b.shape],
    `${nameB} must have the shape of ${nameA}, ${formatShape(a.shape)}, ${found}`,
  );
}

/** @throws ArgumentError unless `data` is a data set whose arrays hold `count` images and labels; `name` is the argument */
export function checkDataset(op: string, data: unknown, name = 'data'): void {
  const { images, labels, count, imageShape, train } = (data ?? {}) as Readonly<Record<string, unknown>>;
  const isDataset = [images, labels].every(ArrayBuffer.isView) && typeof count === 'number';
  if (isDataset && Array.isArray(imageShape)) {
    checkSizes(op, name, data as Sizes);
    return;
  }
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

/** What the sizes of a data set are checked by. */
interface Sizes {
  readonly images: ArrayLike<number>;
  readonly labels: ArrayLike<number>;
  readonly count: number;
  readonly imageShape: ImageShape;
}

function checkSizes(op: string, name: string, { images, labels, count, imageShape }: Sizes): void {
  checkWhole(op, `${name}.count`, count, 0);
  checkImageShape(op, imageShape, `${name}.imageShape`);
  const pixels = sizeOf(imageShape);
  if (images.length >= count * pixels && labels.length >= count) return;
  throw new ArgumentError(
    op,
    `${name} must have ${count} images of ${pixels} values and ${count} labels, found ${images.length} values and ${labels.length} labels`,
  );
}

/** @throws ArgumentError unless a stream has a number, a shape and classes */
function checkStream({ count, imageShape, classes }: BatchStream): void {
  checkWhole('fit', 'data.train.count', count);
  checkImageShape('fit', imageShape, 'data.train.imageShape');
  checkWhole('fit', 'data.train.classes', classes, 0);
}

/** Refuses images that do not fit the model before the first step. @throws ArgumentError */
function checkPixels(
  name: string,
  { imageShape, count }: Pick<Sizes, 'imageShape' | 'count'>,
  inputSize: number,
): void {
  const pixels = sizeOf(imageShape);
  if (pixels === inputSize || count === 0) return;
  const problem = `${name} has images of ${pixels} values, and the model has inputSize ${inputSize}`;
  throw new ArgumentError('fit', `${problem} — use images of one size`);
}

/** @throws ArgumentError unless `value` is the shape of an image */
export function checkImageShape(op: string, value: unknown, name = 'imageShape'): void {
  const isLength = (length: unknown): boolean => Number.isInteger(length) && (length as number) > 0;
  if (isArrayOf(value, isLength) && (value.length === 2 || value.length === 3)) return;
  const isDataset = typeof value === 'object' && value !== null && 'imageShape' in value;
  const fix = isLength(value) ? ` — write [${value}, ${value}]` : isDataset ? ' — write data.imageShape' : '';
  throw new ArgumentError(
    op,
    `${name} must be [height, width] or [channels, height, width], found ${describeValue(value)}${fix}`,
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

/** The options of a training step whose values are checked, of any type. */
interface StepArguments {
  readonly optimizer: unknown;
  readonly beta?: unknown;
  readonly freeBits?: unknown;
  readonly clipNorm?: unknown;
  readonly schedule?: unknown;
  readonly step?: unknown;
}

/** Checks the values of the options of `trainStep`. @throws ArgumentError */
export function checkStepArguments(op: string, options: StepArguments): void {
  const { optimizer, beta = 1, freeBits = 0, clipNorm, schedule, step } = options;
  checkMethod(op, 'optimizer', optimizer, 'step', 'an optimizer, such as new Adam(model.parameters())');
  checkNumberOrFunction(op, 'beta', beta);
  if (typeof beta === 'number') checkFinite(op, 'beta', beta);
  checkNumber(op, 'freeBits', freeBits);
  if (clipNorm !== undefined) checkNumber(op, 'clipNorm', clipNorm, Number(clipNorm) > 0, 'above 0');
  if (schedule !== undefined) checkFunction(op, schedule, 'schedule');
  if (step !== undefined) checkWhole(op, 'step', step, 0);
}

/** The options of `fit` whose values are checked, of any type. */
interface FitArguments extends StepArguments {
  readonly epochs: unknown;
  readonly dropLast?: unknown;
  readonly compile?: unknown;
  readonly state?: unknown;
  readonly signal?: unknown;
  readonly onStep?: unknown;
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
  if (isStream(data.train)) checkStream(data.train);
  else checkDataset('fit', data.train, 'data.train');
  checkDataset('fit', data.test, 'data.test');
  for (const name of ['train', 'test'] as const)
    checkPixels(`data.${name}`, data[name] as Sizes, (model as { inputSize: number }).inputSize);
  checkOptions('fit', options, names, 'model, data, ');
  const { epochs, dropLast = false, compile = true, state, signal, onStep, onProgress, onEpoch } = options;
  checkStepArguments('fit', options);
  checkWhole('fit', 'epochs', epochs, 0);
  checkBoolean('fit', 'dropLast', dropLast);
  checkBoolean('fit', 'compile', compile);
  checkSignal(signal);
  if (state !== undefined) checkTrainState(state);
  for (const [name, callback] of Object.entries({ onStep, onProgress, onEpoch }))
    if (callback !== undefined) checkFunction('fit', callback, name);
}

/** Refuses a controller in place of its signal, which would never stop the run. @throws ArgumentError */
function checkSignal(signal: unknown): void {
  const { aborted, signal: own } = (signal ?? {}) as Readonly<Record<string, unknown>>;
  if (signal === undefined || typeof aborted === 'boolean') return;
  const fix = own === undefined ? '' : ' — write controller.signal';
  throw new ArgumentError('fit', `signal must be an AbortSignal, found ${describeValue(signal)}${fix}`);
}

/** The epoch stands in 32 bits of the generator's seed. */
const MOST_EPOCHS = 2 ** 32 - 1;

/** Whether a value has the fields of a `TrainState`, with values that a run can have; see `checkGenerators` for the generators. */
export function hasTrainState(state: unknown): boolean {
  const { epoch, step, generator, layerGenerators = {}, sums, seconds } = fieldsOf(state);
  const { loss, recon, kl, count } = fieldsOf(sums);
  return (
    isWhole(epoch, 1, MOST_EPOCHS) &&
    isWhole(step, 0) &&
    isWhole(count, 0) &&
    count > 0 === step > 0 &&
    typeof generator === 'object' &&
    isPlainObject(layerGenerators) &&
    [loss, recon, kl].every(Number.isFinite) &&
    isAmount(seconds)
  );
}

/** Checks the generators in a `TrainState`. @throws ArgumentError if one is not the state of a `Generator` */
export function checkGenerators(state: unknown): void {
  const { generator, layerGenerators = {} } = fieldsOf(state);
  // Setting a state checks it.
  for (const saved of [generator, ...Object.values(fieldsOf(layerGenerators))])
    new Generator().state = saved as GeneratorState;
}

function checkTrainState(state: unknown): void {
  if (!hasTrainState(state))
    throw new ArgumentError('fit', `state must be what fit returned, found ${describeValue(state)}`);
  checkGenerators(state);
}

/** The fields of an object of any type; none of null and undefined. */
function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return { ...(value as object | null | undefined) };
}

/** Whether a value is a whole number in a range. */
export function isWhole(
  value: unknown,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

/** Whether a value is a finite number of at least 0. */
export function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
