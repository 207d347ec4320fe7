/** The whole measurement, for Node and pages: kernels by group and size, then training steps. */
import type { Backend } from '@varigrad/core';
import { type GpuBackend, type GpuMode, gpu } from '@varigrad/core/gpu';
import { GROUPS, isProduct, type KernelCase } from './cases.js';
import { backendContestant, type Contestant, compiledContestant } from './contestants.js';
import { gpuJsKernel } from './gpujs-kernel.js';
import { handWritten, plainGpuJs } from './naive.js';
import { type Patience, type Runner, type Times, time } from './time.js';
import { STEP_SIZES, type StepTimes, timeStep } from './vae-step.js';

/** One contestant at one case; `skipped` says why there are no times. */
export interface KernelResult {
  readonly group: string;
  readonly size: number;
  readonly label: string;
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

/**
 * Measures all contestants on one group, in order of size. A contestant that would take too long at a size skips larger ones.
 * @returns the results of each case
 */
export async function* measureGroup(
  cases: readonly KernelCase[],
  contestants: readonly Contestant[],
  patience: Patience,
): AsyncGenerator<KernelResult[]> {
  const last = new Map<string, { work: number; ms: number }>();
  for (const which of cases) {
    const results: KernelResult[] = [];
    const { group, size, label, flops, bytes } = which;
    const entered: { name: string; runner: Runner }[] = [];
    const skip = (name: string, skipped: string): void => {
      results.push({ group, size, label, flops, bytes, name, skipped });
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
        results.push({ group, size, label, flops, bytes, name, times });
      }
      await runner.close();
    }
    yield results;
  }
}

/**
 * Measures training steps on each backend, plain and compiled. A backend that takes too long at a size skips larger ones.
 * @returns the results of each size
 */
export async function* measureSteps(
  backends: ReadonlyMap<string, Backend>,
  patience: Patience,
): AsyncGenerator<StepResult[]> {
  const last = new Map<string, { work: number; ms: number }>();
  for (const size of STEP_SIZES) {
    const results: StepResult[] = [];
    const work = size.batch * size.hidden;
    const forms = [...backends].flatMap(([name, on]) => [
      { name, on, compiled: false },
      { name: `${name}, compiled`, on, compiled: true },
    ]);
    for (const { name, on, compiled } of forms) {
      const before = last.get(name);
      const expected = before === undefined ? 0 : (before.ms * work) / before.work;
      if (expected > patience.longestRunMs) {
        results.push({ step: size.name, name, skipped: `about ${(expected / 1000).toFixed(1)} s per step` });
        continue;
      }
      try {
        const times = await timeStep(on, size, compiled, patience);
        last.set(name, { work, ms: times.step });
        results.push({ step: size.name, name, times });
      } catch (error) {
        results.push({ step: size.name, name, skipped: (error as Error).message });
      }
    }
    yield results;
  }
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

/** Results of a program that runs by itself. */
export interface PeerResults {
  readonly descriptions: readonly string[];
  readonly absent: readonly string[];
  readonly kernels: readonly KernelResult[];
  readonly steps: readonly StepResult[];
}

const NO_PEER: PeerResults = { descriptions: [], absent: [], kernels: [], steps: [] };

export interface MeasureOptions {
  readonly host: string;
  /** CPU backends by name, the rival included. */
  readonly cpu: ReadonlyMap<string, Backend>;
  readonly rival: string;
  /** Modes of gpu.js to try. */
  readonly modes: readonly GpuMode[];
  /** Only groups whose name contains it are measured; '' for everything. */
  readonly only: string;
  /** Whether only small sizes are measured. */
  readonly small: boolean;
  readonly patience: Patience;
  readonly stepPatience: Patience;
  /** Measures the same cases elsewhere. */
  readonly peer?: (cases: readonly KernelCase[], patience: Patience) => Promise<PeerResults>;
  /** Receives progress messages. */
  readonly tell: (line: string) => void;
  /** Receives what is measured so far, after each size. */
  readonly save?: (measurement: Measurement) => Promise<unknown>;
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
  const webgpu = modes.find(({ mode }) => mode === 'webgpu');
  if (webgpu === undefined) return plain;
  return [...plain, await gpuJsKernel(), ...(await handWritten(webgpu.adapter.software))];
}

const SMALL_MATMUL = 512;
const SMALL_ELEMENTS = 1e6;

const isSmall = ({ group, size }: KernelCase): boolean =>
  size <= (isProduct(group) ? SMALL_MATMUL : SMALL_ELEMENTS);

/** Brings the results of each group together. */
function inGroups(results: readonly KernelResult[]): KernelResult[] {
  return GROUPS.flatMap((cases) => results.filter(({ group }) => group === cases[0]?.group));
}

/** Measures everything, in all modes that open. */
export async function measureEverything(options: MeasureOptions): Promise<Measurement> {
  const { host, cpu, rival, only, small, patience, stepPatience, peer, tell, save } = options;
  const { open, absent } = await openModes(options.modes);
  for (const { description } of [...open, ...cpu.values()]) tell(description);
  const backends = new Map([...open.map((b): [string, Backend] => [b.mode, b]), ...cpu]);
  const compiled = [...backends].filter(([name, on]) => on.memory === 'device' || name === rival);
  const contestants = [
    ...[...backends].map(([name, on]) => backendContestant(name, on)),
    ...compiled.map(([name, on]) => compiledContestant(name, on)),
    ...(await yardstickContestants(open)),
  ];
  const groups = GROUPS.filter(([first]) => first?.group.includes(only)).map((cases) =>
    cases.filter((which) => !small || isSmall(which)),
  );
  const kernels: KernelResult[] = [];
  const steps: StepResult[] = [];
  let peers = NO_PEER;
  const found = (): Measurement => ({
    host,
    cpu: [...[...cpu.values()].map(({ description }) => description), ...peers.descriptions],
    modes: open.map(({ mode, description, adapter, activity, memoryUsage }) => {
      const { launches, programs } = activity();
      const { pooledBytes } = memoryUsage();
      return { mode, description, software: adapter.software, launches, programs, pooledBytes };
    }),
    absent: [...absent, ...peers.absent],
    rival,
    kernels: inGroups([...kernels, ...peers.kernels]),
    steps: [...steps, ...peers.steps],
  });
  if (only === '') {
    tell('training steps …');
    for await (const results of measureSteps(backends, stepPatience)) {
      steps.push(...results);
      await save?.(found());
    }
  }
  if (peer !== undefined) {
    tell('PyTorch …');
    peers = await peer(groups.flat(), patience);
    await save?.(found());
  }
  for (const cases of groups) {
    tell(`${cases[0]?.group} …`);
    for await (const results of measureGroup(cases, contestants, patience)) {
      kernels.push(...results);
      await save?.(found());
    }
  }
  const measurement = found();
  for (const backend of open) await backend.destroy();
  return measurement;
}
