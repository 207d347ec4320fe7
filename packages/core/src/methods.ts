/**
 * Chained methods: `a.mul(b).sum()` is `sum(mul(a, b))`. Each method is the free function of the same name with the
 * tensor as its first argument; its documentation is there.
 */
import { type BackwardOptions, backward } from './backward.js';
import type { Shape } from './errors.js';
import * as elementwise from './ops/elementwise.js';
import * as indexing from './ops/indexing.js';
import * as matrices from './ops/matmul.js';
import * as movement from './ops/movement.js';
import * as reduce from './ops/reduce.js';
import { Tensor } from './tensor.js';

declare module './tensor.js' {
  interface Tensor {
    neg(): Tensor;
    exp(): Tensor;
    expm1(): Tensor;
    log(): Tensor;
    log1p(): Tensor;
    sqrt(): Tensor;
    rsqrt(): Tensor;
    square(): Tensor;
    abs(): Tensor;
    sign(): Tensor;
    reciprocal(): Tensor;
    sin(): Tensor;
    cos(): Tensor;
    erf(): Tensor;
    relu(): Tensor;
    gelu(): Tensor;
    sigmoid(): Tensor;
    tanh(): Tensor;
    softplus(): Tensor;
    logSigmoid(): Tensor;
    leakyRelu(slope?: TensorLike): Tensor;
    elu(alpha?: TensorLike): Tensor;
    add(b: TensorLike): Tensor;
    sub(b: TensorLike): Tensor;
    mul(b: TensorLike): Tensor;
    div(b: TensorLike): Tensor;
    pow(b: TensorLike): Tensor;
    maximum(b: TensorLike): Tensor;
    minimum(b: TensorLike): Tensor;
    eq(b: TensorLike): Tensor;
    ne(b: TensorLike): Tensor;
    lt(b: TensorLike): Tensor;
    le(b: TensorLike): Tensor;
    gt(b: TensorLike): Tensor;
    ge(b: TensorLike): Tensor;
    /** This tensor is the condition. */
    where(a: TensorLike, b: TensorLike): Tensor;
    clamp(options: { min?: number; max?: number }): Tensor;
    sum(options?: reduce.ReduceOptions): Tensor;
    mean(options?: reduce.ReduceOptions): Tensor;
    var(options?: reduce.VarianceOptions): Tensor;
    std(options?: reduce.VarianceOptions): Tensor;
    amax(options?: reduce.ReduceOptions): Tensor;
    amin(options?: reduce.ReduceOptions): Tensor;
    logSumExp(options?: reduce.ReduceOptions): Tensor;
    argmax(options?: { axis?: number; keepDims?: boolean }): Tensor;
    softmax(options?: { axis?: reduce.Axes }): Tensor;
    logSoftmax(options?: { axis?: reduce.Axes }): Tensor;
    cumsum(axis?: number): Tensor;
    sumToSize(shape: Shape): Tensor;
    matmul(b: TensorLike, options?: matrices.MatmulOptions): Tensor;
    reshape(shape: Shape): Tensor;
    flatten(startAxis?: number, endAxis?: number): Tensor;
    squeeze(axis?: number | readonly number[]): Tensor;
    unsqueeze(axis: number): Tensor;
    permute(axes: readonly number[]): Tensor;
    transpose(axis1?: number, axis2?: number): Tensor;
    expand(shape: Shape): Tensor;
    slice(axis: number, start: number, end?: number): Tensor;
    split(size: number | readonly number[], axis?: number): Tensor[];
    flip(axis?: number | readonly number[]): Tensor;
    pad(widths: readonly (readonly [number, number])[], value?: number): Tensor;
    clone(): Tensor;
    indexSelect(index: Tensor | readonly number[], axis?: number): Tensor;
    gather(index: Tensor, axis?: number): Tensor;
    tril(diagonal?: number): Tensor;
    triu(diagonal?: number): Tensor;
    backward(dy?: Tensor, options?: BackwardOptions): void;
  }
}

const { variance, ...reductions } = reduce;
const { indexAdd: _indexAdd, scatterAdd: _scatterAdd, ...picking } = indexing;
const { concat: _concat, stack: _stack, ...moving } = movement;

const methods = {
  ...elementwise,
  ...reductions,
  var: variance,
  ...matrices,
  ...moving,
  ...picking,
  backward,
};

for (const [name, method] of Object.entries(methods)) {
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...args: never[]) {
      return (method as (t: Tensor, ...rest: never[]) => unknown)(this, ...args);
    },
    writable: true,
    configurable: true,
  });
}

export { Tensor };
