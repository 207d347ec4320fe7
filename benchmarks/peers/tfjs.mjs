/** TensorFlow.js as in its guide: tf.train.adam and automatic gradients. The fourth argument is the backend. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { answer, LAYERS, MATMULS, readWork } from './work.js';

const require = createRequire(import.meta.url);
const tf = require('@tensorflow/tfjs');
const wasm = require('@tensorflow/tfjs-backend-wasm');

const name = process.argv[5];
wasm.setWasmPaths(`${join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'dist')}/`);
if (!(await tf.setBackend(name))) throw new Error(`TensorFlow.js has no backend '${name}' here`);
await tf.ready();

const work = readWork();
const load = (key) => tf.tensor(work[key].data, work[key].shape);
const [first, mean, logVariance, second, out] = LAYERS.dense.map((layer) => {
  const weight = load(`${layer}.weight`);
  // kernels are [in, out], as in tf.layers.dense
  return { kernel: tf.variable(weight.transpose()), bias: tf.variable(load(`${layer}.bias`)) };
});
const dense = (x, { kernel, bias }) => tf.matMul(x, kernel).add(bias);

/** −ELBO in nats per image, with log p(x|z) computed from the logits. */
function negativeElbo(x, noise) {
  const h = tf.relu(dense(x, first));
  const mu = dense(h, mean);
  const logVar = dense(h, logVariance);
  const z = mu.add(logVar.mul(0.5).exp().mul(noise));
  const logits = dense(tf.relu(dense(z, second)), out);
  const recon = logits.relu().sub(logits.mul(x)).add(logits.abs().neg().exp().log1p()).sum(1).mean();
  const kl = mu.square().add(logVar.exp()).sub(1).sub(logVar).mul(0.5).sum(1).mean();
  return recon.add(kl);
}

const optimizer = tf.train.adam(1e-3);
const products = MATMULS.map(({ a, b, transposeA, transposeB }) => ({
  a: load(a),
  b: load(b),
  transposeA,
  transposeB,
}));

await answer({
  library: `TensorFlow.js ${tf.version.tfjs}, ${tf.getBackend()}`,
  threads: name === 'wasm' ? Math.max(1, wasm.getThreadsCount?.() ?? 1) : 1,
  step: (i) =>
    tf.tidy(() => {
      const x = load(`batch.${i}`);
      const noise = load(`noise.${i}`);
      return optimizer.minimize(() => negativeElbo(x, noise), true).dataSync()[0];
    }),
  matmul: (i) => {
    const { a, b, transposeA, transposeB } = products[i];
    tf.tidy(() => tf.matMul(a, b, transposeA, transposeB)); // both backends are synchronous
  },
});
