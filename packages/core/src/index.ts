// Importing the methods first makes every operation available on Tensor.

export {
  apply,
  type BackwardOptions,
  backward,
  type GradientsOptions,
  gradients,
  isGradEnabled,
  noGrad,
  type Op,
  type TapeNode,
  type Temporary,
  type Thunk,
} from './autograd.js';
export type {
  Activation,
  AdamSpec,
  AxisSpec,
  Backend,
  BinaryKind,
  DeviceArray,
  HostArray,
  IndexSpec,
  Kernels,
  MatmulSpec,
  Operand,
  OverlapSpec,
  Pair,
  PhiloxState,
  ReduceKind,
  SgdSpec,
  StridedSpec,
  UnaryKind,
  Values,
  WindowSpec,
} from './backend/backend.js';
export { backend, setBackend, withBackend } from './backend/current.js';
export { createReference } from './backend/reference/reference.js';
export { createWasm, type WasmBackend, type WasmOptions } from './backend/wasm/wasm.js';
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
export { type InitOptions, init } from './init.js';
export { Tensor } from './methods.js';
export {
  type Conv2dOptions,
  type ConvTranspose2dOptions,
  conv2d,
  convTranspose2d,
} from './ops/convolution.js';
export {
  abs,
  add,
  type ClampOptions,
  clamp,
  cos,
  div,
  elu,
  eq,
  erf,
  exp,
  expm1,
  ge,
  gelu,
  gt,
  le,
  leakyRelu,
  log,
  log1p,
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
  rsqrt,
  sigmoid,
  sign,
  sin,
  softplus,
  sqrt,
  square,
  sub,
  tanh,
  where,
} from './ops/elementwise.js';
export { bceWithLogits, klStandardNormal, type LinearOptions, linear } from './ops/fused.js';
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
  mean,
  type ReduceOptions,
  softmax,
  std,
  sum,
  sumToSize,
  type VarianceOptions,
  variance,
} from './ops/reduce.js';
export { defaultGenerator, fillUniform, Generator, type GeneratorState, manualSeed } from './random.js';
export type { GradientRecord, OperationRecord, Recorder } from './recorder.js';
export { withRecorder } from './recorder.js';
export {
  type Axes,
  type AxesOptions,
  type AxisOptions,
  broadcastShapes,
  sameShape,
  sizeOf,
  stridesOf,
  unravelIndex,
} from './shape.js';
export type { NestedArray, TensorLike } from './tensor.js';
export { type AnomalyOptions, debug, detectAnomaly, NotFiniteError } from './trace/debug.js';
export { explain } from './trace/explain.js';
export { toDot, toJSON, toMermaid } from './trace/export.js';
export { type FlameOptions, toFlameSVG } from './trace/flame.js';
export {
  activations,
  composites,
  derivativeOf,
  type Formula,
  formulaOf,
  formulas,
  operandName,
} from './trace/formulas.js';
export type { ArrayOverview, ArraySummary, BackwardStep, Graph, GraphNode } from './trace/graph.js';
export type { Point } from './trace/layered.js';
export {
  type BoxKind,
  type Layout,
  type LayoutBox,
  type LayoutEdge,
  type LayoutGroup,
  type LayoutOptions,
  layout,
} from './trace/layout.js';
export type { Modules } from './trace/modules.js';
export {
  formatProfile,
  type ProfileEntry,
  type ProfileOptions,
  profile,
  profileOf,
} from './trace/profile.js';
export {
  type DerivativeCheck,
  type ExplainOptions,
  type GradientPath,
  type GradientStory,
  type GradientUse,
  gradientStory,
} from './trace/story.js';
export { edgePath, type SVGOptions, toSVG } from './trace/svg.js';
export { type Names, type RecordOptions, recordGraph, trace } from './trace/trace.js';
export {
  type NoGradDiagnosis,
  type NoGradReason,
  type WhyNoGradOptions,
  whyNoGrad,
} from './trace/why-no-grad.js';
export { escapeXML } from './trace/xml.js';
export { grad, type ScalarFunction, scope, valueAndGrad } from './transforms.js';
