/**
 * What callers without a type checker get for wrong arguments and options of nn: one sentence, word for word, and never a TypeError.
 * Each row is a whole call as text, as such a caller writes it.
 */
import * as core from '@varigrad/core';
import * as nn from '@varigrad/nn';
import { test } from 'uvu';
import { refusedCalls } from '../helpers/refused-calls.js';
import { refuses } from '../helpers/refuses.js';

const layer = new nn.Linear(2, 3);
const scope = {
  ...core,
  ...nn,
  layer,
  model: new nn.Sequential(layer, new nn.ReLU()),
  adam: new nn.Adam(layer.parameters()),
  x: core.tensor([
    [1, 2],
    [3, 4],
  ]),
};

const refused = refusedCalls(scope);

refused('layers', [
  ['new Linear(3)', 'Linear: outFeatures must be a whole number above 0, found undefined'],
  ['new Linear([3, 4])', 'Linear: inFeatures must be a whole number above 0, found [3, 4]'],
  [
    'new Linear(3, 4, { biass: true })',
    "Linear: unknown option 'biass' — did you mean 'bias'? (options: bias, activation, generator)",
  ],
  [
    'new Linear(3, 4, false)',
    'Linear: options must be an object, found false — write new Linear(inFeatures, outFeatures, { bias: false })',
  ],
  [
    "new Linear(3, 4, { activation: 'rleu' })",
    "Linear: activation must be one of 'none', 'relu', 'sigmoid', 'tanh', found 'rleu' — did you mean 'relu'?",
  ],
  [
    'new Linear(3, 4, { generator: 5 })',
    'rand: generator must be a Generator, found 5 — write new Generator(seed)',
  ],
  [
    'layer.forward([1, 2])',
    'linear: an operand must be a tensor or a number, found [1, 2] — write tensor([1, 2])',
  ],
  ['new Conv2d(1, 2)', 'Conv2d: kernelSize must be one or two whole numbers above 0, found undefined'],
  ['new Conv2d(1)', 'Conv2d: outChannels must be a whole number above 0, found undefined'],
  ['new Conv2d(1, 2, [3])', 'Conv2d: kernelSize must be one or two whole numbers above 0, found [3]'],
  [
    'new Conv2d(1, 2, 3, 2)',
    'Conv2d: options must be an object, found 2 — write new Conv2d(inChannels, outChannels, kernelSize, { stride: 2 })',
  ],
  [
    'new Conv2d(1, 2, 3, { groups: 2 })',
    "Conv2d: unknown option 'groups' (options: stride, padding, dilation, bias, generator)",
  ],
  [
    'new ConvTranspose2d(1, 2, 3, { output_padding: 1 })',
    "ConvTranspose2d: unknown option 'output_padding' — did you mean 'outputPadding'? (options: stride, padding, dilation, bias, generator, outputPadding)",
  ],
  ['new MaxPool2d()', 'MaxPool2d: kernelSize must be one or two whole numbers above 0, found undefined'],
  [
    'new AvgPool2d(2, 1)',
    'AvgPool2d: options must be an object, found 1 — write new AvgPool2d(kernelSize, { stride: 1 })',
  ],
  ['new BatchNorm1d()', 'BatchNorm1d: features must be a whole number above 0, found undefined'],
  ['new BatchNorm2d([2])', 'BatchNorm2d: channels must be a whole number above 0, found [2]'],
  [
    'new BatchNorm1d(2, { eps: 1e-3 })',
    "BatchNorm1d: unknown option 'eps' — did you mean 'epsilon'? (options: epsilon, momentum)",
  ],
  [
    "new BatchNorm1d(2, { momentum: '0.1' })",
    "BatchNorm1d: momentum must be a number from 0 to 1, found '0.1'",
  ],
  [
    'new BatchNorm1d(2).forward([[1, 2]])',
    'BatchNorm1d: x must be a tensor, found [[1, 2]] — write tensor([[1, 2]])',
  ],
  ['new Dropout({ p: 0.5 })', 'Dropout: p must be a number in [0, 1), found { p: 0.5 }'],
  ['new Dropout(0.5, { seed: 1 })', "Dropout: unknown option 'seed' (options: generator)"],
  ['new Dropout(0.5).forward(1)', 'Dropout: x must be a tensor, found 1 — write tensor(1)'],
  ['new Flatten().forward(undefined)', 'Flatten: x must be a tensor, found undefined'],
  [
    'new Unflatten(1, 28, 28)',
    'Unflatten: the shape must be an array, found 1 — write new Unflatten([1, …])',
  ],
  ["new Unflatten([1, '28'])", "Unflatten: an axis length must be a whole number above 0, found '28'"],
  ["new LeakyReLU('0.1')", "LeakyReLU: slope must be a number, found '0.1'"],
  ['new ELU({ alpha: 1 })', 'ELU: alpha must be a number, found { alpha: 1 }'],
  ['new ReLU().forward([1])', 'relu: an operand must be a tensor or a number, found [1] — write tensor([1])'],
  ['new Tanh().forward()', 'tanh: an operand must be a tensor or a number, found undefined'],
]);

