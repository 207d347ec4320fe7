import {
  formatShape,
  Generator,
  gradients,
  manualSeed,
  ones,
  parameter,
  randn,
  type Tensor,
  tensor,
  zeros,
} from '@varigrad/core';
import { assertClose } from '@varigrad/core/testing';
import {
  Adam,
  constant,
  Dropout,
  decodeSafetensors,
  ELU,
  encodeSafetensors,
  GELU,
  kaimingNormal,
  kaimingUniform,
  LeakyReLU,
  Linear,
  Module,
  mse,
  normal,
  ReLU,
  Sequential,
  Sigmoid,
  Softplus,
  type StateDict,
  StateDictError,
  Tanh,
  uniform,
  xavierNormal,
  xavierUniform,
} from '@varigrad/nn';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { refuses } from '../helpers/refuses.js';

class Net extends Module {
  readonly fc1 = new Linear(3, 4, { activation: 'relu', generator: new Generator(1) });
  readonly blocks = [new Linear(4, 4), new Linear(4, 2, { bias: false })];
  readonly mean: Tensor = zeros([3]);
  forward(x: Tensor): Tensor {
    return this.blocks.reduce((h, layer) => layer.forward(h), this.fc1.forward(x.sub(this.mean)));
  }
}

test('names are dotted paths of properties, as in PyTorch', () => {
  const net = new Net();
  const names = ['fc1.weight', 'fc1.bias', 'blocks.0.weight', 'blocks.0.bias', 'blocks.1.weight'];
  assert.equal(
    Array.from(net.namedParameters(), ([name]) => name),
    names,
  );
  assert.equal(
    Array.from(net.namedBuffers(), ([name]) => name),
    ['mean'],
  );
  assert.equal(net.stateDict()['fc1.weight']!.shape, [4, 3]);
  const sequential = new Sequential(new Linear(2, 3), new ReLU(), new Linear(3, 1));
  assert.equal(
    Array.from(sequential.namedParameters(), ([name]) => name),
    ['0.weight', '0.bias', '2.weight', '2.bias'],
  );
});

test('a state dict copies a network, directly and by a safetensors file', () => {
  const [a, b] = [new Net(), new Net()];
  const x = randn([5, 3]);
  const { tensors, metadata } = decodeSafetensors(encodeSafetensors(a.stateDict(), { epoch: '3' }));
  b.loadStateDict(tensors);
  assert.equal(b.forward(x).dataSync(), a.forward(x).dataSync());
  assert.equal(metadata, { epoch: '3' });
  const inPool = Buffer.from(encodeSafetensors(a.stateDict())); // a view of a larger ArrayBuffer, as readFile returns for a small file
  assert.equal(decodeSafetensors(inPool).tensors, tensors);
});

test('a state dict that does not match changes nothing, and the error lists every difference', () => {
  const net = new Net();
  const before = net.stateDict();
  const { 'fc1.bias': _, ...state }: StateDict = {
    ...before,
    'fc9.weight': { shape: [1], data: Float32Array.of(1) },
  };
  state['fc1.weight'] = { shape: [2, 2], data: new Float32Array(4) };
  assert.throws(
    () => net.loadStateDict(state),
    (error: unknown) =>
      error instanceof StateDictError &&
      error.message ===
        'loadStateDict: missing: fc1.bias; unexpected: fc9.weight; of another shape: ' +
          'fc1.weight ([2, 2], the module has [4, 3]) — nothing was loaded',
  );
  assert.equal(net.stateDict(), before);
  state['fc1.weight'] = before['fc1.weight']!;
  net.loadStateDict(state, { strict: false });
});

test('train and eval apply to every module, zeroGrad to every parameter', () => {
  const net = new Net();
  assert.is(net.eval().blocks[1]!.training, false);
  assert.is(net.train().fc1.training, true);
  net
    .forward(ones([1, 3]))
    .sum()
    .backward();
  assert.ok(net.parameters().every((p) => p.grad !== null));
  net.zeroGrad();
  assert.ok(net.parameters().every((p) => p.grad === null));
});

test('Linear is activation(x Wᵀ + b), for any leading axes', () => {
  const layer = new Linear(3, 2, { activation: 'tanh' });
  const x = randn([4, 5, 3]);
  const expected = x.matmul(layer.weight.transpose()).add(layer.bias!).tanh();
  assertClose(layer.forward(x), expected, { rtol: 1e-5, atol: 1e-6 });
  assert.throws(() => layer.forward(ones([2, 4])), /linear: x \[2, 4\] does not fit the weight \[2, 3\]/);
});

test('activation modules compute their functions', () => {
  const x = tensor([-2, -0.5, 0, 1.5]);
  const pairs: [Module & { forward(x: Tensor): Tensor }, Tensor][] = [
    [new ReLU(), x.relu()],
    [new LeakyReLU(0.2), x.leakyRelu(0.2)],
    [new ELU(2), x.elu(2)],
    [new GELU(), x.gelu()],
    [new Sigmoid(), x.sigmoid()],
    [new Tanh(), x.tanh()],
    [new Softplus(), x.softplus()],
  ];
  for (const [module, expected] of pairs) assert.equal(module.forward(x).dataSync(), expected.dataSync());
});

