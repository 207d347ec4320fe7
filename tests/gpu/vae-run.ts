import {
  type Backend,
  compile,
  Generator,
  manualSeed,
  scope,
  stack,
  type Tensor,
  tensor,
  withBackend,
} from '@varigrad/core';
import type { GpuBackend } from '@varigrad/core/gpu';
import { Adam } from '@varigrad/nn';
import { VAE } from '@varigrad/vae';

/** The training run that every backend must reproduce: a 784-64-8 VAE, Adam, fixed images, one seed. */
export interface VaeRun {
  readonly steps: number;
  readonly latent?: number;
  readonly batchSize?: number;
  /** Units of the hidden layer. */
  readonly hidden?: number;
  /** Whether the step is compiled. */
  readonly compiled?: boolean;
  /** Whether a step returns its loss alone; else also the two terms of it, stacked. */
  readonly lossOnly?: boolean;
  /** Called before and after the call of a step, with nothing between it and the step. */
  readonly aroundCall?: (isAfter: boolean) => void;
  /** Called after each step, outside of its scope; may be asynchronous. */
  readonly onStep?: (step: number) => void | Promise<void>;
}

const PIXELS = 784;
const IMAGES = 256;

/** Grey images that a VAE can learn: blobs at random positions, exact in float32. */
function images(): Float32Array {
  const draws = new Generator(5);
  const data = new Float32Array(IMAGES * PIXELS);
  for (let image = 0; image < IMAGES; image++) {
    const [u, v] = Array.from(draws.words(2), (word) => 6 + (word % 16)) as [number, number];
    for (let pixel = 0; pixel < PIXELS; pixel++) {
      const [row, column] = [Math.floor(pixel / 28), pixel % 28];
      data[image * PIXELS + pixel] = Math.exp(-((row - v) ** 2 + (column - u) ** 2) / 18);
    }
  }
  return data;
}

/** Losses of each step, nats per image. */
export async function trainVae(
  machine: Backend,
  {
    steps,
    batchSize = 64,
    hidden = 64,
    latent = 8,
    compiled = false,
    lossOnly = false,
    aroundCall,
    onStep,
  }: VaeRun,
): Promise<number[]> {
  const data = images();
  const { model, optimizer } = withBackend(machine, () => {
    manualSeed(11);
    // The temporaries of the initialization are freed here, so that memory can be counted from the first step on.
    const model = scope(() => new VAE({ inputSize: PIXELS, hidden: [hidden], latent }));
    return { model, optimizer: new Adam(model.parameters(), { learningRate: 1e-3 }) };
  });
  const noise = new Generator(12);
  const losses: number[] = [];
  const plain = (x: Tensor): Tensor => {
    const elbo = model.elbo(x, { generator: noise });
    optimizer.zeroGrad();
    elbo.loss.backward();
    optimizer.step();
    return (lossOnly ? elbo.loss : stack([elbo.loss, elbo.recon, elbo.kl])).detach();
  };
  const run = compiled ? compile(plain) : plain;
  for (let step = 0; step < steps; step++) {
    const first = (step * batchSize) % IMAGES;
    const batch = data.subarray(first * PIXELS, (first + batchSize) * PIXELS);
    const packed = withBackend(machine, () =>
      scope(() => {
        const x = tensor(batch, { shape: [batchSize, PIXELS] });
        aroundCall?.(false);
        const result = run(x);
        aroundCall?.(true);
        return result;
      }),
    );
    losses.push((await packed.data())[0] as number);
    packed.dispose();
    await onStep?.(step);
  }
  return losses;
}

/** The losses of training steps, on this backend and on reference. @returns largest relative difference */
export async function trainingDifference(
  machine: Backend,
  steps: number,
  expected: Backend,
): Promise<number> {
  const found = await trainVae(machine, { steps });
  const right = await trainVae(expected, { steps });
  return Math.max(...right.map((loss, i) => Math.abs((found[i] as number) - loss) / Math.abs(loss)));
}

/** Trains with plain and with compiled steps. @returns the first step whose losses differ, or −1 */
export async function compiledDifference(machine: Backend, steps: number): Promise<number> {
  const expected = await trainVae(machine, { steps });
  const found = await trainVae(machine, { steps, compiled: true });
  return found.findIndex((loss, i) => loss !== expected[i]);
}

/** Device memory during training: after a tenth of the steps, and at the end. */
export async function memoryOverSteps(
  machine: GpuBackend,
  steps: number,
  compiled = false,
): Promise<{ early: number; late: number; arrays: number }> {
  let early = 0;
  await trainVae(machine, {
    steps,
    compiled,
    batchSize: 8,
    onStep(step) {
      if (step === Math.floor(steps / 10)) early = machine.memoryUsage().bytes;
    },
  });
  const { bytes, arrays } = machine.memoryUsage();
  return { early, late: bytes, arrays };
}

/** What one compiled step of a 784-400-20 VAE sends to the device, and the median time of its call after the first half of the steps. */
export async function countsOfStep(
  machine: GpuBackend,
): Promise<{ submits: number; uploads: number; launches: number; milliseconds: number }> {
  let [before, start] = [machine.activity(), 0];
  const times: number[] = [];
  const counts = { submits: 0, uploads: 0, launches: 0 };
  await trainVae(machine, {
    steps: machine.adapter.software ? 30 : 400,
    batchSize: 128,
    hidden: 400,
    latent: 20,
    compiled: true,
    lossOnly: true,
    aroundCall(isAfter) {
      if (!isAfter) {
        before = machine.activity();
        start = performance.now();
        return;
      }
      times.push(performance.now() - start);
      const after = machine.activity();
      for (const name of ['submits', 'uploads', 'launches'] as const)
        counts[name] = after[name] - before[name];
    },
  });
  const late = times.slice(times.length / 2).sort((a, b) => a - b);
  return { ...counts, milliseconds: late[Math.floor(late.length / 2)]! };
}
