/**
 * Error messages for callers without a type checker: each row has a call with a wrong argument or option and the exact message.
 * No call may throw a TypeError. Calls that do not compile are written as text.
 */
import * as core from '@varigrad/core';
import * as checks from '@varigrad/core/checks';
import * as testing from '@varigrad/core/testing';
import * as trace from '@varigrad/core/trace';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { refusedCalls } from '../helpers/refused-calls.js';

const { backend, randn, tensor } = core;

const scope = {
  ...core,
  ...testing,
  ...trace,
  x: tensor(
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    { requiresGrad: true },
  ),
  images: randn([1, 1, 4, 4]),
  kernel: randn([1, 1, 2, 2]),
  current: backend(),
};

const refused = refusedCalls(scope);

refused('options that are not an object', [
  ['x.sum(0)', 'sum: options must be an object, found 0 — write sum({ axis: 0 })'],
  ['x.sum([0, 1])', 'sum: options must be an object, found [0, 1] — write sum({ axis: [0, 1] })'],
  ['x.sum(null)', 'sum: options must be an object, found null — write sum({ axis: … })'],
  ['x.sum(x)', 'sum: options must be an object, found a tensor [2, 3] — write sum({ axis: … })'],
  ['x.mean(0)', 'mean: options must be an object, found 0 — write mean({ axis: 0 })'],
  ['x.variance(0)', 'variance: options must be an object, found 0 — write variance({ axis: 0 })'],
  ['x.std(0)', 'std: options must be an object, found 0 — write std({ axis: 0 })'],
  ['x.amax(1)', 'amax: options must be an object, found 1 — write amax({ axis: 1 })'],
  ['x.amin(1)', 'amin: options must be an object, found 1 — write amin({ axis: 1 })'],
  ['x.logSumExp(1)', 'logSumExp: options must be an object, found 1 — write logSumExp({ axis: 1 })'],
  ['x.argmax(1)', 'argmax: options must be an object, found 1 — write argmax({ axis: 1 })'],
  ['x.softmax(0)', 'softmax: options must be an object, found 0 — write softmax({ axis: 0 })'],
  ['x.logSoftmax(0)', 'logSoftmax: options must be an object, found 0 — write logSoftmax({ axis: 0 })'],
  ['x.cumsum(1)', 'cumsum: options must be an object, found 1 — write cumsum({ axis: 1 })'],
  ['x.flip(0)', 'flip: options must be an object, found 0 — write flip({ axis: 0 })'],
  ['x.clamp(0, 1)', 'clamp: options must be an object, found 0 — write clamp({ min: 0 })'],
  ['x.clamp()', 'clamp: options must be an object, found undefined — write clamp({ min: … })'],
  ['x.split(2, 1)', 'split: options must be an object, found 1 — write split(size, { axis: 1 })'],
  ['x.slice(1, 0, 2)', 'slice: options must be an object, found 2 — write slice(start, end, { axis: 2 })'],
  ['x.gather(x, 1)', 'gather: options must be an object, found 1 — write gather(index, { axis: 1 })'],
  [
    'x.indexSelect([0], 1)',
    'indexSelect: options must be an object, found 1 — write indexSelect(index, { axis: 1 })',
  ],
  [
    'scatterAdd(x, x, 0, 2)',
    'scatterAdd: options must be an object, found 2 — write scatterAdd(source, index, length, { axis: 2 })',
  ],
  [
    'indexAdd(x, [0, 1], 2, 1)',
    'indexAdd: options must be an object, found 1 — write indexAdd(source, index, length, { axis: 1 })',
  ],
  ['concat([x], 1)', 'concat: options must be an object, found 1 — write concat(tensors, { axis: 1 })'],
  ['stack([x], 1)', 'stack: options must be an object, found 1 — write stack(tensors, { axis: 1 })'],
  ['x.pad([[0, 0], [0, 0]], 1)', 'pad: options must be an object, found 1 — write pad(widths, { value: 1 })'],
  ['x.tril(1)', 'tril: options must be an object, found 1 — write tril({ diagonal: 1 })'],
  ['x.triu(1)', 'triu: options must be an object, found 1 — write triu({ diagonal: 1 })'],
  [
    'x.matmul(x, true)',
    'matmul: options must be an object, found true — write matmul(b, { transposeA: true })',
  ],
  [
    "linear(x, x, null, 'relu')",
    "linear: options must be an object, found 'relu' — write linear(x, weight, bias, { activation: 'relu' })",
  ],
  [
    'maxPool2d(images, 2, 1)',
    'maxPool2d: options must be an object, found 1 — write maxPool2d(x, kernelSize, { stride: 1 })',
  ],
  [
    'tensor([1, 2], [2])',
    'tensor: options must be an object, found [2] — write tensor(values, { shape: [2] })',
  ],
  [
    'full([2], 1, true)',
    'full: options must be an object, found true — write full(shape, value, { requiresGrad: true })',
  ],
  [
    'zeros([2], true)',
    'zeros: options must be an object, found true — write zeros(shape, { requiresGrad: true })',
  ],
  ['eye(2, true)', 'eye: options must be an object, found true — write eye(n, { requiresGrad: true })'],
  ["init('wasm')", "init: options must be an object, found 'wasm' — write init({ backend: 'wasm' })"],
  ['createWasm(4)', 'createWasm: options must be an object, found 4 — write createWasm({ threads: 4 })'],
  ['debug()', 'debug: options must be an object, found undefined — write debug({ nan: … })'],
]);

