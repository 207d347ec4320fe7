// Declares Symbol.dispose for consumers whose lib lacks it.
/// <reference lib="esnext.disposable" preserve="true" />
/** Tensors, and the operations that compute them: the two types refer to each other, so they share a file. */
import type { Backend, HostArray, Kernels, Operand, Values } from './backend/backend.js';
import { DISPOSE } from './backend/backend.js';
import { backend } from './backend/current.js';
import { checkArray, checkBoolean, checkTensor, checkText } from './checks/arguments.js';
import { activeRecording, refuseInside } from './compile/active.js';
import { ArgumentError, formatShape, type Shape, ShapeError } from './errors.js';
import { formatArray } from './format.js';
import { type NestedArray, nest } from './nested-arrays.js';
import { track } from './scope.js';
import { sameShape, sizeOf } from './shape.js';
import { Storage, updateInPlace } from './storage.js';

/** An operand: a tensor, or a number that broadcasts as a scalar. */
export type TensorLike = Tensor | number;

export type Tensors = readonly Tensor[];
export type ShapesOf<Inputs extends Tensors> = { readonly [I in keyof Inputs]: Shape };
export type OperandsOf<Inputs extends Tensors> = { readonly [I in keyof Inputs]: Operand };

/** Computes the gradient of one input; called only if that gradient is needed. `null`: not differentiable. */
export type Thunk = (() => Tensor) | null;

/** Marks a kernel's result for release at the end of the operation, and returns it. */
export type Temporary = (values: Values) => Values;

/**
 * An operation: how its result and its gradients are computed. `apply` runs it.
 * @typeParam Inputs - a tuple of tensors, or an array for operations of any number of operands
 * @typeParam Params - what else the operation needs (axes, slopes …), plain data
 */
export interface Op<Inputs extends Tensors = Tensors, Params = undefined> {
  readonly name: string;
  /** The result's shape. Throws if the operands do not fit, before any kernel runs. */
  shape(shapes: ShapesOf<Inputs>, params: Params): Shape;
  /**
   * Computes the values. Returning an operand's own values makes the result share its storage.
   * Intermediate results of kernels are passed to `temporary`, which releases their memory after the operation.
   */
  forward(
    kernels: Kernels,
    inputs: OperandsOf<Inputs>,
    params: Params,
    out: Shape,
    temporary: Temporary,
  ): Values;
  /** One thunk per input, written with public operations, so that gradients can be differentiated again. */
  vjp(dy: Tensor, inputs: Inputs, params: Params, out: Tensor): readonly Thunk[];
}

/** One recorded operation, with what `backward` needs. */
export interface TapeNode {
  readonly op: Op<Tensors, unknown>;
  readonly params: unknown;
  /** Emptied when the graph is freed. */
  inputs: readonly Tensor[];
  /** When the operation ran: which inputs required a gradient, and the storage versions of the inputs. */
  readonly required: readonly boolean[];
  readonly versions: readonly number[];
  /** Storage version of the result right after the operation. */
  readonly resultVersion: number;
  freed: boolean;
}

/**
 * An n-dimensional array of float32 numbers, contiguous and row-major, with an optional record of its computation.
 *
 * A tensor is a shape, a storage, and (if it requires a gradient) the tape node of the operation that computed it. The
 * operations are free functions in `ops/`; `methods.ts` makes the same functions available as methods.
 */
export class Tensor implements Disposable {
  declare [Symbol.dispose]: () => void;
  readonly shape: Shape;
  readonly storage: Storage;
  /** Whether `backward` computes a gradient for this tensor. */
  requiresGrad = false;
  /** How this tensor was computed; null for leaves and for results that do not require a gradient. */
  node: TapeNode | null = null;
  /** Whether `backward` stores the gradient although this is not a leaf; see `retainGrad`. */
  retainsGrad = false;
  /** A name for error messages and graph drawings; see `named`. */
  label = '';
  /** Names of the axes, for error messages; empty if they have none. */
  axisNames: readonly string[] = [];
  /** Whether the engine made this gradient, and may write into its memory. */
  isOwnGradient = false;
  #grad: Tensor | null = null;
  /** Whether a caller may hold this gradient. */
  #wasRead = false;

  constructor(storage: Storage, shape: Shape) {
    this.storage = storage;
    this.shape = shape;
  }

