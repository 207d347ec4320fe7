/**
 * The checks of the GPU backend: the op-case table, special values, large sizes, products, random numbers, 200 training steps
 * against reference, and memory over 2,000 steps. They need Node, and no file: they are also part of the bundles for a card.
 */
import { createReference } from '@varigrad/core';
import { type GpuBackend, type GpuMode, gpu } from '@varigrad/core/gpu';
import { INSTALL_ADAPTER } from '../../scripts/software-adapter.js';
import { compiledErrors } from './compiled.js';
import { lostDeviceErrors } from './lost-device.js';
import { minusErrors } from './minus.js';
import { productErrors } from './products.js';
import { randomErrors } from './random.js';
import { specialChecks } from './special.js';
import { sizeErrors, TABLE_TOLERANCE, tableDifferences } from './suite.js';
import { sumErrors } from './sums.js';
import { torchErrors } from './torch.js';
import { transposeErrors } from './transposes.js';
import { compiledDifference, countsOfStep, memoryOverSteps, trainingDifference } from './vae-run.js';

const TRAINING_STEPS = 200;
const TRAINING_TOLERANCE = 1e-3;
const MEMORY_STEPS = 2000;
const MOST_LAUNCHES = 40;

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
  ...Object.fromEntries(
    Object.entries(specialChecks).map(([name, errorsOf]): [string, Check] => [
      name,
      async (machine) => {
        nothing(await errorsOf(machine));
        return 'right';
      },
    ]),
  ),
  'values and gradients of PyTorch': async (machine) => {
    nothing(await torchErrors(machine));
    return 'right';
  },
  'random numbers beside those of the host': async (machine) => {
    nothing(await randomErrors(machine));
    return 'uniform ones equal, normal ones within 1e-6';
  },
  'a minus before a negative constant': async ({ mode }) => {
    nothing(await minusErrors(mode));
    return 'right';
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
  [`${TRAINING_STEPS} compiled steps equal plain ones`]: async (machine) => {
    const step = await compiledDifference(machine, TRAINING_STEPS);
    if (step !== -1) throw new Error(`the loss of step ${step} differs`);
    return 'the same bits';
  },
  'compiled functions equal plain ones': async (machine) => {
    nothing(await compiledErrors(machine));
    return 'the same bits';
  },
  [`memory over ${MEMORY_STEPS} compiled steps`]: async (machine) => {
    const { early, late } = await memoryOverSteps(machine, MEMORY_STEPS, true);
    if (late > early) throw new Error(`${early} bytes after a tenth of the steps, ${late} at the end`);
    return `${late} bytes`;
  },
  [`memory over ${MEMORY_STEPS} steps`]: async (machine) => {
    const { early, late, arrays } = await memoryOverSteps(machine, MEMORY_STEPS);
    const pooled = (machine.memoryUsage().pooledBytes / 2 ** 20).toFixed(1);
    if (late > early) throw new Error(`${early} bytes after a tenth of the steps, ${late} at the end`);
    const resident = (process.memoryUsage().rss / 2 ** 20).toFixed(0);
    return `${early} bytes after a tenth, ${late} at the end in ${arrays} arrays, ${pooled} MiB pooled; the process holds ${resident} MiB`;
  },
};

/** The last one destroys the device. */
const webgpuChecks: Readonly<Record<string, Check>> = {
  'a compiled 784-400-20 step': async (machine) => {
    const { submits, uploads, launches, milliseconds } = await countsOfStep(machine);
    if (submits !== 1 || uploads !== 1 || launches > MOST_LAUNCHES)
      throw new Error(`${submits} submissions, ${uploads} uploads, ${launches} launches`);
    return `1 submission, 1 upload, ${launches} launches; ${milliseconds.toFixed(2)} ms on the host`;
  },
  'all tiles of products': async () => {
    nothing(await productErrors());
    return 'right, and of the same bits';
  },
  'sums by one thread and by many': async () => {
    nothing(await sumErrors());
    return 'right';
  },
  'transposed copies by squares': async () => {
    nothing(await transposeErrors());
    return 'right';
  },
  'backends that share the device': async (machine) => {
    const first = await gpu({ mode: 'webgpu' });
    const read = first.download(first.upload([1, 2])).then(String, (error: Error) => error.message);
    await Promise.all([first.destroy(), first.destroy()]);
    const [refused, found] = [await read, await machine.download(machine.upload([1, 2]))];
    if (!/this backend was destroyed/.test(refused)) nothing([`a pending read: ${refused}`]);
    if (found.join() !== '1,2') nothing([`the other backend must return 1,2, found ${found.join()}`]);
    return 'one is destroyed, its pending read is refused, and the other works';
  },
  'a lost device': async (machine) => {
    nothing(await lostDeviceErrors(machine));
    return 'is reported, and a new backend works';
  },
};

/** Runs all checks of a mode and prints their results. */
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

/** Runs the checks of some modes. The last line that it prints is `N passed, N failed`. @returns whether all passed */
export async function runModes(modes: readonly GpuMode[]): Promise<boolean> {
  let [passed, failed] = [0, 0];
  for (const mode of modes) {
    const counts = await runMode(mode);
    passed += counts.passed;
    failed += counts.failed;
  }
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0;
}
