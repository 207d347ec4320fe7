/** jax-js with the whole step, Adam included, in one jit. There is no published optimizer for it. */
import { readFileSync } from 'node:fs';
import { defaultDevice, init, jit, nn, numpy as np, valueAndGrad } from '@jax-js/jax';
import { answer, LAYERS, MATMULS, readWork } from './work.js';

const available = await init('wasm');
if (!available.includes('wasm')) throw new Error('jax-js has no wasm device here');
defaultDevice('wasm');

const work = readWork();
const load = (key) => np.array(work[key].data, { shape: work[key].shape });
/** Calls consume their arrays; `.ref` keeps an array for another use. */
const dense = (x, kernel, bias) => np.matmul(x, kernel).add(bias);

/** −ELBO in nats per image; parameters are [kernel, bias] of each layer, in order. */
function negativeElbo(parameters, x, noise) {
  const [k1, b1, kMu, bMu, kVar, bVar, k2, b2, kOut, bOut] = parameters;
  const h = nn.relu(dense(x.ref, k1, b1));
  const mu = dense(h.ref, kMu, bMu);
  const logVar = dense(h, kVar, bVar);
  const z = mu.ref.add(np.exp(logVar.ref.mul(0.5)).mul(noise));
  const logits = dense(nn.relu(dense(z, k2, b2)), kOut, bOut);
  const entropy = np
    .maximum(logits.ref, 0)
    .sub(logits.ref.mul(x))
    .add(np.log1p(np.exp(np.abs(logits).neg())));
  const kl = np.square(mu).add(np.exp(logVar.ref)).sub(1).sub(logVar).mul(0.5);
  return entropy.sum(1).mean().add(kl.sum(1).mean());
}

const BETA1 = 0.9;
const BETA2 = 0.999;

/** `rates` is [learning rate / (1 − β₁ᵗ), 1 / (1 − β₂ᵗ)], so that t stays out of the compiled program. */
const step = jit((parameters, m, v, rates, x, noise) => {
  const [loss, gradients] = valueAndGrad(negativeElbo)(
    parameters.map((p) => p.ref),
    x,
    noise,
  );
  const [rate, correction] = [rates.ref.slice(0), rates.slice(1)];
  const nextM = m.map((old, i) => old.mul(BETA1).add(gradients[i].ref.mul(1 - BETA1)));
  const nextV = v.map((old, i) => old.mul(BETA2).add(np.square(gradients[i]).mul(1 - BETA2)));
  const next = parameters.map((p, i) =>
    p.sub(rate.ref.mul(nextM[i].ref).div(np.sqrt(nextV[i].ref.mul(correction.ref)).add(1e-8))),
  );
  rate.dispose();
  correction.dispose();
  return { loss, parameters: next, m: nextM, v: nextV };
});

let parameters = LAYERS.dense.flatMap((layer) => [
  np.transpose(load(`${layer}.weight`)),
  load(`${layer}.bias`),
]);
let m = parameters.map((p) => np.zeros(p.shape));
let v = parameters.map((p) => np.zeros(p.shape));
let t = 0;

const products = MATMULS.map(({ a, b, transposeA, transposeB }) => ({
  a: load(a),
  b: load(b),
  multiply: jit((left, right) =>
    np.matmul(transposeA ? np.transpose(left) : left, transposeB ? np.transpose(right) : right),
  ),
}));

const manifest = new URL('node_modules/@jax-js/jax/package.json', import.meta.url);
await answer({
  library: `jax-js ${JSON.parse(readFileSync(manifest, 'utf8')).version}, wasm, jit`,
  threads: 1, // its threads need a global Worker, which Node lacks
  step: async (i) => {
    t++;
    const rates = np.array(new Float32Array([1e-3 / (1 - BETA1 ** t), 1 / (1 - BETA2 ** t)]));
    const result = step(parameters, m, v, rates, load(`batch.${i}`), load(`noise.${i}`));
    ({ parameters, m, v } = result);
    return (await result.loss.data())[0];
  },
  matmul: async (i) => {
    const { a, b, multiply } = products[i];
    const c = multiply(a.ref, b.ref);
    await c.blockUntilReady();
    c.dispose();
  },
});