refused('unknown options', [
  ['x.sum({ dim: 0 })', "sum: unknown option 'dim' — did you mean 'axis'? (options: axis, keepDims)"],
  [
    'x.mean({ axis: 0, keepdim: true })',
    "mean: unknown option 'keepdim' — did you mean 'keepDims'? (options: axis, keepDims)",
  ],
  [
    'x.amax({ keep_dims: true })',
    "amax: unknown option 'keep_dims' — did you mean 'keepDims'? (options: axis, keepDims)",
  ],
  [
    'x.std({ ddof: 0 })',
    "std: unknown option 'ddof' — did you mean 'correction'? (options: axis, keepDims, correction)",
  ],
  ['x.softmax({ axes: 0 })', "softmax: unknown option 'axes' — did you mean 'axis'? (options: axis)"],
  ['x.argmax({ aixs: 1 })', "argmax: unknown option 'aixs' — did you mean 'axis'? (options: axis, keepDims)"],
  ['x.triu({ k: 1 })', "triu: unknown option 'k' (options: diagonal)"],
  [
    'x.matmul(x, { transpose_b: true })',
    "matmul: unknown option 'transpose_b' — did you mean 'transposeB'? (options: transposeA, transposeB)",
  ],
  [
    'conv2d(images, kernel, null, { groups: 2 })',
    "conv2d: unknown option 'groups' (options: stride, padding, dilation)",
  ],
  [
    'convTranspose2d(images, kernel, null, { output_padding: 1 })',
    "convTranspose2d: unknown option 'output_padding' — did you mean 'outputPadding'? (options: stride, padding, dilation, outputPadding)",
  ],
  [
    'avgPool2d(images, 2, { strides: 2 })',
    "avgPool2d: unknown option 'strides' — did you mean 'stride'? (options: stride, padding)",
  ],
  [
    'tensor([1], { requires_grad: true })',
    "tensor: unknown option 'requires_grad' — did you mean 'requiresGrad'? (options: shape, requiresGrad, name)",
  ],
  ['randn([2], { seed: 1 })', "randn: unknown option 'seed' (options: generator, requiresGrad, name)"],
  [
    'x.sum().backward(undefined, { retain_graph: true })',
    "backward: unknown option 'retain_graph' — did you mean 'retainGraph'? (options: retainGraph, createGraph)",
  ],
  [
    'init({ thread: 2 })',
    "init: unknown option 'thread' — did you mean 'threads'? (options: backend, threads)",
  ],
  [
    "init({ device: 'wasm' })",
    "init: unknown option 'device' — did you mean 'backend'? (options: backend, threads)",
  ],
  [
    'explain(x.sum(), x, { maxPath: 1 })',
    "explain: unknown option 'maxPath' — did you mean 'maxPaths'? (options: names, maxPaths, check)",
  ],
  [
    'profile(() => 1, { name: [] })',
    "profile: unknown option 'name' — did you mean 'names'? (options: names, modules)",
  ],
  [
    'gradcheck((t) => t, [x], { eps: 1 })',
    "gradcheck: unknown option 'eps' — did you mean 'epsilon'? (options: order, epsilon, tolerance, seed, name, wrt)",
  ],
]);

