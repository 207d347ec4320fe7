// Declares Symbol.dispose for consumers whose lib lacks it.
/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The contract between the engine and a backend.
 *
 * A backend is a total table of forward kernels over contiguous, row-major values. It does not depend on
 * tensors or gradients. Shapes are checked before a kernel runs, so kernels do not validate them.
 */
import type { CallSite } from '../call-site.js';
import type { Shape } from '../errors.js';
import type { Activation, ReduceKind } from '../functions/kinds.js';
import type { BinaryKind, UnaryKind } from '../functions/names.generated.js';
import type {
  AdamSpec,
  AxisSpec,
  ConvSpec,
  ExchangeSpec,
  IndexSpec,
  MatmulSpec,
  OverlapSpec,
  PhiloxState,
  SgdSpec,
  StridedSpec,
} from './specs.js';

export type * from './specs.js';

/** Values in host memory. */
export type HostArray = Float32Array | Float64Array;

/** A handle to values in device memory. Its contents are internal to the backend. */
export interface DeviceArray {
  readonly device: string;
  readonly length: number;
}

/** The values of a tensor's storage. */
export type Values = HostArray | DeviceArray;

/** A kernel's operand: contiguous row-major values and their shape. A `Tensor` is one. */
export interface Operand<V extends Values = Values> {
  readonly values: V;
  readonly shape: Shape;
}

/**
 * Every kernel that a backend must have. Kernels return new values and do not change their operands; only the
 * last group writes in place.
 */
export interface Kernels<V extends Values = Values> {
  fill(size: number, value: number): V;
  /** Copies a strided view of x into contiguous memory (transpose, permute, expand, slice, flip). */
  strided(x: V, view: StridedSpec): V;
  unary(kind: UnaryKind, x: V): V;
  /** f(a, b), with a and b broadcast to `out` as in NumPy. */
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
  /**
   * conv(x) + bias, from images to maps; bias `[maps]`. y[n, m, p, q] = Σ weight[m, c, i, j] · x[n, c, p·stride + i·dilation − padding, …].
   * Each of the next three kernels is linear in its first two operands, and the other two compute its gradients.
   */
  conv2d(x: V, weight: V, bias: V | null, spec: ConvSpec): V;
  /** convᵀ(y) + bias, from maps to images; bias `[channels]`. x[n, c, p·stride + i·dilation − padding, …] = Σ weight[m, c, i, j] · y[n, m, p, q]. */
  convTranspose2d(y: V, weight: V, bias: V | null, spec: ConvSpec): V;
  /** out[m, c, i, j] = Σ x[n, c, p·stride + i·dilation − padding, …] · y[n, m, p, q]: the gradient of the weight. */
  conv2dWeight(x: V, y: V, spec: ConvSpec): V;
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
  /** Pads x with `value`: before[a] elements at the start of axis a and after[a] at its end, none negative. */
  pad(x: Operand<V>, before: readonly number[], after: readonly number[], value: number): V;
  /** Philox 4×32-10 samples in [0, 1): (word >>> 8)·2⁻²⁴; see random.ts for the stream. */
  uniform(size: number, state: PhiloxState): V;
  /** Philox 4×32-10 samples of N(0, 1) by Box–Muller; see random.ts for the stream. */
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
  /** Each target ← its sum over the processes of a group. On host backends only. */
  allReduce(targets: readonly V[], spec: ExchangeSpec): void;
}

/** The values that a slot stands for. */
export interface Slot {
  /**
   * 'input': passed to each run. 'state': outside of the program, such as a parameter; calls may change it in place.
   * 'constant': the same for each run. 'value': the result of a call.
   */
  readonly kind: 'input' | 'state' | 'constant' | 'value';
  /** Number of elements. */
  readonly length: number;
}

/** Stands for values in an argument; with a shape, for an operand. */
export interface SlotReference {
  readonly slot: number;
  readonly shape?: Shape;
}

/** Stands for an argument that each run receives anew, such as the specification of an optimizer step. */
export interface SettingReference {
  readonly setting: number;
}

/** An argument of a kernel, with references in place of values. */
export type Argument =
  | string
  | number
  | boolean
  | null
  | SlotReference
  | SettingReference
  | readonly Argument[]
  | { readonly [name: string]: Argument };

/** One kernel call. */
export interface Call {
  readonly kernel: keyof Kernels;
  readonly args: readonly Argument[];
  /** The slot of the result; null for kernels that write in place. */
  readonly out: number | null;
  /** The operation that called the kernel, for messages and listings. */
  readonly op: string;
  /** File and line of that operation's caller, `train.ts:12`; '' if unknown. */
  readonly source: CallSite;
}

/** The kernel calls of a recorded function as plain data, in order. Arrays of values are numbered; such a number is a slot. */
export interface Program {
  readonly slots: readonly Slot[];
  readonly calls: readonly Call[];
  /** Slots of kind 'value' that are used after a run. */
  readonly results: readonly number[];
}

/** A program that is ready to run. */
export interface Replay<V extends Values = Values> {
  /** Bytes of memory for intermediate values that stay reserved between runs. */
  readonly bytes: number;
  /** The calls, by their places in the program, that each step of a run covers. */
  readonly steps: readonly (readonly number[])[];
  /**
   * Runs the program.
   * @param inputs - the values of the slots of kind 'input', in their order
   * @param settings - the arguments that change from run to run
   */
  run(inputs: readonly V[], settings: readonly unknown[]): void;
  /** The values of a result of the latest run, in memory of their own. */
  take(slot: number): V;
  /** The values of a result in memory that the next run overwrites, unless `Backend.keep` copied them before. */
  lend(slot: number): V;
  /** Frees the memory. Lent values are no longer valid. */
  dispose(): void;
}

/** The key of the method that `using` calls; some hosts lack the symbol. */
export const DISPOSE: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose');

/** Holds values and runs kernels. `using` closes it. */
export interface Backend<V extends Values = Values> extends Disposable {
  /** 'reference', 'wasm', 'native' or 'gpu'. */
  readonly name: string;
  /** Where values are stored. Host backends exchange tensors without conversion. */
  readonly memory: 'host' | 'device';
  /** What runs, for display: 'wasm (SIMD with FMA, 2 threads)'. */
  readonly description: string;
  readonly kernels: Kernels<V>;

  /**
   * Makes a program runnable.
   * @param bound - the values of the slots of kind 'state' and 'constant'
   */
  prepare(program: Program, bound: ReadonlyMap<number, V>): Replay<V>;

  /** Copies numbers into this backend's memory. */
  upload(values: ArrayLike<number>): V;
  /** A copy in host memory. */
  download(values: V): Promise<HostArray>;
  /** A copy in host memory, synchronously. @throws BackendError on a device: use `download` */
  downloadSync(values: V): HostArray;

  /** Moves long-lived values (parameters, optimizer state) to the memory that suits them best. */
  persist(values: V): V;
  /** Opens a scope. While one is open, kernels may place results in memory that must be freed with `release`. */
  openScope(): void;
  closeScope(): void;
  /** Makes values outlive their scope. On the host, they move to garbage-collected memory. */
  keep(values: V): V;
  /** Frees the memory of values. Garbage-collected values are ignored. */
  release(values: V): void;

  /**
   * Frees the memory, threads and kernels of this backend. A further call has no effect. Afterwards its kernels throw a
   * BackendError, also if it is still the current backend; values in host memory stay readable. The reference backend
   * holds nothing and stays usable.
   */
  dispose(): void;
}
