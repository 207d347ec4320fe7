/** Products, convolutions and reductions as ONNX nodes. */

import { ArgumentError } from '../../errors.js';
import type { Activation } from '../../functions/kinds.js';
import type { Length } from '../length.js';
import { fixed, type OnnxBuilder, type Operand } from './builder.js';
import type { Convert, NodeOf } from './convert.js';

type Pair = readonly [number, number];

const matmul: Convert<{ transposeA: boolean; transposeB: boolean }> = (b, { params }, [x, y]) => {
  const matrix = ({ name, shape }: Operand, transpose: boolean): string => {
    if (!transpose) return name;
    const last = shape.length - 1;
    return b.add('Transpose', [name], { perm: [...shape.keys()].slice(0, -2).concat(last, last - 1) });
  };
  return b.add('MatMul', [matrix(x!, params.transposeA), matrix(y!, params.transposeB)]);
};

const ACTIVATION_NODES: Readonly<Record<Activation, string | null>> = {
  none: null,
  relu: 'Relu',
  sigmoid: 'Sigmoid',
  tanh: 'Tanh',
};

/** Gemm takes matrices; x of another rank is multiplied by the transposed weight. */
const linear: Convert<{ activation: Activation }> = (b, { params }, [x, weight, bias]) => {
  const added = bias === undefined ? [] : [bias.name];
  const product =
    x!.shape.length === 2
      ? b.add('Gemm', [x!.name, weight!.name, ...added], { transB: 1 })
      : added.reduce(
          (sum, term) => b.add('Add', [sum, term]),
          b.add('MatMul', [x!.name, b.add('Transpose', [weight!.name], { perm: [1, 0] })]),
        );
  const type = ACTIVATION_NODES[params.activation];
  return type === null ? product : b.add(type, [product]);
};

/** The options of a convolution; the batch and the numbers of channels are in the shapes. */
interface ConvParams {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  readonly size: Pair;
  readonly count: Pair;
}

const AXES = [0, 1] as const;

/** Pixels from the first to the last pixel that windows cover, both included. */
function covered({ kernel, stride, dilation, count }: ConvParams, axis: 0 | 1): number {
  return (count[axis] - 1) * stride[axis] + dilation[axis] * (kernel[axis] - 1) + 1;
}

const names = (operands: readonly Operand[]): string[] => operands.map(({ name }) => name);

/** @throws ArgumentError for an image or an option whose size depends on the batch size */
function checkFixed(node: NodeOf<ConvParams>): void {
  const { kernel, stride, padding, dilation, size, count } = node.params;
  const sizes = [...kernel, ...stride, ...padding, ...dilation, ...size, ...count];
  fixed(node, 'the size of an image or a window', sizes);
}

/** @throws ArgumentError for a kernel of length 0, which ONNX does not have */
function checkKernel({ op, params: { kernel } }: NodeOf<ConvParams>): void {
  if (!kernel.includes(0)) return;
  throw new ArgumentError('toOnnx', `${op}: a kernel must not be empty, found ${kernel.join(' × ')}`);
}

const conv2d: Convert<ConvParams> = (b, node, operands) => {
  checkFixed(node);
  checkKernel(node);
  const { padding, size, stride, dilation, kernel } = node.params;
  const after = AXES.map((axis) => covered(node.params, axis) - size[axis] - padding[axis]);
  // Rows that no window covers need no padding, but as many as a stride would make one more window.
  if (after.some((rows, axis) => -rows >= stride[axis as 0 | 1]))
    throw new ArgumentError(
      'toOnnx',
      'conv2d: the image must not be larger than its windows — crop it first',
    );
  const pads = [...padding, ...after.map((rows) => Math.max(0, rows))];
  return b.add('Conv', names(operands), { strides: stride, dilations: dilation, kernel_shape: kernel, pads });
};

