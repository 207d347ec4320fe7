/** The contract's kernels in terms of the compiled ones. */
import type { Shape } from '../../errors.js';
import { sizeOf, stridesOf } from '../../shape.js';
import type {
  Activation,
  AdamSpec,
  AxisSpec,
  BinaryKind,
  IndexSpec,
  Kernels,
  MatmulSpec,
  Operand,
  PhiloxState,
  ReduceKind,
  SgdSpec,
  StridedSpec,
  UnaryKind,
} from '../backend.js';
import { activationNumber, binaryNumber, reduceNumber, unaryNumber } from './kinds.js';
import type { ResidentMemory } from './memory.js';
import type { KernelExports } from './module.js';
import type { ThreadPool } from './threads.js';
import { broadcastView, FULL, findLayout, mergeAxes, ROW, reducedBlock, SCALAR } from './views.js';

type Values = Float32Array;
type Array32 = Operand<Float32Array>;

/** Elements, or multiply-adds, from which waking threads pays; as in assembly/jobs.ts and assembly/gemm.ts. */
const PARALLEL_ELEMENTS = 32_768;
const PARALLEL_PRODUCTS = 800_000;

export class WasmKernels implements Kernels<Float32Array> {
  readonly #wasm: KernelExports;
  readonly #memory: ResidentMemory;
  readonly #pool: ThreadPool;

  constructor(wasm: KernelExports, memory: ResidentMemory, pool: ThreadPool) {
    this.#wasm = wasm;
    this.#memory = memory;
    this.#pool = pool;
  }

