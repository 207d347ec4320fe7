/** The settings of a training as plain data. */

/** Everything that decides the result of a training, and the machine that computes it. */
export interface Settings {
  readonly data: 'digits' | 'all-digits' | 'shapes' | 'own';
  readonly model: 'vae' | 'cvae' | 'ae';
  readonly latent: number;
  /** Widths of the encoder's hidden layers: `256` or `256,128`. */
  readonly hidden: string;
  readonly likelihood: 'bernoulli' | 'continuous-bernoulli' | 'gaussian' | 'laplace';
  readonly binarization: 'none' | 'threshold' | 'static' | 'dynamic';
  readonly reduction: 'sum' | 'mean';
  readonly gradient: 'reparameterized' | 'detached';
  readonly samples: number;
  readonly beta: number;
  readonly warmUp: number;
  readonly freeBits: number;
  readonly optimizer: 'adam' | 'adamw' | 'sgd';
  readonly learningRate: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly backend: 'wasm' | 'webgpu' | 'webgl2' | 'reference';
  readonly threads: number;
  readonly simd: 'fastest' | 'plain';
}

export type SettingName = keyof Settings;

export const DEFAULTS: Settings = {
  data: 'digits',
  model: 'vae',
  latent: 2,
  hidden: '200',
  likelihood: 'bernoulli',
  binarization: 'none',
  reduction: 'sum',
  gradient: 'reparameterized',
  samples: 1,
  beta: 1,
  warmUp: 0,
  freeBits: 0,
  optimizer: 'adam',
  learningRate: 0.002,
  batchSize: 100,
  seed: 0,
  backend: 'wasm',
  threads: 0,
  simd: 'fastest',
};

/** The widths in `hidden`. */
export function widthsOf({ hidden }: Settings): number[] {
  return hidden.split(',').map(Number);
}
