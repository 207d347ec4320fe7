/** The kernels of the backend contract, as launches of programs. */
import type { Shape } from '../../errors.js';
import { binaryExpressions, unaryExpressions } from '../../functions/gpu.generated.js';
import type { Activation, ReduceKind } from '../../functions/kinds.js';
import type { BinaryKind, UnaryKind } from '../../functions/names.generated.js';
import { broadcastStrides, reducedBlock, sizeOf, stridesOf } from '../../shape.js';
import type {
  AdamSpec,
  AxisSpec,
  ConvSpec,
  IndexSpec,
  Kernels,
  MatmulSpec,
  Operand,
  OverlapSpec,
  PhiloxState,
  SgdSpec,
  StridedSpec,
} from '../backend.js';
import { convolve, weightPieces } from './convolution.js';
import { readOf, wholeOf } from './expression.js';
import type { GpuArray } from './handle.js';
import type { Machine } from './machine.js';
import { dotIntegers, dotProgram, gridOf, linearProgram } from './matmul.js';
import { addProgram, GATHER, INDEX_SELECT, JOIN, overlapProgram, padCall } from './movement.js';
import { quadProduct } from './quads.js';
import { drawn } from './random.js';
import { argmaxProgram, reduceAxis, SCAN } from './reduce.js';
import { ADAM_MEAN, ADAM_SQUARE, ADAM_STEP, refuseExchange, SGD_BUFFER, SGD_STEP } from './update.js';
import { wgslAdam } from './wgsl-adam.js';
import { wgslMatmul } from './wgsl-matmul.js';