refused('containers and modules', [
  [
    'new Sequential([layer, new ReLU()])',
    'Sequential: layers are separate arguments, found [an instance of Linear, an instance of ReLU] — write new Sequential(...layers)',
  ],
  [
    'new Sequential(layer, relu)',
    'Sequential: layer 1 must be a module with a forward method, found a function',
  ],
  [
    'new Sequential(undefined)',
    'Sequential: layer 0 must be a module with a forward method, found undefined',
  ],
  ["model.train('false')", "train: mode must be true or false, found 'false'"],
  ['model.loadStateDict()', 'loadStateDict: the state must be what stateDict() returned, found undefined'],
  [
    'model.loadStateDict(model)',
    'loadStateDict: the state must be what stateDict() returned, found an instance of Sequential — write module.stateDict()',
  ],
  [
    'model.loadStateDict(model.stateDictAsync())',
    'loadStateDict: the state must be what stateDict() returned, found a promise — await it first',
  ],
  [
    "model.loadStateDict({ '0.weight': [1, 2] })",
    "loadStateDict: '0.weight' must be { shape, data }, found [1, 2]",
  ],
  [
    'model.loadStateDict(model.stateDict(), false)',
    'loadStateDict: options must be an object, found false — write loadStateDict(state, { strict: false })',
  ],
  [
    'encodeSafetensors(model)',
    'encodeSafetensors: the state must be a state dict, found an instance of Sequential — write module.stateDict()',
  ],
  ['encodeSafetensors()', 'encodeSafetensors: the state must be a state dict, found undefined'],
  [
    'decodeSafetensors(new ArrayBuffer(8))',
    'decodeSafetensors: bytes must be a Uint8Array, found an instance of ArrayBuffer',
  ],
]);

refused('losses', [
  ['mse(x)', 'mse: target must be a tensor, found undefined'],
  ['mse([1], x)', 'mse: prediction must be a tensor, found [1] — write tensor([1])'],
  [
    "mse(x, x, 'sum')",
    "mse: options must be an object, found 'sum' — write mse(prediction, target, { reduction: 'sum' })",
  ],
  ["mse(x, x, { reduce: 'sum' })", "mse: unknown option 'reduce' (options: reduction)"],
  [
    "bce(x, x, { reduction: 'summ' })",
    "bce: reduction must be one of 'none', 'mean', 'sum', found 'summ' — did you mean 'sum'?",
  ],
  ['bceWithLogits(x, 1)', 'bceWithLogits: target must be a tensor, found 1 — write tensor(1)'],
  ['crossEntropy(x, [1, 2])', 'crossEntropy: target must be a tensor, found [1, 2] — write tensor([1, 2])'],
  [
    'gaussianNll(x, [0], x)',
    'gaussianNll: logVar must be a tensor or a number, found [0] — write tensor([0])',
  ],
  ['gaussianNll(x, x)', 'gaussianNll: target must be a tensor, found undefined'],
  ['klStandardNormal(x)', 'klStandardNormal: logVar must be a tensor, found undefined'],
  [
    'klNormal(x, x)',
    'klNormal: q must be { mu, logVar }, found a tensor [2, 2] — write klNormal({ mu, logVar }, { mu, logVar })',
  ],
  [
    'klNormal({ mu: x, logVar: x })',
    'klNormal: p must be { mu, logVar }, found undefined — write klNormal({ mu, logVar }, { mu, logVar })',
  ],
  ['klNormal({ mu: [1], logVar: x }, {})', 'klNormal: q.mu must be a tensor, found [1] — write tensor([1])'],
]);

refused('initial weights', [
  ['uniform([1])', 'uniform: t must be a tensor, found [1] — write tensor([1])'],
  ['uniform(x, { generator: 1 })', 'uniform: low must be a number, found { generator: 1 }'],
  ['uniform(x, 0, 1, { seed: 1 })', "uniform: unknown option 'seed' (options: generator)"],
  ["normal(x, 0, '1')", "normal: std must be a number of at least 0, found '1'"],
  [
    'normal(x, 0, 1, 5)',
    'normal: options must be an object, found 5 — write normal(t, mean, std, { generator: 5 })',
  ],
  ['constant(x)', 'constant: value must be a number, found undefined'],
  [
    "kaimingUniform(x, { mode: 'fan_in' })",
    "kaimingUniform: mode must be one of 'fanIn', 'fanOut', found 'fan_in' — did you mean 'fanIn'?",
  ],
  ['kaimingNormal(x, { a: 1 })', "kaimingNormal: unknown option 'a' (options: mode, slope, generator)"],
  [
    'xavierUniform(x, 2)',
    'xavierUniform: options must be an object, found 2 — write xavierUniform(t, { gain: 2 })',
  ],
  ['xavierNormal()', 'xavierNormal: t must be a tensor, found undefined'],
]);