refused('options passed too early', [
  [
    'conv2d(images, kernel, { groups: 2 })',
    'conv2d: options come after the bias, found { groups: 2 } — write conv2d(x, weight, null, { groups: 2 })',
  ],
  [
    "linear(x, x, { activation: 'relu' })",
    "linear: options come after the bias, found { activation: 'relu' } — write linear(x, weight, null, { activation: 'relu' })",
  ],
  [
    'x.sum().backward({ retainGraph: true })',
    'backward: options come after dy, found { retainGraph: true } — write backward(undefined, { retainGraph: true })',
  ],
  [
    'x.slice({ axis: 0 })',
    'slice: positions must be integers, found { axis: 0 } — write slice(start, end, { axis: 0 })',
  ],
  ['full([2], { name: 1 })', 'full: the value must be a number, found { name: 1 }'],
  ['arange(5, { name: 1 })', 'arange: start and end must be finite numbers, found 5 and { name: 1 }'],
]);

refused('option values', [
  [
    "linear(x, x, null, { activation: 'rleu' })",
    "linear: activation must be one of 'none', 'relu', 'sigmoid', 'tanh', found 'rleu' — did you mean 'relu'?",
  ],
  ["init({ backend: 'gpu' })", "init: backend must be one of 'auto', 'wasm', 'reference', found 'gpu'"],
  ["x.sum({ axis: '0' })", "sum: an axis must be one whole number, found '0'"],
  ['x.sum({ axis: null })', 'sum: an axis must be one whole number, found null'],
  ['x.argmax({ axis: [0] })', 'argmax: an axis must be one whole number, found [0]'],
  ["x.std({ correction: 'a' })", "std: correction must be a number, found 'a'"],
  ["x.pad([[0, 0], [0, 0]], { value: 'a' })", "pad: value must be a number, found 'a'"],
  ["x.tril({ diagonal: 'a' })", "tril: diagonal must be a number that is whole, found 'a'"],
  [
    "conv2d(images, kernel, null, { stride: '2' })",
    "conv2d: stride must be one or two whole numbers ≥ 1, found '2'",
  ],
  ['tensor([1], { name: 5 })', 'tensor: name must be a string, found 5'],
  [
    'tensor([1], { shape: 1 })',
    'tensor: the shape must be an array, found 1 — write tensor(values, { shape: [1, …] })',
  ],
  [
    'randn([2], { generator: 5 })',
    'randn: generator must be a Generator, found 5 — write new Generator(seed)',
  ],
  ['whyNoGrad(x, x, { names: 3 })', 'whyNoGrad: names must be iterable, found 3'],
  ['whyNoGrad(x, x, { names: [5] })', 'whyNoGrad: names must be pairs of a name and a tensor, found [5]'],
  [
    "explain(() => x.sum(), x, { names: ['x'] })",
    "explain: names must be pairs of a name and a tensor, found ['x']",
  ],
  [
    "detectAnomaly(() => x, { modules: [['a', null]] })",
    "detectAnomaly: modules must be pairs of a name and a module, found [['a', null]]",
  ],
  [
    'recordGraph(() => x, { modules: [5] })',
    'recordGraph: modules must be pairs of a name and a module, found [5]',
  ],
  [
    'profile(() => x, { names: [null] })',
    'profile: names must be pairs of a name and a tensor, found [null]',
  ],
  ["explain(x.sum(), x, { maxPaths: '3' })", "explain: maxPaths must be a number of at least 0, found '3'"],
  ["explain(x.sum(), x, { check: 'no' })", "explain: check must be true or false, found 'no'"],
  ['layout({ nodes: [] }, { depth: NaN })', 'layout: depth must be a number of at least 0, found NaN'],
  ["toSVG({ nodes: [] }, { collapsed: 'enc' })", "layout: collapsed must be paths of modules, found 'enc'"],
  ['toSVG({ nodes: [] }, { collapsed: [5] })', 'layout: collapsed must be paths of modules, found [5]'],
  ['toSVG({ nodes: [] }, { title: 5 })', 'toSVG: title must be a string, found 5'],
  ["toSVG({ nodes: [] }, { gradients: 'no' })", "toSVG: gradients must be true or false, found 'no'"],
  [
    "toSVG({ nodes: [] }, { foldConstants: 'no' })",
    "layout: foldConstants must be true or false, found 'no'",
  ],
  ['toFlameSVG([], { title: null })', 'toFlameSVG: title must be a string, found null'],
  ['toFlameSVG([], { width: NaN })', 'toFlameSVG: width must be a number above 24, found NaN'],
  ["toFlameSVG([], { width: '9' })", "toFlameSVG: width must be a number above 24, found '9'"],
]);

