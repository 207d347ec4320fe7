/** Initial weights. Each function overwrites a tensor in place and returns it. The tape does not record this. */
import { ArgumentError, formatShape, full, type Generator, rand, randn, type Tensor } from '@varigrad/core';
import {
  checkAmount,
  checkChoice,
  checkFinite,
  checkNumber,
  checkOptions,
  checkTensor,
  type OptionNames,
} from '@varigrad/core/checks';

/** Options of random initial values. */
export interface InitOptions {
  /** Source of the random numbers; default: the generator that `manualSeed` seeds. */
  generator?: Generator | undefined;
}

/** What keeps its variance through the layer: the activations of the forward pass ('fanIn') or the gradients of the backward pass ('fanOut'). */
export type FanMode = 'fanIn' | 'fanOut';

/** Options of the Kaiming initialisers. */
export interface KaimingOptions extends InitOptions {
  /** Default 'fanIn'. */
  mode?: FanMode;
  /** Negative slope of the leaky ReLU that follows; 0 (default) for ReLU. gain = √(2 / (1 + slope²)) */
  slope?: number;
}

/** Options of the Xavier initialisers. */
export interface XavierOptions extends InitOptions {
  /** Factor on the standard deviation. Default 1. */
  gain?: number;
}

const INIT_OPTIONS: OptionNames<InitOptions> = { generator: true };
const KAIMING_OPTIONS: OptionNames<KaimingOptions> = { mode: true, slope: true, ...INIT_OPTIONS };
const XAVIER_OPTIONS: OptionNames<XavierOptions> = { gain: true, ...INIT_OPTIONS };
const MODES: Readonly<Record<FanMode, true>> = { fanIn: true, fanOut: true };

/** fanIn and fanOut of a weight `[out, in, …kernel]`. @throws ArgumentError below rank 2 */
function fans(op: string, t: Tensor): Record<FanMode, number> {
  checkTensor(op, t, 't');
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

/**
 * U(low, high)
 * @param t - any shape
 * @throws ArgumentError unless low and high are finite and low ≤ high
 */
export function uniform(t: Tensor, low = 0, high = 1, options: InitOptions = {}): Tensor {
  checkTensor('uniform', t, 't');
  checkFinite('uniform', 'low', low);
  checkNumber(
    'uniform',
    'high',
    high,
    high >= low && high < Number.POSITIVE_INFINITY,
    `of at least low, ${low}`,
  );
  checkOptions('uniform', options, INIT_OPTIONS, 't, low, high, ');
  return t.assign(
    rand(t.shape, options)
      .mul(high - low)
      .add(low),
  );
}

/**
 * N(mean, std²)
 * @param t - any shape
 * @throws ArgumentError unless mean and std are finite and std is at least 0
 */
export function normal(t: Tensor, mean = 0, std = 1, options: InitOptions = {}): Tensor {
  checkTensor('normal', t, 't');
  checkFinite('normal', 'mean', mean);
  checkAmount('normal', 'std', std);
  checkOptions('normal', options, INIT_OPTIONS, 't, mean, std, ');
  return t.assign(randn(t.shape, options).mul(std).add(mean));
}

/**
 * The same value in every element.
 * @param t - any shape
 * @throws ArgumentError unless the value is a number
 */
export function constant(t: Tensor, value: number): Tensor {
  checkTensor('constant', t, 't');
  checkNumber('constant', 'value', value);
  return t.assign(full(t.shape, value));
}

/**
 * U(−b, b) with b = gain·√(3 / fan).
 * @param t - a weight, `[out, in, …kernel]`
 * @throws ArgumentError below rank 2
 * @see He et al. 2015, arXiv:1502.01852
 */
export function kaimingUniform(t: Tensor, options: KaimingOptions = {}): Tensor {
  const { squaredGain, fan, generator } = kaiming('kaimingUniform', t, options);
  const bound = Math.sqrt(squaredGain) * Math.sqrt(3 / fan);
  return uniform(t, -bound, bound, { generator });
}

/**
 * N(0, gain² / fan)
 * @param t - a weight, `[out, in, …kernel]`
 * @throws ArgumentError below rank 2
 * @see He et al. 2015, arXiv:1502.01852
 */
export function kaimingNormal(t: Tensor, options: KaimingOptions = {}): Tensor {
  const { squaredGain, fan, generator } = kaiming('kaimingNormal', t, options);
  return normal(t, 0, Math.sqrt(squaredGain / fan), { generator });
}

/** gain² and the fan, after the checks. */
function kaiming(
  op: string,
  t: Tensor,
  options: KaimingOptions,
): { squaredGain: number; fan: number; generator: Generator | undefined } {
  checkOptions(op, options, KAIMING_OPTIONS, 't, ');
  const { mode = 'fanIn', slope = 0, generator } = options;
  checkChoice(op, 'mode', mode, MODES);
  checkFinite(op, 'slope', slope);
  return { squaredGain: 2 / (1 + slope ** 2), fan: fans(op, t)[mode], generator };
}

/**
 * U(−b, b) with b = gain·√(6 / (fanIn + fanOut)).
 * @param t - a weight, `[out, in, …kernel]`
 * @throws ArgumentError below rank 2
 * @see Glorot & Bengio 2010
 */
export function xavierUniform(t: Tensor, options: XavierOptions = {}): Tensor {
  const { gain, fanSum, generator } = xavier('xavierUniform', t, options);
  const bound = gain * Math.sqrt(6 / fanSum);
  return uniform(t, -bound, bound, { generator });
}

/**
 * N(0, gain²·2 / (fanIn + fanOut))
 * @param t - a weight, `[out, in, …kernel]`
 * @throws ArgumentError below rank 2
 * @see Glorot & Bengio 2010
 */
export function xavierNormal(t: Tensor, options: XavierOptions = {}): Tensor {
  const { gain, fanSum, generator } = xavier('xavierNormal', t, options);
  return normal(t, 0, gain * Math.sqrt(2 / fanSum), { generator });
}

function xavier(
  op: string,
  t: Tensor,
  options: XavierOptions,
): { gain: number; fanSum: number; generator: Generator | undefined } {
  checkOptions(op, options, XAVIER_OPTIONS, 't, ');
  const { gain = 1, generator } = options;
  checkAmount(op, 'gain', gain);
  const { fanIn, fanOut } = fans(op, t);
  return { gain, fanSum: fanIn + fanOut, generator };
}
