/** The specifications of kernels: sizes, strides and numbers. */
import type { Shape } from '../errors.js';

/** A batch of matrix products, out[b] = op(A[b]) · op(B[b]), `[batch, m, n]`. */
export interface MatmulSpec {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** A is stored `[k, m]` instead of `[m, k]`. */
  readonly transposeA: boolean;
  /** B is stored `[n, k]` instead of `[k, n]`. */
  readonly transposeB: boolean;
  /** Distance in elements from one matrix of A to the next: m·k, or 0 to use one matrix for the whole batch. */
  readonly strideA: number;
  readonly strideB: number;
}

/** A view of memory: element (i₀, i₁, …) is at `offset + Σ iₐ·strides[a]`. Strides may be 0 or negative. */
export interface StridedSpec {
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
}

/** An array viewed as `[outer, length, inner]`, for kernels that work along one axis. */
export interface AxisSpec {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

/** As `AxisSpec`, with `count` indices that are read from, or added into, the axis of `length`. */
export interface IndexSpec extends AxisSpec {
  readonly count: number;
}

/** Height and width. */
export type Pair = readonly [height: number, width: number];

/** The positions of a sliding window on an image. */
export interface WindowSpec {
  /** Height and width of a window, in elements. */
  readonly kernel: Pair;
  /** Pixels from one window to the next. */
  readonly stride: Pair;
  /** Pixels from one element of a window to the next. */
  readonly dilation: Pair;
}

/** Windows `[channels, kernel height, kernel width, batch, down, across]` that cover images `[batch, channels, height, width]`. */
export interface OverlapSpec extends WindowSpec {
  readonly batch: number;
  readonly channels: number;
  /** Height and width of an image. */
  readonly size: Pair;
  /** Number of windows down and across an image. */
  readonly count: Pair;
}

/**
 * A convolution from images `[batch, channels, ...size]` to maps `[batch, maps, ...count]`, by a weight `[maps, channels, ...kernel]`:
 * element (i, j) of window (p, q) is pixel (p·stride + i·dilation − padding, q·stride + j·dilation − padding), which is 0 outside of the image.
 */
export interface ConvSpec extends WindowSpec {
  readonly batch: number;
  readonly channels: number;
  /** Height and width of an image. */
  readonly size: Pair;
  readonly maps: number;
  /** Number of windows down and across an image: height and width of a map. */
  readonly count: Pair;
  /** Rows above, and columns left of, the first pixel at which windows start. */
  readonly padding: Pair;
}

/** A position in the Philox stream: the key, and the 64-bit block counter as two words. */
export interface PhiloxState {
  readonly key: readonly [number, number];
  readonly counter: readonly [number, number];
}

/** One step of Adam or AdamW; `step` counts from 1. */
export interface AdamSpec {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** true: decay the weights themselves (AdamW); false: add weightDecay·param to the gradient (Adam). */
  readonly decoupled: boolean;
  readonly step: number;
}

/** One step of stochastic gradient descent with momentum. */
export interface SgdSpec {
  readonly learningRate: number;
  readonly momentum: number;
  readonly dampening: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
  /** The first step: the momentum buffer is uninitialized and is set to the gradient. */
  readonly first: boolean;
}

/** How processes exchange values. */
export interface ExchangeSpec {
  /** Replaces each array by its sum over the processes. */
  sum(arrays: readonly (Float32Array | Float64Array)[]): void;
}