refused('operands', [
  ['x.add([1, 2])', 'add: an operand must be a tensor or a number, found [1, 2] — write tensor([1, 2])'],
  ['x.add()', 'add: an operand must be a tensor or a number, found undefined'],
  ["x.add('a')", "add: an operand must be a tensor or a number, found 'a'"],
  ['x.add(null)', 'add: an operand must be a tensor or a number, found null'],
  ['x.add(true)', 'add: an operand must be a tensor or a number, found true'],
  [
    'x.add(Promise.resolve(1))',
    'add: an operand must be a tensor or a number, found a promise — await it first',
  ],
  ['x.add(new Float32Array(2))', 'add: an operand must be a tensor or a number, found Float32Array(2)'],
  ['x.add(new Map())', 'add: an operand must be a tensor or a number, found an instance of Map'],
  ['x.add(() => 1)', 'add: an operand must be a tensor or a number, found a function'],
  ['x.where(1)', 'where: an operand must be a tensor or a number, found undefined'],
  ['x.leakyRelu({ slope: 1 })', 'leakyRelu: an operand must be a tensor or a number, found { slope: 1 }'],
  ['x.matmul(undefined)', 'matmul: an operand must be a tensor or a number, found undefined'],
  ['exp()', 'exp: an operand must be a tensor or a number, found undefined'],
  ['sum([1])', 'sum: an operand must be a tensor or a number, found [1] — write tensor([1])'],
  ['mean([1], { axis: 0 })', 'mean: an operand must be a tensor or a number, found [1] — write tensor([1])'],
  ["softmax('a')", "softmax: an operand must be a tensor or a number, found 'a'"],
  ['reshape([1], [1])', 'reshape: an operand must be a tensor or a number, found [1] — write tensor([1])'],
  ['conv2d()', 'conv2d: an operand must be a tensor or a number, found undefined'],
  ['conv2d(images, kernel, [1])', 'conv2d: the bias must be a tensor or null, found [1] — write tensor([1])'],
  ['linear(x)', 'linear: an operand must be a tensor or a number, found undefined'],
  ['x.gather([0])', 'gather: the index must be a tensor, found [0] — write tensor([0])'],
  ['scatterAdd(x, [0], 2)', 'scatterAdd: the index must be a tensor, found [0] — write tensor([0])'],
  ['x.indexSelect(0)', 'indexSelect: the index must be an array, found 0 — write indexSelect([0, …])'],
  ['indexAdd(x, 0, 2)', 'indexAdd: the index must be an array, found 0 — write indexAdd(source, [0, …])'],
  ['concat(x, x)', 'concat: the tensors must be an array, found a tensor [2, 3] — write concat([…])'],
  ['concat([x, 1])', 'concat: each item to join must be a tensor, found 1 — write tensor(1)'],
  ['stack(x, x)', 'stack: the tensors must be an array, found a tensor [2, 3] — write stack([…])'],
  ['x.assign([1])', 'assign: the source must be a tensor, found [1] — write tensor([1])'],
  ['x.grad = 5', 'grad: a gradient must be a tensor or null, found 5 — write tensor(5)'],
  ['x.sum().backward(1)', 'backward: dy must be a tensor, found 1 — write tensor(1)'],
  [
    'gradients(x.sum(), x)',
    'gradients: xs must be an array, found a tensor [2, 3] — write gradients(y, […])',
  ],
  ['parameter([1])', 'parameter: values must be a tensor, found [1] — write tensor([1])'],
  ['bernoulli(0.5)', 'bernoulli: p must be a tensor, found 0.5 — write tensor(0.5)'],
  ['toSVG(x)', 'toSVG: the graph must be what trace or recordGraph returns, found a tensor [2, 3]'],
]);

