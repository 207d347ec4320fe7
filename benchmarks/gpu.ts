/**
 * `npm run bench:gpu`: the kernels of the GPU backend in every mode that runs here, beside wasm (1 thread and all) and
 * reference: compilation, upload, kernel and readback apart, the sizes from which a mode wins, and training steps.
 *
 *   npm run bench:gpu                       everything, some minutes; what would take too long is skipped, and said
 *   npm run bench:gpu -- --quick            small sizes, a minute or two
 *   npm run bench:gpu -- webgpu             some modes only
 *   npm run bench:gpu -- --bundle FILE.mjs  writes it as one file, to be carried to a machine with a card: there,
 *                                           npm install gpu.js webgpu && node FILE.mjs
 *
 * It takes Node, gpu.js and the package webgpu, nothing else. Leaves runs/bench/gpu.txt and charts beside it.
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

/** This program as one file, with all of the library in it. */
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
    throw new Error(`there is no mode '${unknown}': take some of ${MODES.join(', ')}`);
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
process.exit(); // WebGPU's own threads would keep the process
