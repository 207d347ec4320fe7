import type { Module } from '@varigrad/nn';

/** Runs `f` with the model in evaluation mode, and returns it to the mode that it was in, also after an error. */
export async function inEvaluationMode<T>(model: Module, f: () => T | Promise<T>): Promise<T> {
  const wasTraining = model.training;
  model.eval();
  try {
    return await f();
  } finally {
    model.train(wasTraining);
  }
}
