/**
 * `npm run bench:gpu`: the kernels of the GPU backend in every mode that runs here, eager and compiled, next to wasm (1 thread and
 * all), reference, plain gpu.js, hand-written WGSL, and PyTorch (eager, and as a CUDA graph on a card) where python3 has torch. It
 * reports the first run, upload, kernel, launch and readback separately, the sizes from which a mode is faster, and training steps.
 *
 *   npm run bench:gpu                       everything, several minutes; cases that would take too long are reported as skipped
 *   npm run bench:gpu -- --quick            small sizes in short rounds, one or two minutes
 *   npm run bench:gpu -- --brief            all sizes in short rounds
 *   npm run bench:gpu -- webgpu             some modes only
 *   npm run bench:gpu -- --only matmul      kernels whose names contain the word; no steps
 *   npm run bench:gpu -- --bundle FILE.mjs  writes the checks of test:gpu and the benchmark as one file, to be copied to a machine
 *                                           with a GPU. There: npm install gpu.js@2.24.1 webgpu && node FILE.mjs
 *
 * It needs only Node, gpu.js and the package webgpu. The report is runs/bench/gpu.txt, with charts beside it; it is written after each size.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { GpuMode } from '@varigrad/core/gpu';
import { bundleForCard } from '../scripts/card-bundle.js';
import { provideSoftwareAdapter } from '../scripts/software-adapter.js';
import { measureInNode } from './gpu/in-node.js';

const MODES: readonly GpuMode[] = ['webgpu', 'webgl2', 'webgl', 'headlessgl', 'webasm', 'cpu'];

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      brief: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      bundle: { type: 'string' },
    },
  });
  if (values.bundle !== undefined) {
    await bundleForCard(fileURLToPath(new URL('gpu/card.ts', import.meta.url)), values.bundle);
    return;
  }
  const unknown = positionals.find((word) => !(MODES as readonly string[]).includes(word));
  if (unknown !== undefined)
    throw new Error(`bench:gpu: modes must be among ${MODES.join(', ')}, found '${unknown}'`);
  provideSoftwareAdapter();
  const modes = positionals.length > 0 ? MODES.filter((mode) => positionals.includes(mode)) : MODES;
  console.log(`\n${await measureInNode(modes, values)}`);
}

await main();
process.exit(); // WebGPU's threads would keep the process alive
