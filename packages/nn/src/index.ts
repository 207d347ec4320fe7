export { ELU, GELU, LeakyReLU, ReLU, Sigmoid, Softplus, Tanh } from './activations.js';
export { BatchNorm1d, BatchNorm2d, type BatchNormOptions } from './batch-norm.js';
export {
  type Converted,
  decodeSafetensors,
  type EncodeSafetensorsOptions,
  encodeSafetensors,
  type Safetensors,
} from './checkpoint.js';
export { type Layer, Sequential } from './containers.js';
export {
  Conv2d,
  type Conv2dOptions,
  ConvTranspose2d,
  type ConvTranspose2dOptions,
} from './convolution.js';
export { Dropout } from './dropout.js';
export type { WrittenType } from './element-types.js';
export { Flatten, Unflatten } from './flatten.js';
export {
  constant,
  type FanMode,
  type InitOptions,
  type KaimingOptions,
  kaimingNormal,
  kaimingUniform,
  normal,
  uniform,
  type XavierOptions,
  xavierNormal,
  xavierUniform,
} from './init.js';
export { Linear, type LinearOptions } from './linear.js';
export {
  bce,
  bceWithLogits,
  crossEntropy,
  type DiagonalGaussian,
  gaussianNll,
  klNormal,
  klNormalPerDimension,
  klStandardNormal,
  type LossOptions,
  mse,
  type Reduction,
} from './losses.js';
export { type Description, Module } from './module.js';
export { Adam, type AdamOptions, AdamW } from './optim/adam.js';
export { clipGradNorm, clipGradValue } from './optim/clip.js';
export { Optimizer } from './optim/optimizer.js';
export type { OptimizerState } from './optim/optimizer-state.js';
export {
  cosineSchedule,
  exponentialSchedule,
  type Schedule,
  stepSchedule,
  warmupSchedule,
} from './optim/schedules.js';
export { SGD, type SGDOptions } from './optim/sgd.js';
export { AvgPool2d, MaxPool2d } from './pooling.js';
export { inverseNames, type Names, renameStateDict } from './rename.js';
export { type StateDict, StateDictError, type TensorData } from './state-dict.js';
