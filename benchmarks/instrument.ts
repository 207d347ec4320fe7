import type { Backend, Kernels } from '@varigrad/core';

/** Milliseconds spent in each family of kernels. */
export interface KernelTimes {
  matmul: number;
  elementwise: number;
  optimizer: number;
}

const MATMUL = new Set(['matmul', 'linear']);
const OPTIMIZER = new Set(['adamStep', 'sgdStep']);

/** A backend that adds up how long its kernels run; what a step takes beyond that is the engine's overhead. */
export function instrument(inner: Backend): { backend: Backend; take: () => KernelTimes } {
  let times: KernelTimes = { matmul: 0, elementwise: 0, optimizer: 0 };
  const timed = Object.fromEntries(
    Object.entries(inner.kernels).map(([name, kernel]) => {
      const family = MATMUL.has(name) ? 'matmul' : OPTIMIZER.has(name) ? 'optimizer' : 'elementwise';
      const run = (...args: never[]): unknown => {
        const start = performance.now();
        const result = (kernel as (...rest: never[]) => unknown).apply(inner.kernels, args);
        times[family] += performance.now() - start;
        return result;
      };
      return [name, run];
    }),
  ) as unknown as Kernels;
  const backend: Backend = Object.create(inner, { kernels: { value: timed } });
  const take = (): KernelTimes => {
    const taken = times;
    times = { matmul: 0, elementwise: 0, optimizer: 0 };
    return taken;
  };
  return { backend, take };
}
