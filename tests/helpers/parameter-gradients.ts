/** Gradients of a loss with respect to a module's parameters, compared with finite differences. */
import { Generator, noGrad, type Tensor, tensor } from '@varigrad/core';
import type { Module } from '@varigrad/nn';
import * as assert from 'uvu/assert';

/**
 * For every parameter, compares the slope of `loss` along a random direction by fourth-order central differences with the tape. Call
 * it on a float64 backend, with all noise fixed.
 */
export function checkParameterGradients(model: Module, loss: () => Tensor, tolerance = 1e-6): void {
  model.zeroGrad();
  loss().backward();
  const draws = new Generator(99);
  const h = 1e-4;
  for (const [name, parameter] of model.namedParameters()) {
    const start = Float64Array.from(parameter.dataSync());
    const direction = Float64Array.from(draws.words(start.length), (word) => word / 2 ** 31 - 1);
    const at = (t: number): number => {
      parameter.assign(
        tensor(
          start.map((w, i) => w + t * (direction[i] as number)),
          { shape: parameter.shape },
        ),
      );
      return noGrad(loss).itemSync();
    };
    const numeric = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
    at(0);
    const gradient = Float64Array.from(parameter.grad?.dataSync() ?? start.map(() => 0));
    const analytic = gradient.reduce((sum, g, i) => sum + g * (direction[i] as number), 0);
    const error = Math.abs(analytic - numeric) / Math.max(Math.abs(analytic), Math.abs(numeric), 1e-3);
    assert.ok(error < tolerance, `${name}: by the tape ${analytic}, by differences ${numeric}`);
    assert.ok(
      gradient.some((g) => g !== 0),
      `${name} has no gradient`,
    );
  }
}