export class GpuKernels implements Kernels<GpuArray> {
  readonly allReduce: () => never = refuseExchange;
  readonly #machine: Machine;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  fill(size: number, value: number): GpuArray {
    return this.#machine.constant(size, value);
  }

  strided(x: GpuArray, { shape, strides, offset }: StridedSpec): GpuArray {
    const reads = [readOf(x, shape, strides, offset)];
    return this.#machine.defer({ name: 'copy', text: 'x', reads }, sizeOf(shape));
  }

  unary(kind: UnaryKind, x: GpuArray): GpuArray {
    return this.#machine.defer({ name: kind, text: unaryExpressions[kind], reads: [wholeOf(x)] }, x.length);
  }

  binary(kind: BinaryKind, a: Operand<GpuArray>, b: Operand<GpuArray>, out: Shape): GpuArray {
    return this.#broadcast(kind, binaryExpressions[kind], [a, b], out);
  }

  where(condition: Operand<GpuArray>, a: Operand<GpuArray>, b: Operand<GpuArray>, out: Shape): GpuArray {
    return this.#broadcast('where', 'x == 0 ? z : y', [condition, a, b], out);
  }

  #broadcast(name: string, text: string, operands: readonly Operand<GpuArray>[], out: Shape): GpuArray {
    const reads = operands.map(({ values, shape }) => readOf(values, out, broadcastStrides(shape, out)));
    return this.#machine.defer({ name, text, reads }, sizeOf(out));
  }

  reduce(kind: ReduceKind, x: Operand<GpuArray>, axes: readonly number[]): GpuArray {
    const block = reducedBlock(x.shape, axes);
    if (block !== undefined) return reduceAxis(this.#machine, kind, x.values, block);
    const kept = [...x.shape.keys()].filter((axis) => !axes.includes(axis));
    const moved = this.#permuted(x, [...kept, ...axes]);
    const outer = sizeOf(kept.map((axis) => x.shape[axis]!));
    const length = sizeOf(axes.map((axis) => x.shape[axis]!));
    const result = reduceAxis(this.#machine, kind, moved, { outer, length, inner: 1 });
    this.#machine.release(moved);
    return result;
  }

  #permuted(x: Operand<GpuArray>, order: readonly number[]): GpuArray {
    const strides = stridesOf(x.shape);
    const shape = order.map((axis) => x.shape[axis]!);
    return this.strided(x.values, {
      shape,
      strides: order.map((axis) => strides[axis]!),
      offset: 0,
    });
  }

  argmax(x: GpuArray, { outer, length, inner }: AxisSpec): GpuArray {
    return this.#machine.launch(argmaxProgram(outer * inner), [x], outer * inner, [inner, length]);
  }

  cumsum(x: GpuArray, { length, inner }: AxisSpec): GpuArray {
    let sums = this.#machine.launch(SCAN, [x], x.length, [inner, length, 1]);
    for (let distance = 2; distance < length; distance *= 2) {
      const next = this.#machine.launch(SCAN, [sums], x.length, [inner, length, distance]);
      this.#machine.release(sums);
      sums = next;
    }
    return sums;
  }

  matmul(a: GpuArray, b: GpuArray, spec: MatmulSpec): GpuArray {
    const { batch, m, n, k } = spec;
    if (k === 0 || batch * m * n === 0) return this.fill(batch * m * n, 0);
    if (this.#machine.driver.shaders !== null) {
      const epilogue = { biased: false, activation: 'none' } as const;
      return this.#machine.shade(
        wgslMatmul(spec, epilogue, this.#machine.driver.adapter),
        [a, b],
        batch * m * n,
      );
    }
    const { grids, quads } = this.#machine.driver;
    if (quads && batch === 1) return quadProduct(this.#machine, a, b, spec, null, 'none');
    const program = dotProgram(spec, grids);
    const output = grids ? gridOf(batch, m, n) : [batch * m * n];
    return this.#machine.launch(program, [a, b], batch * m * n, dotIntegers(spec), [], output);
  }

  linear(
    x: Operand<GpuArray>,
    weight: Operand<GpuArray>,
    bias: GpuArray | null,
    activation: Activation,
  ): GpuArray {
    const [m, k] = x.shape as [number, number];
    const n = weight.shape[0]!;
    const spec = { batch: 1, m, n, k, transposeA: false, transposeB: true, strideA: 0, strideB: 0 };
    if (this.#machine.driver.quads && k > 0 && m * n > 0) {
      return quadProduct(this.#machine, x.values, weight.values, spec, bias, activation);
    }
    if (this.#machine.driver.shaders !== null && k > 0) {
      const operands = [x.values, weight.values, ...(bias === null ? [] : [bias])];
      const epilogue = { biased: bias !== null, activation };
      return this.#machine.shade(wgslMatmul(spec, epilogue, this.#machine.driver.adapter), operands, m * n);
    }
    const { grids } = this.#machine.driver;
    const program = linearProgram(m * n, bias !== null, activation, grids);
    // Sums over k = 0 elements read nothing, but every operand must have memory.
    const stand = k === 0 ? this.fill(1, 0) : null;
    const operands = [stand ?? x.values, stand ?? weight.values, ...(bias === null ? [] : [bias])];
    const output = grids ? gridOf(1, m, n) : [m * n];
    const result = this.#machine.launch(program, operands, m * n, [m * n, n, k], [], output);
    if (stand !== null) this.#machine.release(stand);
    return result;
  }

  conv2d(x: GpuArray, weight: GpuArray, bias: GpuArray | null, spec: ConvSpec): GpuArray {
    return convolve(this.#machine, false, x, weight, bias, spec);
  }

  convTranspose2d(y: GpuArray, weight: GpuArray, bias: GpuArray | null, spec: ConvSpec): GpuArray {
    return convolve(this.#machine, true, y, weight, bias, spec);
  }

  conv2dWeight(x: GpuArray, y: GpuArray, spec: ConvSpec): GpuArray {
    const length = spec.maps * spec.channels * sizeOf(spec.kernel);
    if (x.length === 0 || y.length === 0) return this.fill(length, 0);
    const { sums, pieces } = weightPieces(this.#machine, x, y, spec);
    if (pieces === 1) return sums;
    const result = reduceAxis(this.#machine, 'sum', sums, { outer: 1, length: pieces, inner: length });
    this.#machine.release(sums);
    return result;
  }

  indexSelect(x: GpuArray, index: GpuArray, { outer, length, inner, count }: IndexSpec): GpuArray {
    const integers = [inner, count, length, count * inner, length * inner];
    return this.#machine.launch(INDEX_SELECT, [x, index], outer * count * inner, integers);
  }

  indexAdd(source: GpuArray, index: GpuArray, spec: IndexSpec): GpuArray {
    return this.#added(true, source, index, spec);
  }

  gather(x: GpuArray, index: GpuArray, { length, inner, count }: IndexSpec): GpuArray {
    const integers = [inner, count * inner, length, length * inner];
    return this.#machine.launch(GATHER, [x, index], index.length, integers);
  }

  scatterAdd(source: GpuArray, index: GpuArray, spec: IndexSpec): GpuArray {
    return this.#added(false, source, index, spec);
  }

  #added(shared: boolean, source: GpuArray, index: GpuArray, spec: IndexSpec): GpuArray {
    const { outer, length, inner, count } = spec;
    const size = outer * length * inner;
    if (count === 0) return this.fill(size, 0);
    const integers = [inner, count, length, length * inner];
    return this.#machine.launch(addProgram(shared, size), [source, index], size, integers);
  }

  overlapAdd(x: GpuArray, spec: OverlapSpec): GpuArray {
    const { batch, channels, size, kernel, stride, dilation, count } = spec;
    const plane = size[0] * size[1];
    const total = batch * channels * plane;
    if (x.length === 0) return this.fill(total, 0);
    const geometry = [...size, ...kernel, ...stride, ...dilation, ...count];
    const integers = [channels, batch, ...geometry, plane, channels * plane];
    return this.#machine.launch(overlapProgram(total), [x], total, integers);
  }

  concat(parts: readonly Operand<GpuArray>[], axis: number): GpuArray {
    const outer = sizeOf(parts[0]?.shape.slice(0, axis) ?? []);
    const arrays = parts.map(({ values }) => values).filter(({ length }) => length > 0);
    const [first, ...others] = arrays;
    if (first === undefined) return this.fill(0, 0);
    let joined = this.#copy(first);
    for (const next of others) {
      const [a, b] = [joined.length / outer, next.length / outer];
      const wider = this.#machine.launch(JOIN, [joined, next], joined.length + next.length, [a, b, a + b]);
      this.#machine.release(joined);
      joined = wider;
    }
    return joined;
  }

  #copy(x: GpuArray): GpuArray {
    return this.strided(x, { shape: [x.length], strides: [1], offset: 0 });
  }

  pad(x: Operand<GpuArray>, before: readonly number[], after: readonly number[], value: number): GpuArray {
    const shape = x.shape.map((n, a) => n + before[a]! + after[a]!);
    if (shape.length === 0) return this.#copy(x.values);
    if (x.values.length === 0) return this.fill(sizeOf(shape), value);
    const { program, integers } = padCall(x.shape, before, shape);
    return this.#machine.launch(program, [x.values], sizeOf(shape), integers, [value]);
  }

  uniform(size: number, state: PhiloxState): GpuArray {
    return drawn(this.#machine, 'uniform', size, state);
  }

  normal(size: number, state: PhiloxState): GpuArray {
    return drawn(this.#machine, 'normal', size, state);
  }

  assign(target: GpuArray, source: GpuArray): void {
    this.#machine.rewrite(target, { name: 'copy', text: 'x', reads: [wholeOf(source)] });
  }

  accumulate(target: GpuArray, source: GpuArray): void {
    const reads = [wholeOf(target), wholeOf(source)];
    this.#machine.rewrite(target, { name: 'add', text: 'x + y', reads });
  }

  scale(target: GpuArray, factor: number): void {
    this.#machine.rewrite(target, { name: 'scale', text: 'x * c', reads: [wholeOf(target)], number: factor });
  }

  adamStep(param: GpuArray, grad: GpuArray, m: GpuArray, v: GpuArray, spec: AdamSpec): void {
    const { learningRate, beta1, beta2, epsilon, weightDecay, decoupled, step } = spec;
    const shrink = decoupled ? 1 - learningRate * weightDecay : 1;
    const decay = decoupled ? 0 : weightDecay;
    const stepSize = learningRate / (1 - beta1 ** step);
    const rootCorrection = 1 / Math.sqrt(1 - beta2 ** step);
    if (this.#machine.driver.shaders !== null) {
      const numbers = [beta1, 1 - beta1, beta2, 1 - beta2, decay, shrink, stepSize, rootCorrection, epsilon];
      this.#machine.update(wgslAdam(param.length, numbers), [param, m, v, grad]);
      return;
    }
    this.#machine.overwrite(m, ADAM_MEAN, [m, grad, param], [beta1, 1 - beta1, decay, shrink]);
    this.#machine.overwrite(v, ADAM_SQUARE, [v, grad, param], [beta2, 1 - beta2, decay, shrink]);
    const numbers = [stepSize, rootCorrection, epsilon, shrink];
    this.#machine.overwrite(param, ADAM_STEP, [param, m, v], numbers);
  }

  sgdStep(param: GpuArray, grad: GpuArray, buffer: GpuArray | null, spec: SgdSpec): void {
    const { learningRate, momentum, dampening, nesterov, weightDecay, first } = spec;
    if (buffer !== null) {
      const [kept, taken] = first ? [0, 1] : [momentum, 1 - dampening];
      this.#machine.overwrite(buffer, SGD_BUFFER, [buffer, grad, param], [kept, taken, weightDecay]);
    }
    const [share, alongBuffer] = buffer === null ? [1, 0] : nesterov ? [1, momentum] : [0, 1];
    const numbers = [learningRate, share, alongBuffer, weightDecay];
    this.#machine.overwrite(param, SGD_STEP, [param, grad, buffer ?? grad], numbers);
  }
}
