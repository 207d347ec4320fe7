/** Checks of a lost device, as after a driver restart. */
import { BackendError, compile, scope, type Tensor, tensor, withBackend } from '@varigrad/core';
import { type GpuBackend, gpu } from '@varigrad/core/gpu';
import { loadGpuJs } from '../../packages/core/src/backend/gpu/gpujs.js';

const MESSAGE =
  /^gpu: the device failed: it was lost \(.*\) — create a new backend with gpu\(\) and resume from the last checkpoint$/;

async function errorOf(f: () => unknown): Promise<Error | null> {
  try {
    await f();
    return null;
  } catch (error) {
    return error as Error;
  }
}

/** Destroys the device of a webgpu backend. @returns the checks that failed */
export async function lostDeviceErrors(machine: GpuBackend): Promise<string[]> {
  const x = machine.upload([1, 2, 3]);
  const square = compile((y: Tensor) => y.mul(y));
  const compiled = () => withBackend(machine, () => scope(() => square(tensor([1, 2]))));
  for (let i = 0; i < 3; i++) await compiled().data();
  const { WebGPUContext } = await loadGpuJs();
  const { device } = (await WebGPUContext.acquire()) as {
    device: { destroy(): void; lost: Promise<unknown> };
  };
  device.destroy();
  await device.lost;
  const wrong: string[] = [];
  const calls: Record<string, () => unknown> = {
    upload: () => machine.upload([1, 2]),
    kernel: () => machine.kernels.unary('exp', x),
    download: () => machine.download(x),
    'compiled step': compiled,
  };
  for (const [name, call] of Object.entries(calls)) {
    const error = await errorOf(call);
    if (!(error instanceof BackendError && MESSAGE.test(error.message)))
      wrong.push(`${name}: ${error?.message ?? 'no error'}`);
  }
  machine.release(x);
  await machine.destroy();
  const next = await gpu({ mode: 'webgpu' });
  const found = await next.download(next.kernels.unary('neg', next.upload([1, 2])));
  if (found.join() !== '-1,-2')
    wrong.push(`a new backend must compute [-1, -2], found [${found.join(', ')}]`);
  await next.destroy();
  return wrong;
}
