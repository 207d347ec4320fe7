/**
 * A VAE with known evidence and posterior: p(z) = N(0, I), p(x|z) = N(Wz + b, σ²I), so that p(x) = N(b, WWᵀ + σ²I) and p(z|x) is a Gaussian
 * with covariance (I + WᵀW/σ²)⁻¹. All exact values come from plain loops here.
 */
import { Generator, randn } from '@varigrad/core';
import { type Dataset, Gaussian, VAE } from '@varigrad/vae';

export const PIXELS = 5;
export const LATENT = 2;
const SIGMA = 0.6;

export type Matrix = number[][];

/** A·B */
export const product = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => b[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * b[k]![j]!, 0)));
export const transpose = (a: Matrix): Matrix => a[0]!.map((_, j) => a.map((row) => row[j]!));

/** Inverse and log |det| of a positive definite matrix, by Gauss–Jordan elimination. */
export function invert(a: Matrix): { inverse: Matrix; logDet: number } {
  const n = a.length;
  const m = a.map((row, i) => [...row, ...row.map((_, j) => Number(i === j))]);
  let logDet = 0;
  for (let k = 0; k < n; k++) {
    const pivot = m[k]![k]!;
    logDet += Math.log(pivot);
    m[k] = m[k]!.map((value) => value / pivot);
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const factor = m[i]![k]!;
      m[i] = m[i]!.map((value, j) => value - factor * m[k]![j]!);
    }
  }
  return { inverse: m.map((row) => row.slice(n)), logDet };
}

/** A linear encoder (mean and log-variance are affine in x) and a linear decoder, with weights that are far from optimal. */
export function linearVae(): VAE {
  const model = new VAE({
    inputSize: PIXELS,
    hidden: [],
    latent: LATENT,
    likelihood: new Gaussian({ sigma: SIGMA }),
    generator: new Generator(21),
  });
  return model;
}

/** Images sampled from the model itself, so that the evidence is not tiny and the encoder's fit is not perfect. */
export function linearImages(count: number): Dataset {
  const images = Float32Array.from(randn([count, PIXELS], { generator: new Generator(22) }).dataSync());
  return { images, labels: new Uint8Array(count), count, imageShape: [1, PIXELS], classes: 1 };
}

/** The exact values for one image. */
export interface Exact {
  logEvidence: number;
  /** p(z|x) */
  posterior: { mean: number[]; covariance: Matrix };
}

export function exact(model: VAE, x: readonly number[]): Exact {
  const state = model.stateDict();
  const bias = Array.from(state['decoder.out.bias']!.data);
  const flat = state['decoder.out.weight']!.data;
  const W = bias.map((_, i) => Array.from({ length: LATENT }, (_, j) => flat[i * LATENT + j]!));
  const centred = x.map((value, i) => [value - bias[i]!]);
  const WWt = product(W, transpose(W));
  const { inverse, logDet } = invert(WWt.map((row, i) => row.map((v, j) => v + (i === j ? SIGMA ** 2 : 0))));
  const distance = product(product(transpose(centred), inverse), centred)[0]![0]!;
  const WtW = product(transpose(W), W);
  const covariance = invert(WtW.map((row, i) => row.map((v, j) => v / SIGMA ** 2 + Number(i === j)))).inverse;
  const mean = product(covariance, product(transpose(W), centred)).map(([v]) => v! / SIGMA ** 2);
  return {
    logEvidence: -0.5 * (PIXELS * Math.log(2 * Math.PI) + logDet + distance),
    posterior: { mean, covariance },
  };
}

/** KL(N(mu, diag σ²) ‖ N(m, S)) = ½(tr S⁻¹diag σ² + (m − mu)ᵀS⁻¹(m − mu) − d + log |S| − Σ log σ²). */
export function klToPosterior(
  mu: readonly number[],
  logVar: readonly number[],
  { posterior: { mean, covariance } }: Exact,
): number {
  const { inverse, logDet } = invert(covariance);
  const apart = mu.map((value, i) => [mean[i]! - value]);
  const trace = logVar.reduce((sum, value, i) => sum + inverse[i]![i]! * Math.exp(value), 0);
  const distance = product(product(transpose(apart), inverse), apart)[0]![0]!;
  return 0.5 * (trace + distance - mu.length + logDet - logVar.reduce((sum, value) => sum + value, 0));
}

/** E_q[−log p(x|z)] in closed form, q = N(mu, diag σ²). */
export function expectedRecon(
  model: VAE,
  x: readonly number[],
  mu: readonly number[],
  logVar: readonly number[],
): number {
  const state = model.stateDict();
  const bias = state['decoder.out.bias']!.data;
  const W = state['decoder.out.weight']!.data;
  const at = (i: number, j: number): number => W[i * LATENT + j]!;
  let total = 0.5 * PIXELS * Math.log(2 * Math.PI * SIGMA ** 2);
  x.forEach((value, i) => {
    const mean = bias[i]! + mu.reduce((sum, m, j) => sum + at(i, j) * m, 0);
    const variance = logVar.reduce((sum, l, j) => sum + at(i, j) ** 2 * Math.exp(l), 0);
    total += ((value - mean) ** 2 + variance) / (2 * SIGMA ** 2);
  });
  return total;
}