refused('shapes, axes and positions', [
  ['zeros(2, 3)', 'zeros: the shape must be an array, found 2 — write zeros([2, …])'],
  ['randn(5)', 'randn: the shape must be an array, found 5 — write randn([5, …])'],
  ['ones(x)', 'ones: the shape must be an array, found a tensor [2, 3] — write ones([…])'],
  ['x.reshape(2, 2)', 'reshape: the shape must be an array, found 2 — write reshape([2, …])'],
  ['x.reshape()', 'reshape: the shape must be an array, found undefined — write reshape([…])'],
  ['x.expand(2, 3)', 'expand: the shape must be an array, found 2 — write expand([2, …])'],
  ['x.sumToSize(2)', 'sumToSize: the shape must be an array, found 2 — write sumToSize([2, …])'],
  ['x.permute(1, 0)', 'permute: the axes must be an array, found 1 — write permute([1, …])'],
  ['x.transpose([1, 0])', 'transpose: an axis must be one whole number, found [1, 0]'],
  ['x.unsqueeze()', 'unsqueeze: an axis must be one whole number, found undefined'],
  ['x.flatten({ startAxis: 1 })', 'flatten: an axis must be one whole number, found { startAxis: 1 }'],
  ['x.slice()', 'slice: positions must be integers, found undefined'],
  ['x.split()', 'split: the size must be a positive whole number, found undefined'],
  ['x.pad()', 'pad: widths must be 2 pairs of whole numbers ≥ 0, found undefined'],
  ['x.pad([1, 1])', 'pad: widths must be 2 pairs of whole numbers ≥ 0, found [1, 1]'],
  ['maxPool2d(images)', 'maxPool2d: the kernel must be one or two whole numbers ≥ 1, found undefined'],
  ["x.named('a', 'b')", "named: the names of the axes must be an array, found 'b' — write named(label, […])"],
  ['x.named()', 'named: the name must be a string, found undefined'],
]);

