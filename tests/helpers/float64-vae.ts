/**
 * An independent VAE in float64: plain loops, hand-derived gradients, Adam. It shares no code with the library and
 * exists so that tests can compare the library's training steps with it.
 */

/** Weights of a 1-hidden-layer VAE; matrices are row-major `[out][in]`, flattened. */
export type Weights = Record<string, Float64Array>;

export interface Sizes {
  pixels: number;
  hidden: number;
  latent: number;
}

interface Layer {
  weight: Float64Array;
  bias: Float64Array;
  out: number;
  in: number;
}

const layer = (w: Weights, name: string, out: number, inputs: number): Layer => ({
  weight: w[`${name}.weight`] as Float64Array,
  bias: w[`${name}.bias`] as Float64Array,
  out,
  in: inputs,
});

/** y = x Wᵀ + b, row by row. */
function affine(l: Layer, x: Float64Array): Float64Array {
  const rows = x.length / l.in;
  const y = new Float64Array(rows * l.out);
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < l.out; o++) {
      let total = l.bias[o]!;
      for (let i = 0; i < l.in; i++) total += x[r * l.in + i]! * l.weight[o * l.in + i]!;
      y[r * l.out + o] = total;
    }
  }
  return y;
}

/** Gradients of an affine layer: stores those of weight and bias in `grads`, and returns the gradient of x. */
function affineBackward(
  l: Layer,
  name: string,
  x: Float64Array,
  dy: Float64Array,
  grads: Weights,
): Float64Array {
  const rows = x.length / l.in;
  const dw = new Float64Array(l.out * l.in);
  const db = new Float64Array(l.out);
  const dx = new Float64Array(x.length);
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < l.out; o++) {
      const g = dy[r * l.out + o]!;
      db[o]! += g;
      for (let i = 0; i < l.in; i++) {
        dw[o * l.in + i]! += g * x[r * l.in + i]!;
        dx[r * l.in + i]! += g * l.weight[o * l.in + i]!;
      }
    }
  }
  grads[`${name}.weight`] = dw;
  grads[`${name}.bias`] = db;
  return dx;
}

const relu = (x: Float64Array): Float64Array => x.map((v) => (v > 0 ? v : 0));
const masked = (dy: Float64Array, y: Float64Array): Float64Array => dy.map((g, i) => (y[i]! > 0 ? g : 0));
const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));

/** −ELBO (Bernoulli, mean over the batch) with its parts, and the gradient of every weight. */
export function lossAndGradients(
  w: Weights,
  { pixels, hidden, latent }: Sizes,
  x: Float64Array,
  eps: Float64Array,
): { loss: number; recon: number; kl: number; grads: Weights } {
  const batch = x.length / pixels;
  const first = layer(w, 'encoder.hidden.layers.0', hidden, pixels);
  const muLayer = layer(w, 'encoder.mu', latent, hidden);
  const logVarLayer = layer(w, 'encoder.logVar', latent, hidden);
  const second = layer(w, 'decoder.hidden.layers.0', hidden, latent);
  const last = layer(w, 'decoder.out', pixels, hidden);

  const h1 = relu(affine(first, x));
  const mu = affine(muLayer, h1);
  const logVar = affine(logVarLayer, h1);
  const z = mu.map((m, i) => m + Math.exp(0.5 * logVar[i]!) * eps[i]!);
  const h2 = relu(affine(second, z));
  const logits = affine(last, h2);

  let recon = 0;
  const dLogits = logits.map((l, i) => {
    const t = x[i]!;
    const p = sigmoid(l);
    recon -= t * Math.log(p) + (1 - t) * Math.log(1 - p);
    return (p - t) / batch;
  });
  let kl = 0;
  for (let i = 0; i < mu.length; i++) kl += 0.5 * (mu[i]! ** 2 + Math.exp(logVar[i]!) - 1 - logVar[i]!);

  const grads: Weights = {};
  const dh2 = masked(affineBackward(last, 'decoder.out', h2, dLogits, grads), h2);
  const dz = affineBackward(second, 'decoder.hidden.layers.0', z, dh2, grads);
  const dMu = dz.map((g, i) => g + mu[i]! / batch);
  const dLogVar = dz.map(
    (g, i) => g * eps[i]! * 0.5 * Math.exp(0.5 * logVar[i]!) + (0.5 * (Math.exp(logVar[i]!) - 1)) / batch,
  );
  const fromMu = affineBackward(muLayer, 'encoder.mu', h1, dMu, grads);
  const fromLogVar = affineBackward(logVarLayer, 'encoder.logVar', h1, dLogVar, grads);
  const dh1 = masked(
    fromMu.map((g, i) => g + fromLogVar[i]!),
    h1,
  );
  affineBackward(first, 'encoder.hidden.layers.0', x, dh1, grads);
  return { loss: (recon + kl) / batch, recon: recon / batch, kl: kl / batch, grads };
}

/** One step of Adam with β = (0.9, 0.999), ε = 1e-8, in place; `step` counts from 1. */
export function adamStep(
  w: Weights,
  grads: Weights,
  moments: Record<string, { m: Float64Array; v: Float64Array }>,
  step: number,
  learningRate: number,
): void {
  for (const [name, values] of Object.entries(w)) {
    const g = grads[name] as Float64Array;
    moments[name] ??= { m: new Float64Array(g.length), v: new Float64Array(g.length) };
    const { m, v } = moments[name];
    for (let i = 0; i < g.length; i++) {
      m[i] = 0.9 * m[i]! + 0.1 * g[i]!;
      v[i] = 0.999 * v[i]! + 0.001 * g[i]! ** 2;
      const mHat = m[i]! / (1 - 0.9 ** step);
      const vHat = v[i]! / (1 - 0.999 ** step);
      values[i]! -= (learningRate * mHat) / (Math.sqrt(vHat) + 1e-8);
    }
  }
}
