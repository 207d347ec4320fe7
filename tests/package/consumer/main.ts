import { backend, eye, manualSeed, randn, type Tensor, tensor } from '@varigrad/core';
import { recordGraph } from '@varigrad/core/trace';
import { Adam, Linear } from '@varigrad/nn';
import { decodeNpz, encodeNpz } from '@varigrad/nn/numpy';
import { VAE } from '@varigrad/vae';

console.log(backend().name);
manualSeed(1);

const a: Tensor = tensor([
  [1, 2],
  [3, 4],
]);
const product = await a.matmul(a).toArray();
if (JSON.stringify(product) !== '[[7,10],[15,22]]') throw new Error(`matmul: ${JSON.stringify(product)}`);

// Large enough to start the worker threads: they must be found, and must let the process end.
const large = randn([512, 512]);
const difference = await large.matmul(eye(512)).sub(large).abs().amax().item();
if (difference !== 0) throw new Error(`A·I differs from A by ${difference}`);

/** Trains `parameters` for `steps` and returns the first and the last loss. */
async function train(
  parameters: Iterable<Tensor>,
  steps: number,
  loss: () => Tensor,
): Promise<[number, number]> {
  const optimizer = new Adam([...parameters], { learningRate: 0.05 });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    optimizer.zeroGrad();
    const value = loss();
    value.backward();
    optimizer.step();
    losses.push(await value.item());
  }
  return [losses[0] ?? Number.NaN, losses.at(-1) ?? Number.NaN];
}

const layer = new Linear(2, 1);
const x = randn([16, 2]);
const y = x.sum({ axis: 1, keepDims: true }).mul(2).add(1);
const [, fitted] = await train(layer.parameters(), 300, () => layer.forward(x).sub(y).square().mean());
if (!(fitted < 1e-3)) throw new Error(`the line was not fitted: loss ${fitted}`);

const { weight } = await decodeNpz(await encodeNpz(layer.stateDict(), { compress: true }));
if (`${weight?.data}` !== `${layer.weight.dataSync()}`) throw new Error('the npz file has other weights');

const model = new VAE({ inputSize: 16, hidden: [8], latent: 2 });
const images = randn([32, 16]).sigmoid();
const [first, last] = await train(model.parameters(), 50, () => model.elbo(images).loss);
if (!(last < first)) throw new Error(`the ELBO did not improve: ${first} to ${last}`);

// The entries of core share one tape: a trace sees what nn and vae compute.
const { nodes } = recordGraph(() => model.elbo(images).loss);
if (!nodes.some(({ op }) => op === 'linear')) throw new Error('the trace has no linear operation');
console.log(fitted.toExponential(3), first.toFixed(3), last.toFixed(3));
console.log('done');
