/** The main program: the gradient of a function, a few training steps of a VAE, and weights saved and loaded. */
import { grad, init, manualSeed, randn, type Tensor, tensor } from '@varigrad/core';
import { Adam, decodeSafetensors, encodeSafetensors } from '@varigrad/nn';
import { VAE } from '@varigrad/vae';

/** The DOM library and Node's types, which declare it, are absent from the type check. */
declare const console: { log(text: string): void };

function check(what: string, ok: boolean): void {
  if (!ok) throw new Error(`${what}: wrong result`);
}

async function differentiate(): Promise<void> {
  const cube = grad((x: Tensor) => x.mul(x).mul(x).sum());
  const [slope] = await cube(tensor([2])).data();
  check('gradient of x³ at 2', slope === 12);
}

async function train(model: VAE, images: Tensor): Promise<void> {
  const optimizer = new Adam([...model.parameters()], { learningRate: 0.05 });
  const losses: number[] = [];
  for (let step = 0; step < 30; step++) {
    optimizer.zeroGrad();
    const { loss } = model.elbo(images);
    loss.backward();
    optimizer.step();
    losses.push(await loss.item());
  }
  check('training of a VAE', losses[29]! < losses[0]!);
}

/** Saves the weights, loads them into another model, and compares what both reconstruct. */
async function saveAndLoad(model: VAE, images: Tensor): Promise<void> {
  const bytes = encodeSafetensors(await model.stateDict());
  const copy = new VAE({ inputSize: 16, hidden: [8], latent: 2 });
  copy.loadStateDict(decodeSafetensors(bytes).tensors);
  const difference = model.reconstruct(images).sub(copy.reconstruct(images)).abs().amax();
  check('loaded weights', (await difference.item()) === 0);
}

async function main(): Promise<void> {
  const backend = await init();
  manualSeed(1);
  await differentiate();
  // Large enough to start the worker threads: they must be found, and must let the process end.
  const large = randn([512, 512]);
  check('product by worker threads', Number.isFinite(await large.matmul(large).sum().item()));
  const model = new VAE({ inputSize: 16, hidden: [8], latent: 2 });
  const images = randn([32, 16]).sigmoid();
  await train(model, images);
  await saveAndLoad(model, images);
  console.log(backend.description); // after the threads have started, or could not
  console.log('done');
}

// A rejection that nothing handles ends the process with an error, in Node, Deno and Bun.
void main();
