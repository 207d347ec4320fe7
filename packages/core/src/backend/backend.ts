/**
 * The contract between the engine and the machine.
 *
 * A backend is a total table of forward kernels over contiguous, row-major values. It knows nothing of
 * tensors or gradients. Every shape has been checked before a kernel runs, so kernels validate nothing.
 */
import type { Shape } from '../errors.js';
import type { Activation, ReduceKind } from '../functions/kinds.js';
import type { BinaryKind, UnaryKind } from '../functions/names.generated.js';

/** Values in host memory. */
export type HostArray = Float32Array | Float64Array;

/** Values in the memory of a device; what is behind the handle is the backend's own affair. */
export interface DeviceArray {
  readonly device: string;
  readonly length: number;
}

/** What a tensor's storage holds. */
export type Values = HostArray | DeviceArray;

/** A kernel's operand: contiguous row-major values and their shape. A `Tensor` is one. */
export interface Operand<V extends Values = Values> {
  readonly values: V;
  readonly shape: Shape;
}

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
  /** Elements from one matrix of A to the next: m·k, or 0 to use one matrix for the whole batch. */
  readonly strideA: number;
  readonly strideB: number;
}

/** A view of memory: element `i` of axis `a` lies `i·strides[a]` after the ones before it; strides may be 0 or negative. */
export interface StridedSpec {
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
}

/** An array seen as `[outer, length, inner]`, so that one axis can be worked on. */
export interface AxisSpec {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

/** As `AxisSpec`, with `count` places that are read from, or added into, the axis of `length`. */
export interface IndexSpec extends AxisSpec {
  readonly count: number;
}

/** Height and width. */
export type Pair = readonly [height: number, width: number];

/** Places that a window takes on an image. */
export interface WindowSpec {
  /** Places of one window, down and across. */
  readonly kernel: Pair;
  /** From one window to the next. */
  readonly stride: Pair;
  /** From one place of a window to the next. */
  readonly dilation: Pair;
}

/** Windows `[channels, kernel height, kernel width, batch, down, across]` that cover images `[batch, channels, height, width]`. */
export interface OverlapSpec extends WindowSpec {
  readonly batch: number;
  readonly channels: number;
  /** Of an image. */
  readonly size: Pair;
  /** Windows down and across an image. */
  readonly count: Pair;
}

/** A place in the Philox stream: the key, and the 64-bit block counter as two words. */
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
  /** The momentum buffer holds nothing yet: it becomes the gradient. */
  readonly first: boolean;
}

/**
 * Every kernel a backend must have. Kernels return fresh values and leave their operands alone; only the
 * last group writes in place.
 */
export interface Kernels<V extends Values = Values> {
  fill(size: number, value: number): V;
  /** Copies a strided view of x into contiguous memory (transpose, permute, expand, slice, flip). */
  strided(x: V, view: StridedSpec): V;
  unary(kind: UnaryKind, x: V): V;
  /** NumPy broadcasting of a and b to `out`. */
  binary(kind: BinaryKind, a: Operand<V>, b: Operand<V>, out: Shape): V;
  /** condition ≠ 0 ? a : b, all three broadcast to `out`. */
  where(condition: Operand<V>, a: Operand<V>, b: Operand<V>, out: Shape): V;
  /** Reduces over `axes` (sorted, unique); the result has the other axes. */
  reduce(kind: ReduceKind, x: Operand<V>, axes: readonly number[]): V;
  /** Index of the first maximum (or first NaN) along the axis, `[outer, inner]`. */
  argmax(x: V, spec: AxisSpec): V;
  cumsum(x: V, spec: AxisSpec): V;
  matmul(a: V, b: V, spec: MatmulSpec): V;
  /** activation(x · weightᵀ + bias): x `[rows, inFeatures]`, weight `[outFeatures, inFeatures]`. */
  linear(x: Operand<V>, weight: Operand<V>, bias: V | null, activation: Activation): V;
  /** out[o, j, i] = x[o, index[j], i]; index `[count]`. */
  indexSelect(x: V, index: V, spec: IndexSpec): V;
  /** out[o, index[j], i] += source[o, j, i] into zeros `[outer, length, inner]`. */
  indexAdd(source: V, index: V, spec: IndexSpec): V;
  /** out[o, j, i] = x[o, index[o, j, i], i]; index `[outer, count, inner]`. */
  gather(x: V, index: V, spec: IndexSpec): V;
  /** out[o, index[o, j, i], i] += source[o, j, i] into zeros `[outer, length, inner]`. */
  scatterAdd(source: V, index: V, spec: IndexSpec): V;
  /** out[n, c, p·stride + i·dilation, q·stride + j·dilation] += x[c, i, j, n, p, q] into zeros `[batch, channels, ...size]`. */
  overlapAdd(x: V, spec: OverlapSpec): V;
  concat(parts: readonly Operand<V>[], axis: number): V;
  /** Surrounds x with `value`: before[a] places ahead of axis a and after[a] behind it (none negative). */
  pad(x: Operand<V>, before: readonly number[], after: readonly number[], value: number): V;
  /** Philox 4×32-10 draws in [0, 1): (word >>> 8)·2⁻²⁴; see random.ts for the stream. */
  uniform(size: number, state: PhiloxState): V;
  /** Philox 4×32-10 draws of N(0, 1) by Box–Muller; see random.ts for the stream. */
  normal(size: number, state: PhiloxState): V;

  /** target ← source */
  assign(target: V, source: V): void;
  /** target ← target + source */
  accumulate(target: V, source: V): void;
  /** target ← target · factor */
  scale(target: V, factor: number): void;
  adamStep(param: V, grad: V, m: V, v: V, spec: AdamSpec): void;
  /** `buffer` is the momentum buffer, null when momentum is 0. */
  sgdStep(param: V, grad: V, buffer: V | null, spec: SgdSpec): void;
}

/** A machine that holds values and runs kernels. */
export interface Backend<V extends Values = Values> {
  /** 'reference', 'wasm' or 'gpu'. */
  readonly name: string;
  /** Where values live. Backends of the same memory exchange tensors without conversion. */
  readonly memory: 'host' | 'device';
  /** What really runs, for people: 'wasm (SIMD with FMA, 2 threads)'. */
  readonly description: string;
  readonly kernels: Kernels<V>;

  /** Copies numbers into this backend's memory. */
  upload(values: ArrayLike<number>): V;
  /** A copy in host memory. */
  download(values: V): Promise<HostArray>;
  /** A copy in host memory, at once. @throws BackendError on a device: use `download` */
  downloadSync(values: V): HostArray;

  /** Moves values that will live long (parameters, optimizer state) to the best place for them. */
  persist(values: V): V;
  /** While a scope is open, kernels may place results in memory that must be given back by `release`. */
  openScope(): void;
  closeScope(): void;
  /** Makes values outlive their scope: on the host, values that the garbage collector owns. */
  keep(values: V): V;
  /** Gives memory back; what is garbage-collected anyway is left alone. */
  release(values: V): void;
}
