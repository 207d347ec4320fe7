/** A page whose policy is `script-src 'self'`: gpu.js compiles its kernels without evaluating text as JavaScript. */
import { tensor, withBackend } from '@varigrad/core';
import { type GpuMode, gpu } from '@varigrad/core/gpu';
import { check, runTests } from '../in-page.js';

async function computes(mode: GpuMode): Promise<string> {
  const device = await gpu({ mode });
  const x = withBackend(device, () =>
    tensor([1, 2, 3])
      .mul(2)
      .matmul(tensor([1, 1, 1])),
  );
  const value = await x.item();
  check(value === 12, `(2, 4, 6) · (1, 1, 1) must be 12, found ${value}`);
  return device.description;
}

await runTests({
  'webgpu computes': () => computes('webgpu'),
  'webgl2 computes': () => computes('webgl2'),
  'cpu computes': () => computes('cpu'),
});
