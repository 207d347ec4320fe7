/**
 * The checks of the GPU backend in Node; see checks.ts.
 *
 *   npm run test:gpu                  modes cpu, webasm and webgpu
 *   npm run test:gpu -- webgpu        some of them
 *   npm run test:gpu -- --bundle card.mjs   writes card.ts as one file, for a machine with a GPU
 *
 * webgpu needs an adapter. Without a GPU, SwiftShader can be used: `apt-get install chromium libvulkan1`. It is found in
 * Debian's folder, or through VK_ICD_FILENAMES. The last line is `N passed, N failed`.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { GpuMode } from '@varigrad/core/gpu';
import { bundleForCard } from '../../scripts/card-bundle.js';
import { provideSoftwareAdapter } from '../../scripts/software-adapter.js';
import { runModes } from './checks.js';

const MODES: readonly GpuMode[] = ['cpu', 'webasm', 'webgpu'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { bundle: { type: 'string' } },
});
if (values.bundle !== undefined) {
  await bundleForCard(fileURLToPath(new URL('card.ts', import.meta.url)), values.bundle);
} else {
  provideSoftwareAdapter();
  const ok = await runModes(positionals.length > 0 ? (positionals as GpuMode[]) : MODES);
  process.exitCode = ok ? 0 : 1;
}