test('Dropout keeps the expected value in training and is the identity in evaluation', () => {
  const dropout = new Dropout(0.3, { generator: new Generator(5) });
  const x = ones([100_000]);
  const y = dropout.forward(x);
  const kept = y.gt(0).mean().itemSync();
  assert.ok(Math.abs(kept - 0.7) < 5 * Math.sqrt((0.3 * 0.7) / 1e5));
  assert.ok(Math.abs(y.amax().itemSync() - 1 / 0.7) < 1e-6);
  assert.is(dropout.eval().forward(x), x);
  refuses(() => new Dropout(1), 'Dropout: p must be a number in [0, 1), found 1');
});

test('initialisers have the variance of their formulas', () => {
  const shape = [300, 200];
  const options = { generator: new Generator(9) };
  const spread = (t: Tensor) => t.std().itemSync();
  const expected: [Tensor, number][] = [
    [kaimingUniform(zeros(shape), options), Math.sqrt(2 / 200)],
    [kaimingNormal(zeros(shape), options), Math.sqrt(2 / 200)],
    [kaimingNormal(zeros(shape), { ...options, mode: 'fanOut', slope: 1 }), Math.sqrt(1 / 300)],
    [xavierUniform(zeros(shape), options), Math.sqrt(2 / 500)],
    [xavierNormal(zeros(shape), { ...options, gain: 2 }), 2 * Math.sqrt(2 / 500)],
    [uniform(zeros(shape), -3, 3, options), 6 / Math.sqrt(12)],
    [normal(zeros(shape), 7, 2, options), 2],
  ];
  for (const [t, std] of expected)
    assert.ok(Math.abs(spread(t) / std - 1) < 0.02, `${spread(t)} against ${std}`);
  assert.is(
    constant(zeros([2]), 3)
      .sum()
      .itemSync(),
    6,
  );
  const bound = 1 / Math.sqrt(200);
  const { weight, bias } = new Linear(200, 300, options);
  for (const t of [weight, bias!])
    assert.ok(t.abs().amax().itemSync() <= bound && t.abs().amax().itemSync() > 0.98 * bound);
  refuses(
    () => kaimingNormal(zeros([3])),
    'kaimingNormal: a weight [3] has no fan-in — it needs two axes, [out, in]',
  );
});

test('a damaged safetensors file is refused with the reason', () => {
  const good = encodeSafetensors({ w: { shape: [2], data: Float32Array.of(1, 2) } });
  const header = (entry: object) => {
    const json = new TextEncoder().encode(JSON.stringify(entry));
    const bytes = new Uint8Array(8 + json.length + 8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
    bytes.set(json, 8);
    return bytes;
  };
  const cases: [Uint8Array, RegExp][] = [
    [good.subarray(0, 4), /f: 4 bytes are too few for a header/],
    [good.subarray(0, good.length - 1), /'w' ends at byte 8 of 7 — the file is truncated/],
    [Uint8Array.from([...good, 0]), /1 bytes follow the last tensor/],
    [new TextEncoder().encode('this is not a file of tensors'), /does not fit into|not JSON/],
    [header([1]), /the header is not an object/],
    [
      header({ w: { dtype: 'F8_E4M3', shape: [8], data_offsets: [0, 8] } }),
      /'w' has type F8_E4M3 — supported: F32, F64, F16, BF16, BOOL, U8, I8, U16, I16, U32, I32, U64, I64/,
    ],
    [
      header({ w: { dtype: 'F32', shape: [-2], data_offsets: [0, 8] } }),
      /'w' has no valid shape and data_offsets/,
    ],
    [header({ w: { dtype: 'F32', shape: [1], data_offsets: [4, 8] } }), /'w' starts at byte 4 instead of 0/],
    [
      header({ w: { dtype: 'F32', shape: [3], data_offsets: [0, 8] } }),
      /'w' has 8 bytes for the shape \[3\]/,
    ],
  ];
  for (const [bytes, message] of cases) assert.throws(() => decodeSafetensors(bytes, 'f'), message);
});

test('a small network learns the exclusive or', () => {
  manualSeed(4);
  const net = new Sequential(new Linear(2, 8, { activation: 'tanh' }), new Linear(8, 1));
  const [x, y] = [
    tensor([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]),
    tensor([[0], [1], [1], [0]]),
  ];
  const optimizer = new Adam(net.parameters(), { learningRate: 0.05 });
  for (let step = 0; step < 300; step++) {
    optimizer.zeroGrad();
    mse(net.forward(x), y).backward();
    optimizer.step();
  }
  assert.ok(mse(net.forward(x), y).itemSync() < 1e-3);
});

test('gradients of a parameter used twice add up', () => {
  const p = parameter(tensor([2, 3]));
  const [g] = gradients(p.mul(p).sum(), [p]);
  assert.equal([...g!.dataSync()], [4, 6], formatShape(g!.shape));
});

test.run();