refused('values', [
  ['tensor()', 'tensor: values must be a number, nested arrays of numbers or a typed array, found undefined'],
  [
    'tensor(x)',
    'tensor: values must be a number, nested arrays of numbers or a typed array, found a tensor [2, 3] — use clone() or detach() to copy a tensor',
  ],
  [
    'tensor(new BigInt64Array(2))',
    'tensor: values must be a number, nested arrays of numbers or a typed array, found BigInt64Array(2)',
  ],
  ["tensor([1, 'a'])", "tensor: values must be numbers, found 'a'"],
  ['full([2])', 'full: the value must be a number, found undefined'],
  ['linspace(0)', 'linspace: end must be a number, found undefined'],
  ["arange('a')", "arange: start and end must be finite numbers, found 0 and 'a'"],
  ['oneHot(x, 3)', 'oneHot: labels must be an array of whole numbers, found a tensor [2, 3]'],
  ["oneHot(['a'], 3)", "oneHot: labels must be whole numbers in 0 … 2, found 'a' at index 0"],
  ["manualSeed('a')", "manualSeed: the seed must be a whole number from 0 to 2⁶⁴ − 1, found 'a'"],
  ['manualSeed()', 'manualSeed: the seed must be a whole number from 0 to 2⁶⁴ − 1, found undefined'],
  ["new Generator('a')", "Generator: the seed must be a whole number from 0 to 2⁶⁴ − 1, found 'a'"],
  [
    "setBackend('wasm')",
    "setBackend: the backend must be an object with kernels, found 'wasm' — write await init({ backend: 'wasm' })",
  ],
  [
    'withBackend(init(), () => 1)',
    'withBackend: the backend must be an object with kernels, found a promise — pass the result of createWasm(), createReference() or await gpu()',
  ],
  ['createReference(5)', 'createReference: the array type must be Float32Array or Float64Array, found 5'],
]);

refused('functions', [
  ['grad(3)', 'grad: the first argument must be a function, found 3'],
  ['valueAndGrad()', 'valueAndGrad: the first argument must be a function, found undefined'],
  ['grad((t) => t.sum())(3)', 'grad: an input must be a tensor, found 3 — write tensor(3)'],
  ['grad(() => 3)(x)', 'grad: the value of the function must be a tensor, found 3 — write tensor(3)'],
  ['grad(async (t) => t)(x)', 'grad: the function is asynchronous — await outside of grad'],
  ['scope(async () => {})', 'scope: the function is asynchronous — await outside of scope'],
  ['scope()', 'scope: the first argument must be a function, found undefined'],
  ['noGrad(async () => {})', 'noGrad: the function is asynchronous — await outside of noGrad'],
  ['noGrad(async () => { throw 1; })', 'noGrad: the function is asynchronous — await outside of noGrad'],
  ['noGrad(x)', 'noGrad: the first argument must be a function, found a tensor [2, 3]'],
  [
    'withBackend(current, async () => {})',
    'withBackend: the function is asynchronous — await outside of withBackend',
  ],
  ['withBackend(current)', 'withBackend: the second argument must be a function, found undefined'],
  [
    'withRecorder(null, async () => {})',
    'withRecorder: the function is asynchronous — await outside of withRecorder',
  ],
  ['detectAnomaly(3)', 'detectAnomaly: the first argument must be a function, found 3'],
  ['trace(x)', 'trace: the first argument must be a function, found a tensor [2, 3]'],
  ['recordGraph(async () => x)', 'recordGraph: the function is asynchronous — await outside of recordGraph'],
  ['profile(async () => x)', 'profile: the function is asynchronous — await outside of profile'],
  [
    'explain(3, x)',
    'explain: the loss must be a tensor or a function that computes one, found 3 — write tensor(3)',
  ],
  ['whyNoGrad(x, async () => x)', 'whyNoGrad: the function is asynchronous — await outside of whyNoGrad'],
  ['gradcheck(3)', 'gradcheck: the first argument must be a function, found 3'],
]);

