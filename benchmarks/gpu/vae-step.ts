/** One training step of a VAE: forward, backward, Adam. */
import { type Backend, compile, Generator, rand, scope, type Tensor, withBackend } from '@varigrad/core';
import { Adam } from '@varigrad/nn';
import { VAE } from '@varigrad/vae';
import { waiter } from './contestants.js';
import { type Patience, type Runner, time, timed } from './time.js';

export interface StepSize {
  readonly name: string;
  readonly hidden: number;
  readonly latent: number;
  readonly batch: number;
}

export const STEP_SIZES: readonly StepSize[] = [
  { name: '784-64-8, batch 64', hidden: 64, latent: 8, batch: 64 },
  { name: '784-400-20, batch 128', hidden: 400, latent: 20, batch: 128 },
  { name: '784-2000-20, batch 512', hidden: 2000, latent: 20, batch: 512 },
];

export interface StepTimes {
  /** Extra time of the first step over a later one: mostly compilation. */
  readonly compile: number;
  /** Time of one of many consecutive steps, without reading losses. */
  readonly step: number;
  /** The part of `step` in which the host is busy. */
  readonly submit: number;
  /** Time of one step if its loss is read before the next step. */
  readonly read: number | null;
}

/** A training step as a `Runner`. The images are on the device. */
export function stepRunner(on: Backend, { hidden, latent, batch }: StepSize, compiled: boolean): Runner {
  const step = withBackend(on, () => {
    const generator = new Generator(1);
    const model = scope(() => new VAE({ inputSize: 784, hidden: [hidden], latent, generator }));
    const optimizer = new Adam(model.parameters());
    const x = rand([batch, 784], { generator });
    const plain = (images: Tensor): Tensor => {
      const { loss } = model.elbo(images, { generator });
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      return loss.detach();
    };
    const run = compiled ? compile(plain) : plain;
    return () => scope(() => run(x));
  });
  const wait = waiter(on);
  return {
    launch: () => withBackend(on, step).dispose(),
    finish: wait.finish,
    readback: () =>
      timed(async () => {
        const loss = withBackend(on, step);
        await loss.item();
        loss.dispose();
      }),
    close: async () => wait.close(),
  };
}

export async function timeStep(
  on: Backend,
  size: StepSize,
  compiled: boolean,
  patience: Patience,
): Promise<StepTimes> {
  const runner = stepRunner(on, size, compiled);
  const [times] = await time([runner], patience);
  await runner.close();
  if (times === undefined || times instanceof Error) throw times;
  const { compile, kernel, submit, readback } = times;
  return { compile, step: kernel, submit, read: readback };
}
