/** Gradients of small programs as plain numbers. */
import { gradients, type Tensor, tensor } from '@varigrad/core';

export type Program = (x: Tensor) => Tensor;

/** The gradient of the sum of f(x). */
export function gradientOf(f: Program, values: number[] | number[][]): number[] {
  const x = tensor(values).requiresGrad_();
  f(x).sum().backward();
  return [...x.grad!.dataSync()];
}

/** The gradient of the sum of the gradient. */
export function secondOf(f: Program, values: number[]): number[] {
  const x = tensor(values).requiresGrad_();
  const [first] = gradients(f(x).sum(), [x], { createGraph: true });
  return [...gradients(first!.sum(), [x])[0]!.dataSync()];
}
