import type { Backend, Kernels } from '@varigrad/core';

/** Milliseconds spent in each family of kernels. */
export interface KernelTimes {
  matmul: number;
  elementwise: number;
  optimizer: number;
}

const MATMUL = new Set(['matmul', 'linear', 'conv2d', 'convTranspose2d', 'conv2dWeight']);
const OPTIMIZER = new Set(['adamStep', 'sgdStep']);

/** A backend that sums the time of its kernels. The rest of a step's time is the overhead of the engine. */
export function instrument(inner: Backend): { backend: Backend; take: () => KernelTimes } {
  let times: KernelTimes = { matmul: 0, elementwise: 0, optimizer: 0 };
  const timed = Object.create(inner.kernels) as Record<string, unknown>;
  for (const name of kernelNames(inner.kernels)) {
    const family = MATMUL.has(name) ? 'matmul' : OPTIMIZER.has(name) ? 'optimizer' : 'elementwise';
    const kernel = inner.kernels[name] as (...args: unknown[]) => unknown;
    timed[name] = (...args: unknown[]): unknown => {
      const start = performance.now();
      const result = kernel.apply(inner.kernels, args);
      times[family] += performance.now() - start;
      return result;
    };
  }
  const backend: Backend = Object.create(inner, { kernels: { value: timed as unknown as Kernels } });
  const take = (): KernelTimes => {
    const taken = times;
    times = { matmul: 0, elementwise: 0, optimizer: 0 };
    return taken;
  };
  return { backend, take };
}

/** Names of all kernels, whether they are own properties or methods of a class. */
function kernelNames(kernels: Kernels): (keyof Kernels)[] {
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(kernels));
  const names = new Set([...Object.keys(kernels), ...methods]) as Set<keyof Kernels>;
  return [...names].filter(
    (name) => typeof kernels[name] === 'function' && (name as string) !== 'constructor',
  );
}
