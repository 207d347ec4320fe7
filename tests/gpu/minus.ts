/** gpu.js wrote `a - -0.95` as `a--0.95`, a decrement (its issue 874). The check compiles such texts in a mode. */
import type { GpuMode } from '@varigrad/core/gpu';
import { loadGpuJs } from '../../packages/core/src/backend/gpu/gpujs.js';
import { Machine } from '../../packages/core/src/backend/gpu/machine.js';
import { openMode } from '../../packages/core/src/backend/gpu/modes.js';

const TEXTS: Readonly<Record<string, number>> = {
  'x[this.thread.x] - -0.95': 3.95,
  'x[this.thread.x] - (-0.95)': 3.95,
  'x[this.thread.x] - -2': 5,
  '0.0 - -x[this.thread.x]': 3,
  '1.0 - (0.0 - -0.5) - -x[this.thread.x]': 3.5,
};

export async function minusErrors(mode: GpuMode): Promise<string[]> {
  const { instance, driver } = await openMode(await loadGpuJs(), mode);
  const machine = new Machine(instance, driver);
  const x = machine.upload([3, 3]);
  const wrong: string[] = [];
  for (const [text, right] of Object.entries(TEXTS)) {
    const program = { name: text, arrays: ['x'], integers: [], numbers: [], body: `return ${text};` };
    const [found] = await machine.download(machine.launch(program, [x], 2));
    if (found !== Math.fround(right)) wrong.push(`${text} must be ${right} for x = 3, found ${found}`);
  }
  await machine.destroy();
  return wrong;
}