  /** Number of axes; 0 for a scalar. */
  get rank(): number {
    return this.shape.length;
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** The raw values, as kernels take them. @throws BackendError after `dispose` */
  get values(): Values {
    return this.storage.values;
  }

  /** A leaf was not computed by a recorded operation: a parameter or an input. */
  get isLeaf(): boolean {
    return this.node === null;
  }

  /** ∂loss/∂this, accumulated by `backward`; null before the first one and after `zeroGrad`. */
  get grad(): Tensor | null {
    if (this.#grad !== null) this.#grad.#wasRead = true;
    return this.peekGrad();
  }

  set grad(grad: Tensor | null) {
    if (grad !== null) checkTensor('grad', grad, 'a gradient', 'a tensor or null');
    if (grad !== null && !sameShape(grad.shape, this.shape)) {
      throw new ShapeError(
        'grad',
        [grad.shape, this.shape],
        `the gradient must have the tensor's shape ${formatShape(this.shape)}, found ${formatShape(grad.shape)}`,
      );
    }
    this.#replaceGrad(grad, false);
  }

  #replaceGrad(grad: Tensor | null, zeroed: boolean): void {
    const before = this.#grad;
    activeRecording()?.changeGrad(this, zeroed, () => this.#setGrad(before));
    this.#setGrad(grad);
  }

  #setGrad(grad: Tensor | null): void {
    if (this.#grad !== null) this.#grad.storage.gradients--;
    if (grad !== null) grad.storage.gradients++;
    this.#grad = grad;
  }

  /** The gradient, for callers that keep no reference to it (the engine, optimizers); see `zeroGrad`. */
  peekGrad(): Tensor | null {
    activeRecording()?.readGrad(this, this.#grad);
    return this.#grad;
  }

  /** Whether someone outside of the engine may hold the gradient. */
  get gradWasRead(): boolean {
    return this.#grad === null ? false : this.#grad.#wasRead;
  }

  /** Sets the gradient to null. Its memory is reused if the engine made it and `grad` was not read. */
  zeroGrad(): void {
    const before = this.#grad;
    this.#replaceGrad(null, true);
    if (!before?.isOwnGradient || !before.storage.persistent || before.storage.disposed) return;
    if (before.#wasRead) before.storage.keep();
    else before.storage.dispose();
  }

  /** Sets `requiresGrad` in place and returns this tensor. @throws ArgumentError on a computed tensor */
  requiresGrad_(requiresGrad = true): this {
    checkBoolean('requiresGrad_', 'requiresGrad', requiresGrad);
    if (this.node !== null)
      throw new ArgumentError(
        'requiresGrad_',
        'only a leaf can change requiresGrad — use detach() to make a leaf of this value',
      );
    activeRecording()?.setFlag(this, requiresGrad);
    this.requiresGrad = requiresGrad;
    return this;
  }

  /** Makes `backward` store the gradient of this intermediate tensor. */
  retainGrad(): this {
    this.retainsGrad = true;
    return this;
  }

  /**
   * Names this tensor, and optionally its axes, for error messages and graphs: `x.named('pixels', ['batch', 'pixel'])`.
   * @throws ArgumentError unless there is one name per axis, or none
   */
  named(label: string, axes: readonly string[] = []): this {
    checkText('named', 'the name', label);
    checkArray('named', 'the names of the axes', axes, 'label, ');
    if (axes.length > 0 && axes.length !== this.rank) {
      const problem = `there must be one name per axis of ${formatShape(this.shape)}, found ${axes.length}`;
      throw new ArgumentError('named', problem);
    }
    this.label = label;
    this.axisNames = axes;
    return this;
  }

  /** The same values without their history: no gradient flows through it. Shares storage. */
  detach(): Tensor {
    return new Tensor(this.storage, this.shape);
  }

  /** Moves the values to memory that outlives every scope, and returns this tensor; for parameters and state. */
  persist(): this {
    this.storage.persist();
    return this;
  }

  /** A copy of the values in host memory. */
  async data(): Promise<HostArray> {
    this.#refuseWhileRecording('data');
    return this.storage.backend.download(this.values);
  }

  /** A copy of the values, synchronously. @throws BackendError for a tensor on a device: use `await data()` */
  dataSync(): HostArray {
    this.#refuseWhileRecording('dataSync');
    return this.storage.backend.downloadSync(this.values);
  }

  /** The only element as a number. @throws ShapeError if there is not exactly one */
  async item(): Promise<number> {
    this.#checkSingle();
    return (await this.data())[0]!;
  }

  /** The only element as a number, synchronously. @throws ShapeError if there is not exactly one */
  itemSync(): number {
    this.#checkSingle();
    return this.dataSync()[0]!;
  }

  /** The values as nested arrays (a number for a scalar). */
  async toArray(): Promise<NestedArray> {
    return nest(await this.data(), this.shape);
  }

  /** Overwrites the values in place, without recording. @throws ShapeError if the shapes differ */
  assign(source: Tensor): this {
    checkTensor('assign', source, 'the source');
    if (!sameShape(source.shape, this.shape)) {
      throw new ShapeError(
        'assign',
        [this.shape, source.shape],
        `shapes differ: ${formatShape(this.shape)} ← ${formatShape(source.shape)}`,
      );
    }
    updateInPlace([this], (kernels) => kernels.assign(this.values, source.values));
    return this;
  }

  /** Releases the memory at once; for device tensors. Using the tensor afterwards is an error. */
  dispose(): void {
    this.storage.dispose();
  }

  /** Prints the values like PyTorch. A device tensor prints its shape only, because reading its values is asynchronous. */
  toString(): string {
    const tail = this.requiresGrad ? ', requiresGrad' : '';
    const device = this.storage.backend.memory === 'device';
    if (device || this.storage.disposed) {
      const where = this.storage.disposed ? 'disposed' : this.storage.backend.name;
      return `tensor(${formatShape(this.shape)} on ${where}${tail})`;
    }
    return `tensor(${formatArray(this.dataSync(), this.shape, { indent: 'tensor('.length })}${tail})`;
  }

  #refuseWhileRecording(method: string): void {
    refuseInside(`values are read by ${method}()`, 'return the tensor and read it after the call');
  }

  #checkSingle(): void {
    if (this.size !== 1) {
      throw new ShapeError(
        'item',
        [this.shape],
        `the tensor must have exactly one element, found ${this.size} in ${formatShape(this.shape)}`,
      );
    }
  }
}

// `using t = …` frees t at the end of its block. The second symbol makes Node print tensors with toString.
Object.defineProperties(Tensor.prototype, {
  [DISPOSE]: { value: Tensor.prototype.dispose },
  [Symbol.for('nodejs.util.inspect.custom')]: { value: Tensor.prototype.toString },
});

/** Wraps a kernel's result as a tensor and registers its storage in the open scope. */
export function wrap(values: Values, shape: Shape, owner: Backend = backend()): Tensor {
  const storage = new Storage(owner, values);
  track(storage);
  return new Tensor(storage, shape);
}
