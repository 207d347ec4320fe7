/** varigrad through its public API; the fourth argument is the number of threads, 0 for all. The fifth is the network, and the sixth may be `native` or `plain`, for a step that is not compiled. */
import { availableParallelism } from 'node:os';
import { compile, createWasm, matmul, scope, setBackend, type Tensor, tensor } from '@varigrad/core';
import { native } from '@varigrad/core/native';
import { Adam } from '@varigrad/nn';
import { VAE } from '@varigrad/vae';
import { convolutionalVae } from '../training-step.js';
import { answer, LAYERS, MATMULS, type Network, readWork } from './work.js';

const work = readWork();
const threads = Number(process.argv[5]) || availableParallelism();
const network = process.argv[6] as Network;
const kind = process.argv[7];
const backend = kind === 'native' ? await native({ threads }) : createWasm({ threads });
setBackend(backend);

const own = (name: string) => {
  const saved = work[name];
  if (saved === undefined) throw new Error(`the work file has no ${name}`);
  return saved;
};
const load = (name: string) => tensor(own(name).data, { shape: own(name).shape });

const model = network === 'dense' ? new VAE() : convolutionalVae();
const names = LAYERS[network].flatMap((layer) => [`${layer}.weight`, `${layer}.bias`]);
model.loadStateDict(Object.fromEntries(names.map((name) => [name, own(name)])));
const optimizer = new Adam(model.parameters(), { learningRate: 1e-3 });

const plainStep = (images: Tensor, eps: Tensor): Tensor => {
  const { loss } = model.elbo(images, { eps });
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  return loss.detach();
};
const step = kind === 'plain' ? plainStep : compile(plainStep);

await answer({
  library: `varigrad, ${backend.description}`,
  threads,
  step: (i) => scope(() => step(load(`batch.${i}`), load(`noise.${i}`))).itemSync(),
  matmul: (() => {
    const products = MATMULS.map(({ a, b, transposeA, transposeB }) => ({
      a: load(a),
      b: load(b),
      options: { transposeA, transposeB },
    }));
    return (i: number) => {
      const product = products[i];
      if (product !== undefined) scope(() => void matmul(product.a, product.b, product.options));
    };
  })(),
});
