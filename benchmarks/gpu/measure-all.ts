/** The whole measurement, for Node and pages: kernels by group and size, then training steps. */
import type { Backend } from '@varigrad/core';
import { type GpuBackend, type GpuMode, gpu } from '@varigrad/core/gpu';
import { GROUPS, type KernelCase } from './cases.js';
import { backendContestant, type Contestant } from './contestants.js';
import { handWritten, plainGpuJs } from './naive.js';
import { PATIENT, type Patience, QUICK, type Runner, type Times, time } from './time.js';
import { STEP_SIZES, type StepTimes, timeStep } from './vae-step.js';

/** One contestant at one case; `skipped` says why there are no times. */
export interface KernelResult {
  readonly group: string;
  readonly size: number;
  readonly flops: number;
  readonly bytes: number;
  readonly name: string;
  readonly times?: Times;
  readonly skipped?: string;
}

export interface StepResult {
  readonly step: string;
  readonly name: string;
  readonly times?: StepTimes;
  readonly skipped?: string;
}

/** Measures all contestants on one group, in order of size. A contestant that would take too long at a size skips larger ones. */
export async function measureGroup(
  cases: readonly KernelCase[],
  contestants: readonly Contestant[],
  patience: Patience,
): Promise<KernelResult[]> {
  const results: KernelResult[] = [];
  const last = new Map<string, { work: number; ms: number }>();
  for (const which of cases) {
    const { group, size, flops, bytes } = which;
    const entered: { name: string; runner: Runner }[] = [];
    const skip = (name: string, skipped: string): void => {
      results.push({ group, size, flops, bytes, name, skipped });
    };
    for (const { name, enter } of contestants) {
      const before = last.get(name);
      const expected = before === undefined ? 0 : (before.ms * flops) / before.work;
      if (expected > patience.longestRunMs) skip(name, `about ${(expected / 1000).toFixed(1)} s per run`);
      else {
        const runner = await enter(which).catch((error: Error) => skip(name, error.message));
        if (runner) entered.push({ name, runner });
      }
    }
    const runners = entered.map(({ runner }) => runner);
    const found = await time(runners, patience);
    for (const [i, { name, runner }] of entered.entries()) {
      const times = found[i];
      if (times instanceof Error || times === undefined) skip(name, String(times?.message));
      else {
        last.set(name, { work: flops, ms: times.kernel });
        results.push({ group, size, flops, bytes, name, times });
      }
      await runner.close();
    }
  }
  return results;
}

/** Measures training steps on each backend. A backend that takes too long at a size skips larger ones. */
export async function measureSteps(
  backends: ReadonlyMap<string, Backend>,
  patience: Patience,
): Promise<StepResult[]> {
  const results: StepResult[] = [];
  const last = new Map<string, { work: number; ms: number }>();
  for (const size of STEP_SIZES) {
    const work = size.batch * size.hidden;
    for (const [name, on] of backends) {
      const before = last.get(name);
      const expected = before === undefined ? 0 : (before.ms * work) / before.work;
      if (expected > patience.longestRunMs) {
        results.push({ step: size.name, name, skipped: `about ${(expected / 1000).toFixed(1)} s per step` });
        continue;
      }
      try {
        const times = await timeStep(on, size, patience);
        last.set(name, { work, ms: times.step });
        results.push({ step: size.name, name, times });
      } catch (error) {
        results.push({ step: size.name, name, skipped: (error as Error).message });
      }
    }
  }
  return results;
}

/** A mode of gpu.js: its adapter and activity, or the reason why it does not run. */
export interface ModeResult {
  readonly mode: GpuMode;
  readonly description: string;
  readonly software: boolean;
  readonly programs: number;
  readonly launches: number;
  readonly pooledBytes: number;
}

export interface Measurement {
  /** Processor, browser or Node. */
  readonly host: string;
  readonly cpu: readonly string[];
  readonly modes: readonly ModeResult[];
  readonly absent: readonly string[];
  /** The CPU backend that modes are compared with. */
  readonly rival: string;
  readonly kernels: readonly KernelResult[];
  readonly steps: readonly StepResult[];
}

export interface MeasureOptions {
  readonly host: string;
  /** CPU backends by name, the rival included. */
  readonly cpu: ReadonlyMap<string, Backend>;
  readonly rival: string;
  /** Modes of gpu.js to try. */
  readonly modes: readonly GpuMode[];
  readonly quick: boolean;
  /** Receives progress messages. */
  readonly tell: (line: string) => void;
}

async function openModes(modes: readonly GpuMode[]): Promise<{ open: GpuBackend[]; absent: string[] }> {
  const open: GpuBackend[] = [];
  const absent: string[] = [];
  for (const mode of modes) {
    try {
      open.push(await gpu({ mode }));
    } catch (error) {
      absent.push((error as Error).message.replace(/^gpu: /, ''));
    }
  }
  return { open, absent };
}

/** Programs without this library, for the open modes. */
async function yardstickContestants(modes: readonly GpuBackend[]): Promise<Contestant[]> {
  const plain = await Promise.all(modes.map(({ mode }) => plainGpuJs(mode)));
  const shaders = modes.some(({ mode }) => mode === 'webgpu') ? await handWritten() : [];
  return [...plain, ...shaders];
}

/** Largest sizes of a quick run. */
const QUICK_MATMUL = 512;
const QUICK_ELEMENTS = 1e6;

/** Measures everything, in all modes that open. */
export async function measureEverything(options: MeasureOptions): Promise<Measurement> {
  const { host, cpu, rival, quick, tell } = options;
  const patience = quick ? QUICK : PATIENT;
  const { open, absent } = await openModes(options.modes);
  for (const { description } of [...open, ...cpu.values()]) tell(description);
  const backends = new Map([...open.map((b): [string, Backend] => [b.mode, b]), ...cpu]);
  const contestants = [...backends].map(([name, on]) => backendContestant(name, on));
  const kernels: KernelResult[] = [];
  for (const cases of GROUPS) {
    const group = cases[0]?.group;
    tell(`${group} …`);
    const most = group === 'matmul' ? QUICK_MATMUL : QUICK_ELEMENTS;
    const others = group === 'matmul' ? await yardstickContestants(open) : [];
    const taken = cases.filter(({ size }) => !quick || size <= most);
    kernels.push(...(await measureGroup(taken, [...contestants, ...others], patience)));
  }
  tell('training steps …');
  const steps = await measureSteps(backends, patience);
  const modes = open.map(({ mode, description, adapter, activity, memoryUsage }) => {
    const { launches, programs } = activity();
    const { pooledBytes } = memoryUsage();
    return { mode, description, software: adapter.software, launches, programs, pooledBytes };
  });
  for (const backend of open) await backend.destroy();
  const descriptions = [...cpu.values()].map(({ description }) => description);
  return { host, cpu: descriptions, modes, absent, rival, kernels, steps };
}