  /** Runs an elementwise kernel, with threads if it is large. */
  #elements(size: number, kernel: (out: number) => void): Values {
    if (size >= PARALLEL_ELEMENTS) this.#pool.ensureStarted();
    return this.#memory.compute(size, kernel);
  }

  fill(size: number, value: number): Values {
    return this.#elements(size, (out) => this.#wasm.runFill(out, value, size));
  }

  strided(x: Values, view: StridedSpec): Values {
    const size = sizeOf(view.shape);
    return this.#elements(size, (out) => this.#copyView(out, this.#memory.addressOf(x), view, size));
  }

  #copyView(out: number, x: number, view: StridedSpec, size: number): void {
    if (size === 0) return;
    const { shape, strides, offset } = mergeAxes(view);
    const from = x + 4 * offset;
    if (shape.length === 1 && strides[0] === 1) this.#wasm.runCopy(out, from, size);
    else this.#wasm.strided(out, from, shape.length, this.#memory.integers([...shape, ...strides]));
  }

  unary(kind: UnaryKind, x: Values): Values {
    const number = unaryNumber[kind];
    return this.#elements(x.length, (out) =>
      this.#wasm.runUnary(number, out, this.#memory.addressOf(x), x.length),
    );
  }

  binary(kind: BinaryKind, a: Array32, b: Array32, out: Shape): Values {
    const size = sizeOf(out);
    const number = binaryNumber[kind];
    return this.#elements(size, (to) => {
      const [p, q] = [this.#memory.addressOf(a.values), this.#memory.addressOf(b.values)];
      const layout = findLayout([a.shape, b.shape], out);
      if (layout === undefined) {
        const [full, other] = [this.#expanded(p, a.shape, out), this.#expanded(q, b.shape, out)];
        this.#wasm.runBinary(number, to, full, ROW, other, ROW, 1, size);
      } else if (layout.columns === 1) {
        this.#flatBinary(number, to, p, layout.modes[0] as number, q, layout.modes[1] as number, size);
      } else {
        const [modeA, modeB] = layout.modes as [number, number];
        this.#wasm.runBinary(number, to, p, modeA, q, modeB, layout.rows, layout.columns);
      }
    });
  }

  /** Operands that are full or scalar: cut into rows of one chunk each, and what remains. */
  #flatBinary(
    kind: number,
    out: number,
    a: number,
    modeA: number,
    b: number,
    modeB: number,
    size: number,
  ): void {
    const columns = Math.min(size, 8192);
    if (columns === 0) return;
    const rows = Math.floor(size / columns);
    this.#wasm.runBinary(kind, out, a, modeA, b, modeB, rows, columns);
    const done = 4 * rows * columns;
    const next = (address: number, mode: number) => (mode === FULL ? address + done : address);
    if (rows * columns < size) {
      this.#wasm.runBinary(
        kind,
        out + done,
        next(a, modeA),
        modeA,
        next(b, modeB),
        modeB,
        1,
        size - rows * columns,
      );
    }
  }

  /** An operand repeated to the full shape, in temporary memory. */
  #expanded(x: number, shape: Shape, out: Shape): number {
    const size = sizeOf(out);
    if (sizeOf(shape) === size) return x;
    const to = this.#memory.temporary(4 * size);
    this.#copyView(to, x, broadcastView(shape, out), size);
    return to;
  }

  where(condition: Array32, a: Array32, b: Array32, out: Shape): Values {
    const size = sizeOf(out);
    return this.#elements(size, (to) => {
      const place = (x: Array32): [number, number] => {
        const address = this.#memory.addressOf(x.values);
        return x.values.length === 1 && size !== 1
          ? [address, 0]
          : [this.#expanded(address, x.shape, out), 16];
      };
      if (size > 0) this.#wasm.runWhere(to, ...place(condition), ...place(a), ...place(b), size);
    });
  }

  reduce(kind: ReduceKind, x: Array32, axes: readonly number[]): Values {
    const kept = x.shape.filter((_, axis) => !axes.includes(axis));
    const number = reduceNumber[kind];
    if (x.values.length >= PARALLEL_ELEMENTS) this.#pool.ensureStarted();
    return this.#memory.compute(sizeOf(kept), (out) => {
      const address = this.#memory.addressOf(x.values);
      const block = reducedBlock(x.shape, axes);
      if (block?.inner === 1)
        return this.#wasm.runReduceRows(number, out, address, block.outer, block.length);
      if (block !== undefined && kind !== 'logSumExp') {
        const { outer, length, inner } = block;
        for (let o = 0; o < outer; o++) {
          this.#wasm.runReduceColumns(
            number,
            out + 4 * o * inner,
            address + 4 * o * length * inner,
            length,
            inner,
          );
        }
        return;
      }
      const moved = this.#axesLast(address, x.shape, axes);
      this.#wasm.runReduceRows(
        number,
        out,
        moved,
        sizeOf(kept),
        sizeOf(axes.map((axis) => x.shape[axis] as number)),
      );
    });
  }

  /** A copy of x with the reduced axes behind the others. */
  #axesLast(x: number, shape: Shape, axes: readonly number[]): number {
    const order = [...shape.keys()].filter((axis) => !axes.includes(axis)).concat(axes);
    const strides = stridesOf(shape);
    const size = sizeOf(shape);
    const to = this.#memory.temporary(4 * size);
    const view = {
      shape: order.map((a) => shape[a] as number),
      strides: order.map((a) => strides[a] as number),
      offset: 0,
    };
    this.#copyView(to, x, view, size);
    return to;
  }

  argmax(x: Values, { outer, length, inner }: AxisSpec): Values {
    return this.#memory.compute(outer * inner, (out) =>
      this.#wasm.argmax(out, this.#memory.addressOf(x), outer, length, inner),
    );
  }

  cumsum(x: Values, { outer, length, inner }: AxisSpec): Values {
    return this.#memory.compute(x.length, (out) =>
      this.#wasm.cumsum(out, this.#memory.addressOf(x), outer, length, inner),
    );
  }

  matmul(a: Values, b: Values, spec: MatmulSpec): Values {
    const { batch, m, n, k } = spec;
    return this.#product(batch * m * n, m * n * k, (out) => {
      const [p, q] = [this.#memory.addressOf(a), this.#memory.addressOf(b)];
      const workspace = this.#gemmWorkspace();
      for (let item = 0; item < batch; item++) {
        this.#gemm(
          p + 4 * item * spec.strideA,
          q + 4 * item * spec.strideB,
          out + 4 * item * m * n,
          m,
          n,
          k,
          spec.transposeA,
          spec.transposeB,
          0,
          'none',
          workspace,
        );
      }
    });
  }

  linear(x: Array32, weight: Array32, bias: Values | null, activation: Activation): Values {
    const [m, k] = x.shape as [number, number];
    const n = weight.shape[0] as number;
    return this.#product(m * n, m * n * k, (out) => {
      const [p, q] = [this.#memory.addressOf(x.values), this.#memory.addressOf(weight.values)];
      const added = bias === null ? 0 : this.#memory.addressOf(bias);
      this.#gemm(p, q, out, m, n, k, false, true, added, activation, this.#gemmWorkspace());
    });
  }

  #product(size: number, products: number, kernel: (out: number) => void): Values {
    if (products >= PARALLEL_PRODUCTS) this.#pool.ensureStarted();
    return this.#memory.compute(size, kernel);
  }

  #gemmWorkspace(): number {
    return this.#memory.temporary(this.#wasm.gemmWorkspace(this.#pool.threads));
  }

  #gemm(
    a: number,
    b: number,
    c: number,
    m: number,
    n: number,
    k: number,
    transposeA: boolean,
    transposeB: boolean,
    bias: number,
    activation: Activation,
    workspace: number,
  ): void {
    if (m === 0 || n === 0) return;
    const flags = [Number(transposeA), Number(transposeB), bias, activationNumber[activation]] as const;
    if (k > 0) {
      this.#wasm.gemm(a, b, c, m, n, k, ...flags, workspace);
      return;
    }
    // Sums over nothing are 0: one product with a zero, so that bias and activation still apply.
    const zero = this.#memory.temporary(4 * Math.max(m, n));
    this.#wasm.runFill(zero, 0, Math.max(m, n));
    this.#wasm.gemm(zero, zero, c, m, n, 1, ...flags, workspace);
  }

  indexSelect(x: Values, index: Values, spec: IndexSpec): Values {
    return this.#indexed(this.#wasm.indexSelect, spec.outer * spec.count * spec.inner, x, index, spec);
  }

  indexAdd(source: Values, index: Values, spec: IndexSpec): Values {
    return this.#indexed(this.#wasm.indexAdd, spec.outer * spec.length * spec.inner, source, index, spec);
  }

  gather(x: Values, index: Values, spec: IndexSpec): Values {
    return this.#indexed(this.#wasm.gather, index.length, x, index, spec);
  }

  scatterAdd(source: Values, index: Values, spec: IndexSpec): Values {
    return this.#indexed(this.#wasm.scatterAdd, spec.outer * spec.length * spec.inner, source, index, spec);
  }

  #indexed(kernel: KernelExports['gather'], size: number, x: Values, index: Values, spec: IndexSpec): Values {
    const { outer, length, inner, count } = spec;
    return this.#memory.compute(size, (out) =>
      kernel(out, this.#memory.addressOf(x), this.#memory.addressOf(index), outer, length, inner, count),
    );
  }

  concat(parts: readonly Array32[], axis: number): Values {
    const size = parts.reduce((sum, part) => sum + part.values.length, 0);
    const outer = sizeOf(parts[0]?.shape.slice(0, axis) ?? []);
    const pitch = outer === 0 ? 0 : (4 * size) / outer;
    return this.#memory.compute(size, (out) => {
      let to = out;
      for (const { values } of parts) {
        const bytes = outer === 0 ? 0 : (4 * values.length) / outer;
        this.#wasm.copyRows(to, pitch, this.#memory.addressOf(values), bytes, bytes, outer);
        to += bytes;
      }
    });
  }

  pad(x: Array32, before: readonly number[], after: readonly number[], value: number): Values {
    const shape = x.shape.map((n, a) => n + (before[a] as number) + (after[a] as number));
    const size = sizeOf(shape);
    return this.#elements(size, (out) => {
      this.#wasm.runFill(out, value, size);
      if (x.values.length > 0) this.#place(out, shape, before, this.#memory.addressOf(x.values), x.shape);
    });
  }

  /** Copies x row by row (along its last axis) into a larger array, `before[a]` places from its start along axis a. */
  #place(out: number, shape: Shape, before: readonly number[], x: number, own: Shape): void {
    const strides = stridesOf(shape);
    const rank = own.length;
    const columns = own[rank - 1] ?? 1;
    const rows = own[rank - 2] ?? 1;
    const matrices = sizeOf(own.slice(0, -2));
    const start = before.reduce((sum, b, a) => sum + b * (strides[a] as number), 0);
    for (let matrix = 0; matrix < matrices; matrix++) {
      let [rest, offset] = [matrix, start];
      for (let axis = rank - 3; axis >= 0; axis--) {
        const length = own[axis] as number;
        offset += (rest % length) * (strides[axis] as number);
        rest = Math.floor(rest / length);
      }
      const from = x + 4 * matrix * rows * columns;
      this.#wasm.copyRows(
        out + 4 * offset,
        4 * (strides[rank - 2] ?? columns),
        from,
        4 * columns,
        4 * columns,
        rows,
      );
    }
  }

  uniform(size: number, { key, counter }: PhiloxState): Values {
    return this.#elements(size, (out) => this.#wasm.runUniform(out, size, ...key, ...counter));
  }

  normal(size: number, { key, counter }: PhiloxState): Values {
    return this.#elements(size, (out) => this.#wasm.runNormal(out, size, ...key, ...counter));
  }

  assign(target: Values, source: Values): void {
    this.#memory.update(() => {
      const to = this.#memory.addressOf(target);
      this.#wasm.runCopy(to, this.#memory.addressOf(source), target.length);
      this.#memory.writeBack(target, to);
    });
  }

  accumulate(target: Values, source: Values): void {
    this.#memory.update(() => {
      const to = this.#memory.addressOf(target);
      this.#flatBinary(binaryNumber.add, to, to, FULL, this.#memory.addressOf(source), FULL, target.length);
      this.#memory.writeBack(target, to);
    });
  }

  scale(target: Values, factor: number): void {
    this.#memory.update(() => {
      const to = this.#memory.addressOf(target);
      const scalar = this.#memory.temporary(16);
      this.#wasm.runFill(scalar, factor, 1);
      this.#flatBinary(binaryNumber.mul, to, to, FULL, scalar, SCALAR, target.length);
      this.#memory.writeBack(target, to);
    });
  }

  adamStep(param: Values, grad: Values, m: Values, v: Values, spec: AdamSpec): void {
    const { learningRate, beta1, beta2, epsilon, weightDecay, decoupled, step } = spec;
    if (param.length >= PARALLEL_ELEMENTS) this.#pool.ensureStarted();
    this.#memory.update(() => {
      const [p, g, first, second] = [param, grad, m, v].map((values) => this.#memory.addressOf(values)) as [
        number,
        number,
        number,
        number,
      ];
      const stepSize = learningRate / (1 - beta1 ** step);
      const rootCorrection = 1 / Math.sqrt(1 - beta2 ** step);
      const decay = decoupled ? 0 : weightDecay;
      const shrink = decoupled ? 1 - learningRate * weightDecay : 1;
      this.#wasm.runAdam(
        p,
        g,
        first,
        second,
        param.length,
        beta1,
        beta2,
        stepSize,
        rootCorrection,
        epsilon,
        decay,
        shrink,
      );
      this.#memory.writeBack(param, p);
      this.#memory.writeBack(m, first);
      this.#memory.writeBack(v, second);
    });
  }

  sgdStep(param: Values, grad: Values, buffer: Values | null, spec: SgdSpec): void {
    const { learningRate, momentum, dampening, nesterov, weightDecay, first } = spec;
    this.#memory.update(() => {
      const p = this.#memory.addressOf(param);
      const g = this.#memory.addressOf(grad);
      const b = buffer === null ? 0 : this.#memory.addressOf(buffer);
      const flags = [Number(nesterov), weightDecay, Number(first)] as const;
      this.#wasm.sgd(p, g, b, param.length, learningRate, momentum, 1 - dampening, ...flags);
      this.#memory.writeBack(param, p);
      if (buffer !== null) this.#memory.writeBack(buffer, b);
    });
  }
}