refused('arguments beyond the last', [
  ['x.exp(2)', 'exp: unexpected argument 2 — the method takes none'],
  ['x.add(1, 2)', 'add: unexpected argument 2 — the method takes one'],
  ['x.unsqueeze(0, 1)', 'unsqueeze: unexpected argument 1 — the method takes one'],
  ['x.transpose(0, 1, 2)', 'transpose: unexpected argument 2 — the method takes at most 2'],
  ['x.clamp({ min: 0 }, 1)', 'clamp: unexpected argument 1 — the method takes one'],
]);

test('the suggestion for a misspelt option is the name with the smallest edit distance', () => {
  const words = ['learningRate', 'beta1', 'weightDecay', 'epsilon'];
  const found = (written: string): string => words[checks.nearest(written, words)] ?? '';
  assert.is(found('learningRat'), 'learningRate');
  assert.is(found('laerningRate'), 'learningRate'); // a swap is one change
  assert.is(found('beta'), 'beta1');
  assert.is(found('momentum'), '');
  assert.is(found(''), '');
});

test('option names of other libraries suggest the name used here, if the function has it', () => {
  interface Settings {
    learningRate?: number;
    beta1?: number;
    beta2?: number;
    weightDecay?: number;
  }
  const names: checks.OptionNames<Settings> = {
    learningRate: true,
    beta1: true,
    beta2: true,
    weightDecay: true,
  };
  const list = '(options: learningRate, beta1, beta2, weightDecay)';
  const refusal = (options: object): string => {
    try {
      checks.checkOptions('Adam', options, names, 'parameters, ');
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  };
  assert.is(refusal({ lr: 1 }), `Adam: unknown option 'lr' — did you mean 'learningRate'? ${list}`);
  assert.is(
    refusal({ betas: [] }),
    `Adam: unknown option 'betas' — did you mean 'beta1' and 'beta2'? ${list}`,
  );
  assert.is(
    refusal({ weight_decay: 1 }),
    `Adam: unknown option 'weight_decay' — did you mean 'weightDecay'? ${list}`,
  );
  assert.is(refusal({ dim: 1 }), `Adam: unknown option 'dim' ${list}`);
  assert.is(refusal({ toString: 1 }), `Adam: unknown option 'toString' ${list}`);
  assert.is(
    refusal(0.1 as unknown as object),
    'Adam: options must be an object, found 0.1 — write new Adam(parameters, { learningRate: 0.1 })',
  );
  assert.is(refusal({ learningRate: undefined, beta2: 0.9 }), '');
  assert.is(refusal(Object.create(null)), '');
});

test('messages show values as code, and truncate long ones', () => {
  const shown = (value: unknown): string => checks.describeValue(value);
  assert.is(shown('a'.repeat(50)), `'${'a'.repeat(40)}…'`);
  assert.is(shown([1, 2, 3, 4, 5, 6, 7]), '[1, 2, 3, 4, 5, 6, …]');
  assert.is(shown([[[1]], []]), '[[[…]], []]');
  assert.is(shown({ a: { b: { c: 1 } } }), '{ a: { b: { … } } }');
  assert.is(shown({}), '{}');
  assert.is(shown(Symbol('s')), 'Symbol(s)');
  assert.is(shown(7n), '7');
});

test('an error in a callback restores the backend and the recording state', () => {
  const before = backend();
  assert.throws(() => core.withBackend(core.createReference(), async () => {}), /asynchronous/);
  assert.is(backend(), before);
  assert.throws(() => core.noGrad(async () => {}), /asynchronous/);
  assert.ok(core.isGradEnabled());
});

refused('sparse arrays: a hole is not a number', [
  ['x.sum({ axis: [, 0] })', 'sum: an axis must be one whole number, found undefined'],
  ['x.softmax({ axis: [, 0] })', 'softmax: an axis must be one whole number, found undefined'],
  ['x.flip({ axis: [, 0] })', 'flip: an axis must be one whole number, found undefined'],
  ['x.permute([, 0])', 'permute: an axis must be one whole number, found undefined'],
  ['tensor([1]).pad([[, 2]])', 'pad: widths must be 1 pairs of whole numbers ≥ 0, found [[, 2]]'],
  ['x.pad([, [1, 1]])', 'pad: widths must be 2 pairs of whole numbers ≥ 0, found [, [1, 1]]'],
  ['maxPool2d(images, [, 2])', 'maxPool2d: the kernel must be one or two whole numbers ≥ 1, found [, 2]'],
]);

refused('flags, bounds and shapes', [
  ["x.sum({ keepDims: 'no' })", "sum: keepDims must be true or false, found 'no'"],
  ['x.prod({ keepDims: 1 })', 'prod: keepDims must be true or false, found 1'],
  ['x.norm({ keepDims: null })', 'norm: keepDims must be true or false, found null'],
  ["x.argmax({ keepDims: 'yes' })", "argmax: keepDims must be true or false, found 'yes'"],
  ["x.matmul(x, { transposeA: 'no' })", "matmul: transposeA must be true or false, found 'no'"],
  ['x.matmul(x, { transposeB: 1 })', 'matmul: transposeB must be true or false, found 1'],
  ["x.requiresGrad_('no')", "requiresGrad_: requiresGrad must be true or false, found 'no'"],
  ["zeros([2], { requiresGrad: 'false' })", "zeros: requiresGrad must be true or false, found 'false'"],
  ["backward(x, x, { retainGraph: 'no' })", "backward: retainGraph must be true or false, found 'no'"],
  ['gradients(x, [x], { createGraph: 1 })', 'gradients: createGraph must be true or false, found 1'],
  ["x.clamp({ min: '0' })", "clamp: min must be a number other than NaN, found '0'"],
  ['x.clamp({ max: 1n })', 'clamp: max must be a number other than NaN, found 1'],
  ['x.triu({ diagonal: 0.5 })', 'triu: diagonal must be a number that is whole, found 0.5'],
  ['x.std({ correction: NaN })', 'std: correction must be a number that is finite, found NaN'],
  ["broadcastShapes('f', [2], 3)", 'f: the shape must be an array, found 3 — write f([3, …])'],
  ["broadcastShapes('f', [-1])", 'f: axis lengths must be integers ≥ 0, found -1 in [-1]'],
  ['sizeOf(null)', 'sizeOf: the shape must be an array, found null — write sizeOf([…])'],
  ['sameShape([1], 1)', 'sameShape: the second shape must be an array, found 1 — write sameShape(a, [1, …])'],
  [
    'bernoulli(tensor([0.5, 2]))',
    'bernoulli: probabilities lie in [0, 1], but range from 0 to 2 — use sigmoid() for logits',
  ],
  ['bernoulli(tensor([NaN]))', 'bernoulli: probabilities contain NaN — they lie in [0, 1]'],
]);

refused('updates in place and operations of callers', [
  ['updateInPlace([], () => {})', 'updateInPlace: there are no targets — list every tensor that changes'],
  ['updateInPlace([3], () => {})', 'updateInPlace: each target must be a tensor, found 3 — write tensor(3)'],
  ['updateInPlace([x], 3)', 'updateInPlace: the second argument must be a function, found 3'],
  ...(
    [
      ['[() => 3]', 'vjp: the gradient of input 0 must be a tensor, found 3 — write tensor(3)'],
      ['[() => undefined]', 'vjp: the gradient of input 0 must be a tensor, found undefined'],
      ['undefined', 'vjp must return an array with a function or null per input, found undefined'],
      ['[3]', 'vjp must return an array with a function or null per input, found [3]'],
    ] as const
  ).map(([vjp, message]): [string, string] => [
    `gradients(apply({ name: 'mine', shape: ([s]) => s, forward: (k, [t]) => t.values, vjp: () => (${vjp}) }, [x], undefined), [x], { dy: x })`,
    `mine: ${message}`,
  ]),
]);

test.run();
