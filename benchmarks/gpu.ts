/**
 * `npm run bench:gpu`: the kernels of the GPU backend in every mode that runs here, next to wasm (1 thread and all) and
 * reference. It reports compilation, upload, kernel and readback separately, the sizes from which a mode is faster, and
 * training steps.
 *
 *   npm run bench:gpu                       everything, several minutes; cases that would take too long are reported as skipped
 *   npm run bench:gpu -- --quick            small sizes, one or two minutes
 *   npm run bench:gpu -- webgpu             some modes only
 *   npm run bench:gpu -- --bundle FILE.mjs  writes the benchmark as one file, to be copied to a machine with a GPU. There:
 *                                           npm install gpu.js webgpu && node FILE.mjs
 *
 * It needs only Node, gpu.js and the package webgpu. The report is runs/bench/gpu.txt, with charts beside it.
 */
import { availableParallelism, loadavg } from 'node:os';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createReference, createWasm } from '@varigrad/core';
import type { GpuMode } from '@varigrad/core/gpu';
import { provideSoftwareAdapter } from '../scripts/software-adapter.js';
import { measureEverything } from './gpu/measure-all.js';
import { writeReport } from './gpu/write-report.js';
import { machine } from './measure.js';

const MODES: readonly GpuMode[] = ['webgpu', 'webgl2', 'webgl', 'headlessgl', 'webasm', 'cpu'];

/** Bundles this program and the library into one file. */
async function bundle(file: string): Promise<void> {
  const { build } = await import('esbuild');
  await build({
    entryPoints: [fileURLToPath(import.meta.url)],
    outfile: file,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['@varigrad/source'],
    external: ['gpu.js', 'webgpu', 'esbuild'],
    logLevel: 'warning',
  });
  console.log(`${file}: npm install gpu.js webgpu && node ${basename(file)}`);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: 'boolean', default: false }, bundle: { type: 'string' } },
  });
  if (values.bundle !== undefined) {
    await bundle(values.bundle);
    return;
  }
  const unknown = positionals.find((word) => !(MODES as readonly string[]).includes(word));
  if (unknown !== undefined)
    throw new Error(`bench:gpu: modes must be among ${MODES.join(', ')}, found '${unknown}'`);
  provideSoftwareAdapter();
  const threads = availableParallelism();
  const rival = threads === 1 ? 'wasm, 1 thread' : `wasm, ${threads} threads`;
  const measurement = await measureEverything({
    host: `${machine()}, load average before the start ${loadavg()[0]?.toFixed(1)}`,
    cpu: new Map([
      ['wasm, 1 thread', createWasm({ threads: 1 })],
      [rival, createWasm({ threads })],
      ['reference', createReference()],
    ]),
    rival,
    modes: positionals.length > 0 ? MODES.filter((mode) => positionals.includes(mode)) : MODES,
    quick: values.quick,
    tell: (line) => console.error(line),
  });
  console.log(`\n${await writeReport(measurement, 'gpu')}`);
}

await main();
process.exit(); // WebGPU's threads would keep the process alive
