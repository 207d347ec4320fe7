/** Checks of the arguments that many functions of this package take: models and data sets. */
import { ArgumentError } from '@varigrad/core';
import { checkMethod, describeValue } from '@varigrad/core/checks';

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
