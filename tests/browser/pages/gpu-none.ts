/** A page without a GPU: neither navigator.gpu nor WebGL. */
import { gpu } from '@varigrad/core/gpu';
import { checkTraining } from '../backend-tests.js';
import { check, runTests } from '../in-page.js';

Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined });
HTMLCanvasElement.prototype.getContext = () => null;
OffscreenCanvas.prototype.getContext = () => null;

async function refusal(options: Parameters<typeof gpu>[0]): Promise<string> {
  try {
    const { description } = await gpu(options);
    return `no error: ${description}`;
  } catch (error) {
    return String(error);
  }
}

await runTests({
  'without a requested mode: an error that lists what was tried and how to get each mode': async () => {
    const message = await refusal({});
    check(message.startsWith('BackendError: gpu: no GPU was found:'), message);
    for (const mode of ['webgpu', 'webgl2', 'headlessgl'])
      check(new RegExp(`- mode '${mode}': .+ — it needs `).test(message), `${mode} is missing: ${message}`);
  },
  'a requested mode that is unavailable causes an error; no other mode is used': async () => {
    for (const mode of ['webgpu', 'webgl2', 'webgl', 'headlessgl'] as const) {
      const message = await refusal({ mode });
      check(message.startsWith(`BackendError: gpu: mode '${mode}': `), message);
    }
  },
  'mode webasm needs no GPU, and trains': async () => {
    const backend = await gpu({ mode: 'webasm' });
    check(backend.mode === 'webasm', backend.description);
    return checkTraining(backend, 20, 1e-5, 8);
  },
});
