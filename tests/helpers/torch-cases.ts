/** PyTorch's samples of tests/fixtures/torch-ops.json: inputs, values and gradients, and the operations that they are of. */
import * as core from '@varigrad/core';
import { type Tensor, tensor } from '@varigrad/core';
import samples from '../fixtures/torch-ops.json' with { type: 'json' };

export interface PlainTensor {
  readonly shape: number[];
  readonly data: number[];
}

interface FixtureCase {
  readonly inputs: PlainTensor[];
  readonly output: PlainTensor;
  readonly dy: PlainTensor;
  readonly gradients: PlainTensor[];
}

interface Fixtures {
  readonly source: { readonly program: string; readonly version: string; readonly seed: number };
  readonly cases: Readonly<Record<string, FixtureCase>>;
}

export const fixtures: Fixtures = samples;

// The same indices as in the generator script.
const index = [
  [2, 0, 2],
  [1, 1, 0],
];
const places = [1, 1, 3, 0];

export const runs: Readonly<Record<string, (...inputs: Tensor[]) => Tensor>> = {
  gelu: (x) => core.gelu(x!),
  softplus: (x) => core.softplus(x!),
  logSigmoid: (x) => core.logSigmoid(x!),
  sigmoid: (x) => core.sigmoid(x!),
  erf: (x) => core.erf(x!),
  expm1: (x) => core.expm1(x!),
  log1p: (x) => core.log1p(x!),
  elu: (x) => core.elu(x!, 0.7),
  leakyRelu: (x) => core.leakyRelu(x!, 0.2),
  relu: (x) => core.relu(x!),
  abs: (x) => core.abs(x!),
  clamp: (x) => core.clamp(x!, { min: -2, max: 0.5 }),
  maximum: (a, b) => core.maximum(a!, b!),
  minimum: (a, b) => core.minimum(a!, b!),
  pow: (a, b) => core.pow(a!, b!),
  amax: (x) => core.amax(x!, { axis: 1 }),
  amin: (x) => core.amin(x!, { axis: [0, 1] }),
  logSumExp: (x) => core.logSumExp(x!, { axis: [0, 2] }),
  softmax: (x) => core.softmax(x!, { axis: 0 }),
  logSoftmax: (x) => core.logSoftmax(x!, { axis: 1 }),
  var: (x) => core.variance(x!, { axis: [0, 2] }),
  varPopulation: (x) => core.variance(x!, { axis: 1, correction: 0, keepDims: true }),
  std: (x) => core.std(x!, { axis: 0 }),
  conv2d: (x, w, b) => core.conv2d(x!, w!, b!, { stride: [2, 1], padding: [1, 2], dilation: [1, 2] }),
  convTranspose2d: (x, w, b) => core.convTranspose2d(x!, w!, b!, { stride: 2, padding: 1, outputPadding: 1 }),
  maxPool2d: (x) => core.maxPool2d(x!, 3, { stride: 2, padding: 1 }),
  avgPool2d: (x) => core.avgPool2d(x!, [2, 3], { stride: 1, padding: [1, 0] }),
  cumsum: (x) => core.cumsum(x!, { axis: 1 }),
  gather: (x) => core.gather(x!, tensor(index), { axis: 1 }),
  scatterAdd: (x) => core.scatterAdd(x!, tensor(index), 4, { axis: 1 }),
  indexSelect: (x) => core.indexSelect(x!, places, { axis: 0 }),
  indexAdd: (x) => core.indexAdd(x!, places, 5),
  matmulBatch: (a, b) => core.matmul(a!, b!),
  matmulVector: (a, b) => core.matmul(a!, b!),
  tril: (x) => core.tril(x!, { diagonal: -1 }),
  linearTanh: (x, w, b) => core.linear(x!, w!, b!, { activation: 'tanh' }),
  bceWithLogits: (x, t) => core.sigmoidCrossEntropy(x!, t!),
  klStandardNormal: (mu, logVar) => core.standardNormalKl(mu!, logVar!),
};

export const cases: Fixtures['cases'] = fixtures.cases;
