// The text of the kernels stands before all code of a bundle: inside of it, it would keep similar code apart and spoil the compression.
import './backend/wasm/module.generated.js';

// Importing the methods first makes every operation available on Tensor.

export type {
  AdamSpec,
  Argument,
  AxisSpec,
  Backend,
  Call,
  DeviceArray,
  HostArray,
  IndexSpec,
  Kernels,
  MatmulSpec,
  Operand,
  OverlapSpec,
  Pair,
  PhiloxState,
  Program,
  Replay,
  SettingReference,
  SgdSpec,
  Slot,
  SlotReference,
  StridedSpec,
  Values,
  WindowSpec,
} from './backend/backend.js';
export { backend, setBackend, withBackend } from './backend/current.js';
export { createReference } from './backend/reference/reference.js';
export { createWasm, type WasmBackend, type WasmOptions } from './backend/wasm/wasm.js';
export { type BackwardOptions, backward, type GradientsOptions, gradients } from './backward.js';
export { type Compiled, type CompileOptions, compile } from './compile/compile.js';
export type { ProgramListing } from './compile/listing.js';
export {
  arange,
  bernoulli,
  type CreateOptions,
  eye,
  full,
  linspace,
  oneHot,
  ones,
  parameter,
  type RandomOptions,
  rand,
  randn,
  randperm,
  type TensorOptions,
  tensor,
  zeros,
} from './create.js';
export {
  ArgumentError,
  BackendError,
  formatShape,
  GradError,
  type OperandName,
  type Shape,
  ShapeError,
  VarigradError,
} from './errors.js';
export { type FormatOptions, formatArray } from './format.js';
export type { Activation, ReduceKind } from './functions/kinds.js';
export type { BinaryKind, UnaryKind } from './functions/names.generated.js';
export { type InitOptions, init } from './init.js';
export { Tensor } from './methods.js';
export type { NestedArray } from './nested-arrays.js';
export {
  type Conv2dOptions,
  type ConvTranspose2dOptions,
  conv2d,
  convTranspose2d,
} from './ops/convolution.js';
export { einsum } from './ops/einsum.js';
export {
  abs,
  add,
  atan2,
  type ClampOptions,
  ceil,
  clamp,
  cos,
  cosh,
  div,
  elu,
  eq,
  erf,
  erfc,
  exp,
  exp2,
  expm1,
  floor,
  ge,
  gelu,
  gt,
  le,
  leakyRelu,
  log,
  log1p,
  log2,
  log10,
  logSigmoid,
  lt,
  maximum,
  minimum,
  mul,
  ne,
  neg,
  pow,
  reciprocal,
  relu,
  round,
  rsqrt,
  sigmoid,
  sign,
  sin,
  sinh,
  softplus,
  sqrt,
  square,
  sub,
  tan,
  tanh,
  trunc,
  where,
} from './ops/elementwise.js';
export { type LinearOptions, linear, mulExp, sigmoidCrossEntropy, standardNormalKl } from './ops/fused.js';
export {
  gather,
  indexAdd,
  indexSelect,
  scatterAdd,
  type TriangleOptions,
  tril,
  triu,
} from './ops/indexing.js';
export { type MatmulOptions, matmul } from './ops/matmul.js';
export {
  clone,
  expand,
  flatten,
  flip,
  permute,
  reshape,
  squeeze,
  transpose,
  unsqueeze,
} from './ops/movement.js';
export { concat, type PadOptions, pad, slice, split, stack } from './ops/pieces.js';
export { avgPool2d, maxPool2d, type PoolOptions } from './ops/pooling.js';
export {
  type ArgmaxOptions,
  amax,
  amin,
  argmax,
  cumsum,
  logSoftmax,
  logSumExp,
  softmax,
  sum,
  sumToSize,
} from './ops/reduce.js';
export {
  mean,
  type NormOptions,
  norm,
  prod,
  std,
  type VarianceOptions,
  variance,
} from './ops/statistics.js';
export { defaultGenerator, Generator, type GeneratorState, manualSeed, withGenerator } from './random.js';
export {
  type Axes,
  type AxesOptions,
  type AxisOptions,
  broadcastShapes,
  type ReduceOptions,
  sameShape,
  sizeOf,
} from './shape.js';
export { updateInPlace } from './storage.js';
export { apply, enableGrad, isGradEnabled, noGrad } from './tape.js';
export type { Op, TapeNode, Temporary, TensorLike, Thunk } from './tensor.js';
export { grad, type ScalarFunction, scope, valueAndGrad } from './transforms.js';
