import type { Tensor } from '@varigrad/core';
import { checkMethod } from '@varigrad/core/checks';
import type { Module } from '@varigrad/nn';
import { onOneBackend } from '../one-backend.js';

/** The norms of one parameter and of its gradient. */
export interface GradientNorm {
  /** Dotted name, as in the state dict. */
  name: string;
  /** √(Σ g²); null if the parameter has no gradient. */
  gradient: number | null;
  /** √(Σ w²) */
  weight: number;
}

/**
 * The Euclidean norms of all parameters and of their current gradients; call it after `backward`. A gradient that contains NaN or
 * Infinity has a norm of NaN or Infinity.
 */
export function gradientNorms(model: Module): Promise<GradientNorm[]> {
  return onOneBackend(async () => {
    checkMethod('gradientNorms', 'the model', model, 'namedParameters', 'a module');
    const read = async ([name, parameter]: [string, Tensor]): Promise<GradientNorm> => {
      const gradient = parameter.peekGrad();
      return {
        name,
        gradient: gradient === null ? null : await norm(gradient),
        weight: await norm(parameter),
      };
    };
    return Promise.all(Array.from(model.namedParameters(), read));
  });
}

async function norm(t: Tensor): Promise<number> {
  let squares = 0;
  for (const value of await t.data()) squares += value * value;
  return Math.sqrt(squares);
}
