/** Initial weights. Each function overwrites a tensor in place, outside of the tape, and returns it. */
import { ArgumentError, formatShape, full, type Generator, rand, randn, type Tensor } from '@varigrad/core';

/** Where random numbers come from; default: the generator that `manualSeed` seeds. */
export interface InitOptions {
  generator?: Generator | undefined;
}

/** Which side of a layer keeps its variance: the forward pass ('fanIn') or the backward pass ('fanOut'). */
export type FanMode = 'fanIn' | 'fanOut';

/** Options of the Kaiming initialisers. */
export interface KaimingOptions extends InitOptions {
  mode?: FanMode;
  /** Negative slope of the leaky ReLU that follows; 0 (default) for ReLU. gain = √(2 / (1 + slope²)) */
  slope?: number;
}

/** Options of the Xavier initialisers. */
export interface XavierOptions extends InitOptions {
  gain?: number;
}

/** Inputs and outputs of one unit: `[out, in, …receptive field]`. @throws ArgumentError below rank 2 */
function fans(op: string, t: Tensor): Record<FanMode, number> {
  const [out, inputs, ...field] = t.shape;
  if (out === undefined || inputs === undefined) {
    throw new ArgumentError(
      op,
      `a weight ${formatShape(t.shape)} has no fan-in — it needs two axes, [out, in]`,
    );
  }
  const area = field.reduce((a, b) => a * b, 1);
  return { fanIn: inputs * area, fanOut: out * area };
}

/** U(low, high) */
export function uniform(t: Tensor, low = 0, high = 1, options: InitOptions = {}): Tensor {
  return t.assign(
    rand(t.shape, options)
      .mul(high - low)
      .add(low),
  );
}

/** N(mean, std²) */
export function normal(t: Tensor, mean = 0, std = 1, options: InitOptions = {}): Tensor {
  return t.assign(randn(t.shape, options).mul(std).add(mean));
}

/** The same value everywhere. */
export function constant(t: Tensor, value: number): Tensor {
  return t.assign(full(t.shape, value));
}

/** U(−b, b) with b = gain·√(3 / fan). @see He et al. 2015, arXiv:1502.01852 */
export function kaimingUniform(
  t: Tensor,
  { mode = 'fanIn', slope = 0, ...options }: KaimingOptions = {},
): Tensor {
  const bound = Math.sqrt(2 / (1 + slope ** 2)) * Math.sqrt(3 / fans('kaimingUniform', t)[mode]);
  return uniform(t, -bound, bound, options);
}

/** N(0, gain² / fan). @see He et al. 2015, arXiv:1502.01852 */
export function kaimingNormal(
  t: Tensor,
  { mode = 'fanIn', slope = 0, ...options }: KaimingOptions = {},
): Tensor {
  return normal(t, 0, Math.sqrt(2 / (1 + slope ** 2) / fans('kaimingNormal', t)[mode]), options);
}

/** U(−b, b) with b = gain·√(6 / (fanIn + fanOut)). @see Glorot & Bengio 2010 */
export function xavierUniform(t: Tensor, { gain = 1, ...options }: XavierOptions = {}): Tensor {
  const { fanIn, fanOut } = fans('xavierUniform', t);
  const bound = gain * Math.sqrt(6 / (fanIn + fanOut));
  return uniform(t, -bound, bound, options);
}

/** N(0, gain²·2 / (fanIn + fanOut)). @see Glorot & Bengio 2010 */
export function xavierNormal(t: Tensor, { gain = 1, ...options }: XavierOptions = {}): Tensor {
  const { fanIn, fanOut } = fans('xavierNormal', t);
  return normal(t, 0, gain * Math.sqrt(2 / (fanIn + fanOut)), options);
}