refused('optimizers', [
  [
    'new Adam({ learningRate: 0.1 })',
    'Adam: parameters must be an array of tensors, found { learningRate: 0.1 } — write new Adam(model.parameters(), …)',
  ],
  [
    'new Adam(model)',
    'Adam: parameters must be an array of tensors, found an instance of Sequential — write new Adam(model.parameters(), …)',
  ],
  ['new Adam([layer])', 'Adam: parameter 0 must be a tensor, found an instance of Linear'],
  [
    'new Adam(layer.parameters(), { lr: 0.1 })',
    "Adam: unknown option 'lr' — did you mean 'learningRate'? (options: learningRate, beta1, beta2, epsilon, weightDecay)",
  ],
  [
    'new Adam(layer.parameters(), { betas: [0.9, 0.99] })',
    "Adam: unknown option 'betas' — did you mean 'beta1' and 'beta2'? (options: learningRate, beta1, beta2, epsilon, weightDecay)",
  ],
  [
    'new AdamW(layer.parameters(), 0.1)',
    'AdamW: options must be an object, found 0.1 — write new AdamW(parameters, { learningRate: 0.1 })',
  ],
  [
    "new Adam([x], { learningRate: '0.1' })",
    "Adam: learningRate must be a number of at least 0, found '0.1'",
  ],
  ['new AdamW([x], { beta1: 1 })', 'AdamW: beta1 must be a number in [0, 1), found 1'],
  [
    'new SGD(layer.parameters(), { weight_decay: 0.1 })',
    "SGD: unknown option 'weight_decay' — did you mean 'weightDecay'? (options: learningRate, momentum, dampening, nesterov, weightDecay)",
  ],
  ['new SGD([x], { dampening: null })', 'SGD: dampening must be a number of at least 0, found null'],
  [
    'adam.loadStateDict()',
    "loadStateDict: the state must be what the optimizer's stateDict() returned, found undefined",
  ],
  [
    'clipGradNorm(model, 1)',
    'clipGradNorm: parameters must be an array of tensors, found an instance of Sequential — write clipGradNorm(model.parameters(), …)',
  ],
  ['clipGradNorm(layer.parameters())', 'clipGradNorm: maxNorm must be a number above 0, found undefined'],
  ['stepSchedule()', 'stepSchedule: size must be a number above 0, found undefined'],
  ["exponentialSchedule('0.9')", "exponentialSchedule: gamma must be a number of at least 0, found '0.9'"],
  ['cosineSchedule({ total: 5 })', 'cosineSchedule: total must be a number above 0, found { total: 5 }'],
  ['warmupSchedule(5, 0.1)', 'warmupSchedule: next must be a function, found 0.1'],
]);

refused('flags, rates, scalars and sparse arrays', [
  ["new Linear(3, 4, { bias: 'no' })", "Linear: bias must be true or false, found 'no'"],
  ['new Conv2d(1, 1, 1, { bias: 0 })', 'Conv2d: bias must be true or false, found 0'],
  ['new Conv2d(1, 1, [, 2])', 'Conv2d: kernelSize must be one or two whole numbers above 0, found [, 2]'],
  ["layer.loadStateDict({}, { strict: 'no' })", "loadStateDict: strict must be true or false, found 'no'"],
  ['mse(x, x, { reduction: null })', "mse: reduction must be one of 'none', 'mean', 'sum', found null"],
  ['adam.learningRate = -1', 'Adam: learningRate must be a number of at least 0, found -1'],
  ['adam.learningRate = NaN', 'Adam: learningRate must be a number of at least 0, found NaN'],
  ['adam.learningRate = Infinity', 'Adam: learningRate must be a number of at least 0, found Infinity'],
  ['new SGD([x], { momentum: Infinity })', 'SGD: momentum must be a number of at least 0, found Infinity'],
  [
    'new BatchNorm1d(2, { epsilon: Infinity })',
    'BatchNorm1d: epsilon must be a number above 0, found Infinity',
  ],
  ['cosineSchedule(Infinity)', 'cosineSchedule: total must be a number above 0, found Infinity'],
  ["adam.learningRate = '0.1'", "Adam: learningRate must be a number of at least 0, found '0.1'"],
  [
    'new SGD([layer.weight.mul(2)])',
    "SGD: parameters must be leaves, found a result [3, 2] of 'mul', which receives no gradient — pass what it was computed from",
  ],
  [
    'layer.loadStateDict({ weight: { shape: [3, 2], data: [1, 2, 3, 4, 5, 6] }, bias: { shape: [3], data: [1, , 3] } })',
    "loadStateDict: 'bias' must have a Float32Array as data, found [1, , 3]",
  ],
]);

test('scalars in place of batches', () => {
  const { tensor } = core;
  const { crossEntropy, Flatten, klStandardNormal } = nn;
  refuses(() => new Flatten().forward(tensor(1)), 'Flatten: x must be [batch, …], found a scalar');
  refuses(
    () => klStandardNormal(tensor(1), tensor(1)),
    'klStandardNormal: mu must be [batch, latent], found a scalar',
  );
  refuses(
    () => crossEntropy(tensor(1), tensor(0)),
    'crossEntropy: logits must be [batch, classes, …] or [classes], found a scalar',
  );
});

test.run();
