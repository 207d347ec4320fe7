/**
 * The full tests of the GPU backend in Node: the op-case table, special values, large sizes, 200 training steps against
 * reference, and memory over 2,000 steps.
 *
 *   npm run test:gpu                  modes cpu, webasm and webgpu
 *   npm run test:gpu -- webgpu        some of them
 *
 * webgpu needs an adapter. Without a GPU, SwiftShader can be used: `apt-get install chromium libvulkan1`. It is found in
 * Debian's folder, or through VK_ICD_FILENAMES. The last line is `N passed, N failed`.
 */
import { createReference } from '@varigrad/core';
import { type GpuBackend, type GpuMode, gpu } from '@varigrad/core/gpu';
import { INSTALL_ADAPTER, provideSoftwareAdapter } from '../../scripts/software-adapter.js';
import { lostDeviceErrors } from './lost-device.js';
import {
  sizeErrors,
  specialReductionErrors,
  specialValueErrors,
  TABLE_TOLERANCE,
  tableDifferences,
} from './suite.js';
import { memoryOverSteps, trainingDifference } from './vae-run.js';

const TRAINING_STEPS = 200;
const TRAINING_TOLERANCE = 1e-3;
const MEMORY_STEPS = 2000;

/** A check returns a figure to print, or throws. */
type Check = (machine: GpuBackend) => Promise<string>;

function nothing(problems: readonly unknown[]): void {
  if (problems.length === 0) return;
  const shown = problems
    .slice(0, 20)
    .map((problem) => (typeof problem === 'string' ? problem : JSON.stringify(problem)));
  throw new Error(`${problems.length} problems, the first of them:\n${shown.join('\n')}`);
}

const checks: Readonly<Record<string, Check>> = {
  'op-case table, forward and gradients': async (machine) => {
    nothing(await tableDifferences(machine));
    return `no difference above ${TABLE_TOLERANCE}`;
  },
  'special values': async (machine) => {
    nothing(await specialValueErrors(machine));
    nothing(await specialReductionErrors(machine));
    return 'the same as on reference';
  },
  'millions of elements': async (machine) => {
    nothing(await sizeErrors(machine));
    return 'exact';
  },
  [`${TRAINING_STEPS} training steps of a 784-64-8 VAE`]: async (machine) => {
    const difference = await trainingDifference(machine, TRAINING_STEPS, createReference());
    if (!(difference < TRAINING_TOLERANCE)) throw new Error(`losses differ by ${difference}`);
    return `losses differ from reference by at most ${difference.toExponential(1)}`;
  },
  [`memory over ${MEMORY_STEPS} steps`]: async (machine) => {
    const { early, late, arrays } = await memoryOverSteps(machine, MEMORY_STEPS);
    const pooled = (machine.memoryUsage().pooledBytes / 2 ** 20).toFixed(1);
    if (late > early) throw new Error(`${early} bytes after a tenth of the steps, ${late} at the end`);
    const resident = (process.memoryUsage().rss / 2 ** 20).toFixed(0);
    return `${early} bytes after a tenth, ${late} at the end in ${arrays} arrays, ${pooled} MiB pooled; the process holds ${resident} MiB`;
  },
};

/** Runs last, because it destroys the device. */
const webgpuChecks: Readonly<Record<string, Check>> = {
  'a lost device': async (machine) => {
    nothing(await lostDeviceErrors(machine));
    return 'is reported, and a new backend works';
  },
};

async function runMode(mode: GpuMode): Promise<{ passed: number; failed: number }> {
  const counts = { passed: 0, failed: 0 };
  let machine: GpuBackend | undefined;
  try {
    machine = await gpu({ mode });
    console.log(`\n${machine.description}`);
  } catch (error) {
    console.log(`\nFAIL  ${mode}: ${(error as Error).message}`);
    if (mode === 'webgpu') console.log(`      without a GPU, SwiftShader is an adapter: ${INSTALL_ADAPTER}`);
    return { passed: 0, failed: 1 };
  }
  const own = mode === 'webgpu' ? { ...checks, ...webgpuChecks } : checks;
  for (const [name, check] of Object.entries(own)) {
    const start = performance.now();
    // Each check has its own backend, so that its memory count includes no other check.
    const fresh = await gpu({ mode });
    try {
      const figure = await check(fresh);
      counts.passed++;
      console.log(`ok    ${name}: ${figure}  ${((performance.now() - start) / 1000).toFixed(1)} s`);
    } catch (error) {
      counts.failed++;
      console.log(`FAIL  ${name}: ${(error as Error).message}`);
    }
    await fresh.destroy();
  }
  await machine.destroy();
  return counts;
}

const wanted = process.argv.slice(2) as GpuMode[];
provideSoftwareAdapter();
let [passed, failed] = [0, 0];
for (const mode of wanted.length > 0 ? wanted : (['cpu', 'webasm', 'webgpu'] as const)) {
  const counts = await runMode(mode);
  passed += counts.passed;
  failed += counts.failed;
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