const convTranspose2d: Convert<ConvParams> = (b, node, operands) => {
  checkFixed(node);
  checkKernel(node);
  const { params } = node;
  const { padding, size, stride, dilation, kernel } = params;
  const extra = AXES.map((axis) => size[axis] + 2 * padding[axis] - covered(params, axis));
  return b.add('ConvTranspose', names(operands), {
    ...{ strides: stride, dilations: dilation, kernel_shape: kernel },
    pads: [...padding, ...padding],
    output_padding: extra,
  });
};

/** A convolution of the images by the maps, with batch and channels exchanged: strides become dilations. */
const conv2dWeight: Convert<ConvParams> = (b, node, [x, y]) => {
  checkFixed(node);
  const { padding, stride, dilation, kernel, size } = node.params;
  const swapped = ({ name }: Operand): string => b.add('Transpose', [name], { perm: [1, 0, 2, 3] });
  const after = AXES.map((axis) => Math.max(0, covered(node.params, axis) - size[axis] - padding[axis]));
  const all = b.add('Conv', [swapped(x!), swapped(y!)], {
    ...{ strides: dilation, dilations: stride, kernel_shape: node.params.count },
    pads: [...padding, ...after],
  });
  const cut = b.add('Slice', [all, b.ints([0, 0]), b.ints(kernel), b.ints([2, 3])]);
  return b.add('Transpose', [cut], { perm: [1, 0, 2, 3] });
};

interface ReduceParams {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/** A reduction whose axes are an attribute. */
const reduction =
  (type: string): Convert<ReduceParams> =>
  (b, { params: { axes, keepDims } }, [x]) =>
    axes.length === 0
      ? b.add('Identity', [x!.name])
      : b.add(type, [x!.name], { axes, keepdims: Number(keepDims) });

/** A sum: its axes are an input since opset 13. */
function sumOver(b: OnnxBuilder, x: string, axes: readonly number[], keepDims: boolean): string {
  return b.add('ReduceSum', [x, b.ints(axes)], { keepdims: Number(keepDims), noop_with_empty_axes: 1 });
}

/** Softmax of one axis is one node; of several axes, it is composed. */
const softmaxOf =
  (type: string, several: (b: OnnxBuilder, below: string, total: string) => string): Convert<ReduceParams> =>
  (b, { params: { axes } }, [x]) => {
    if (axes.length === 1) return b.add(type, [x!.name], { axis: axes[0]! });
    const max = axes.length === 0 ? x!.name : b.add('ReduceMax', [x!.name], { axes, keepdims: 1 });
    const below = b.add('Sub', [x!.name, max]);
    return several(b, below, sumOver(b, b.add('Exp', [below]), axes, true));
  };

const clamp: Convert<{ min: Length; max: Length }> = (b, node, [x]) => {
  const [min, max] = fixed(node, 'a bound', [node.params.min, node.params.max]) as Pair;
  return b.add('Min', [b.add('Max', [x!.name, b.scalar(min)]), b.scalar(max)]);
};

export const PRODUCT_NODES: Readonly<Record<string, Convert<never>>> = {
  matmul,
  linear,
  conv2d,
  convTranspose2d,
  conv2dWeight,
  clamp,
  where: (b, _, [condition, x, y]) => b.add('Where', [b.toBooleans(condition!.name), x!.name, y!.name]),
  sum: (b, { params: { axes, keepDims } }: NodeOf<ReduceParams>, [x]) => sumOver(b, x!.name, axes, keepDims),
  amax: reduction('ReduceMax'),
  amin: reduction('ReduceMin'),
  logSumExp: reduction('ReduceLogSumExp'),
  argmax: (b, { params: { axis, keepDims } }: NodeOf<{ axis: number; keepDims: boolean }>, [x]) =>
    b.toFloats(b.add('ArgMax', [x!.name], { axis, keepdims: Number(keepDims) })),
  cumsum: (b, { params: { axis } }: NodeOf<{ axis: number }>, [x]) =>
    b.add('CumSum', [x!.name, b.ints([axis])]),
  softmax: softmaxOf('Softmax', (b, below, total) => b.add('Div', [b.add('Exp', [below]), total])),
  logSoftmax: softmaxOf('LogSoftmax', (b, below, total) => b.add('Sub', [below, b.add('Log', [total])])),
};
