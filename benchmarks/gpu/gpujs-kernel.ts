/** Products by the kernel of gpu.js that other modes run, on webgpu: what the hand-written shaders take the place of. */

import { loadGpuJs } from '../../packages/core/src/backend/gpu/gpujs.js';
import { Machine } from '../../packages/core/src/backend/gpu/machine.js';
import { dotIntegers, dotProgram } from '../../packages/core/src/backend/gpu/matmul.js';
import { openMode } from '../../packages/core/src/backend/gpu/modes.js';
import { type Contestant, operandsOf } from './contestants.js';

export async function gpuJsKernel(): Promise<Contestant> {
  const { instance, driver } = await openMode(await loadGpuJs(), 'webgpu');
  const machine = new Machine(instance, driver);
  const marker = machine.constant(1, 1);
  machine.compute(marker);
  return {
    name: 'webgpu, kernel of gpu.js modes',
    async enter(which) {
      const spec = which.product;
      if (spec === undefined) return null;
      const [a, b] = operandsOf(which).map((values) => machine.upload(values));
      const [program, integers, size] = [dotProgram(spec, false), dotIntegers(spec), spec.m * spec.n];
      return {
        launch: () => machine.release(machine.launch(program, [a!, b!], size, integers)),
        async finish() {
          await machine.download(marker);
        },
        async close() {
          for (const array of [a!, b!]) machine.release(array);
        },
      };
    },
  };
}
